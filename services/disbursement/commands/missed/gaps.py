"""Gaps: every person-month that is missed or unknown has a reason, an owner and a date (CORE.md section 4).

A gap is made and closed by comparing the ledger with the open gaps, month by month, so it does not matter who moved the
month: results, the sweep, a resumption, an exclusion or a carry-in. Only months with new entries are looked at.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import date, datetime
from typing import Any, Final
from uuid import UUID

from sqlalchemy import Row, text

from services.disbursement.commands.missed.holds import reconcile_holds
from services.disbursement.domain.offices import SQL_FOLLOW
from services.disbursement.store import confirmed_holidays
from shared.contracts.disbursement import GapClosed, GapDetected
from shared.db.session import WriteSession
from shared.kernel.clock import jakarta_day
from shared.kernel.workdays import add_working_days
from shared.messaging import outbox

AGENCY: Final = "31"
"""Area of a parked key whose person is not known here yet."""

# Which office: that of the reason, filled in with the kecamatan or city of the person's present area.
_OWNER: Final = """replace(replace(o.office, '{kecamatan}', substring(w.area FROM '^[0-9]+[.][0-9]+[.][0-9]+')),
                           '{city}', coalesce(substring(w.area FROM '^[0-9]+[.][0-9]+'), w.area))"""

_FOLLOW: Final = SQL_FOLLOW.format(owner="g.owner", area="g.area")

_DETECTED: Final = """SELECT g.id, g.version, json_build_object(
        'person_id', g.person_id, 'programme', g.programme, 'month', g.month, 'outcome', g.outcome, 'reason', g.reason,
        'area', g.area, 'owner', g.owner, 'due_on', g.due_on)
    FROM gap g JOIN gap_touched t ON t.id = g.id ORDER BY g.id"""

_CLOSED: Final = """SELECT g.id, g.version, json_build_object(
        'person_id', g.person_id, 'programme', g.programme, 'month', g.month, 'how', g.how)
    FROM gap g JOIN gap_touched t ON t.id = g.id ORDER BY g.id"""

_OPEN: Final = """
    WITH wanted AS MATERIALIZED ({wanted}),
    owned AS (
        SELECT w.*, coalesce({owner}, o.office) AS owner, o.due_on
          FROM wanted w
          JOIN LATERAL (
               SELECT office, due_on FROM unnest(CAST(:reasons AS text[]), CAST(:offices AS text[]), CAST(:due AS date[]))
                      AS r(reason, office, due_on)
                WHERE r.reason IN (w.reason, '*') ORDER BY r.reason = '*' LIMIT 1) AS o ON true),
    made AS (
        INSERT INTO gap AS g (kind, person_id, programme, month, outcome, reason, area, owner, due_on, state, opened_at, changed_at)
        SELECT kind, person_id, programme, month, outcome, reason, area, owner, due_on, 'open', :at, :at FROM owned
        ON CONFLICT (person_id, programme, month) DO UPDATE
           SET outcome = excluded.outcome, reason = excluded.reason, area = excluded.area, owner = excluded.owner,
               due_on = excluded.due_on, state = 'open', how = '', version = g.version + 1, closed_at = NULL,
               answer = '', expected_on = NULL, answered_at = NULL, escalated_at = NULL, escalations = 0,
               opened_at = CASE g.state WHEN 'closed' THEN excluded.opened_at ELSE g.opened_at END, changed_at = excluded.changed_at
         WHERE g.state = 'closed' OR (g.outcome, g.reason) <> (excluded.outcome, excluded.reason)
        RETURNING g.id)
    INSERT INTO gap_touched SELECT id FROM made"""

_CLOSE: Final = """
    WITH healed AS (
        UPDATE gap AS g SET state = 'closed', version = g.version + 1, closed_at = :at, changed_at = :at, how = {how}
          FROM {source} WHERE g.state = 'open' AND {which} RETURNING g.id)
    INSERT INTO gap_touched SELECT id FROM healed"""

# Sorted, so that all of it is read before the first gap is written: a plan that reads gaps between two writes walks over
# everything written so far (39,000 gaps took 45 s).
_LACKING: Final = """
    SELECT 'month' AS kind, h.person_id, h.programme, h.month, h.outcome, h.reason, h.area
      FROM entitlement_month h
      LEFT JOIN gap g ON g.person_id = h.person_id AND g.programme = h.programme AND g.month = h.month
     WHERE h.month = :month AND h.outcome IN ('missed', 'unknown')
       AND (g.id IS NULL OR g.state = 'closed' OR (g.outcome, g.reason) <> (h.outcome, h.reason))
     ORDER BY h.person_id"""


async def _begin(session: WriteSession) -> None:
    await session.execute(text("CREATE TEMP TABLE IF NOT EXISTS gap_touched (id uuid) ON COMMIT DELETE ROWS"))
    await session.execute(text("DELETE FROM gap_touched"))


async def _owners(session: WriteSession, at: datetime) -> Mapping[str, Any]:
    """Offices and due dates by reason, counted in working days from today in Jakarta."""
    days = await confirmed_holidays(session)
    today: date = jakarta_day(at)
    rows: Sequence[Row[Any]] = (await session.execute(text("SELECT reason, office, working_days FROM gap_owner"))).all()
    return {
        "reasons": [row.reason for row in rows],
        "offices": [row.office for row in rows],
        "due": [add_working_days(today, row.working_days, days) for row in rows],
    }


async def reconcile_gaps(session: WriteSession, months: Collection[str], *, at: datetime) -> int:
    """Open what lacks, tell anew what changed its reason, close what healed; doing it again changes nothing.

    A month that is in payment again keeps its gap until it is paid: the promise is not kept yet.
    """
    owners = await _owners(session, at)
    changed = 0
    for month in sorted(months):
        await _begin(session)
        await session.execute(text(_OPEN.format(wanted=_LACKING, owner=_OWNER)), {"month": month, "at": at, **owners})
        changed += await outbox.append_from(session, GapDetected, _DETECTED, at=at)
        await _begin(session)
        await session.execute(
            text(_CLOSE.format(
                source="entitlement_month h", how="h.outcome",
                which="""g.month = :month AND h.month = :month AND h.programme = g.programme AND h.person_id = g.person_id
                         AND h.outcome IN ('paid', 'excluded')""",
            )),
            {"month": month, "at": at},
        )  # fmt: skip
        changed += await outbox.append_from(session, GapClosed, _CLOSED, at=at)
        await reconcile_holds(session, month, at=at)
    return changed


async def reconcile_touched(session: WriteSession, *, at: datetime) -> int:
    """``reconcile_gaps`` for the months with entries since the last time; returns how many gaps changed.

    Entries get their numbers before they are committed, so a smaller number may appear later. A month that was compared
    while a transaction was in flight is compared once more when that one has ended (``unsure_until``).
    """
    await session.execute(text("SELECT pg_advisory_xact_lock(hashtext('gaps'))"))
    rows = (
        await session.execute(
            text("""
                SELECT m.month, e.last, CAST(CAST(pg_snapshot_xmax(pg_current_snapshot()) AS text) AS bigint) AS horizon,
                       CAST(CAST(pg_snapshot_xmin(pg_current_snapshot()) AS text) AS bigint) AS oldest
                  FROM (SELECT DISTINCT month FROM programme_month) m
                 CROSS JOIN LATERAL (
                       SELECT id AS last FROM entitlement_entry e WHERE e.month = m.month ORDER BY e.id DESC LIMIT 1) e
                  LEFT JOIN gap_position p ON p.month = m.month
                 WHERE p.month IS NULL OR p.entry_id <> e.last
                    OR (p.unsure_until > 0
                        AND CAST(CAST(pg_snapshot_xmin(pg_current_snapshot()) AS text) AS bigint) >= p.unsure_until)""")
        )
    ).all()
    if not rows:
        return 0
    for row in rows:
        await session.execute(
            text("""INSERT INTO gap_position (month, entry_id, unsure_until) VALUES (:month, :last, :unsure)
                    ON CONFLICT (month) DO UPDATE SET entry_id = excluded.entry_id, unsure_until = excluded.unsure_until"""),
            {"month": row.month, "last": row.last, "unsure": row.horizon if row.oldest < row.horizon else 0},
        )
    return await reconcile_gaps(session, [row.month for row in rows], at=at)


async def follow_area(session: WriteSession, people: Collection[UUID], *, at: datetime) -> int:
    """Somebody moved: open gaps go to the office of the same kind where they live now, and are told anew.

    The gap's area has moved along already. Offices of the whole agency, and the bank, stay. Returns how many changed hands.
    """
    await _begin(session)
    await session.execute(
        text(f"""
            WITH handed AS (
                UPDATE gap AS g SET owner = {_FOLLOW}, version = g.version + 1, changed_at = :at
                 WHERE g.state = 'open' AND g.person_id = ANY(CAST(:people AS uuid[])) AND g.owner <> {_FOLLOW}
                RETURNING g.id)
            INSERT INTO gap_touched SELECT id FROM handed"""),
        {"people": list(people), "at": at},
    )
    return await outbox.append_from(session, GapDetected, _DETECTED, at=at)


async def tell_anew(session: WriteSession, gap_ids: Collection[UUID], *, at: datetime) -> int:
    """Publish these open gaps as they stand now; their versions were raised by whoever changed them."""
    await _begin(session)
    await session.execute(text("INSERT INTO gap_touched SELECT unnest(CAST(:ids AS uuid[]))"), {"ids": list(gap_ids)})
    return await outbox.append_from(session, GapDetected, _DETECTED, at=at)


async def open_parked(session: WriteSession, people: Collection[UUID], *, at: datetime) -> None:
    """A parked event is a person whose money stands still: a gap ``system_parked`` at once (DESIGN.md)."""
    await _begin(session)
    wanted = f"""
        SELECT 'system_parked' AS kind, k.person_id, '' AS programme, '' AS month, 'parked' AS outcome,
               'system_parked' AS reason,
               coalesce((SELECT e.area FROM enrolment_history e WHERE e.person_id = k.person_id
                          ORDER BY e.person_version DESC LIMIT 1), '{AGENCY}') AS area
          FROM unnest(CAST(:people AS uuid[])) AS k(person_id)"""
    await session.execute(
        text(_OPEN.format(wanted=wanted, owner=_OWNER)), {"people": sorted(people), "at": at, **await _owners(session, at)}
    )
    await outbox.append_from(session, GapDetected, _DETECTED, at=at)


async def close_parked(session: WriteSession, people: Collection[UUID], *, at: datetime) -> None:
    """Their events were applied after all."""
    await _begin(session)
    await session.execute(
        text(_CLOSE.format(
            source="unnest(CAST(:people AS uuid[])) AS k(person_id)", how="'no_longer_open'",
            which="g.kind = 'system_parked' AND g.person_id = k.person_id",
        )),
        {"people": sorted(people), "at": at},
    )  # fmt: skip
    await outbox.append_from(session, GapClosed, _CLOSED, at=at)
