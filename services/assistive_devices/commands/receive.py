"""Goods arrive, and goods are ordered."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Row, text

from services.assistive_devices import store
from shared.contracts.assistive_devices import StockReceived
from shared.db.session import WriteSession
from shared.kernel.ids import natural_id
from shared.messaging import outbox

# One device a unit. Without a serial from the maker it gets a number of our own, so that every unit can be followed.
_DEVICES = """
    WITH unit AS (
        SELECT s.*, g.n, row_number() OVER (ORDER BY s.line, g.n) + (SELECT count(*) FROM device d WHERE d.delivery_id = :delivery) AS own
          FROM delivery_staging s CROSS JOIN LATERAL generate_series(1, s.units) AS g(n)
         WHERE s.import_id = :import AND NOT s.known AND s.number = :number),
    made AS (
        INSERT INTO device (id, serial, own_number, kind, place, delivery_id, received_on, unit_price, state, request_id, version)
        SELECT uuidv7(), CASE WHEN serial = '' THEN number || '#' || lpad(own::text, 4, '0') ELSE serial END, serial = '', kind, place,
               :delivery, day, unit_price, 'free', NULL, 0
          FROM unit RETURNING id, kind, place, received_on)
    INSERT INTO movement (at, day, kind, place, device_id, units, cause, document)
    SELECT :at, received_on, kind, place, id, 1, 'received', 'delivery/' || CAST(:number AS text) FROM made"""


async def receive(session: WriteSession, import_id: UUID, *, at: datetime) -> dict[str, int]:
    """Devices, movements and one ``stock.received`` per delivery, day, kind, place and price of the staged file."""
    groups = (
        await session.execute(
            text("""SELECT number, day, kind, place, unit_price, sum(units)::bigint AS units FROM delivery_staging
                     WHERE import_id = :id AND NOT known GROUP BY number, day, kind, place, unit_price
                     ORDER BY number, day, kind, place, unit_price"""),
            {"id": import_id},
        )
    ).all()
    shelves = {(group.kind, group.place) for group in groups}
    await store.lock_shelves(session, shelves)
    for number in sorted({group.number for group in groups}):
        delivery_id = natural_id("delivery", number)
        await session.execute(
            text("INSERT INTO delivery VALUES (:id, :number, 0) ON CONFLICT DO NOTHING"), {"id": delivery_id, "number": number}
        )
        version = await session.scalar(text("SELECT version FROM delivery WHERE id = :id FOR UPDATE"), {"id": delivery_id})
        await session.execute(text(_DEVICES), {"import": import_id, "number": number, "delivery": delivery_id, "at": at})
        of_delivery = [group for group in groups if group.number == number]
        for at_version, group in enumerate(of_delivery, start=int(version or 0) + 1):
            await _record(session, delivery_id, at_version, group, import_id, at=at)
        await session.execute(
            text("UPDATE delivery SET version = version + :lines WHERE id = :id"), {"id": delivery_id, "lines": len(of_delivery)}
        )
    await store.ask_evaluation(session, shelves, at=at)
    return {"deliveries": len({group.number for group in groups}), "units": sum(group.units for group in groups)}


async def _record(session: WriteSession, delivery_id: UUID, version: int, group: Row[Any], import_id: UUID, *, at: datetime) -> None:
    await session.execute(
        text("INSERT INTO delivery_line VALUES (:id, :version, :day, :kind, :place, :units, :price, :import, :at)"),
        {
            "id": delivery_id, "version": version, "day": group.day, "kind": group.kind, "place": group.place, "units": group.units,
            "price": group.unit_price, "import": import_id, "at": at,
        },
    )  # fmt: skip
    # What has arrived is no longer coming, as far as it was announced.
    await session.execute(
        text("""INSERT INTO incoming (at, kind, place, units, expected_on, cause, person)
                SELECT :at, :kind, :place, -least(:units, sum(units)), NULL, 'received', '' FROM incoming
                 WHERE kind = :kind AND place = :place HAVING sum(units) > 0"""),
        {"at": at, "kind": group.kind, "place": group.place, "units": group.units},
    )
    data = StockReceived(contract=group.number, kind=group.kind, place=group.place, units=group.units, unit_price=group.unit_price)
    await outbox.append(session, [outbox.Outgoing(delivery_id, version, data)], at=at)


async def announce(session: WriteSession, *, kind: str, place: str, units: int, expected_on: date, person: str, at: datetime) -> None:
    """What is ordered and coming; it counts against those who wait until it arrives."""
    await store.check_kind_and_place(session, kind, place)
    await store.lock_shelves(session, [(kind, place)])
    await session.execute(
        text("""INSERT INTO incoming (at, kind, place, units, expected_on, cause, person)
                VALUES (:at, :kind, :place, :units, :expected, 'ordered', :person)"""),
        {"at": at, "kind": kind, "place": place, "units": units, "expected": expected_on, "person": person},
    )
    await store.ask_evaluation(session, [(kind, place)], at=at)
