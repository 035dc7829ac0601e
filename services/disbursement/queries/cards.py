"""Where new recipients stand between "entitled" and "card in hand"."""

from __future__ import annotations

from typing import Any, Final
from uuid import UUID

from sqlalchemy import text

from shared.db.session import AnySession
from shared.kernel.errors import NotFound

_OPENINGS: Final = """
    SELECT o.id, o.code, o.programme, o.count, o.asked_by, o.asked_at,
           count(*) FILTER (WHERE l.outcome = 'opened') AS opened, count(*) FILTER (WHERE l.outcome = 'failed') AS failed,
           count(*) FILTER (WHERE l.outcome = 'asked') AS waiting
      FROM account_opening o JOIN account_opening_line l ON l.opening_id = o.id {where}
     GROUP BY o.id ORDER BY o.asked_at DESC, o.code DESC"""


async def openings(session: AnySession) -> list[dict[str, Any]]:
    """Collective openings, newest first, with what the bank answered so far."""
    return [dict(row) for row in (await session.execute(text(_OPENINGS.format(where="")))).mappings()]


async def opening(session: AnySession, opening_id: UUID) -> dict[str, Any]:
    """One opening with the reasons of what failed. Raise NotFound."""
    found = (await session.execute(text(_OPENINGS.format(where="WHERE o.id = :id")), {"id": opening_id})).mappings().one_or_none()
    if found is None:
        raise NotFound("there is no such account opening", opening=str(opening_id))
    reasons = await session.execute(
        text("""SELECT reason, count(*) AS people FROM account_opening_line
                 WHERE opening_id = :id AND outcome = 'failed' GROUP BY reason ORDER BY people DESC, reason"""),
        {"id": opening_id},
    )
    return dict(found) | {"failed_by_reason": {row.reason: row.people for row in reasons}}


async def waves(session: AnySession) -> list[dict[str, Any]]:
    """Invitation waves, newest first: called, came and got the card, did not come, not reported yet."""
    rows = await session.execute(
        text("""SELECT w.id, w.code, w.programme, w.area, w.place, w.day, w.hours, w.count, w.made_by,
                       count(*) FILTER (WHERE i.state = 'handed_over') AS handed_over,
                       count(*) FILTER (WHERE i.state = 'absent') AS absent,
                       count(*) FILTER (WHERE i.state = 'invited') AS not_reported
                  FROM invitation_wave w JOIN invitation i ON i.wave_id = w.id GROUP BY w.id ORDER BY w.day DESC, w.code DESC""")
    )
    return [dict(row) for row in rows.mappings()]


async def wave_size(session: AnySession, wave_id: UUID) -> int:
    """People called in this wave, of the caller's areas."""
    return int(await session.scalar(text("SELECT count(*) FROM invitation WHERE wave_id = :wave"), {"wave": wave_id}) or 0)


WAVE_PEOPLE: Final = """SELECT json_build_object('person_id', person_id, 'programme', programme, 'no', no, 'state', state,
        'reported_on', reported_on, 'area', area) FROM invitation WHERE wave_id = %(wave)s ORDER BY area, person_id"""


async def waiting(session: AnySession) -> list[dict[str, Any]]:
    """Cards not handed over, by programme and kota, by how often the person was called: what is to be done next."""
    rows = await session.execute(
        text("""SELECT programme, substring(area FROM '^[0-9]+[.][0-9]+') AS city, count(*) AS cards,
                       count(*) FILTER (WHERE calls = 0) AS never_called, count(*) FILTER (WHERE calls = 1) AS called_once,
                       count(*) FILTER (WHERE calls = 2) AS called_twice, count(*) FILTER (WHERE calls >= 3) AS called_three_times,
                       count(*) FILTER (WHERE visit) AS waiting_for_a_visit
                  FROM (SELECT k.programme, k.area,
                               (SELECT count(*) FROM invitation i WHERE i.person_id = k.person_id AND i.programme = k.programme) AS calls,
                               EXISTS (SELECT FROM home_service v WHERE v.person_id = k.person_id AND v.programme = k.programme
                                          AND v.state = 'asked') AS visit
                          FROM account k WHERE NOT k.card_handed_over) AS cards
                 GROUP BY 1, 2 ORDER BY 1, 2""")
    )
    return [dict(row) for row in rows.mappings()]


async def visits(session: AnySession, state: str) -> list[dict[str, Any]]:
    """Visits at home in the caller's areas, oldest first."""
    rows = await session.execute(
        text("""SELECT id, person_id, programme, reason, asked_by, asked_at, state, visited_on, result, area FROM home_service
                 WHERE :state = '' OR state = :state ORDER BY asked_at LIMIT 1000"""),
        {"state": state},
    )
    return [dict(row) for row in rows.mappings()]
