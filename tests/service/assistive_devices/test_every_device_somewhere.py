"""Whatever people do at once, received = on hand + handed over, and every device has one holder (RELIABILITY invariant 15)."""

from __future__ import annotations

import asyncio
import random

import pytest

from tests.service.assistive_devices.store_room import StoreRoom, chairs


async def _look(room: StoreRoom) -> None:
    with room.world.sql("assistive_devices") as connection:
        row = connection.execute(
            """SELECT (SELECT count(*) FROM device), (SELECT coalesce(sum(units), 0) FROM movement WHERE cause = 'received'),
                      (SELECT coalesce(sum(units), 0) FROM movement), (SELECT count(*) FROM device WHERE state <> 'handed_over'),
                      (SELECT count(*) FROM handover), (SELECT count(*) FROM device WHERE state = 'handed_over'),
                      (SELECT coalesce(sum(units), 0) FROM delivery_line),
                      (SELECT count(*) FROM request r WHERE r.state IN ('reserved', 'handed_over')
                          AND NOT EXISTS (SELECT FROM device d WHERE d.request_id = r.id AND d.state = r.state)),
                      (SELECT count(*) FROM device d WHERE d.state <> 'free'
                          AND NOT EXISTS (SELECT FROM request r WHERE r.id = d.request_id AND d.state = r.state)),
                      (SELECT count(*) FROM incoming HAVING sum(units) < 0)"""
        ).fetchone()
    assert row is not None
    devices, received, moved, here, handed_over, gone, delivered, request_alone, device_alone, below_nothing = (
        int(str(v or 0)) for v in row
    )
    assert devices == received == delivered
    assert moved == here
    assert handed_over == gone
    assert here + gone == received
    assert (request_alone, device_alone, below_nothing) == (0, 0, 0)


@pytest.mark.parametrize("seed", [1, 2])
async def test_a_busy_week(room: StoreRoom, seed: int) -> None:
    lot = random.Random(seed)
    waiting: list[str] = []
    for day in range(6):
        if lot.random() < 0.7:
            await room.receive(chairs(lot.randint(1, 4), nomor=f"BAST-{day}"), chairs(1, nomor=f"BAST-{day}", nomor_seri=f"KR-{day}"))
        waiting += [(await room.ask()).json()["id"] for _ in range(lot.randint(1, 5))]
        steps = []
        for number in range(20):
            request_id = lot.choice(waiting)
            match lot.choice(("reservation", "reservation", "handover", "cancellation")):
                case "handover":
                    steps.append(room.step(request_id, "handover", minutes_number=f"B-{day}-{number}", handed_over_on="2025-09-01"))
                case "cancellation":
                    steps.append(room.step(request_id, "cancellation", reason="tidak jadi"))
                case _:
                    steps.append(room.step(request_id, "reservation"))
        answers = await asyncio.gather(*steps)
        assert {answer.status_code for answer in answers} <= {200, 201, 409}
        await _look(room)
    await room.world.settle()
