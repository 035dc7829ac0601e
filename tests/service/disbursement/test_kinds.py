"""What a list of each kind takes, and that one of many composes at once makes it (RELIABILITY fault 31)."""

from __future__ import annotations

import asyncio

import pytest

from tests.service.disbursement.desk import Desk, person
from tests.service.disbursement.paying import Office

AUGUST, SEPTEMBER = "2025-08", "2025-09"


@pytest.fixture
async def office(desk: Desk) -> Office:
    """August is settled: 1 paid, 2 without a card, 3 refused by the bank. September is open, and all of them have what they need."""
    found = Office(desk)
    await found.open_month([1, 2, 3], AUGUST)
    found.give_account(1)
    found.give_account(2, card=False)
    found.give_account(3)
    batch = await found.released(AUGUST)
    await found.send_results(batch, [await found.row(batch, 1), await found.row(batch, 3, "09")])
    await desk.settle()
    await found.open_month([4], SEPTEMBER)
    for number in (2, 4):
        found.give_account(number)
    found.give_account(3, account="7777700000")
    return found


async def listed(office: Office, kind: str) -> dict[int, list[str]]:
    batch = await office.compose(SEPTEMBER, kind)
    rows = office.desk.sql(
        "SELECT person_id, array_agg(month ORDER BY month) FROM payment_month WHERE batch_id = %s AND live GROUP BY 1", batch["id"]
    )
    return {number: months for number in range(1, 9) for who, months in rows if who == person(number)}


@pytest.mark.parametrize(
    ("kind", "people"),
    [
        ("main", {1: [SEPTEMBER], 2: [AUGUST, SEPTEMBER], 3: [AUGUST, SEPTEMBER], 4: [SEPTEMBER]}),
        ("wave", {1: [SEPTEMBER], 2: [AUGUST, SEPTEMBER], 3: [AUGUST, SEPTEMBER], 4: [SEPTEMBER]}),
        ("back_pay", {2: [AUGUST], 3: [AUGUST]}),
        ("retry", {3: [AUGUST, SEPTEMBER]}),
    ],
)
async def test_a_kind_takes_whom_it_is_for_and_overtakes_no_month(office: Office, kind: str, people: dict[int, list[str]]) -> None:
    assert await listed(office, kind) == people


async def test_a_wave_is_for_its_own_month(office: Office) -> None:
    main = await office.compose(SEPTEMBER, "main")
    assert main["payments"] == 4
    await office.post("operator", f"/batches/{main['id']}/withdrawal", {"reason": "salah bulan"})
    office.desk.beneficiary.end(person(2), reason="dead", from_month=SEPTEMBER)
    await office.desk.told()
    # Of the person who died only August is owed, and that is no wave of September but back pay.
    assert sorted(await listed(office, "wave")) == [1, 3, 4]
    assert await listed(office, "back_pay") == {2: [AUGUST]}


async def test_of_twenty_at_once_one_makes_the_list_and_the_others_hear_its_name(office: Office) -> None:
    body = {"month": SEPTEMBER, "kind": "main"}
    answers = await asyncio.gather(*(office.desk.as_("operator").post("/batches", json=body) for _ in range(20)))
    made = [answer.json() for answer in answers if answer.status_code == 201]
    refused = [answer.json() for answer in answers if answer.status_code == 409]
    assert (len(made), len(refused)) == (1, 19)
    assert {(one["code"], one["batch"]) for one in refused} == {("batch-exists", made[0]["id"])}
    assert office.desk.sql("SELECT count(*) FROM batch WHERE month = %s", SEPTEMBER) == [(1,)]


async def test_a_kind_that_nobody_knows(office: Office) -> None:
    refused = await office.post("operator", "/batches", {"month": SEPTEMBER, "kind": "bonus"}, status=422)
    assert refused["kinds"] == ["back_pay", "main", "retry", "wave"]
