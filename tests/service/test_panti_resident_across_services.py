"""A resident's months, from the book to the ledger of payments: held while inside, due again after, and every promise kept."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from ritme.start import verify_addresses
from ritme.verify import run
from shared.kernel.clock import FrozenClock
from tests.service.beneficiary.story import Citizen, decreed, resolved, sealed
from tests.support.world import Ground, World, open_world


@pytest.fixture
def clock() -> FrozenClock:
    """Monday 1 September 2025."""
    return FrozenClock(datetime(2025, 9, 1, 3, tzinfo=UTC))


@pytest.fixture
async def world(ground: Ground, clock: FrozenClock) -> AsyncIterator[World]:
    async with open_world(ground, clock) as opened:
        yield opened


async def post(world: World, path: str, body: dict[str, Any], *, by: str = "operator") -> dict[str, Any]:
    answer = await world.as_(by).post(path, json=body)
    assert answer.is_success, answer.text
    found: dict[str, Any] = answer.json()
    return found


async def ledger(world: World, month: str) -> dict[str, int]:
    """Cut-off, opening, and what became of the two people."""
    await sealed(world, month=month)
    await world.settle()
    await post(world, f"/disbursement/months/{month}/opening", {})
    await world.settle()
    return await standing(world, month)


async def standing(world: World, month: str) -> dict[str, int]:
    shown = (await world.as_("operator").get(f"/disbursement/months/{month}/equation")).json()
    return {key: shown[key] for key in ("entitled", "due", "held")}


async def test_septembers_list_is_without_her_and_novembers_has_her_again(world: World, clock: FrozenClock) -> None:
    people = [Citizen(1), Citizen(2)]
    await decreed(world, people)
    person, _ = await resolved(world, people)
    await post(world, "/beneficiary/panti/BM1/book", {"from_day": "2025-08-01"})
    book = "/beneficiary/panti/BM1/entries"
    await post(world, book, {"kind": "admission", "day": "2025-08-28", "person_id": person, "reason": "rujukan"}, by="panti-head")
    await post(world, book, {"kind": "admission", "day": "2025-08-28", "newcomer": {"name": "Tanpa nama"}, "reason": "jangkauan"})
    assert await ledger(world, "2025-09") == {"entitled": 2, "due": 1, "held": 1}
    clock.move(timedelta(days=70))
    assert await ledger(world, "2025-10") == {"entitled": 2, "due": 1, "held": 1}
    await post(world, book, {"kind": "discharge", "day": "2025-11-08", "person_id": person, "reason": "pulang"}, by="panti-head")
    (case,) = (await world.as_("operator").get("/beneficiary/reopenings")).json()["items"]
    order = await post(world, f"/beneficiary/reopenings/{case['id']}/order", {"evidence": "BA-9/2025"})
    await post(world, f"/beneficiary/status-changes/{order['id']}/confirmation", {}, by="operator2")
    assert await ledger(world, "2025-11") == {"entitled": 2, "due": 2, "held": 0}
    assert (await standing(world, "2025-09"))["held"] == 1  # not owed: she was fed and housed meanwhile

    report = run(verify_addresses(world.ground.settings(), world.ground.postgres), None)
    assert {one.number: one.found for one in report.invariants if not one.ok} == {}
    assert report.quiesced

    with world.sql("beneficiary") as connection:  # behind the doors' back: one more slept there than was counted
        connection.execute("UPDATE stay SET to_day = to_day - 1 WHERE to_day < DATE '2025-12-01'")
    broken = run(verify_addresses(world.ground.settings(), world.ground.postgres), None)
    assert {one.number: len(one.found) for one in broken.invariants if not one.ok} == {20: 1}
