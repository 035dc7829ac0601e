"""SQL to schemas; every answer from one snapshot. Requests are those of the caller's areas."""

from __future__ import annotations

from datetime import date
from uuid import UUID

from sqlalchemy import text

from services.assistive_devices import schemas
from shared.db.session import AnySession
from shared.kernel.errors import NotFound


async def kinds(session: AnySession) -> schemas.Kinds:
    found = await session.execute(text("SELECT * FROM kind ORDER BY name"))
    return schemas.Kinds(items=[schemas.Kind(**row) for row in found.mappings()])


async def places(session: AnySession) -> schemas.Places:
    found = await session.execute(text("SELECT * FROM place ORDER BY area, code"))
    return schemas.Places(items=[schemas.Place(**row) for row in found.mappings()])


async def stock(session: AnySession, kind: str, place: str) -> schemas.Stock:
    """Kinds and places that something was received for or is coming to."""
    found = await session.execute(
        text("""
            WITH moved AS (SELECT kind, place, sum(units)::bigint AS on_hand FROM movement GROUP BY 1, 2),
                 held AS (SELECT kind, place, count(*) AS reserved FROM device WHERE state = 'reserved' GROUP BY 1, 2),
                 coming AS (SELECT kind, place, sum(units)::bigint AS incoming FROM incoming GROUP BY 1, 2)
            SELECT kind, place, coalesce(on_hand, 0) AS on_hand, coalesce(reserved, 0) AS reserved,
                   coalesce(on_hand, 0) - coalesce(reserved, 0) AS free, coalesce(incoming, 0) AS incoming
              FROM moved FULL JOIN coming USING (kind, place) LEFT JOIN held USING (kind, place)
             WHERE :kind IN ('', kind) AND :place IN ('', place) ORDER BY kind, place"""),
        {"kind": kind, "place": place},
    )
    return schemas.Stock(items=[schemas.StockRow(**row) for row in found.mappings()])


async def devices(session: AnySession, *, kind: str, place: str, state: str, serial: str, after: str, limit: int) -> schemas.Devices:
    """By serial; ``after`` is the last serial of the page before."""
    found = await session.execute(
        text("""SELECT v.id, v.serial, v.own_number, v.kind, v.place, v.state, v.request_id, d.number AS delivery, v.received_on
                  FROM device v JOIN delivery d ON d.id = v.delivery_id
                 WHERE :kind IN ('', v.kind) AND :place IN ('', v.place) AND :state IN ('', v.state) AND :serial IN ('', v.serial)
                   AND v.serial > :after ORDER BY v.serial LIMIT :limit"""),
        {"kind": kind, "place": place, "state": state, "serial": serial, "after": after, "limit": limit},
    )
    items = [schemas.Device(**row) for row in found.mappings()]
    return schemas.Devices(items=items, next=items[-1].serial if len(items) == limit else None)


_REQUEST = """
    SELECT r.id, r.person_id, r.kind, r.place, r.area, r.state, r.asked_at, r.changed_at, r.reason,
           CASE WHEN r.state = 'waiting' THEN (SELECT count(*) + 1 FROM request o WHERE o.kind = r.kind AND o.place = r.place
                AND o.state = 'waiting' AND (o.asked_at, o.id) < (r.asked_at, r.id)) END AS position,
           v.id AS device_id, v.serial, h.minutes_number, h.handed_over_on
      FROM request r LEFT JOIN device v ON v.request_id = r.id LEFT JOIN handover h ON h.request_id = r.id"""


async def request(session: AnySession, request_id: UUID) -> schemas.Request:
    found = (await session.execute(text(f"{_REQUEST} WHERE r.id = :id"), {"id": request_id})).mappings().one_or_none()
    if found is None:
        raise NotFound("there is no such request")
    return schemas.Request(**found)


async def requests(session: AnySession, *, state: str, kind: str, place: str, after: UUID | None, limit: int) -> schemas.Requests:
    """In the order in which people asked; ``after`` is the last id of the page before."""
    found = await session.execute(
        text(f"""{_REQUEST}
             WHERE :state IN ('', r.state) AND :kind IN ('', r.kind) AND :place IN ('', r.place)
               AND (CAST(:after AS uuid) IS NULL
                    OR (r.asked_at, r.id) > (SELECT a.asked_at, a.id FROM request a WHERE a.id = :after))
             ORDER BY r.asked_at, r.id LIMIT :limit"""),
        {"state": state, "kind": kind, "place": place, "after": after, "limit": limit},
    )
    items = [schemas.Request(**row) for row in found.mappings()]
    return schemas.Requests(items=items, next=str(items[-1].id) if len(items) == limit else None)


async def ahead(session: AnySession, request_id: UUID) -> int:
    """People who have waited longer for the same kind at the same place, as far as the caller's areas show."""
    count = await session.scalar(
        text("""SELECT count(*) FROM request o JOIN request r ON r.id = :id
                 WHERE o.kind = r.kind AND o.place = r.place AND o.state = 'waiting' AND (o.asked_at, o.id) < (r.asked_at, r.id)"""),
        {"id": request_id},
    )
    return int(count or 0)


async def readiness(session: AnySession, today: date) -> schemas.ReadinessList:
    """At risk first, those with the earliest date on top."""
    found = await session.execute(
        text("""SELECT kind, place, state, waiting, stock, incoming, days, owner, due_on,
                       state = 'at_risk' AND due_on < :today AS overdue, since
                  FROM readiness ORDER BY state = 'ok', due_on, kind, place"""),
        {"today": today},
    )
    return schemas.ReadinessList(items=[schemas.Readiness(**row) for row in found.mappings()])
