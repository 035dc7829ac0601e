"""Heads of a programme month from a list that equals its seal: the first opening, and whoever a second seal adds."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final, Literal

from sqlalchemy import text

from services.disbursement.commands.months.own_list import Seal
from services.disbursement.domain.entitlement import Action, target
from shared.contracts.disbursement import MonthOpened
from shared.db.session import WriteSession
from shared.kernel.ids import natural_id
from shared.messaging import outbox
from shared.messaging.outbox import Outgoing

OWN_LIST: Final = "pg_temp.own_list"
Counts = tuple[int, int, int]
"""Due, held, excluded, as the list has them: active, suspended, ended."""

_OUTCOME = "CASE o.status WHEN 'active' THEN {active} WHEN 'suspended' THEN {suspended} ELSE {ended} END".format(
    active=f"'{target(Action.OPEN_ACTIVE)}'",
    suspended=f"'{target(Action.OPEN_SUSPENDED)}'",
    ended=f"'{target(Action.OPEN_ENDED)}'",
)


def values_of(seal: Seal, author: str, at: datetime) -> dict[str, Any]:
    """What the statements of this module want."""
    return {
        "programme": seal.programme, "month": seal.month, "at": at, "author": author, "evidence": f"cutoff/{seal.cutoff_id}",
        "seal_no": seal.seal_no, "quota": seal.quota, "cutoff_no": seal.cutoff_no,
    }  # fmt: skip


async def make_heads(session: WriteSession, people: str, values: Mapping[str, Any], *, cause: Literal["opened", "second_seal"]) -> None:
    """One head and one entry for each person of the table ``people``, laid out as ``own_list`` is; none of them has a head yet."""
    named = {**values, "cause": cause}
    await session.execute(text("SELECT ensure_month(:month)"), named)
    # The present area protects the row; it may have changed since the cut-off.
    await session.execute(
        text(f"""
            INSERT INTO entitlement_month (month, programme, person_id, outcome, reason, amount, area, area_at_cutoff, cohort,
                                           standing, cause, version, changed_at)
            SELECT :month, :programme, o.person_id, {_OUTCOME}, CASE o.status WHEN 'active' THEN '' ELSE o.reason END,
                   o.amount, coalesce(later.area, o.area), o.area, o.cohort, '', :cause, 1, :at
              FROM {people} o
              LEFT JOIN (SELECT DISTINCT ON (person_id) person_id, area FROM enrolment_history
                          WHERE programme = :programme AND cutoff_no > :cutoff_no
                          ORDER BY person_id, person_version DESC) AS later ON later.person_id = o.person_id
             ORDER BY o.person_id"""),
        named,
    )
    await session.execute(
        text(f"""
            INSERT INTO entitlement_entry (month, programme, person_id, version, from_outcome, outcome, reason, amount, area, at,
                                           author, cause, evidence)
            SELECT :month, :programme, o.person_id, 1, '', {_OUTCOME}, CASE o.status WHEN 'active' THEN '' ELSE o.reason END,
                   o.amount, o.area, :at, :author, :cause, :evidence
              FROM {people} o ORDER BY o.person_id"""),
        named,
    )


async def mark_opened(session: WriteSession, values: Mapping[str, Any]) -> tuple[Counts, int]:
    """The programme month stands on this seal from now on; its counts are the list's. Returns them and the stream's version."""
    due, held, excluded = (
        await session.execute(
            text(f"""SELECT count(*) FILTER (WHERE status = 'active'), count(*) FILTER (WHERE status = 'suspended'),
                            count(*) FILTER (WHERE status = 'ended') FROM {OWN_LIST}""")
        )
    ).one()
    version = await session.scalar(
        text("""UPDATE programme_month SET state = CASE state WHEN 'closed' THEN state ELSE 'opened' END, version = version + 1,
                       opened_at = coalesce(opened_at, :at), seal_no = :seal_no, quota = :quota,
                       due = :due, held = :held, excluded = :excluded
                 WHERE programme = :programme AND month = :month RETURNING version"""),
        {**values, "due": due, "held": held, "excluded": excluded},
    )
    assert version is not None
    await session.execute(
        text("UPDATE seal SET opened_at = :at WHERE programme = :programme AND month = :month AND seal_no = :seal_no"), values
    )
    return (due, held, excluded), version


async def publish_opened(session: WriteSession, seal: Seal, counts: Counts, version: int, *, at: datetime) -> None:
    due, held, excluded = counts
    opened = MonthOpened(programme=seal.programme, month=seal.month, seal=seal.hash, due=due, held=held, excluded=excluded)
    await outbox.append(session, [Outgoing(natural_id("programme_month", seal.programme, seal.month), version, opened)], at=at)
