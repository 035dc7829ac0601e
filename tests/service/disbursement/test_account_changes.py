"""An account becomes another one: asked by one person, confirmed by another, in force after its cooling-off."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from shared.kernel.clock import FrozenClock
from tests.service.disbursement.desk import TARIFF, Desk, person
from tests.service.disbursement.files import ACCOUNTS, account_row, commit, know, send
from tests.service.disbursement.paying import MONTH, Office, account_number

THURSDAY = datetime(2025, 9, 4, 3, tzinfo=UTC)
"""Ten o'clock in Jakarta. Friday the 5th is a holiday (Maulid), so three working days later is Wednesday the 10th."""
NEW = "7000000017"


@pytest.fixture
async def clock() -> FrozenClock:
    return FrozenClock(THURSDAY)


@pytest.fixture
async def office(desk: Desk) -> AsyncIterator[Office]:
    """Four people with accounts, September opened; and after the test, whatever it did, ``ritme verify`` holds."""
    office = Office(desk)
    await office.open_month_with_accounts(range(4))
    yield office
    await desk.settle()
    assert desk.broken((7, 8, 12, 16, 22), bus=True) == []


def asked(number: int = 1, **other: Any) -> dict[str, Any]:
    return {
        "person_id": str(person(number)), "programme": "KLJ", "bank_code": "111", "account_number": NEW, "holder": "PEMILIK",
        "card_handed_over": True, "reason": "kartu hilang, rekening ditutup", "document": "surat bank 12/2025", **other,
    }  # fmt: skip


async def propose(office: Office, number: int = 1, *, status: int = 201, **other: Any) -> dict[str, Any]:
    return await office.post("operator", "/account-changes", asked(number, **other), status=status)


async def confirm(
    office: Office, change: dict[str, Any], *, who: str = "operator2", number: str = NEW, status: int = 200
) -> dict[str, Any]:
    return await office.post(who, f"/account-changes/{change['id']}/confirmation", {"account_number": number}, status=status)


async def pass_days(desk: Desk, days: int) -> None:
    assert isinstance(desk.clock, FrozenClock)
    desk.clock.move(timedelta(days=days))
    await desk.settle()


async def pays_to(office: Office, batch: dict[str, Any], number: int = 1) -> str:
    """Which account the bank's file names for one person."""
    lines = {one["person_id"]: one["reference"] for one in await office.lines(batch) if one["outcome"] != "withdrawn"}
    (row,) = [one for one in await office.bank_rows(batch) if one["rujukan"] == lines[str(person(number))]]
    return row["nomor_rekening"]


async def test_a_change_waits_three_working_days_and_the_old_account_is_paid_meanwhile(office: Office, desk: Desk) -> None:
    change = await propose(office)
    assert (change["state"], change["in_force_on"], change["owner"]) == ("proposed", None, "satpel/31.71.01")

    waiting = await confirm(office, change)
    assert (waiting["state"], waiting["in_force_on"], waiting["confirmed_by"]) == ("waiting", "2025-09-10", "operator2")
    await desk.settle()
    sent = await office.released()
    assert await pays_to(office, sent) == account_number(1)

    await pass_days(desk, 5)
    assert (await office.get(f"/account-changes/{change['id']}"))["state"] == "waiting"
    await pass_days(desk, 1)
    held = await office.get(f"/account-changes/{change['id']}")
    assert (held["state"], held["account_now"]["ends_with"]) == ("in_force", "0017")
    assert (await office.get(f"/batches/{sent['id']}"))["state"] == "results_in", "what is at the bank stays as it was sent"
    assert await pays_to(office, sent) == account_number(1)


async def test_everybody_concerned_is_told_by_ids_alone(office: Office, desk: Desk) -> None:
    change = await propose(office)
    await confirm(office, change)
    await pass_days(desk, 6)
    who = {"person_id": str(person(1)), "programme": "KLJ", "area": "31.71.01.1001", "owner": "satpel/31.71.01"}
    assert office.events(251) == [(1, who | {"in_force_on": "2025-09-10"})]
    assert office.events(253) == [(2, who)]

    other = await propose(office, 2)
    await office.post("checker", f"/account-changes/{other['id']}/cancellation", {"reason": "salah orang"})
    assert office.events(252) == [], "nobody was told of what nobody confirmed"


async def test_a_list_on_its_way_is_signed_again_once_the_change_holds(office: Office, desk: Desk) -> None:
    change = await propose(office)
    await confirm(office, change)
    batch = await office.approved()
    await office.reserve(batch)
    await office.pay_in(batch)
    assert (await office.get(f"/account-changes/{change['id']}"))["lists"] == [batch["code"]]

    await pass_days(desk, 6)

    now = await office.get(f"/batches/{batch['id']}")
    assert (now["state"], now["changed"]["people"]) == ("draft", [str(person(1))])
    again = await office.sign(now)
    await office.reserve(again)
    released = await office.release(again)
    assert await pays_to(office, released) == NEW
    assert (released["payments"], released["sum"]) == (4, 4 * TARIFF)


async def test_one_person_cannot_change_an_account(office: Office) -> None:
    change = await propose(office)
    assert (await confirm(office, change, who="operator", status=409))["code"] == "four-eyes"
    assert (await confirm(office, change, who="treasurer", status=403))["code"] == "not-allowed"
    assert (await confirm(office, change, number="7000000071", status=409))["code"] == "other-account-number"
    assert (await office.get(f"/account-changes/{change['id']}", "checker"))["state"] == "proposed"
    await confirm(office, change, who="checker")
    assert (await confirm(office, change, status=409))["code"] == "illegal-transition"


async def test_a_change_taken_back_changes_nothing(office: Office, desk: Desk) -> None:
    change = await propose(office)
    await confirm(office, change)
    back = await office.post("checker", f"/account-changes/{change['id']}/cancellation", {"reason": "penerima menolak"})
    assert (back["state"], back["cancelled_because"]) == ("cancelled", "penerima menolak")
    await pass_days(desk, 6)

    assert len(office.events(252)) == 1
    assert await pays_to(office, await office.released()) == account_number(1)
    again = await office.post("checker", f"/account-changes/{change['id']}/cancellation", {"reason": "sekali lagi"}, status=409)
    assert again["code"] == "illegal-transition"
    assert (await propose(office))["state"] == "proposed", "another attempt is free again"


async def test_what_cannot_be_changed_is_refused_by_name(office: Office) -> None:
    assert (await propose(office, 9, status=409))["code"] == "no-account-yet"
    assert (await propose(office, 1, account_number=account_number(1), status=409))["code"] == "same-account"
    await propose(office)
    assert (await propose(office, account_number="7000000002", status=409))["code"] == "account-change-waiting"
    for wrong in ({"account_number": "12 34"}, {"holder": "  "}, {"bank_code": ""}, {"reason": ""}, {"until": "2025-10-01"}):
        assert (await propose(office, 2, status=422, **wrong))["code"] == "request-shape"
    assert (await office.post("checker", "/account-changes", asked(2), status=403))["code"] == "not-allowed"


async def test_another_area_sees_and_confirms_nothing(office: Office, desk: Desk) -> None:
    change = await propose(office)
    elsewhere = desk.as_("operator2", areas=["31.72"])
    assert (await elsewhere.get("/account-changes")).json()["items"] == []
    assert (await elsewhere.get(f"/account-changes/{change['id']}")).status_code == 404
    refused = await elsewhere.post(f"/account-changes/{change['id']}/confirmation", json={"account_number": NEW})
    assert refused.status_code == 404
    assert (await elsewhere.post("/account-changes", json=asked(2))).json()["code"] == "no-account-yet"
    assert (await desk.as_("warehouse").get("/account-changes")).status_code == 403


async def test_no_number_and_no_name_on_the_list_of_changes(office: Office, desk: Desk) -> None:
    await propose(office, holder="KENARI KUNING")
    shown = (await desk.as_("checker").get("/account-changes")).text
    assert NEW not in shown
    assert "KENARI" not in shown
    ((stored,),) = desk.sql("SELECT account_change::text FROM account_change")
    assert [secret for secret in ("KENARI", NEW) if secret in stored or secret.encode().hex() in stored] == []


async def test_looking_at_old_and_new_is_written_down(office: Office, desk: Desk) -> None:
    change = await propose(office, holder="KENARI  KUNING")
    shown = await office.get(f"/account-changes/{change['id']}", "checker")
    assert shown["account_now"] == {"bank_code": "111", "ends_with": "0001", "holder": "PEMILIK"}
    assert shown["account_asked"] == {"bank_code": "111", "ends_with": "0017", "holder": "KENARI KUNING"}
    assert desk.sql("SELECT person, operation, count FROM audit_entry WHERE purpose = 'account' ORDER BY seq") == [
        ("operator", "account_change.propose", 1), ("checker", "account_change.look", 1),
    ]  # fmt: skip


async def test_the_office_writes_down_that_the_person_was_told(office: Office) -> None:
    change = await propose(office)
    path = f"/account-changes/{change['id']}/notice"
    body = {"day": "2025-09-04", "how": "kunjungan ke rumah"}
    assert (await office.post("operator", path, body, status=409))["code"] == "illegal-transition", "not confirmed yet"
    await confirm(office, change)
    assert [one["id"] for one in (await office.get("/account-changes?state=waiting&told=false"))["items"]] == [change["id"]]
    for day in ("2025-09-03", "2025-09-05"):
        assert (await office.post("operator", path, body | {"day": day}, status=422))["code"] == "invalid-input"
    told = await office.post("operator", path, body)
    assert (told["told_on"], told["told_by"], told["told_how"]) == ("2025-09-04", "operator", "kunjungan ke rumah")
    assert (await office.get("/account-changes?state=waiting&told=false"))["items"] == []


async def test_a_file_changes_accounts_on_the_same_way(office: Office, desk: Desk) -> None:
    """Row by row: the same account, another account, a card, somebody new."""
    know(desk, 1, 2, 3, 4)
    desk.beneficiary.activate(person(4), from_month=MONTH)
    await desk.told()
    rows = [
        account_row(1, account=account_number(1), holder="PEMILIK"),
        account_row(2, account=NEW, holder="PEMILIK"),
        account_row(3, account=account_number(3), holder="PEMILIK", card="tidak"),
        account_row(4, account="7000000004"),
    ]
    sent = await send(desk, "accounts", ACCOUNTS, rows, {"count": 4})
    assert sent["totals"] == {"count": 4, "new": 1, "changed": 2, "account_changes": 1, "with_card": 3}
    status, refused = await commit(desk, sent, by="operator")
    assert (status, refused["code"]) == (409, "four-eyes")
    _, done = await commit(desk, sent)
    assert done["result"] == {
        "accounts": 4, "applied": 2, "account_changes": 1, "unchanged": 1, "in_force_on": "2025-09-10", "lines_on_lists": 0,
    }  # fmt: skip
    (change,) = (await office.get("/account-changes"))["items"]
    assert (change["person_id"], change["state"], change["asked_by"], change["confirmed_by"]) == (
        str(person(2)), "waiting", "operator", "operator2",
    )  # fmt: skip
    assert change["import_id"] == sent["id"]
    await pass_days(desk, 6)
    cards = desk.sql("SELECT card_handed_over FROM account ORDER BY person_id")
    assert cards == [(True,), (True,), (True,), (False,), (True,)]
    batch = await office.released()
    assert await pays_to(office, batch, 2) == NEW


async def test_a_file_does_not_overtake_a_change_under_way(office: Office, desk: Desk) -> None:
    know(desk, 1)
    await propose(office)
    for account, ready in ((NEW, False), ("7000000002", False), (account_number(1), True)):
        sent = await send(desk, "accounts", ACCOUNTS, [account_row(1, account=account, holder="PEMILIK")], {"count": 1})
        assert sent["ready"] is ready, account
        assert ("belum berlaku" in str(sent["not_ready"])) is not ready


async def test_a_file_of_what_waits_already_changes_nothing(office: Office, desk: Desk) -> None:
    know(desk, 1)
    await confirm(office, await propose(office))
    _, done = await commit(desk, await send(desk, "accounts", ACCOUNTS, [account_row(1, account=NEW, holder="PEMILIK")], {"count": 1}))
    assert (done["result"]["account_changes"], done["result"]["unchanged"]) == (0, 1)
    assert len((await office.get("/account-changes"))["items"]) == 1


async def test_a_change_asked_for_after_the_check_stops_the_file(office: Office, desk: Desk) -> None:
    know(desk, 1)
    sent = await send(desk, "accounts", ACCOUNTS, [account_row(1, account=NEW, holder="PEMILIK")], {"count": 1})
    await propose(office, account_number="7000000002")
    status, refused = await commit(desk, sent)
    assert (status, refused["code"]) == (409, "totals-differ")
    assert "belum berlaku" in refused["detail"]


async def test_the_days_of_the_cooling_off_are_a_rule_of_two_people(office: Office, desk: Desk) -> None:
    assert (await office.get("/account-cooling-off"))["otherwise"] == {"working_days": 3, "assumed": True}
    body = {"working_days": 0, "valid_from": "2025-09-04", "document": "nota dinas 7"}
    past = await office.post("operator", "/account-cooling-off", body | {"valid_from": "2025-09-03"}, status=422)
    assert past["code"] == "invalid-input"
    await office.post("operator", "/account-cooling-off", body | {"working_days": 31}, status=422)
    await office.post("checker", "/account-cooling-off", body, status=403)
    await office.post("operator", "/account-cooling-off", body, status=201)
    twice = await office.post("operator2", "/account-cooling-off", body, status=422)
    assert twice["code"] == "invalid-input"
    assert (await confirm(office, await propose(office, 2)))["in_force_on"] == "2025-09-10", "one person's rule is none"

    path, day = "/account-cooling-off/confirmation", {"valid_from": "2025-09-04"}
    assert (await office.post("operator", path, day, status=409))["code"] == "four-eyes"
    (rule,) = (await office.post("approver", path, day))["items"]
    assert (rule["working_days"], rule["confirmed_by"]) == (0, "approver")
    assert (await office.post("approver", path, day, status=409))["code"] == "illegal-transition"

    at_once = await confirm(office, await propose(office, 1))
    assert (at_once["state"], at_once["in_force_on"]) == ("in_force", "2025-09-04")
    assert (await office.get("/account-changes?state=waiting"))["items"][0]["in_force_on"] == "2025-09-10", "confirmed under the old rule"


async def test_without_a_cooling_off_a_part_of_the_agency_changes_an_account_too(office: Office, desk: Desk) -> None:
    """A list has people of other areas too: none of its lines is lost, and the change holds with the worker's next turn."""
    rule = {"working_days": 0, "valid_from": "2025-09-04", "document": "nota dinas 7"}
    await office.post("operator", "/account-cooling-off", rule, status=201)
    await office.post("approver", "/account-cooling-off/confirmation", {"valid_from": "2025-09-04"})
    for table in ("account", "entitlement_month"):
        desk.sql_run(f"UPDATE {table} SET area = '31.74.02.1003' WHERE person_id = %s", person(3))
    batch = await office.approved()
    change = await propose(office)
    here = desk.as_("operator2", areas=["31.71"])
    answer = await here.post(f"/account-changes/{change['id']}/confirmation", json={"account_number": NEW})
    assert (answer.status_code, answer.json()["in_force_on"]) == (200, "2025-09-04")
    await desk.settle()
    assert (await office.get(f"/account-changes/{change['id']}"))["state"] == "in_force"
    again = await office.sign(await office.get(f"/batches/{batch['id']}"))
    assert (again["payments"], again["sum"]) == (4, 4 * TARIFF)
    await office.reserve(again)
    await office.pay_in(again)
    assert await pays_to(office, await office.release(again)) == NEW


async def test_who_moves_takes_the_change_along(office: Office, desk: Desk) -> None:
    await confirm(office, await propose(office))
    desk.beneficiary.activate(person(1), from_month="2025-10", area="31.74.02.1003")
    await desk.told()
    (change,) = (await office.get("/account-changes"))["items"]
    assert (change["area"], change["owner"]) == ("31.74.02.1003", "satpel/31.74.02")


async def test_a_failed_month_waits_for_the_new_account(office: Office, desk: Desk) -> None:
    """The bank says the account is closed: the month is missed, and the first list after the cooling-off pays it."""
    sent = await office.released()
    await office.send_results(sent, [await office.row(sent, n, "03" if n == 1 else "00", day="2025-09-04") for n in range(4)])
    await desk.settle()
    assert office.head(1) == ("missed", "account_closed")
    await confirm(office, await propose(office))
    assert (await office.compose(kind="retry"))["payments"] == 0
    await pass_days(desk, 6)
    assert await pays_to(office, await office.released(kind="retry")) == NEW
