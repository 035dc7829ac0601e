"""Nothing moves to the bank before an SP2D covers the batch, in whatever order the events come (CORE.md section 5)."""

from __future__ import annotations

import pytest

from tests.service.disbursement.desk import Desk
from tests.service.disbursement.paying import MONTH, TARIFF, Office


@pytest.fixture
async def office(desk: Desk) -> Office:
    office = Office(desk)
    await office.open_month_with_accounts(range(3))
    return office


async def state(office: Office, batch: dict[str, object]) -> str:
    return str((await office.get(f"/batches/{batch['id']}"))["state"])


async def test_no_release_before_sp2d(office: Office, desk: Desk) -> None:
    batch = await office.approved()
    assert (await office.release(batch, status=409))["code"] == "illegal-transition"
    await office.reserve(batch)
    assert await state(office, batch) == "reserved"
    assert (await office.release(batch, status=409))["code"] == "illegal-transition"
    await office.pay_in(batch)
    assert await state(office, batch) == "funded"
    assert desk.outcomes() == {"due": 3}
    await office.release(batch)


async def test_an_sp2d_that_came_before_the_reservation_counts_when_it_comes(office: Office) -> None:
    batch = await office.approved()
    await office.pay_in(batch)
    assert await state(office, batch) == "approved"
    await office.reserve(batch)
    assert await state(office, batch) == "funded"


async def test_half_the_money_is_not_enough_and_two_sp2d_add_up(office: Office) -> None:
    batch = await office.approved()
    await office.reserve(batch)
    await office.pay_in(batch, {"KLJ": 3 * TARIFF - 1})
    assert await state(office, batch) == "reserved"
    await office.pay_in(batch, {"KAJ": 1})
    assert await state(office, batch) == "reserved"
    await office.pay_in(batch, {"KLJ": 1})
    assert await state(office, batch) == "funded"


async def test_a_reservation_for_another_list_is_ignored(office: Office) -> None:
    batch = await office.approved()
    await office.reserve(batch, list_hash="f" * 64)
    assert await state(office, batch) == "approved"
    await office.reserve(batch)
    assert await state(office, batch) == "reserved"


async def test_refused_and_asked_again(office: Office) -> None:
    batch = await office.approved()
    await office.refuse(batch)
    refused = await office.get(f"/batches/{batch['id']}")
    assert (refused["state"], refused["refused"]["available"]) == ("refused", 1)
    assert (await office.release(batch, status=409))["code"] == "illegal-transition"
    again = await office.post("operator", f"/batches/{batch['id']}/budget-request")
    assert (again["state"], again["refused"]) == ("approved", None)
    assert [version for version, _ in office.events(202)] == [1, 2]
    await office.reserve(batch)
    assert await state(office, batch) == "reserved"


async def test_a_withdrawn_batch_frees_its_money_and_its_months(office: Office, desk: Desk) -> None:
    batch = await office.approved()
    await office.reserve(batch)
    await office.pay_in(batch)
    await office.post("operator", f"/batches/{batch['id']}/withdrawal", {"reason": "ganti bulan"})
    assert [(v, d["list_hash"]) for v, d in office.events(203)] == [(2, batch["list_hash"])]
    assert desk.outcomes() == {"due": 3}
    assert (await office.compose())["payments"] == 3
    assert (await office.release(batch, status=409))["code"] == "illegal-transition"


async def test_money_is_counted_from_sp2d_to_sts(office: Office, desk: Desk) -> None:
    batch = await office.released()
    assert (await office.get(f"/months/{MONTH}/money"))["holding"] == 3 * TARIFF
    await office.send_results(batch, [await office.row(batch, 0), await office.row(batch, 1, "03"), await office.row(batch, 2)])
    await desk.settle()
    await office.return_to_treasury(batch, TARIFF)
    money = await office.get(f"/months/{MONTH}/money")
    assert money["by_programme"]["KLJ"] == {
        "sp2d": 3 * TARIFF, "from_holding": 0, "credited": 2 * TARIFF, "returned": TARIFF, "paid_on": 0, "holding": 0, "balanced": True,
    }  # fmt: skip


async def test_an_sp2d_that_pays_too_much_does_not_balance(office: Office) -> None:
    batch = await office.approved()
    await office.reserve(batch)
    await office.pay_in(batch, {"KLJ": 4 * TARIFF})
    await office.release(batch)
    money = await office.get(f"/months/{MONTH}/money")
    assert (money["sp2d"], money["holding"], money["balanced"]) == (4 * TARIFF, 3 * TARIFF, False)


async def test_an_sts_of_money_that_was_credited_does_not_balance(office: Office, desk: Desk) -> None:
    batch = await office.released()
    await office.send_results(batch, [await office.row(batch, number) for number in range(3)])
    await desk.settle()
    await office.return_to_treasury(batch, TARIFF)
    money = await office.get(f"/months/{MONTH}/money")
    assert (money["credited"], money["returned"], money["holding"], money["balanced"]) == (3 * TARIFF, TARIFF, 0, False)
