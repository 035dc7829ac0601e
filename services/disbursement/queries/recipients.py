"""From "entitled" to "card in hand": how many stand where, each person in exactly one place."""

from __future__ import annotations

from datetime import date
from typing import Any, Final

from sqlalchemy import text

from shared.db.session import AnySession
from shared.kernel.month import month_of

PLACES: Final = ("no_account", "asked", "refused_by_bank", "never_called", "called", "came_not", "visit", "called_out", "ready")
"""In the order of the way. ``refused_by_bank``: the last opening failed, to be asked again; ``called``: the wave has not been
reported; ``came_not``: called, did not come, may be called again; ``called_out``: called three times, to be visited."""

_FUNNEL: Final = """
    WITH entitled AS (
        SELECT DISTINCT ON (person_id, programme) person_id, programme, status, to_month FROM enrolment_history
         ORDER BY person_id, programme, person_version DESC),
    asked AS (
        SELECT DISTINCT ON (l.person_id, l.programme) l.person_id, l.programme, l.outcome
          FROM account_opening_line l JOIN account_opening o ON o.id = l.opening_id
         ORDER BY l.person_id, l.programme, o.asked_at DESC),
    called AS (
        SELECT person_id, programme, count(*) AS calls, bool_or(state = 'invited') AS waits FROM invitation GROUP BY 1, 2),
    visits AS (SELECT DISTINCT person_id, programme FROM home_service WHERE state = 'asked')
    SELECT e.programme,
           CASE WHEN k.card_handed_over THEN 'ready'
                WHEN k.person_id IS NULL THEN CASE a.outcome WHEN 'asked' THEN 'asked' WHEN 'failed' THEN 'refused_by_bank'
                                                             ELSE 'no_account' END
                WHEN v.person_id IS NOT NULL THEN 'visit'
                WHEN c.waits THEN 'called'
                WHEN c.calls >= :most THEN 'called_out'
                WHEN c.calls > 0 THEN 'came_not'
                ELSE 'never_called' END AS place,
           count(*) AS people
      FROM entitled e
      LEFT JOIN account k ON k.person_id = e.person_id AND k.programme = e.programme
      LEFT JOIN asked a ON a.person_id = e.person_id AND a.programme = e.programme
      LEFT JOIN called c ON c.person_id = e.person_id AND c.programme = e.programme
      LEFT JOIN visits v ON v.person_id = e.person_id AND v.programme = e.programme
     WHERE e.status = 'active' AND e.to_month >= :month
     GROUP BY 1, 2 ORDER BY 1, 2"""


async def funnel(session: AnySession, today: date, calls_max: int) -> dict[str, Any]:
    """By programme: everybody entitled, of the caller's areas, by what they wait for; the places add up to ``entitled``.

    ``month``: entitled in which: this one, or the newest that was sealed where that is older (before the next seal nobody
    knows who is on it, and after the last month of a decree its people still wait for their cards).
    """
    newest = await session.scalar(text("SELECT max(month) FROM programme_month"))
    month = min(month_of(today), newest or month_of(today))
    rows = await session.execute(text(_FUNNEL), {"month": month, "most": calls_max})
    found: dict[str, dict[str, Any]] = {}
    for row in rows:
        one = found.setdefault(row.programme, {"programme": row.programme, "entitled": 0, **dict.fromkeys(PLACES, 0)})
        one[row.place] = row.people
        one["entitled"] += row.people
    return {"month": month, "items": list(found.values())}
