"""What closed a month, what keeps it open, and what happened after its closing."""

from __future__ import annotations

from typing import Any, Final

from sqlalchemy import text

from services.disbursement.domain.month_closing import lacking
from services.disbursement.store import month_now
from shared.db.session import ReadSession
from shared.kernel.errors import NotFound
from shared.kernel.month import Month

_CLOSINGS: Final = """
    SELECT programme, closing_no, minutes, numbers, asked_by, closed_by, closed_at FROM month_closing
     WHERE month = :month ORDER BY programme, closing_no"""

# From where a person-month stood at the closing to where it stands now; who came back to where they stood is not in it.
_AFTER: Final = """
    WITH closed AS (
        SELECT programme, max(entry_id) AS entry_id FROM month_closing WHERE month = :month GROUP BY programme),
    later AS (
        SELECT e.programme, e.person_id, (array_agg(e.from_outcome ORDER BY e.version))[1] AS was,
               (array_agg(e.outcome ORDER BY e.version DESC))[1] AS now, (array_agg(e.reason ORDER BY e.version DESC))[1] AS reason,
               (array_agg(e.amount ORDER BY e.version DESC))[1] AS amount, max(e.at) AS at
          FROM entitlement_entry e JOIN closed c ON c.programme = e.programme
         WHERE e.month = :month AND e.id > c.entry_id GROUP BY e.programme, e.person_id)
    SELECT programme, was, now, reason, count(*) AS people, sum(amount)::bigint AS rupiah, max(at) AS last_at FROM later
     GROUP BY 1, 2, 3, 4 ORDER BY 1, 2, 3, 4"""


async def closing(session: ReadSession, month: Month, *, whole_agency: bool) -> dict[str, Any]:
    """By programme: every closing, what came after the last one, and (who sees the whole agency) what lacks. Raise NotFound."""
    states = await session.execute(
        text("SELECT programme, state FROM programme_month WHERE month = :month ORDER BY programme"), {"month": month}
    )
    shown: dict[str, dict[str, Any]] = {
        row.programme: {"programme": row.programme, "state": row.state, "closings": [], "after_closing": [], "lacks": None}
        for row in states
    }
    if not shown:
        raise NotFound(f"{month} was neither sealed nor carried in", month=month)
    for row in (await session.execute(text(_CLOSINGS), {"month": month})).mappings():
        shown[row["programme"]]["closings"].append({key: value for key, value in row.items() if key != "programme"})
    if any(one["closings"] for one in shown.values()):
        for row in (await session.execute(text(_AFTER), {"month": month})).mappings():
            shown[row["programme"]]["after_closing"].append({key: value for key, value in row.items() if key != "programme"})
    if whole_agency:
        for programme, one in shown.items():
            now = await month_now(session, programme, month) if one["state"] in ("opened", "closed") else None
            one["lacks"] = lacking(now) if now is not None else None
    return {"month": month, "programmes": list(shown.values())}
