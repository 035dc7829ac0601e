"""A holiday that two people agree on at one desk is a holiday in every service that counts working days."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from services.embedded import migrate
from shared.kernel.clock import FrozenClock
from tests.service.assistive_devices.store_room import StoreRoom, chairs
from tests.service.budget_audit.books import Books, food_key
from tests.support.world import Ground, World, open_world

MONDAY = datetime(2025, 7, 7, 3, 0, tzinfo=UTC)  # ten in the morning in Jakarta; no holiday until 17 August
CHANGES = "/disbursement/calendar/changes"
DAY = {"day": "2025-07-10", "source": "SE Sekda 14/2025"}


async def agreed(world: World, **body: Any) -> None:
    proposed = await world.as_("operator").post(CHANGES, json={**DAY, **body})
    assert proposed.status_code == 201, proposed.text
    confirmed = await world.as_("approver").post(f"{CHANGES}/{proposed.json()['id']}/confirmation")
    assert confirmed.status_code == 200, confirmed.text
    await world.settle()


async def one_paid_too_much(world: World, reference: str) -> str:
    """When the office must answer for it."""
    books, room = Books(world), StoreRoom(world)
    await room.receive(chairs(1, nomor=reference, tanggal="2025-07-07"))
    key = {**food_key(), "kode_akun": "5.2.03.01.01.0001", "panti": ""}
    if not await books.mismatches(year=2025):
        await books.bring("dpa", [{**key, "uraian": "Alat bantu", "pagu": 1_100_000_000}])
    paid = {"nomor": f"SP2D/{reference}", "tanggal": "2025-07-07", **key, "nilai": 2 * 2_500_000, "rujukan": reference}
    await books.bring("sp2d", [paid])
    await world.settle()
    (found,) = [one for one in await books.mismatches(year=2025) if one["subject"] == reference]
    return str(found["due_on"])


@pytest.fixture
def clock() -> FrozenClock:
    return FrozenClock(MONDAY)


async def test_a_holiday_comes_and_goes_for_whoever_must_answer(ground: Ground, clock: FrozenClock) -> None:
    async with open_world(ground, clock) as world:
        assert await one_paid_too_much(world, "BAST-01/2025") == "2025-07-21"  # ten working days
        await agreed(world, kind="holiday_added", name="Libur daerah", sort="libur_nasional")
        assert await one_paid_too_much(world, "BAST-02/2025") == "2025-07-22"
        room = StoreRoom(world)
        for _ in range(9):
            await room.ask()
        await world.settle()
        (shelf,) = await room.get("/readiness")
        assert (shelf["state"], shelf["due_on"]) == ("at_risk", "2025-07-15")  # five working days without the tenth

        # Taken away again, it stays away when the services start once more and seed their tables.
        await agreed(world, kind="holiday_removed")
        migrate(ground.settings(), ground.postgres)
        assert await one_paid_too_much(world, "BAST-03/2025") == "2025-07-21"
