"""A decree or order that reaches behind a seal: the month is sealed again, and disbursement follows (docs/adr/0009)."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import pytest

from tests.service.disbursement.desk import Desk, person
from tests.service.disbursement.paying import MONTH, Office
from tests.service.disbursement.test_later_events import trail

OF_THE_LEDGER = {1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 22, 24}


@pytest.fixture
def office(desk: Desk) -> Office:
    return Office(desk)


async def followed(office: Office) -> dict[str, Any]:
    """Seal again, tell, open again; what the one programme says."""
    office.desk.beneficiary.seal()
    await office.desk.told()
    answer = await office.post("operator", f"/months/{MONTH}/opening")
    (programme,) = answer["programmes"]
    assert programme["state"] == "second_seal_followed"
    return dict(programme)


@pytest.fixture(autouse=True)
async def verified(desk: Desk) -> AsyncIterator[None]:
    """After each test, whatever it did: what ``ritme verify`` asks of the ledger alone holds."""
    yield
    await desk.settle()
    assert desk.broken(OF_THE_LEDGER) == []


async def test_a_suspension_behind_the_seal_holds_what_is_on_no_list(office: Office) -> None:
    await office.open_month([1, 2, 3])
    office.desk.beneficiary.suspend(person(2), reason="objection")
    await office.desk.told()
    assert office.head(2) == ("due", ""), "an order alone waits for the second seal"

    told = await followed(office)

    assert (told["due"], told["held"], told["now_held"], told["new_people"], told["kept"]) == (2, 1, 1, 0, 0)
    assert trail(office.desk, 2) == [("", "due", ""), ("due", "held", "objection")]
    equation = (await office.desk.as_("leader").get(f"/months/{MONTH}/equation")).json()
    assert (equation["entitled"], equation["due"], equation["held"], equation["holds"]) == (3, 2, 1, True)
    again = await office.post("operator", f"/months/{MONTH}/opening")
    assert again["programmes"][0]["state"] == "already_open"
    assert [event["held"] for _, event in office.events(201)] == [0, 1]


async def test_whom_a_late_decree_names_is_due_for_a_wave(office: Office) -> None:
    await office.open_month([1, 2])
    office.give_account(1)
    office.give_account(2)
    main = await office.compose()
    office.desk.beneficiary.activate(person(3))
    office.give_account(3)

    told = await followed(office)
    assert (told["new_people"], told["due"]) == (1, 3)
    wave = await office.compose(kind="wave")

    assert [line["person_id"] for line in await office.lines(wave)] == [str(person(3))]
    assert wave["code"] == "2025-09-W01"
    assert main["payments"] == 2


async def test_whom_a_decree_names_after_the_results_is_missed_at_once_and_has_a_gap(office: Office) -> None:
    await office.open_month([1])
    office.give_account(1)
    batch = await office.released()
    await office.post("operator", f"/batches/{batch['id']}/results-due")
    await office.desk.settle()
    for number in (2, 3):
        office.desk.beneficiary.activate(person(number))
    office.give_account(2)
    office.desk.sql_run("UPDATE account SET changed_at = '2025-01-01'")

    await followed(office)
    await office.desk.settle()

    assert office.head(2) == ("missed", "named_late")
    assert office.head(3) == ("missed", "cause_not_known"), "nobody has given an account"
    gaps = (await office.desk.as_("operator").get("/gaps", params={"month": MONTH, "reason": "named_late"})).json()
    assert [gap["owner"] for gap in gaps["items"]] == ["bidang-linjamsos"]
    wave = await office.compose(kind="wave")
    assert [line["person_id"] for line in await office.lines(wave)] == [str(person(2))]


async def test_who_is_on_a_list_or_paid_stays_and_is_named(office: Office) -> None:
    await office.open_month([1, 2, 3])
    office.give_account(1)
    batch = await office.released()
    assert (await office.send_results(batch, [await office.row(batch, 1)]))[1]["applied"] == 1
    await office.desk.settle()
    office.give_account(2)
    wave = await office.compose(kind="wave")
    for number in (1, 2):
        office.desk.beneficiary.suspend(person(number))
    office.desk.beneficiary.end(person(3), reason="dead")
    await office.desk.told()

    told = await followed(office)

    assert (told["kept"], told["now_held"]) == (2, 0)
    assert told["kept_people"] == [
        {"person_id": str(person(1)), "outcome": "paid"}, {"person_id": str(person(2)), "outcome": "missed"},
    ]  # fmt: skip
    assert office.head(1) == ("paid", "")
    assert office.head(2)[0] == "missed"
    assert office.head(3) == ("excluded", "dead"), "missed before, and lawfully over now"
    # The list gives the month free: then the seal counts for it too.
    await office.post("operator", f"/batches/{wave['id']}/withdrawal", {"reason": "salah daftar"})
    assert office.head(2) == ("held", "verification")


async def test_a_draft_goes_to_its_signers_without_who_ended_or_was_stopped(office: Office) -> None:
    await office.open_month_with_accounts([1, 2, 3])
    batch = await office.compose()
    office.desk.beneficiary.end(person(1), reason="dead")
    office.desk.beneficiary.suspend(person(2))
    await office.desk.told()
    assert (await followed(office))["kept"] == 2

    submitted = await office.sign(batch, "submission")

    assert [line["person_id"] for line in await office.lines(submitted) if line["outcome"] == "prepared"] == [str(person(3))]
    assert (submitted["payments"], submitted["sum"]) == (1, 300_000)
    assert office.head(1) == ("excluded", "dead")
    assert office.head(2) == ("held", "verification")


async def test_a_resumption_after_the_second_cut_off_counts_on_top_of_it(office: Office) -> None:
    await office.open_month([1, 2])
    office.desk.beneficiary.suspend(person(1))
    office.desk.beneficiary.seal()
    office.desk.beneficiary.resume(person(1))
    await office.desk.told()

    answer = await office.post("operator", f"/months/{MONTH}/opening")

    assert answer["programmes"][0]["now_held"] == 0, "the newest word is that the person is active"
    assert office.head(1) == ("due", "")


async def test_a_second_seal_that_differs_from_our_list_changes_nothing(office: Office) -> None:
    await office.open_month([1, 2])
    office.desk.beneficiary.suspend(person(1), lose=True)
    office.desk.beneficiary.suspend(person(2))
    office.desk.beneficiary.seal()
    await office.desk.told()

    answer = await office.desk.as_("operator").post(f"/months/{MONTH}/opening")

    assert (answer.status_code, answer.json()["code"]) == (409, "seal-differs")
    assert answer.json()["programmes"][0]["people"] == [{"person_id": str(person(1)), "kind": "status"}]
    assert office.desk.outcomes() == {"due": 2}
