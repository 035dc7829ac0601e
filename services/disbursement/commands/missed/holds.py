"""Holds: each person with held months has a case with a notice, a reply term and an end.

The suspension is beneficiary's; the case here keeps the notice and the reply, and refers to the order by its evidence.
Like gaps, holds are made and ended by comparing the ledger with the open cases, month by month.
"""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from typing import Final
from uuid import UUID

from sqlalchemy import text

from services.disbursement.domain.offices import SQL_FOLLOW, SQL_OF_AREA
from services.disbursement.store import confirmed_holidays
from shared.db.session import WriteSession
from shared.kernel.clock import jakarta_day
from shared.kernel.workdays import add_working_days

AUTHOR: Final = "reaction/holds"

# One look at the month; what follows works on the few who are held.
_HELD: Final = """
    INSERT INTO pg_temp.held_now (person_id, programme, reason, area)
    SELECT person_id, programme, reason, area FROM entitlement_month WHERE month = :month AND outcome = 'held'"""

_WIDEN: Final = """
    UPDATE case_file AS c SET from_month = least(c.from_month, :month), to_month = greatest(c.to_month, :month), changed_at = :at
      FROM pg_temp.held_now h
     WHERE c.person_id = h.person_id AND c.programme = h.programme AND c.kind = 'hold' AND c.state <> 'closed'
       AND NOT :month BETWEEN c.from_month AND c.to_month"""

_OPEN: Final = f"""
    WITH made AS (
        INSERT INTO case_file (id, kind, about, person_id, programme, from_month, to_month, area, state, step, owner, due_on, evidence,
                               opened_by, opened_at, entries, changed_at)
        SELECT uuidv7(), 'hold', h.reason, h.person_id, h.programme, CAST(:month AS text), CAST(:month AS text), h.area, 'open', r.step,
               {SQL_OF_AREA.format(office="r.office", area="h.area")}, :due,
               coalesce((SELECT 'enrolment/' || e.person_id || '/' || e.person_version FROM enrolment_history e
                          WHERE e.person_id = h.person_id AND e.programme = h.programme AND e.status = 'suspended'
                            AND :month BETWEEN e.from_month AND e.to_month ORDER BY e.person_version DESC LIMIT 1), ''),
               :by, :at, 1, :at
          FROM pg_temp.held_now h
         CROSS JOIN (SELECT step, office FROM case_rule WHERE kind = 'hold' AND situation = 'open' AND valid_from <= :today
                      ORDER BY valid_from DESC LIMIT 1) AS r
            ON CONFLICT (person_id, programme) WHERE kind = 'hold' AND state <> 'closed' DO NOTHING
        RETURNING id, person_id, area, about)
    INSERT INTO case_entry (case_id, no, person_id, area, what, body, by, at)
    SELECT id, 1, person_id, area, 'opened', about, :by, :at FROM made"""

# What the months became says how the hold ended; mixed is said as such.
_END: Final = """
    WITH ended AS (
        UPDATE case_file AS c SET state = 'closed', closed_by = :by, closed_at = :at, entries = c.entries + 1, changed_at = :at,
               result = CASE WHEN EXISTS (SELECT FROM entitlement_month h WHERE h.month = :month AND h.programme = c.programme
                                              AND h.person_id = c.person_id AND h.outcome = 'excluded') THEN 'ended' ELSE 'resumed' END
         WHERE c.kind = 'hold' AND c.state <> 'closed' AND :month BETWEEN c.from_month AND c.to_month
           AND NOT EXISTS (
               SELECT FROM programme_month pm JOIN entitlement_month h
                   ON h.month = pm.month AND h.programme = pm.programme AND h.person_id = c.person_id
                WHERE pm.programme = c.programme AND pm.month BETWEEN c.from_month AND c.to_month AND h.outcome = 'held')
        RETURNING c.id, c.entries, c.person_id, c.area, c.result)
    INSERT INTO case_entry (case_id, no, person_id, area, what, body, by, at)
    SELECT id, entries, person_id, area, 'ended', result, :by, :at FROM ended"""


async def reconcile_holds(session: WriteSession, month: str, *, at: datetime) -> None:
    """Open a case for everybody held in this month who has none, widen those that are open, end those that hold nothing more."""
    today = jakarta_day(at)
    days = await session.scalar(
        text("""SELECT working_days FROM case_rule WHERE kind = 'hold' AND situation = 'open' AND valid_from <= :today
                 ORDER BY valid_from DESC LIMIT 1"""),
        {"today": today},
    )
    due = add_working_days(today, int(days or 0), await confirmed_holidays(session))
    params = {"month": month, "at": at, "by": AUTHOR}
    await session.execute(
        text("CREATE TEMP TABLE IF NOT EXISTS held_now (person_id uuid, programme text, reason text, area text) ON COMMIT DELETE ROWS")
    )
    await session.execute(text("DELETE FROM pg_temp.held_now"))
    await session.execute(text(_HELD), {"month": month})
    await session.execute(text("ANALYZE pg_temp.held_now"))
    await session.execute(text(_WIDEN), {"month": month, "at": at})
    await session.execute(text(_OPEN), {**params, "today": today, "due": due})
    await session.execute(text(_END), params)


async def cases_follow_area(session: WriteSession, people: Collection[UUID]) -> None:
    """Open cases go to the office of the same kind where the person lives now; their area has moved along already."""
    follow = SQL_FOLLOW.format(owner="c.owner", area="c.area")
    await session.execute(
        text(f"""UPDATE case_file AS c SET owner = {follow}
                  WHERE c.state <> 'closed' AND c.person_id = ANY(CAST(:people AS uuid[])) AND c.owner <> {follow}"""),
        {"people": list(people)},
    )
