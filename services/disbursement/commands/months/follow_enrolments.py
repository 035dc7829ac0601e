"""What later enrolment events do to person-months that are open already (CORE.md section 4).

By state, not by event, and repeatable: the enrolment event, the opening and the carry-in each call it for the heads they
touch, under the programme's lock (``store.lock_programmes``), so it does not matter which of them came first.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import text

from services.disbursement.domain.entitlement import Action
from services.disbursement.store import move
from shared.db.session import WriteSession

LAST = "9999-12"
"""Later than any month."""


@dataclass(frozen=True)
class Followed:
    """How many person-months moved."""

    resumed: int
    resumed_late: int
    ended: int


# The state of an enrolment for month M, as it is now: the highest person_version among those that cover M.
_NOW = """
    SELECT h.month, h.programme, h.person_id, h.outcome, state.status, state.resumed, state.reason, state.person_version
      FROM ({touched}) AS t(person_id, programme)
      JOIN programme_month pm ON pm.programme = t.programme AND pm.state IN ('opened', 'carried_in', 'closed')
       AND pm.month BETWEEN :first_month AND :last_month
      JOIN entitlement_month h
        ON h.month = pm.month AND h.programme = t.programme AND h.person_id = t.person_id AND h.outcome IN ('held', 'due')
     CROSS JOIN LATERAL (
           SELECT e.status, e.resumed, e.reason, e.person_version FROM enrolment_history e
            WHERE e.person_id = h.person_id AND e.programme = h.programme
              AND e.from_month <= h.month AND h.month <= e.to_month
            ORDER BY e.person_version DESC LIMIT 1) AS state
     WHERE (h.outcome = 'held' AND state.resumed) OR state.status = 'ended'"""

# The main batch of the month, with this programme in it, has its results due: nobody would pay a month that turns due now.
_RESULTS_DUE = """EXISTS (
    SELECT FROM batch b WHERE b.month = n.month AND b.kind = 'main' AND b.results_due
       AND b.programmes @> to_jsonb(n.programme))"""

_TOUCHED = "SELECT person_id, programme FROM pg_temp.touched"

_EVIDENCE = "'enrolment/' || n.person_id || '/' || n.person_version"
NO_LIVE_ALLOCATION = """AND NOT EXISTS (
    SELECT FROM payment_month a
     WHERE a.person_id = h.person_id AND a.programme = h.programme AND a.month = h.month AND a.live)"""


async def follow_enrolments(
    session: WriteSession,
    touched: str,
    given: Mapping[str, Any],
    *,
    first_month: str,
    last_month: str = LAST,
    at: datetime,
    author: str,
) -> Followed:
    """Held months of who was resumed become due (late ones missed); held and unlisted due months of who ended, excluded.

    ``touched`` is SQL that yields distinct ``person_id, programme``; only their months from ``first_month`` to
    ``last_month`` are looked at. A month on a live list is left to its batch.
    """
    if not await _lay_out(session, touched, given):
        return Followed(0, 0, 0)
    params = {"first_month": first_month, "last_month": last_month}
    now = _NOW.format(touched=_TOUCHED)
    # The sweep holds the batch's row while it decides who was not on the list: it comes before or after, never beside.
    await session.execute(
        text(f"""SELECT 1 FROM batch WHERE kind = 'main' AND state IN ('released', 'results_in')
                   AND month IN (SELECT n.month FROM ({now}) AS n WHERE n.resumed) ORDER BY id FOR SHARE"""),
        params,
    )

    async def step(action: Action, reason: str, which: str, cause: str, guard: str = "") -> int:
        select = f"SELECT n.month, n.programme, n.person_id, {reason}, {_EVIDENCE} FROM ({now}) AS n WHERE {which}"
        return await move(session, action, select, params, at=at, author=author, cause=cause, extra_guard=guard)

    late = await step(Action.RESUME_LATE, "'released_late'", f"n.resumed AND {_RESULTS_DUE}", "resumed")
    resumed = await step(Action.RESUME, "''", f"n.resumed AND NOT {_RESULTS_DUE}", "resumed")
    ended = await step(Action.END, "n.reason", "n.status = 'ended'", "ended", NO_LIVE_ALLOCATION)
    await mark_reinstated(session, _TOUCHED, params, at=at)
    return Followed(resumed, late, ended)


async def _lay_out(session: WriteSession, touched: str, given: Mapping[str, Any]) -> int:
    """Whom it is about, in ``pg_temp.touched`` with statistics: they are few, and the planner must know it."""
    await session.execute(text("DROP TABLE IF EXISTS pg_temp.touched"))
    await session.execute(text("CREATE TEMP TABLE touched (person_id uuid, programme text) ON COMMIT DROP"))
    result = await session.execute(text(f"INSERT INTO pg_temp.touched {touched}"), given)
    count = int(result.rowcount)  # type: ignore[attr-defined]
    if count:
        await session.execute(text("ANALYZE pg_temp.touched"))
    return count


async def mark_reinstated(session: WriteSession, touched: str, params: Mapping[str, Any], *, at: datetime) -> int:
    """Standing ``reinstated`` (docs/adr/0006): suspended before and resumed since the cut-off before this month's, or
    resumed earlier with older months still owed.

    Months before ``first_month`` of ``params`` are left alone. It stands beside the cohort and changes no outcome, so it
    makes no entry and no version.
    """
    result = await session.execute(
        text(f"""
            UPDATE entitlement_month AS h SET standing = 'reinstated', changed_at = :marked_at
              FROM ({touched}) AS t(person_id, programme), programme_month pm, seal s
             WHERE s.programme = pm.programme AND s.month = pm.month AND s.seal_no = pm.seal_no
               AND pm.programme = t.programme AND pm.state IN ('opened', 'closed') AND pm.month >= :first_month
               AND h.month = pm.month AND h.programme = t.programme AND h.person_id = t.person_id
               AND h.standing = '' AND h.outcome = 'due'
               AND EXISTS (
                   SELECT FROM enrolment_history e
                    WHERE e.person_id = h.person_id AND e.programme = h.programme AND e.resumed AND e.from_month <= h.month
                      AND (e.cutoff_no >= s.cutoff_no OR EXISTS (
                       SELECT FROM programme_month older JOIN entitlement_month o
                         ON o.month = older.month AND o.programme = older.programme AND o.person_id = h.person_id
                        WHERE older.programme = h.programme AND older.month < h.month AND older.month >= e.from_month
                          AND o.outcome NOT IN ('paid', 'excluded'))))"""),
        {**params, "marked_at": at},
    )
    return int(result.rowcount)  # type: ignore[attr-defined]
