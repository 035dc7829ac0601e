"""What an enrolment event does to months that are open already (CORE.md section 4), and that its order does not matter."""

from __future__ import annotations

import pytest

from tests.service.disbursement.desk import Desk, person
from tests.service.disbursement.files import ACCOUNTS, account_row, commit, know, no_cooling_off, send
from tests.service.disbursement.paying import MONTH, Office


@pytest.fixture
def office(desk: Desk) -> Office:
    return Office(desk)


async def suspended_month(office: Office, *, opened: bool = True) -> None:
    """Three people, the third suspended before the cut-off of September."""
    for number in (1, 2, 3):
        office.desk.beneficiary.activate(person(number))
    office.desk.beneficiary.suspend(person(3))
    if opened:
        await office.open_month([], enrol=False)
        assert office.desk.outcomes() == {"due": 2, "held": 1}


def trail(desk: Desk, number: int) -> list[tuple[str, str, str]]:
    rows = desk.sql(
        "SELECT from_outcome, outcome, reason FROM entitlement_entry WHERE person_id = %s ORDER BY month, version", person(number)
    )
    return [(before, after, reason) for before, after, reason in rows]


async def test_a_resumption_that_reaches_the_month_makes_it_due(office: Office) -> None:
    await suspended_month(office)
    office.desk.beneficiary.resume(person(3))
    await office.desk.told()

    assert trail(office.desk, 3) == [("", "held", "verification"), ("held", "due", "")]


async def test_a_resumption_from_the_next_month_on_leaves_the_held_month(office: Office) -> None:
    await suspended_month(office)
    office.desk.beneficiary.resume(person(3), from_month="2025-10")
    await office.desk.told()

    assert office.desk.outcomes() == {"due": 2, "held": 1}


async def test_a_resumption_read_between_seal_and_opening_counts_too(office: Office) -> None:
    await suspended_month(office, opened=False)
    sealed = office.desk.beneficiary.seal()
    office.desk.beneficiary.resume(person(3))
    await office.desk.told()

    body = await office.post("operator", f"/months/{MONTH}/opening")

    assert body["programmes"][0]["held"] == 1, "the month opens as it was sealed"
    assert body["programmes"][0]["seal"] == sealed.hash
    assert trail(office.desk, 3) == [("", "held", "verification"), ("held", "due", "")]


async def test_who_is_resumed_after_the_results_is_missed_as_released_late(office: Office) -> None:
    await suspended_month(office)
    for number in (1, 2, 3):
        office.give_account(number)
    batch = await office.released()
    await office.post("operator", f"/batches/{batch['id']}/results-due")
    await office.desk.settle()
    office.desk.beneficiary.resume(person(3))
    await office.desk.told()

    assert office.head(3) == ("missed", "released_late")
    assert "due" not in office.desk.outcomes()


async def test_an_end_excludes_what_is_on_no_list(office: Office) -> None:
    await suspended_month(office)
    office.desk.beneficiary.end(person(3))
    office.desk.beneficiary.end(person(2), reason="moved_out")
    await office.desk.told()

    assert office.desk.outcomes() == {"due": 1, "excluded": 2}
    assert trail(office.desk, 2) == [("", "due", ""), ("due", "excluded", "moved_out")]


async def test_an_end_leaves_a_month_that_is_on_a_list(office: Office) -> None:
    await suspended_month(office)
    office.give_account(1)
    await office.compose()
    office.desk.beneficiary.end(person(1))
    await office.desk.told()

    assert office.head(1) == ("due", "")


async def test_an_end_from_the_next_month_on_leaves_this_one(office: Office) -> None:
    await suspended_month(office)
    office.desk.beneficiary.end(person(1), from_month="2025-10")
    await office.desk.told()

    assert office.desk.outcomes() == {"due": 2, "held": 1}


async def test_resumed_and_then_ended_in_one_batch_of_events(office: Office) -> None:
    await suspended_month(office)
    office.desk.beneficiary.resume(person(3))
    office.desk.beneficiary.end(person(3), from_month="2025-10")
    office.desk.beneficiary.end(person(1))
    await office.desk.told()

    assert office.head(3) == ("due", "")
    assert office.head(1) == ("excluded", "died")


async def test_events_sent_twice_have_one_effect(office: Office) -> None:
    await suspended_month(office)
    record = office.desk.beneficiary.resume(person(3))
    await office.desk.told()
    await office.desk.beneficiary.publish(record)
    await office.desk.settle()

    assert trail(office.desk, 3) == [("", "held", "verification"), ("held", "due", "")]
    assert office.desk.sql("SELECT count(*) FROM enrolment_history WHERE person_id = %s", person(3)) == [(3,)]


async def test_a_changed_account_takes_the_signatures_away(office: Office) -> None:

    await suspended_month(office)
    await no_cooling_off(office.desk)
    know(office.desk, 1, 2)
    await commit(office.desk, await send(office.desk, "accounts", ACCOUNTS, [account_row(1), account_row(2)], {"count": 2}))
    batch = await office.approved()
    mended = await send(office.desk, "accounts", ACCOUNTS, [account_row(1), account_row(2, account="99887766554")], {"count": 2})
    _, done = await commit(office.desk, mended)

    now = await office.get(f"/batches/{batch['id']}")

    assert done["result"]["lines_on_lists"] == 1
    assert (now["state"], [one["void"] for one in now["signatures"]]) == ("draft", [True, True, True])
    assert str(person(2)) in str(now["changed"])


@pytest.mark.parametrize("how", ["withdrawal", "removal"])
async def test_an_end_counts_as_soon_as_the_month_is_on_no_list_again(office: Office, how: str) -> None:
    """Died while on a list: whichever comes second, the end or the list's, excludes; the next list does not pay."""
    await suspended_month(office)
    for number in (1, 2):
        office.give_account(number)
    batch = await office.compose()
    office.desk.beneficiary.end(person(2))
    await office.desk.told()
    assert office.head(2)[0] == "due"

    if how == "withdrawal":
        await office.post("operator", f"/batches/{batch['id']}/withdrawal", {"reason": "ganti bulan"})
    else:
        for who in ("operator", "operator2"):
            await office.post(who, f"/batches/{batch['id']}/lines/{person(2)}/removal", {"reason": "meninggal"})

    assert office.head(2) == ("excluded", "died")
    if how == "withdrawal":
        assert (await office.compose())["payments"] == 1
    else:  # the draft has everybody on it who can be paid
        refused = await office.post("operator", "/batches", {"month": "2025-09", "kind": "main"}, status=409)
        assert (refused["code"], refused["batch"]) == ("batch-exists", batch["id"])
        assert [line["person_id"] for line in await office.lines(batch) if line["outcome"] != "withdrawn"] == [str(person(1))]
