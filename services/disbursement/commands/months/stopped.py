"""Who is no longer active by the seal that a month stands on: the month is held or excluded, unless a list that lives has it.

By state and repeatable, as ``follow_enrolments`` is: the second seal calls it for its list, and whoever frees lines of a
list calls it for their people, so it does not matter which of the two came first.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from sqlalchemy import text

from services.disbursement.commands.months.follow_enrolments import LAST, NO_LIVE_ALLOCATION
from services.disbursement.domain.entitlement import Action
from services.disbursement.store import move
from shared.db.session import WriteSession

CAUSE: Final = "second_seal"


@dataclass(frozen=True)
class Stopped:
    """How many person-months moved."""

    held: int
    excluded: int


# The newest state of the enrolment for the month, where the month's own seal knows it already. A state that came after the
# seal counts from the next month on; one that is over by a resumption is not the newest.
_STATE: Final = """
    CROSS JOIN LATERAL (
          SELECT e.status, e.reason, e.person_version, e.cutoff_no FROM enrolment_history e
           WHERE e.person_id = h.person_id AND e.programme = h.programme AND e.from_month <= h.month AND h.month <= e.to_month
           ORDER BY e.person_version DESC LIMIT 1) AS state"""

_STOPPED: Final = f"""
    SELECT h.month, h.programme, h.person_id, state.reason, 'enrolment/' || h.person_id || '/' || state.person_version
      FROM pg_temp.stopping t
      JOIN programme_month pm ON pm.programme = t.programme AND pm.state IN ('opened', 'closed')
       AND pm.month BETWEEN :first_month AND :last_month
      JOIN seal s ON s.programme = pm.programme AND s.month = pm.month AND s.seal_no = pm.seal_no
      JOIN entitlement_month h ON h.month = pm.month AND h.programme = t.programme AND h.person_id = t.person_id
       AND h.outcome IN ('due', 'missed')
    {_STATE}
     WHERE state.cutoff_no <= s.cutoff_no AND state.status = """


async def stop(
    session: WriteSession, touched: str, given: Mapping[str, Any], *, first_month: str = "", last_month: str = LAST, at: datetime,
    author: str,
) -> Stopped:  # fmt: skip
    """``touched`` is SQL that yields distinct ``person_id, programme``; the programmes are locked by the caller."""
    await session.execute(text("DROP TABLE IF EXISTS pg_temp.stopping"))
    await session.execute(text("CREATE TEMP TABLE stopping (person_id uuid, programme text) ON COMMIT DROP"))
    await session.execute(text(f"INSERT INTO pg_temp.stopping {touched}"), given)
    await session.execute(text("ANALYZE pg_temp.stopping"))
    months = {"first_month": first_month, "last_month": last_month}

    async def step(action: Action, status: str) -> int:
        select = f"{_STOPPED} '{status}'"
        return await move(session, action, select, months, at=at, author=author, cause=CAUSE, extra_guard=NO_LIVE_ALLOCATION)

    held = await step(Action.HOLD, "suspended")
    ended = await step(Action.END, "ended")
    return Stopped(held, ended + await step(Action.EXCLUDE, "ended"))


STOPPED_LINES: Final = """
    SELECT a.payment_id FROM payment_month a
      JOIN enrolment_history e ON e.person_id = a.person_id AND e.programme = a.programme AND e.status <> 'active'
       AND e.programme = ANY(CAST(:programmes AS text[])) AND e.from_month <= a.month AND a.month <= e.to_month
      JOIN programme_month pm ON pm.programme = a.programme AND pm.month = a.month
      LEFT JOIN seal s ON s.programme = pm.programme AND s.month = pm.month AND s.seal_no = pm.seal_no
     WHERE a.batch_id = :id AND a.live AND (e.status = 'ended' OR e.cutoff_no <= s.cutoff_no)
       AND NOT EXISTS (SELECT FROM enrolment_history n WHERE n.person_id = e.person_id AND n.programme = e.programme
                          AND n.from_month <= a.month AND a.month <= n.to_month AND n.person_version > e.person_version)"""
"""Payments of the batch ``:id`` with a month of somebody who has ended, or whom the month's own seal calls suspended."""
