"""Arrears as one transfer or several: a bank's cap cuts a payment over whole months, oldest first."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from tests.service.disbursement.desk import TARIFF, Desk, person
from tests.service.disbursement.paying import Office

MONTHS = ("2025-05", "2025-06", "2025-07", "2025-08", "2025-09")


async def cap(office: Office, amount: int, bank: str = "111", *, confirm: bool = True) -> None:
    day = office.desk.clock.today().isoformat()
    body = {"bank_code": bank, "valid_from": day, "max_amount": amount, "document": "PKS 3/2025"}
    await office.post("treasurer", "/bank-caps", body, status=201)
    if confirm:
        await office.post("operator", "/bank-caps/confirmation", {"bank_code": bank, "valid_from": day})


async def five_months(desk: Desk) -> Office:
    """Five open months without an account; then the account is there."""
    office = Office(desk)
    desk.beneficiary.activate(person(0), from_month=MONTHS[0])
    desk.beneficiary.activate(person(1), from_month=MONTHS[0])
    for month in MONTHS:
        await office.open_month((), month, enrol=False)
    for number in range(2):
        office.give_account(number)
    return office


async def shapes(office: Office, batch: dict[str, Any]) -> list[tuple[str, list[str], int]]:
    lines = await office.lines(batch)
    return [(line["person_id"][-1], [one["month"] for one in line["months"]], line["amount"]) for line in lines]


async def test_without_a_cap_arrears_are_one_transfer(desk: Desk) -> None:
    office = await five_months(desk)
    await cap(office, 2 * TARIFF, confirm=False)
    await cap(office, TARIFF, bank="999")
    batch = await office.compose()
    assert [(months, amount) for _, months, amount in await shapes(office, batch)] == [(list(MONTHS), 5 * TARIFF)] * 2


async def test_above_the_cap_it_is_several_over_whole_months_oldest_first(desk: Desk) -> None:
    office = await five_months(desk)
    await cap(office, 2 * TARIFF + 100_000)
    batch = await office.compose()
    assert (batch["payments"], batch["allocations"], batch["sum"]) == (6, 10, 10 * TARIFF)
    wanted = [(["2025-05", "2025-06"], 2 * TARIFF), (["2025-07", "2025-08"], 2 * TARIFF), (["2025-09"], TARIFF)]
    assert [(months, amount) for _, months, amount in await shapes(office, batch)] == wanted * 2


async def test_each_transfer_has_its_own_result(desk: Desk) -> None:
    office = await five_months(desk)
    await cap(office, 3 * TARIFF)
    batch = await office.released()
    lines = await office.lines(batch)
    assert len({line["reference"] for line in lines}) == 4
    rows = [
        (line["reference"], f"40{int(line['person_id'][-1]):08d}", line["amount"], "03" if number == 1 else "00", "2025-09-25")
        for number, line in enumerate(lines)
    ]
    status, answer = await office.send_results(batch, rows)
    assert (status, answer["applied"], answer["quarantined"]) == (201, 4, 0)
    await desk.settle()
    assert [office.head(0, month)[0] for month in MONTHS] == ["paid", "paid", "paid", "missed", "missed"]
    assert [office.head(1, month)[0] for month in MONTHS] == ["paid"] * 5


async def test_a_changed_account_keeps_the_cut(desk: Desk) -> None:
    office = await five_months(desk)
    await cap(office, 2 * TARIFF)
    batch = await office.compose()
    office.give_account(0, account="7777700000")
    signed = await office.post("operator", f"/batches/{batch['id']}/submission")
    assert (signed["payments"], signed["allocations"]) == (6, 10)
    months = [months for who, months, _ in await shapes(office, batch) if who == "0"]
    assert months[-3:] == [["2025-05", "2025-06"], ["2025-07", "2025-08"], ["2025-09"]]


async def test_a_cap_smaller_than_one_month_pays_month_by_month(desk: Desk) -> None:
    office = await five_months(desk)
    await cap(office, TARIFF - 1)
    assert (await office.compose())["payments"] == 10


async def test_a_cap_needs_two_people_and_a_day_to_come(desk: Desk) -> None:
    office = Office(desk)
    day = desk.clock.today()
    body = {"bank_code": "111", "valid_from": day.isoformat(), "max_amount": 1_000_000, "document": "PKS 3"}
    await office.post("treasurer", "/bank-caps", body, status=201)
    named = {"bank_code": "111", "valid_from": day.isoformat()}
    assert (await office.post("treasurer", "/bank-caps/confirmation", named, status=409))["code"] == "four-eyes"
    confirmed = await office.post("treasurer2", "/bank-caps/confirmation", named)
    assert confirmed["items"][0]["confirmed_by"] == "treasurer2"
    assert (await office.post("operator", "/bank-caps/confirmation", named, status=409))["code"] == "illegal-transition"
    unknown = named | {"bank_code": "222"}
    assert (await office.post("operator", "/bank-caps/confirmation", unknown, status=404))["code"] == "not-found"
    assert (await office.post("treasurer", "/bank-caps", body, status=422))["code"] == "invalid-input"
    past = body | {"valid_from": (day - timedelta(days=1)).isoformat()}
    assert (await office.post("treasurer", "/bank-caps", past, status=422))["code"] == "invalid-input"
    assert (await desk.as_("jakpus").post("/bank-caps", json=body)).status_code == 403


@pytest.mark.parametrize("changed", [{"max_amount": 0}, {"max_amount": -1}, {"max_amount": "1e6"}, {"bank_code": "BCA"}, {"document": ""}])
async def test_a_cap_that_is_none_is_refused(desk: Desk, changed: dict[str, Any]) -> None:
    body = {"bank_code": "111", "valid_from": desk.clock.today().isoformat(), "max_amount": 1_000_000, "document": "PKS 3", **changed}
    assert (await Office(desk).post("treasurer", "/bank-caps", body, status=422))["code"]
