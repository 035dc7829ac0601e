"""Which steps of a programme's month are done, and on which day in Jakarta, from the ledger and the lists themselves."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Final
from uuid import UUID

from sqlalchemy import Row, text

from shared.db.session import AnySession
from shared.kernel.clock import jakarta_day
from shared.kernel.month import Month

Reached = dict[str, date | None]
"""Step to day; None where it is done and nobody wrote down when."""

_FUNDED: Final = ("funded", "released", "results_in", "closed")
_SIGNED: Final = {"submit": "submitted", "check": "checked", "approve": "approved"}


async def steps_reached(session: AnySession, month: Month, programmes: Collection[str], now: datetime) -> dict[str, Reached]:
    """By programme; from ``composed`` on of its newest main batch that was not withdrawn."""
    found: dict[str, Reached] = {programme: {} for programme in programmes}
    of_month = {"month": month, "programmes": list(found)}
    for row in await session.execute(
        text("""SELECT programme, min(arrived_at) AS at FROM seal WHERE month = :month AND programme = ANY(CAST(:programmes AS text[]))
                 GROUP BY programme"""),
        of_month,
    ):
        found[row.programme]["sealed"] = jakarta_day(row.at)
    for row in await session.execute(
        text("""SELECT programme, opened_at FROM programme_month WHERE month = :month AND state IN ('opened', 'closed')
                   AND programme = ANY(CAST(:programmes AS text[]))"""),
        of_month,
    ):
        found[row.programme]["opened"] = jakarta_day(row.opened_at) if row.opened_at else None
    for row in await session.execute(
        text("""SELECT programme, max(closed_at) AS at FROM month_closing WHERE month = :month AND closing_no = 1
                   AND programme = ANY(CAST(:programmes AS text[])) GROUP BY programme"""),
        of_month,
    ):
        found[row.programme]["closed"] = jakarta_day(row.at)
    batches = await _main_batches(session, month)
    if batches:
        facts = await _facts(session, list({batch.id for batch in batches.values()}))
        for programme in found.keys() & batches.keys():
            found[programme] |= _of_batch(programme, batches[programme], facts, now)
        await _gaps_owned(session, month, found)
    return found


async def _main_batches(session: AnySession, month: Month) -> dict[str, Row[Any]]:
    rows = await session.execute(
        text("""SELECT id, state, programmes, list_hash, composed_at, released_at, results_due, results_due_at FROM batch
                 WHERE month = :month AND kind = 'main' AND state <> 'withdrawn' ORDER BY composed_at, id"""),
        {"month": month},
    )
    return {programme: batch for batch in rows for programme in batch.programmes}


@dataclass(frozen=True)
class _Facts:
    """What is on record of some batches."""

    signed: Mapping[tuple[UUID, str], datetime]
    reserved: Mapping[UUID, datetime]
    funded: Mapping[tuple[UUID, str], date]
    last_part: Mapping[UUID, datetime]
    credited: Mapping[tuple[UUID, str], date]


async def _facts(session: AnySession, ids: list[UUID]) -> _Facts:
    given = {"ids": ids}
    signed = await session.execute(
        text("SELECT batch_id, step, max(at) AS at FROM batch_signature WHERE batch_id = ANY(:ids) AND NOT void GROUP BY 1, 2"), given
    )
    reserved = await session.execute(
        text("""SELECT r.batch_id, r.at FROM batch_reservation r JOIN batch b ON b.id = r.batch_id AND b.list_hash = r.list_hash
                 WHERE r.batch_id = ANY(:ids) AND r.state = 'made'"""),
        given,
    )
    funded = await session.execute(
        text("""SELECT b.id, f.programme, max(f.date) AS day FROM batch b JOIN batch_funding f ON f.reference = b.code
                 WHERE b.id = ANY(:ids) GROUP BY 1, 2"""),
        given,
    )
    last_part = await session.execute(
        text("SELECT batch_id, min(received_at) AS at FROM result_file WHERE batch_id = ANY(:ids) AND part = parts GROUP BY 1"), given
    )
    credited = await session.execute(
        text("""SELECT batch_id, programme, min(settled_on) AS day FROM payment
                 WHERE batch_id = ANY(:ids) AND outcome = 'credited' GROUP BY 1, 2"""),
        given,
    )
    return _Facts(
        signed={(row.batch_id, row.step): row.at for row in signed},
        reserved={row.batch_id: row.at for row in reserved},
        funded={(row.id, row.programme): row.day for row in funded},
        last_part={row.batch_id: row.at for row in last_part},
        credited={(row.batch_id, row.programme): row.day for row in credited},
    )


def _of_batch(programme: str, batch: Row[Any], facts: _Facts, now: datetime) -> Reached:
    steps: Reached = {"composed": jakarta_day(batch.composed_at)}
    steps |= {step: jakarta_day(facts.signed[batch.id, act]) for act, step in _SIGNED.items() if (batch.id, act) in facts.signed}
    if batch.id in facts.reserved:
        steps["reserved"] = jakarta_day(facts.reserved[batch.id])
    if batch.state in _FUNDED:
        steps["funded"] = facts.funded.get((batch.id, programme))
    if batch.released_at is not None:
        steps["released"] = jakarta_day(batch.released_at)
    if (batch.id, programme) in facts.credited:
        steps["credited"] = facts.credited[batch.id, programme]
    if batch.results_due:
        # The last part or the clock, whichever came first. Declared by an operator before both: nobody wrote the day down.
        answers = [at for at in (facts.last_part.get(batch.id), batch.results_due_at) if at is not None and at <= now]
        steps["results_in"] = jakarta_day(min(answers)) if answers else None
    return steps


async def _gaps_owned(session: AnySession, month: Month, found: Mapping[str, Reached]) -> None:
    """After the answer: whether the gaps were compared with every entry of the month, so that each is owned."""
    compared = await session.scalar(
        text("""SELECT p.unsure_until = 0 AND p.entry_id = (SELECT e.id FROM entitlement_entry e WHERE e.month = :month
                                                           ORDER BY e.id DESC LIMIT 1)
                  FROM gap_position p WHERE p.month = :month"""),
        {"month": month},
    )
    if not compared:
        return
    rows = await session.execute(
        text("SELECT programme, min(opened_at) AS at FROM gap WHERE month = :month AND kind = 'month' GROUP BY programme"),
        {"month": month},
    )
    first = {row.programme: jakarta_day(row.at) for row in rows}
    for programme, steps in found.items():
        answered = steps.get("results_in")
        if answered is not None:
            steps["gaps_owned"] = max(answered, first.get(programme, answered))
        elif "results_in" in steps:
            steps["gaps_owned"] = None
