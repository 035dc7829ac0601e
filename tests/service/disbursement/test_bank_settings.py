"""What is agreed with the bank: two people, a day, and files that keep the form of their day."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from shared.kernel.clock import FrozenClock
from tests.service.disbursement.desk import Desk, person
from tests.service.disbursement.paying import Office

MORNING = datetime(2025, 9, 18, 2, tzinfo=UTC)
TEMPLATE: dict[str, Any] = {
    "delimiter": "|", "newline": "lf", "titles": False, "encoding": "ascii", "upper": True,
    "columns": [{"field": "account_number", "length": 12}, {"field": "holder"}, {"field": "amount"}, {"field": "reference"}],
    "last": [{"value": "JUMLAH"}, {"field": "count"}, {"field": "sum"}],
}  # fmt: skip


@pytest.fixture
async def clock() -> FrozenClock:
    return FrozenClock(MORNING)


@pytest.fixture
async def office(desk: Desk) -> Office:
    office = Office(desk)
    await office.open_month(range(2))
    for number in range(2):
        office.give_account(number, holder="Siti Ançelo")
    return office


def proposal(kind: str, body: dict[str, Any], day: str = "2025-09-19") -> dict[str, Any]:
    return {"kind": kind, "valid_from": day, "body": body, "document": "Surat bank 4/2025"}


async def test_a_template_of_two_people_from_its_day_on(office: Office, desk: Desk, clock: FrozenClock) -> None:
    proposed = await office.post("operator", "/bank/settings", proposal("template_out", TEMPLATE), status=201)
    path = f"/bank/settings/{proposed['id']}/decision"
    same = await office.post("operator", path, {"confirm": True}, status=409)
    assert same["code"] == "four-eyes"
    assert (await office.post("treasurer", path, {"confirm": True}))["decided_by"] == "treasurer"
    assert (await office.post("treasurer2", path, {"confirm": True}, status=409))["code"] == "illegal-transition"

    first = await office.released()
    old = await office.bank_file(first)
    assert old.startswith(b"2025-09-M01;000000002;")

    clock.move(timedelta(days=1))
    desk.beneficiary.activate(person(5), from_month="2025-10")
    await office.open_month([], "2025-10", enrol=False)
    office.give_account(5, holder="Siti Ançelo")
    second = await office.released("2025-10")
    assert second["file"]["template_id"] == proposed["id"]
    assert (await office.bank_file(second)).decode().split("\n")[-3:] == [
        "4000000005  |SITI ANCELO|300000|2025-10-M01-000003", "JUMLAH|3|900000", "",
    ]  # fmt: skip
    assert await office.bank_file(first) == old  # byte for byte, in the template of its day


@pytest.mark.parametrize(
    ("kind", "body", "says"),
    [
        ("template_out", {"columns": []}, "'account_number' is missing"),
        ("template_out", {**TEMPLATE, "form": "fixed"}, "needs a length"),
        ("template_out", {**TEMPLATE, "first": [{"field": "sum"}]}, "needs a length"),
        ("template_out", {**TEMPLATE, "warna": "biru"}, "'warna' is not known"),
        ("template_out", {**TEMPLATE, "allowed": "Z-A"}, "runs backwards"),
        ("template_out", {**TEMPLATE, "columns": [*TEMPLATE["columns"], {"field": "nik"}]}, "'field' is one of"),
        ("template_out", {**TEMPLATE, "columns": [{"field": "account_number", "length": 9, "too_long": "cut"}]}, "only a name may be cut"),
        ("channel", {"channel": "fax"}, "'channel' is one of"),
        ("channel", {"channel": "iso20022", "debtor_name": "Dinas"}, "'debtor_account' is a text"),
        ("channel", {"channel": "column_file", "debtor_name": "Dinas"}, "'debtor_name' is not known"),
        ("code", {"code": "77", "outcome": "gagal"}, "'outcome' is one of"),
        ("code", {"code": "77", "outcome": "rejected"}, "'reason' is one of"),
        ("code", {"code": "77", "outcome": "credited", "reason": "account_closed"}, "only a rejection"),
    ],
)
async def test_what_cannot_be_used_is_said_at_once(office: Office, kind: str, body: dict[str, Any], says: str) -> None:
    day = "2025-09-18"
    refused = await office.post("operator", "/bank/settings", proposal(kind, body, day), status=422)
    assert any(says in problem for problem in refused["problems"]), refused


async def test_days_and_codes_that_cannot_be(office: Office) -> None:
    past = await office.post("operator", "/bank/settings", proposal("channel", {"channel": "column_file"}, "2025-09-17"), status=422)
    assert past["code"] == "setting-wrong"
    known = await office.post(
        "operator", "/bank/settings", proposal("code", {"code": "03", "outcome": "credited"}, "2025-09-18"), status=409
    )
    assert (known["code"], known["reason"]) == ("code-known", "account_closed")
    new = {"code": "77", "outcome": "pending"}
    one = await office.post("operator", "/bank/settings", proposal("code", new, "2025-09-18"), status=201)
    two = await office.post("operator", "/bank/settings", proposal("code", new, "2025-09-18"), status=201)
    await office.post("approver", f"/bank/settings/{one['id']}/decision", {"confirm": True})
    twice = await office.post("approver", f"/bank/settings/{two['id']}/decision", {"confirm": True}, status=409)
    assert twice["code"] == "code-known"
    assert (await office.post("operator", f"/bank/settings/{two['id']}/decision", {"confirm": False}))["state"] == "declined"
    listed = await office.get("/bank/settings?kind=code")
    assert [item["state"] for item in listed["items"]] == ["declined", "confirmed"]
    assert listed["first_template"]["columns"][0]["title"] == "rujukan"
    await office.post("jakpus", "/bank/settings", proposal("code", new, "2025-09-18"), status=403)
    await office.post("checker", "/bank/settings", proposal("code", new, "2025-09-18"), status=403)
