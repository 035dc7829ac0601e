"""The month's last step: a programme's month closes by its minutes once everybody has an answer or an owner and the money is agreed."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import pytest

from tests.service.disbursement.desk import Desk, person
from tests.service.disbursement.paying import MONTH, Office
from tests.service.disbursement.test_second_seal import OF_THE_LEDGER
from tests.service.disbursement.test_statements import taken
from tests.service.disbursement.test_stops import ordered

DOOR = f"/months/{MONTH}/closing"
MINUTES = {"programme": "KLJ", "minutes": "BA-12/X/2025"}


@pytest.fixture
async def office(desk: Desk) -> AsyncIterator[Office]:
    """Four people: 1 and 2 can be paid, 3 is suspended, 4 has no card. Afterwards ``ritme verify`` holds, whatever the test did."""
    found = Office(desk)
    for number in (1, 2, 3, 4):
        desk.beneficiary.activate(person(number))
    desk.beneficiary.suspend(person(3))
    await found.open_month([], enrol=False)
    for number in (1, 2, 4):
        found.give_account(number, card=number != 4)
    await desk.settle()  # who is held has a case
    yield found
    await desk.settle()
    assert desk.broken(OF_THE_LEDGER | {16}) == []


async def answered(office: Office) -> dict[str, Any]:
    """The bank paid 1 and refused 2; the sweep found 4 without a card."""
    batch = await office.released()
    await office.send_results(batch, [await office.row(batch, 1, day="2025-09-19"), await office.row(batch, 2, "03", "2025-09-19")])
    await office.desk.settle()
    return batch


async def list_closed(office: Office, batch: dict[str, Any], minutes: str = "BA-9/X/2025") -> None:
    await ordered(office, f"/batches/{batch['id']}/closing", {"minutes": minutes})


async def agreed_with_the_bank(office: Office, batch: dict[str, Any]) -> None:
    paid = next(line["reference"] for line in await office.lines(batch) if line["outcome"] == "credited")
    rows = ["2025-09-18;SP2D-1;600000;;", f"2025-09-19;{paid};;300000;"]
    await taken(office.desk, rows, days=("2025-09-18", "2025-09-19"), balance=(0, 300_000))
    await office.post("treasurer2", "/statement-days/2025-09-19/closing")


async def closed(office: Office) -> dict[str, Any]:
    batch = await answered(office)
    await list_closed(office, batch)
    await agreed_with_the_bank(office, batch)
    await ordered(office, DOOR, MINUTES, by="treasurer", second="approver")
    return batch


async def shown(office: Office, who: str = "treasurer") -> dict[str, Any]:
    (one,) = (await office.get(DOOR, who))["programmes"]
    found: dict[str, Any] = one
    return found


def lacks(given: dict[str, Any]) -> dict[str, int]:
    return {one["lack"]: one["count"] for one in given["lacks"]}


async def test_a_month_says_step_by_step_what_keeps_it_open(office: Office) -> None:
    refused = await office.post("treasurer", DOOR, MINUTES, status=409)
    assert refused["code"] == "month-not-finished"
    assert lacks(refused) == {"due": 3}
    batch = await office.released()
    found = await shown(office)
    assert lacks(found) == {"due": 1, "in_payment": 2, "lists": 1, "statement": 1}
    assert next(one["lists"] for one in found["lacks"] if one["lack"] == "lists") == [batch["code"]]
    await office.send_results(batch, [await office.row(batch, 1, day="2025-09-19"), await office.row(batch, 2, "03", "2025-09-19")])
    await office.desk.settle()
    assert lacks(await shown(office)) == {"lists": 1, "statement": 2}
    await list_closed(office, batch)
    refused = await office.post("approver", DOOR, MINUTES, status=409)
    assert refused["lacks"] == [{"lack": "statement", "count": 2, "last_day": "2025-09-19", "closed_until": None}]
    await agreed_with_the_bank(office, batch)
    assert lacks(await shown(office)) == {}


async def test_two_people_close_it_and_the_step_is_done_on_its_day(office: Office) -> None:
    batch = await answered(office)
    await list_closed(office, batch)
    await agreed_with_the_bank(office, batch)
    asked = await office.post("treasurer", DOOR, MINUTES, status=201)
    assert (asked["kind"], asked["document"], asked["person_months"], asked["rupiah"]) == ("close_month", "BA-12/X/2025", 4, 300_000)
    assert (await shown(office))["state"] == "opened", "one person alone closes nothing"
    same = await office.post("treasurer", f"/orders/{asked['id']}/confirmation", {}, status=409)
    assert same["code"] == "four-eyes"
    await office.post("approver", f"/orders/{asked['id']}/confirmation", {})

    found = await shown(office)
    (one,) = found["closings"]
    assert (found["state"], one["closing_no"], one["minutes"], one["asked_by"], one["closed_by"]) == (
        "closed", 1, "BA-12/X/2025", "treasurer", "approver",
    )  # fmt: skip
    assert one["numbers"] == {
        "paid": {"people": 1, "rupiah": 300_000}, "held": {"people": 1, "rupiah": 300_000}, "missed": {"people": 2, "rupiah": 600_000},
    }  # fmt: skip
    assert found["after_closing"] == []
    equation = await office.get(f"/months/{MONTH}/equation")
    assert equation["by_programme"]["KLJ"]["state"] == "closed"
    assert (equation["steps"][-1]["step"], equation["steps"][-1]["state"]) == ("closed", "done")
    (programme,) = (await office.get(f"/calendar?month={MONTH}"))["programmes"]
    step = next(one for one in programme["steps"] if one["step"] == "closed")
    assert step["actual"] == office.desk.clock.today().isoformat()
    assert (step["due_on"], step["role"], step["escalate_to"]) == ("2025-10-06", "treasurer", "approver")
    ((version, event),) = office.events(206)
    assert (version, event["programme"], event["closing_no"], event["paid"], event["held"], event["missed"]) == (2, "KLJ", 1, 1, 1, 2)
    again = await office.post("treasurer", DOOR, {**MINUTES, "minutes": "BA-13/X/2025"}, status=409)
    assert again["code"] == "illegal-transition"


async def test_who_may_ask_and_what_is_asked(office: Office) -> None:
    for who in ("operator", "checker", "releaser", "jakpus"):
        assert (await office.post(who, DOOR, MINUTES, status=403))["code"] == "not-allowed"
    assert (await office.post("treasurer", DOOR, {**MINUTES, "programme": "KPDJ"}, status=404))["code"] == "not-found"
    assert (await office.post("treasurer", "/months/2025-13/closing", MINUTES, status=422))["code"] == "invalid-input"
    assert (await office.post("treasurer", DOOR, {"programme": "KLJ", "minutes": ""}, status=422))["code"] == "request-shape"
    part = await office.get(DOOR, "jakpus")
    assert part["programmes"][0]["lacks"] is None, "who sees a part cannot count what lacks in the whole"
    missing = await office.desk.as_("treasurer").get("/months/2024-01/closing")
    assert missing.status_code == 404


async def test_what_changed_between_the_two_people_is_asked_anew(office: Office) -> None:
    batch = await answered(office)
    await list_closed(office, batch)
    await agreed_with_the_bank(office, batch)
    asked = await office.post("treasurer", DOOR, MINUTES, status=201)
    office.desk.beneficiary.resume(person(3))
    await office.desk.told()
    assert office.head(3) == ("missed", "released_late")
    refused = await office.post("approver", f"/orders/{asked['id']}/confirmation", {}, status=409)
    assert refused["code"] == "order-changed"
    assert (await shown(office))["closings"] == []
    await ordered(office, DOOR, MINUTES, by="treasurer", second="approver")
    assert (await shown(office))["closings"][0]["numbers"]["missed"]["people"] == 3


async def test_a_late_return_comes_after_the_closing_and_a_second_one_counts_it(office: Office) -> None:
    batch = await closed(office)
    first = (await shown(office))["closings"]
    await office.send_results(batch, [await office.row(batch, 1, "09", "2025-10-20")], name="retur.csv")
    await office.desk.settle()
    assert office.head(1) == ("missed", "bank_return")
    found = await shown(office)
    assert (found["state"], found["closings"]) == ("closed", first), "the closing stays what it was"
    after = [(one["was"], one["now"], one["reason"], one["people"], one["rupiah"]) for one in found["after_closing"]]
    assert after == [("paid", "missed", "bank_return", 1, 300_000)]
    assert lacks(found) == {"lists": 1, "statement": 1}
    await list_closed(office, batch, "BA-10/X/2025")
    reference = next(line["reference"] for line in await office.lines(batch) if line["outcome"] == "returned")
    await taken(office.desk, [f"2025-10-20;{reference};300000;;RETUR"], days=("2025-09-20", "2025-10-20"), balance=(300_000, 600_000))
    await office.post("treasurer2", "/statement-days/2025-10-20/closing")
    await ordered(office, DOOR, {**MINUTES, "minutes": "BA-12b/X/2025"}, by="treasurer", second="approver")

    found = await shown(office)
    assert [one["minutes"] for one in found["closings"]] == ["BA-12/X/2025", "BA-12b/X/2025"]
    assert found["closings"][1]["numbers"]["missed"] == {"people": 3, "rupiah": 900_000}
    assert found["after_closing"] == []


async def test_a_second_seal_and_back_pay_go_their_way_in_a_closed_month(office: Office) -> None:
    await closed(office)
    office.desk.beneficiary.activate(person(5))
    office.desk.beneficiary.resume(person(3))
    office.give_account(5)
    office.give_account(3)
    office.desk.beneficiary.seal()
    await office.desk.told()
    opening = await office.post("operator", f"/months/{MONTH}/opening")
    assert opening["programmes"][0]["new_people"] == 1
    await office.desk.settle()
    found = await shown(office)
    assert found["state"] == "closed"
    assert {(one["was"], one["now"], one["people"]) for one in found["after_closing"]} == {("", "missed", 1), ("held", "missed", 1)}
    wave = await office.approved(kind="wave")
    assert wave["payments"] == 2
    await office.reserve(wave)
    await office.pay_in(wave)
    await office.release(wave)
    await office.send_results(wave, [await office.row(wave, 5), await office.row(wave, 3)], name="gelombang.csv")
    await office.desk.settle()
    assert office.desk.outcomes() == {"paid": 3, "missed": 2}
    assert {(one["was"], one["now"], one["people"]) for one in (await shown(office))["after_closing"]} == {
        ("", "paid", 1), ("held", "paid", 1),
    }  # fmt: skip


async def test_nobody_rewrites_a_closing_and_verify_sees_one_that_says_something_else(office: Office) -> None:
    await closed(office)
    desk = office.desk
    for role in ("api", "worker"):
        with pytest.raises(Exception, match="permission denied"):
            desk.sql("UPDATE month_closing SET minutes = 'x' RETURNING 1", role=role)
    desk.sql_run("UPDATE month_closing SET numbers = jsonb_set(numbers, '{paid,people}', '2')")
    ((name, found),) = desk.broken({4})
    assert name == "seal = projection = ledger; nobody without an answer"
    said = (
        "KLJ 2025-09 closing 1: signed as {'held': {'people': 1, 'rupiah': 300000}, 'paid': {'people': 2, 'rupiah': 300000}, "
        "'missed': {'people': 2, 'rupiah': 600000}}, the entries up to it say {'held': {'people': 1, 'rupiah': 300000}, "
        "'missed': {'people': 2, 'rupiah': 600000}, 'paid': {'people': 1, 'rupiah': 300000}}"
    )
    assert found == [said]
    desk.sql_run("UPDATE month_closing SET numbers = jsonb_set(numbers, '{paid,people}', '1')")
    desk.sql_run("UPDATE programme_month SET state = 'opened'")
    assert desk.broken({4}) == [(name, ["KLJ 2025-09: opened with 1 closings, the last numbered 1"])]
    desk.sql_run("UPDATE programme_month SET state = 'closed'")
