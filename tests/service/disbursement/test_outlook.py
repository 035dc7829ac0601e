"""The months ahead: people and rupiah, decrees that end, cards not handed over, and where the money ends."""

from __future__ import annotations

from typing import Any

import pytest

from tests.service.disbursement.desk import Desk, person
from tests.service.disbursement.paying import TARIFF, Office


@pytest.fixture
def office(desk: Desk) -> Office:
    desk.beneficiary.ages, desk.beneficiary.budget = [], []
    return Office(desk)


async def ahead(office: Office, query: str = "from=2025-09&months=4", *, areas: list[str] | None = None) -> dict[str, Any]:
    answer = await office.desk.as_("leader", areas=areas).get(f"/outlook?{query}")
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


def people(found: dict[str, Any], programme: str = "KLJ", key: str = "people") -> list[int]:
    """One number a month; 0 where the programme has nobody."""
    return [sum(one[key] for one in month["programmes"] if one["programme"] == programme) for month in found["months"]]


async def test_people_and_rupiah_are_counted_month_by_month_by_what_holds_in_each(office: Office) -> None:
    tell = office.desk.beneficiary
    tell.activate(person(1))  # September to December
    tell.activate(person(2), to_month="2025-10")
    tell.activate(person(3))
    tell.suspend(person(3), from_month="2025-10")
    tell.activate(person(4))
    tell.end(person(4), from_month="2025-11")
    tell.activate(person(5), from_month="2025-11", amount=400_000)
    tell.activate(person(6), programme="KAJ", from_month="2025-09", to_month="2026-06")
    await office.desk.told()
    found = await ahead(office)
    assert people(found) == [4, 3, 2, 2]
    assert people(found, key="amount") == [4 * TARIFF, 3 * TARIFF, TARIFF + 400_000, TARIFF + 400_000]
    assert people(found, key="suspended") == [0, 1, 1, 1]
    assert people(found, "KAJ") == [1, 1, 1, 1]
    # After October nobody covers person 2; after December the decree of 1, 3 and 5 ends. Who died in November left by himself.
    assert people(found, key="ends_people") == [0, 1, 0, 3]
    assert people(found, key="ends_amount") == [0, TARIFF, 0, 2 * TARIFF + 400_000]
    assert people(found, "KAJ", "ends_people") == [0, 0, 0, 0]
    assert [month["people"] for month in found["months"]] == [5, 4, 3, 3]
    assert (found["from"], found["to"]) == ("2025-09", "2025-12")


async def test_whoever_has_a_next_decree_does_not_fall_out(office: Office) -> None:
    tell = office.desk.beneficiary
    tell.activate(person(1), to_month="2025-10")
    tell.activate(person(1), from_month="2025-11", amount=350_000)
    tell.activate(person(2), to_month="2025-10")
    tell.activate(person(2), from_month="2025-12")  # a month between
    await office.desk.told()
    found = await ahead(office, "from=2025-09&months=3")
    assert people(found) == [2, 2, 1]
    assert people(found, key="amount") == [2 * TARIFF, 2 * TARIFF, 350_000]
    assert people(found, key="ends_people") == [0, 1, 0]


async def test_whoever_the_bank_was_asked_for_lacks_an_account_that_is_on_its_way(office: Office) -> None:
    for number in (1, 2):
        office.desk.beneficiary.activate(person(number), to_month="2099-12")
    await office.desk.told()
    await office.post("operator", "/account-openings", {"programme": "KLJ"}, status=201)
    office.desk.beneficiary.activate(person(3), to_month="2099-12")
    await office.desk.told()
    assert [(one["lack"], one["people"]) for one in (await ahead(office))["lacking"]] == [("no_account", 1), ("opening_asked", 2)]


async def test_accounts_and_cards_that_are_missing_are_counted_with_their_rupiah(office: Office) -> None:
    tell = office.desk.beneficiary
    for number in (1, 2, 3, 4):
        tell.activate(person(number))
    tell.suspend(person(4))
    await office.desk.told()
    office.give_account(1)
    office.give_account(2, card=False)
    assert (await ahead(office))["lacking"] == [
        {"programme": "KLJ", "lack": "card_not_handed_over", "people": 1, "amount": TARIFF},
        {"programme": "KLJ", "lack": "no_account", "people": 1, "amount": TARIFF},
    ]


def line(available: int, *, year: int = 2025, ceiling: int = 0, plan: dict[str, int] | None = None) -> dict[str, Any]:
    months = [{"month": month, "planned": planned} for month, planned in (plan or {}).items()]
    return {
        "programme": "KLJ", "year": year, "ceiling": ceiling or available, "reserved": 0, "realised": 0, "returned": 0,
        "available": available, "plan": months,
    }  # fmt: skip


async def test_a_budget_of_ten_months_and_a_january_without_dpa_are_seen_with_the_people_behind(office: Office) -> None:
    for number in (1, 2):
        office.desk.beneficiary.activate(person(number), to_month="2026-12")
    office.desk.beneficiary.budget = [line(4 * TARIFF + 100_000)]
    await office.desk.told()
    this, following = (await ahead(office, "from=2025-09&months=5"))["budget"]
    assert this["appropriation"] == {"month": "2025-11", "missing": 2 * TARIFF - 100_000, "in_all": 4 * TARIFF - 100_000, "people": 2}
    assert (this["needed"], this["plan"], this["has_plan"]) == (8 * TARIFF, None, False)
    assert (following["year"], following["has_line"]) == (2026, False)
    assert following["appropriation"] == {"month": "2026-01", "missing": 2 * TARIFF, "in_all": 2 * TARIFF, "people": 2}


async def test_money_that_a_list_has_reserved_is_not_needed_twice(office: Office) -> None:
    office.give_account(1)
    office.desk.beneficiary.budget = [line(TARIFF)]
    office.desk.beneficiary.activate(person(1), to_month="2025-10")
    await office.open_month([1], enrol=False)
    assert (await ahead(office))["budget"][0]["appropriation"]["month"] == "2025-10"
    batch = await office.approved()
    await office.reserve(batch)
    (year,) = (await ahead(office))["budget"]  # what is left is October's
    assert (year["needed"], year["appropriation"]) == (TARIFF, None)


async def test_the_cash_plan_that_ends_first_is_named(office: Office) -> None:
    office.desk.beneficiary.activate(person(1))
    office.desk.beneficiary.budget = [line(10 * TARIFF, plan={"2025-09": TARIFF, "2025-10": TARIFF, "2025-12": TARIFF})]
    await office.desk.told()
    (year,) = (await ahead(office))["budget"]
    assert year["appropriation"] is None
    assert year["plan"] == {"month": "2025-11", "missing": TARIFF, "in_all": TARIFF, "people": 1}


async def test_children_who_age_out_come_from_beneficiary_as_counts(office: Office) -> None:
    office.desk.beneficiary.activate(person(1), programme="KAJ")
    office.desk.beneficiary.ages = [{"programme": "KAJ", "month": "2025-11", "people": 1}]
    await office.desk.told()
    found = await ahead(office)
    assert people(found, "KAJ", "last_month_by_age") == [0, 0, 1, 0]


async def test_a_neighbour_that_is_silent_is_named_and_its_part_is_not_shown_as_nothing(office: Office) -> None:
    office.desk.beneficiary.activate(person(1))
    office.desk.beneficiary.ages = office.desk.beneficiary.budget = None
    await office.desk.told()
    found = await ahead(office)
    assert people(found) == [1, 1, 1, 1]
    assert found["silent"] == [{"service": "beneficiary", "code": "unavailable"}, {"service": "budget_audit", "code": "unavailable"}]
    assert found["budget"] is None
    assert found["months"][0]["programmes"][0]["last_month_by_age"] is None


async def test_a_part_of_the_agency_sees_its_people_and_no_budget(office: Office) -> None:
    office.desk.beneficiary.activate(person(1))
    office.desk.beneficiary.activate(person(2), area="31.73.01.1001")
    office.desk.beneficiary.budget = [line(TARIFF)]
    await office.desk.told()
    found = await ahead(office, areas=["31.73"])
    assert people(found) == [1, 1, 1, 1]
    assert (found["whole_agency"], found["budget"]) == (False, None)


@pytest.mark.parametrize("query", ["from=2025-13", "from=2025-09&months=0", "from=2025-09&months=25", "from=2025-09&months=x"])
async def test_months_that_do_not_exist_are_refused(office: Office, query: str) -> None:
    answer = await office.desk.as_("leader").get(f"/outlook?{query}")
    assert answer.status_code == 422
    assert answer.headers["content-type"] == "application/problem+json"
