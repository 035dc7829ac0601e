"""Who is entitled, as beneficiary says it: the history of every enrolment, and the seal of each programme month."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Final

from sqlalchemy import text

from services.disbursement.commands.missed.gaps import follow_area
from services.disbursement.commands.missed.holds import cases_follow_area
from services.disbursement.commands.months.follow_enrolments import follow_enrolments
from services.disbursement.store import lock_programmes
from shared.contracts.beneficiary import (
    PERSON,
    CutoffSealed,
    EnrolmentActivated,
    EnrolmentEnded,
    EnrolmentResumed,
    EnrolmentSuspended,
)
from shared.db.session import WriteSession
from shared.kernel.ids import natural_id
from shared.messaging.reactions import Context, Received, reacts_to

AUTHOR: Final = "reaction/people"

_STATUS: Final = {
    EnrolmentActivated: "active",
    EnrolmentSuspended: "suspended",
    EnrolmentResumed: "active",
    EnrolmentEnded: "ended",
}

_INSERT: Final = text("""
    INSERT INTO enrolment_history (person_id, person_version, programme, status, reason, amount, area, cohort, from_month,
                                   to_month, cutoff_no, resumed)
    SELECT _person, _version, programme, _status, reason, amount, area, cohort, from_month, to_month, cutoff_no, _resumed
      FROM json_to_recordset(CAST(:rows AS json)) AS e(
           _person uuid, _version int, _status text, _resumed boolean, programme text, reason text, amount bigint, area text,
           cohort text, from_month text, to_month text, cutoff_no int)
    ON CONFLICT (person_id, person_version) DO NOTHING""")


def _row(event: Received[Any]) -> str:
    """The payload's own JSON with the envelope's key and version in front: PostgreSQL reads it, Python does not."""
    resumed = "true" if event.type is EnrolmentResumed else "false"
    head = f'{{"_person":"{event.key}","_version":{event.version},"_status":"{_STATUS[event.type]}","_resumed":{resumed},'
    return head + event.raw.lstrip()[1:]


@reacts_to(EnrolmentActivated, EnrolmentSuspended, EnrolmentResumed, EnrolmentEnded)
async def keep_history(events: Sequence[Received[Any]], session: WriteSession, context: Context) -> None:
    """Keep every event; then let the months that are open already follow (CORE.md sections 3 and 4).

    The tariff comes with the event as ``amount`` (that of ``from_month``). Should a tariff change inside an enrolment,
    beneficiary must say so by an event of its own, or the seals of the months after the change will differ.
    """
    await lock_programmes(session, {event.data.programme for event in events})
    await session.execute(_INSERT, {"rows": "[" + ",".join(map(_row, events)) + "]"})
    await _move_areas(events, session, context.clock.now())
    changed = [event for event in events if event.type is EnrolmentResumed or event.type is EnrolmentEnded]
    if changed:
        people, programmes = zip(*sorted({(event.key, event.data.programme) for event in changed}), strict=True)
        await follow_enrolments(
            session,
            "SELECT * FROM unnest(CAST(:people AS uuid[]), CAST(:programmes AS text[]))",
            {"people": list(people), "programmes": list(programmes)},
            first_month=min(event.data.from_month for event in changed),
            at=context.clock.now(),
            author=AUTHOR,
        )


async def _move_areas(events: Sequence[Received[Any]], session: WriteSession, at: datetime) -> None:
    """Row-level security protects by the present area: when a person moves, everything about them moves along.

    So does the work: what an office of the old kecamatan or city owned goes to the one where the person lives now.
    """
    later = {event.key: event.data.area for event in events if event.version > 1}
    if not later:
        return
    moved = (
        await session.execute(
            text("""
                SELECT p.person_id, p.area FROM unnest(CAST(:people AS uuid[]), CAST(:areas AS text[])) AS p(person_id, area)
                 WHERE EXISTS (SELECT FROM enrolment_history e WHERE e.person_id = p.person_id AND e.area <> p.area)"""),
            {"people": list(later), "areas": list(later.values())},
        )
    ).all()
    if not moved:
        return
    params = {"people": [m.person_id for m in moved], "areas": [m.area for m in moved]}
    who = "unnest(CAST(:people AS uuid[]), CAST(:areas AS text[])) AS p(person_id, area)"
    await session.execute(
        text(f"""
            UPDATE entitlement_month AS h SET area = p.area FROM {who}, programme_month pm
             WHERE h.month = pm.month AND h.programme = pm.programme AND h.person_id = p.person_id AND h.area <> p.area"""),
        params,
    )
    for table in (
        "account", "payment", "stoppage", "gap", "account_opening_line", "invitation", "home_service", "gap_note", "exclusion_order",
        "case_file", "case_entry", "claim_month", "account_change",
    ):  # fmt: skip
        await session.execute(
            text(f"UPDATE {table} AS t SET area = p.area FROM {who} WHERE t.person_id = p.person_id AND t.area <> p.area"),
            params,
        )
    await follow_area(session, params["people"], at=at)
    await cases_follow_area(session, params["people"])


@reacts_to(CutoffSealed)
async def keep_seal(events: Sequence[Received[CutoffSealed]], session: WriteSession, context: Context) -> None:
    """Keep the seal and how far ``beneficiary.person`` reached when it came.

    The relay sends a seal only after everything before it was acknowledged, so whoever has read up to these ends has
    every event that stands before the cut-off (CORE.md section 3).
    """
    ends = await context.ends(PERSON)
    at = context.clock.now()
    for event in events:
        seal = event.data
        values = {
            "programme": seal.programme, "month": seal.month, "seal_no": seal.seal_no, "cutoff_id": seal.cutoff_id,
            "cutoff_no": seal.cutoff_no, "count": seal.count, "sum": seal.sum, "hash": seal.hash, "quota": seal.quota,
            "list": seal.list, "at": at,
        }  # fmt: skip
        await session.execute(
            text("""INSERT INTO seal (programme, month, seal_no, cutoff_id, cutoff_no, count, sum, hash, quota, list, arrived_at)
                    VALUES (:programme, :month, :seal_no, :cutoff_id, :cutoff_no, :count, :sum, :hash, :quota, :list, :at)
                    ON CONFLICT DO NOTHING"""),
            values,
        )
        await session.execute(
            text("""INSERT INTO seal_end (programme, month, seal_no, partition, end_offset)
                    SELECT :programme, :month, :seal_no, partition, end_offset
                      FROM unnest(CAST(:partitions AS int[]), CAST(:ends AS bigint[])) AS e(partition, end_offset)
                    ON CONFLICT DO NOTHING"""),
            {**values, "partitions": list(ends), "ends": list(ends.values())},
        )
        await session.execute(
            text("""INSERT INTO programme_month (id, programme, month, state, quota)
                    VALUES (:id, :programme, :month, 'sealed', :quota)
                    ON CONFLICT (id) DO UPDATE SET quota = excluded.quota WHERE programme_month.state = 'sealed'"""),
            {**values, "id": natural_id("programme_month", seal.programme, seal.month)},
        )


reactions = (keep_history, keep_seal)
