"""A list beside the last one, before anyone signs: entered, left, changed, and why everybody else is not on it."""

from __future__ import annotations

import csv
import io
from typing import Any

import msgspec
import pytest

from shared.contracts.beneficiary import EnrolmentActivated
from tests.service.disbursement.desk import Desk, person
from tests.service.disbursement.paying import TARIFF, Office

OLD, NEW = "2025-09", "2025-10"
KALIDERES = "31.73.06.1001"


@pytest.fixture
async def office(desk: Desk) -> Office:
    """September: people 0 to 9 sent and paid. October, not yet a list: 0 died, 1 is suspended, 10 and 11 are new."""
    office = Office(desk)
    await office.open_month(range(10), OLD)
    for number in range(10):
        office.give_account(number)
    sent = await office.released(OLD)
    await office.send_results(sent, [await office.row(sent, number) for number in range(10)])
    await desk.settle()
    desk.beneficiary.end(person(0), from_month=NEW, reason="died")
    desk.beneficiary.suspend(person(1), from_month=NEW)
    for number in (10, 11, 12):
        desk.beneficiary.activate(person(number), from_month=NEW, cohort="new")
    return office


async def october(office: Office) -> dict[str, Any]:
    await office.open_month((), NEW, enrol=False)
    return await office.compose(NEW)


async def compared(office: Office, batch: dict[str, Any], query: str = "", who: str = "approver") -> dict[str, Any]:
    return await office.get(f"/batches/{batch['id']}/comparison{query}", who)


def cells(found: dict[str, Any]) -> list[tuple[str, str, str, str, int, int]]:
    return [(c["kind"], c["area"], c["reason"], c["detail"], c["people"], c["sum"] or c["sum_before"]) for c in found["cells"]]


async def test_entered_left_changed_and_both_equations(office: Office) -> None:
    """By hand: 10 before, less 4 who left (0 died, 1 held, 2 without card, 3 left out), 2 new."""
    desk = office.desk
    desk.beneficiary.change(person(5), EnrolmentActivated, from_month=NEW, area=KALIDERES)
    office.give_account(2, card=False)
    office.give_account(6, account="9999900006")
    office.give_account(10)
    office.give_account(11)
    batch = await october(office)
    for who in ("operator", "operator2"):
        await office.post(who, f"/batches/{batch['id']}/lines/{person(3)}/removal", {"reason": "masih diperiksa"})
    batch = await office.get(f"/batches/{batch['id']}")
    found = await compared(office, batch)

    assert found["against"] == {"month": OLD, "batches": ["2025-09-M01"]}
    assert found["holds"] is True
    assert found["before"] == {"people": 10, "sum": 10 * TARIFF}
    assert found["entered"] == {"people": 2, "sum": 2 * TARIFF}
    assert found["changed"] == {"people": 2, "sum": 2 * TARIFF, "sum_before": 2 * TARIFF}
    left = {(c["reason"], c["detail"]): c["people"] for c in found["cells"] if c["kind"] == "left"}
    expected = {("excluded", "died"): 1, ("held", "verification"): 1, ("card_not_handed_over", ""): 1, ("left_out", ""): 1}
    assert left == expected
    assert found["left"] == {"people": 4, "sum": 4 * TARIFF}
    assert {(c["reason"], c["area"], c["people"]) for c in found["cells"] if c["kind"] == "changed"} == {
        ("area", "31.73", 1), ("account", "31.71", 1),
    }  # fmt: skip
    assert {(c["reason"], c["detail"], c["people"]) for c in found["cells"] if c["kind"] == "entered"} == {("newly_entitled", "new", 2)}
    assert found["now"] == {"people": 8, "sum": 8 * TARIFF} == {"people": batch["payments"], "sum": batch["sum"]}
    assert found["by_programme"]["KLJ"]["now"] == found["now"]

    rest = found["not_on_list"]
    reasons = {(one["reason"], one["detail"]): one["people"] for one in rest["reasons"]}
    assert reasons == expected | {("no_account", ""): 1}, "person 12 is new and has no account"
    assert rest["holds"] is True
    assert (rest["entitled"], rest["on_list"], rest["not_on_list"]) == (13, 8, 5)


async def test_who_is_frozen_is_named_so_until_the_list_is_sent(office: Office) -> None:
    """Two people stopped 4 and 12 before the list; 5 was let go again before it; 12 has no account either."""

    async def freeze(number: int) -> str:
        body = {"scope": "person", "person_id": str(person(number)), "reason": "rekening diduga dikuasai orang lain"}
        asked = await office.post("operator", "/freezes", body, status=201)
        await office.post("treasurer", f"/orders/{asked['id']}/confirmation", {})
        newest = (await office.get("/freezes"))["items"]
        return next(str(one["id"]) for one in newest if one["person_id"] == str(person(number)))

    await office.desk.told()
    for number in (4, 12):
        await freeze(number)
    lifted = await office.post("operator", f"/freezes/{await freeze(5)}/lift", {"reason": "ternyata miliknya sendiri"}, status=201)
    await office.post("treasurer", f"/orders/{lifted['id']}/confirmation", {})
    batch = await october(office)
    found = await compared(office, batch)
    assert {(c["reason"], c["people"]) for c in found["cells"] if c["kind"] == "left"} == {("excluded", 1), ("held", 1), ("frozen", 1)}
    rest = found["not_on_list"]
    assert {one["reason"]: one["people"] for one in rest["reasons"]} == {"excluded": 1, "held": 1, "frozen": 2, "no_account": 2}
    assert rest["holds"] is True
    files = await office.desk.as_("approver").get(f"/batches/{batch['id']}/not-listed.csv")
    assert [line.split(";")[0] for line in files.text.splitlines() if ";frozen;" in line] == [str(person(4)), str(person(12))]


async def test_an_equation_that_does_not_hold_says_so(office: Office) -> None:
    batch = await october(office)
    assert (await compared(office, batch))["not_on_list"]["holds"] is True
    office.desk.sql_run("DELETE FROM entitlement_month WHERE month = %s AND person_id = %s", NEW, person(8))
    assert (await compared(office, batch))["not_on_list"]["holds"] is False


async def test_the_people_as_files(office: Office) -> None:
    office.give_account(10)
    batch = await october(office)
    path = f"/batches/{batch['id']}/comparison/people"
    read = await office.desk.as_("approver").get(f"{path}.csv")
    assert read.status_code == 200, read.text
    rows = list(csv.DictReader(io.StringIO(read.text), delimiter=";"))
    assert [(row["kind"], row["person_id"], row["reason"], row["amount"], row["amount_before"]) for row in rows] == [
        ("entered", str(person(10)), "newly_entitled", "300000", ""),
        ("left", str(person(0)), "excluded", "", "300000"),
        ("left", str(person(1)), "held", "", "300000"),
    ]
    lines = [msgspec.json.decode(line) for line in (await office.desk.as_("approver").get(f"{path}.ndjson")).text.splitlines()]
    assert [(line["kind"], line["person_id"]) for line in lines] == [(row["kind"], row["person_id"]) for row in rows]
    assert lines[0]["amount_before"] is None

    rest = (await office.desk.as_("approver").get(f"/batches/{batch['id']}/not-listed.csv")).text.splitlines()
    assert rest[0] == "person_id;programme;area;reason;detail;amount"
    assert sorted(line.split(";")[3] for line in rest[1:]) == ["excluded", "held", "no_account", "no_account"]
    taken = office.desk.sql("SELECT operation, person, count FROM audit_entry WHERE operation LIKE 'batch.%%' ORDER BY seq DESC LIMIT 3")
    assert [one[0] for one in taken] == ["batch.tidak-masuk", "batch.perbandingan", "batch.perbandingan"]
    assert (await office.desk.as_("approver").get(f"{path}.xml")).status_code == 422


async def test_a_reader_of_one_area_sees_that_area(office: Office) -> None:
    office.give_account(10)
    office.desk.beneficiary.change(person(5), EnrolmentActivated, from_month=NEW, area=KALIDERES)
    batch = await october(office)
    elsewhere = office.desk.as_("operator", areas=["31.73"])
    found = (await elsewhere.get(f"/batches/{batch['id']}/comparison?level=kelurahan")).json()
    assert (found["whole_agency"], found["now"], found["left"]["people"]) == (False, {"people": 1, "sum": TARIFF}, 0)
    assert cells(found) == [("changed", KALIDERES, "area", "", 1, TARIFF)]
    assert found["not_on_list"]["entitled"] == 1
    assert (await elsewhere.get(f"/batches/{batch['id']}/comparison/people.csv")).text.count("\n") == 2


async def test_the_first_list_has_nothing_before_it_and_a_named_one_must_exist(office: Office) -> None:
    sent = (await office.get(f"/batches?month={OLD}"))["items"][0]
    first = await compared(office, sent)
    assert (first["against"], first["entered"]["people"], first["holds"]) == (None, 10, True)
    batch = await october(office)
    for name in (sent["code"], sent["id"], OLD):
        assert (await compared(office, batch, f"?against={name}"))["against"]["batches"] == [sent["code"]]
    for name in ("2025-01-M01", "2025-01", "x' OR 1=1"):
        answer = await office.desk.as_("approver").get(f"/batches/{batch['id']}/comparison", params={"against": name})
        assert (answer.status_code, answer.json()["code"]) == (404, "not-found")
    assert (await office.desk.as_("approver").get(f"/batches/{batch['id']}/comparison?level=rt")).status_code == 422
    assert (await office.desk.as_("approver").get(f"/batches/{person(1)}/comparison")).status_code == 404


async def test_back_pay_stands_out_with_its_months(office: Office) -> None:
    """USERS.md: the 3 x 900,000 stand out with their months."""
    await office.open_month((), NEW, enrol=False)
    await office.desk.settle()
    for number in (10, 11):
        office.give_account(number)  # entitled since October, payable in November
    office.desk.beneficiary.resume(person(1), from_month=NEW)
    await office.open_month((), "2025-11", enrol=False)
    batch = await office.compose("2025-11")
    found = await compared(office, batch)
    # 8 who were paid September, the one resumed and the two new: each with October and November.
    assert found["back_pay"] == [{"months": 1, "people": 11, "sum": 11 * TARIFF}]
    assert found["changed"]["people"] == 9
    assert {(c["reason"], c["people"]) for c in found["cells"] if c["kind"] == "changed"} == {("amount", 9)}
    assert (found["now"]["people"], found["now"]["sum"], found["holds"]) == (11, 22 * TARIFF, True)
