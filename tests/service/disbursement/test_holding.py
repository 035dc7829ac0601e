"""The holding account by person and age, and the end of the year that leaves no rupiah without a name (TROUBLES.md O1)."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from shared.kernel.clock import FrozenClock
from tests.service.disbursement.desk import Desk, person
from tests.service.disbursement.paying import Office

LETTER = "BA-CARRY/2025"


@pytest.fixture
def clock() -> FrozenClock:
    return FrozenClock(datetime(2025, 9, 19, 3, tzinfo=UTC))


async def answered(desk: Desk, clock: FrozenClock) -> tuple[Office, dict[str, Any]]:
    """Four sent on 19 September: one credited, one could not be, one came back, one has no answer."""
    office = Office(desk)
    await office.open_month_with_accounts([1, 2, 3, 4])
    batch = await office.released()
    clock.move(timedelta(days=6))
    rows = [await office.row(batch, n, code, "2025-09-20") for n, code in ((1, "00"), (2, "03"), (3, "00"))]
    await office.send_results(batch, rows)
    await desk.settle()
    clock.move(timedelta(days=10))
    await office.send_results(batch, [await office.row(batch, 3, "09", "2025-10-05")], name="retur.csv")
    await desk.settle()
    return office, batch


def ages(shown: dict[str, Any]) -> list[tuple[str, int, int, int]]:
    return [(one["age"], one["people"], one["held"], one["with_bank"]) for one in shown["by_age"]]


async def test_balances_by_person_and_age(desk: Desk, clock: FrozenClock) -> None:
    office, batch = await answered(desk, clock)
    shown = await office.get("/holding", "treasurer")
    assert (shown["holding"], shown["by_account"]) == (900_000, {"holding": 600_000, "bank": 300_000, "sts_due": 0})
    assert ages(shown) == [("0-30", 3, 600_000, 300_000), ("31-90", 0, 0, 0), (">90", 0, 0, 0)]
    assert shown["unnamed"] == []
    later = await office.get("/holding?on=2025-10-30", "treasurer")
    assert ages(later) == [("0-30", 1, 300_000, 0), ("31-90", 2, 300_000, 300_000), (">90", 0, 0, 0)]
    assert ages(await office.get("/holding?on=2026-01-10", "treasurer"))[2] == (">90", 3, 600_000, 300_000)
    items = (await office.get("/holding/people?on=2025-10-30", "treasurer"))["items"]
    assert {(one["person_id"], one["age"], one["standing"], one["reason"]) for one in items} == {
        (str(person(2)), "31-90", "held", "account_closed"), (str(person(3)), "0-30", "held", "bank_return"),
        (str(person(4)), "31-90", "with_bank", "awaiting_bank"),
    }  # fmt: skip
    assert {one["batch"] for one in items} == {batch["code"]}
    assert len((await office.get("/holding/people?on=2025-10-30&age=0-30", "treasurer"))["items"]) == 1
    elsewhere = await desk.as_("operator", areas=["31.74"]).get("/holding/people")
    assert elsewhere.json()["items"] == []
    wrong = await desk.as_("treasurer").get("/holding/people?age=old")
    assert (wrong.status_code, wrong.json()["code"]) == (422, "invalid-input")


async def test_a_payment_that_goes_out_again_is_linked_to_the_one_that_failed(desk: Desk, clock: FrozenClock) -> None:
    office, _ = await answered(desk, clock)
    office.give_account(2, account="9990000002")
    again = await office.released(kind="retry")
    (line,) = await office.lines(again)
    (held,) = (
        one
        for one in (await office.get("/holding/people", "treasurer"))["items"]
        if one["person_id"] == str(person(2)) and one["standing"] == "held"
    )
    assert held["paid_again_by"] == line["reference"]


async def test_more_sp2d_than_the_list_has_no_name(desk: Desk, clock: FrozenClock) -> None:
    office = Office(desk)
    await office.open_month([1])
    office.give_account(1)
    batch = await office.approved()
    await office.reserve(batch)
    await office.pay_in(batch, {"KLJ": 350_000})
    await office.release(batch)
    shown = await office.get("/holding", "treasurer")
    assert [(one["batch"], one["amount"]) for one in shown["unnamed"]] == [(batch["code"], 50_000)]


async def test_the_year_ends_with_a_decision_for_every_rupiah(desk: Desk, clock: FrozenClock) -> None:
    office, batch = await answered(desk, clock)
    early = await office.post("treasurer", "/holding/years/2025/closing", {"document": "BA-1"}, status=409)
    assert early["code"] == "year-not-closable"
    clock.move(timedelta(days=100))
    refused = await office.post("treasurer", "/holding/years/2025/closing", {"document": "BA-1"}, status=409)
    assert (refused["code"], refused["undecided"], refused["unnamed"], refused["without_sts"]) == ("year-not-closable", 3, 0, 0)
    door = "/holding/years/2025/disposals"
    back = await office.post("treasurer", door, {"way": "sts", "document": "STS-1"}, status=201)
    assert back["items"] == 2  # what the bank has not answered for cannot go back
    four_eyes = await office.post("treasurer", f"{door}/decision", {"document": "STS-1", "agreed": True}, status=409)
    assert four_eyes["code"] == "four-eyes"
    await office.post("treasurer2", f"{door}/decision", {"document": "STS-1", "agreed": True})
    again = await office.post("treasurer", door, {"way": "sts", "document": "STS-2"}, status=422)
    assert again["code"] == "nothing-to-dispose"
    await office.post("treasurer", door, {"way": "carried", "document": LETTER}, status=201)
    await office.post("treasurer2", f"{door}/decision", {"document": LETTER, "agreed": False})
    await office.post("treasurer", door, {"way": "carried", "document": LETTER}, status=201)
    await office.post("treasurer2", f"{door}/decision", {"document": LETTER, "agreed": True})
    waiting = await office.post("treasurer", "/holding/years/2025/closing", {"document": "BA-1"}, status=409)
    assert (waiting["undecided"], waiting["without_sts"]) == (0, 1)
    await office.return_to_treasury(batch, 600_000)
    mine = await office.post("treasurer2", "/holding/years/2025/closing", {"document": "BA-1"}, status=409)
    assert mine["code"] == "four-eyes"
    shown = await office.post("treasurer", "/holding/years/2025/closing", {"document": "BA-1"})
    assert (shown["state"], shown["closed"]["returned"], shown["closed"]["carried"]) == ("closed", 600_000, 300_000)
    closed = await office.post("treasurer", door, {"way": "sts", "document": "STS-9"}, status=409)
    assert closed["code"] == "illegal-transition"
    assert (await office.get("/holding", "treasurer"))["holding"] == 300_000


async def test_an_sts_that_nobody_is_named_for_keeps_the_year_open(desk: Desk, clock: FrozenClock) -> None:
    office, batch = await answered(desk, clock)
    await office.return_to_treasury(batch, 300_000)
    shown = await office.get("/holding/years/2025", "treasurer")
    assert [(one["batch"], one["amount"]) for one in shown["sts_due"]] == [(batch["code"], -300_000)]
    (two,) = (one for one in (await office.get("/holding/people", "treasurer"))["items"] if one["person_id"] == str(person(2)))
    door = "/holding/years/2025/disposals"
    await office.post("treasurer", door, {"way": "sts", "document": "STS-1", "payments": [two["payment_id"]]}, status=201)
    await office.post("treasurer2", f"{door}/decision", {"document": "STS-1", "agreed": True})
    assert (await office.get("/holding/years/2025", "treasurer"))["sts_due"] == []


@pytest.mark.parametrize("who", ["operator", "jakpus", "leader"])
async def test_only_treasurers_decide(desk: Desk, who: str) -> None:
    answer = await desk.as_(who).post("/holding/years/2025/disposals", json={"way": "sts", "document": "STS-1"})
    assert answer.status_code == 403
