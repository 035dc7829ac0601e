"""A gap is answered, handed on, escalated and ended: nobody waits for an answer that never changes (TROUBLES.md O20)."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from shared.kernel.clock import FrozenClock, SystemClock
from tests.service.disbursement.desk import Desk, person
from tests.service.disbursement.paying import Office

DETECTED, CLOSED, ESCALATED = 221, 222, 223


@pytest.fixture
async def clock() -> FrozenClock:
    return FrozenClock(SystemClock().now())


def later(desk: Desk, days: int) -> None:
    assert isinstance(desk.clock, FrozenClock)
    desk.clock.move(timedelta(days=days))


async def rejected(office: Office, code: str = "03", people: int = 1) -> list[dict[str, Any]]:
    """People of Gambir whose account the bank found closed: a gap each, of the kecamatan unit."""
    await office.open_month_with_accounts(range(people))
    batch = await office.released()
    await office.send_results(batch, [await office.row(batch, number, code) for number in range(people)])
    await office.desk.settle()
    gaps: list[dict[str, Any]] = (await office.get("/gaps"))["items"]
    assert len(gaps) == people
    return gaps


async def test_a_gap_says_what_has_to_be_done(desk: Desk) -> None:
    (gap,) = await rejected(Office(desk))
    assert (gap["next_step"], gap["next_step_words"]) == ("new_account", "Hubungi penerima, ajukan rekening baru")
    groups = (await Office(desk).get("/gaps/groups"))["items"]
    assert [group["next_step"] for group in groups] == ["new_account"]


async def test_o20_the_same_answer_for_fifteen_days_goes_one_office_up_once(desk: Desk) -> None:
    office = Office(desk)
    (gap,) = await rejected(office)
    assert gap["owner"] == "satpel/31.71.01"
    later(desk, 14)
    await office.post("operator", f"/gaps/{gap['id']}/answers", {"text": "Masih menunggu bank."})
    later(desk, 14)
    await desk.settle()
    assert (await office.get(f"/gaps/{gap['id']}"))["owner"] == "satpel/31.71.01"
    # The same words, whatever their capitals, are no other answer.
    await office.post("operator", f"/gaps/{gap['id']}/answers", {"text": "masih  menunggu BANK"})
    later(desk, 2)
    await desk.settle()

    shown = await office.get(f"/gaps/{gap['id']}")
    assert (shown["owner"], shown["escalations"], shown["overdue"]) == ("sudin/31.71", 1, False)
    assert [note["what"] for note in shown["notes"]] == ["answer", "answer", "escalated"]
    assert shown["notes"][-1]["owner_before"] == "satpel/31.71.01"
    ((version, told),) = office.events(ESCALATED)
    assert (version, told["owner_before"], told["owner"], told["due_on"]) == (2, "satpel/31.71.01", "sudin/31.71", shown["due_on"])
    assert (await office.get("/gaps"))["escalated"] == 1
    await desk.settle()
    later(desk, 14)
    await desk.settle()
    assert len(office.events(ESCALATED)) == 1

    later(desk, 1)
    await desk.settle()
    assert (await office.get(f"/gaps/{gap['id']}"))["owner"] == "kepala-dinas"
    later(desk, 100)
    await desk.settle()
    assert [data["owner"] for _, data in office.events(ESCALATED)] == ["sudin/31.71", "kepala-dinas"]


async def test_another_answer_stops_the_clock_and_shows_the_new_date(desk: Desk) -> None:
    office = Office(desk)
    (gap,) = await rejected(office)
    later(desk, 14)
    day = (desk.clock.today() + timedelta(days=10)).isoformat()
    await office.post("operator", f"/gaps/{gap['id']}/answers", {"text": "Rekening baru diajukan", "expected_on": day})
    later(desk, 14)
    await desk.settle()
    shown = await office.get(f"/gaps/{gap['id']}")
    assert (shown["owner"], shown["expected_on"], shown["answer"]) == ("satpel/31.71.01", day, "Rekening baru diajukan")
    new_day = (desk.clock.today() + timedelta(days=20)).isoformat()
    await office.post("operator", f"/gaps/{gap['id']}/answers", {"text": "Rekening baru diajukan", "expected_on": new_day})
    later(desk, 14)
    await desk.settle()
    assert office.events(ESCALATED) == []


async def test_the_owner_hands_a_gap_on_with_a_reason(desk: Desk) -> None:
    office = Office(desk)
    (gap,) = await rejected(office)
    path = f"/gaps/{gap['id']}/owner"
    shown = await office.post("jakpus", path, {"owner": "sudin/31.71", "reason": "perlu surat Sudin"})
    assert (shown["owner"], shown["notes"][0]["text"]) == ("sudin/31.71", "perlu surat Sudin")
    assert [data["owner"] for _, data in office.events(DETECTED)] == ["satpel/31.71.01", "sudin/31.71"]
    for owner in ("sudin/31.72", "satpel/31.72.01", "warung", "satpel", "", "sudin/31.71"):
        refused = await office.post("operator", path, {"owner": owner, "reason": "coba"}, status=422)
        assert refused["code"] == "invalid-input", owner
    await office.post("operator", path, {"owner": "bank-jakarta", "reason": "hanya bank yang tahu"})
    late = await office.post("jakpus", path, {"owner": "sudin/31.71", "reason": "ambil kembali"}, status=403)
    assert late["code"] == "not-allowed"
    assert (await desk.as_("auditor").post(path, json={"owner": "sudin/31.71", "reason": "coba"})).status_code == 403


async def test_when_a_person_moves_the_office_moves_along(desk: Desk) -> None:
    office = Office(desk)
    for number in range(2):
        desk.beneficiary.activate(person(number))
    await office.open_month((), enrol=False)
    office.give_account(0)
    batch = await office.released()
    await office.send_results(batch, [await office.row(batch, 0, "03")])
    await desk.settle()
    owners = {gap["person_id"]: gap["owner"] for gap in (await office.get("/gaps"))["items"]}
    assert owners == {str(person(0)): "satpel/31.71.01", str(person(1)): "bidang-linjamsos"}

    for number in range(2):
        desk.beneficiary.activate(person(number), from_month="2025-10", area="31.74.02.1003")
    await desk.told()
    gaps = {gap["person_id"]: (gap["owner"], gap["area"]) for gap in (await office.get("/gaps"))["items"]}
    assert gaps == {
        str(person(0)): ("satpel/31.74.02", "31.74.02.1003"), str(person(1)): ("bidang-linjamsos", "31.74.02.1003"),
    }  # fmt: skip
    assert [(v, d["owner"]) for v, d in office.events(DETECTED) if d["person_id"] == str(person(0))] == [
        (1, "satpel/31.71.01"), (2, "satpel/31.74.02"),
    ]  # fmt: skip


@pytest.mark.parametrize("body", [{}, {"text": ""}, {"text": "  a "}, {"text": "x" * 1001}, {"text": "baik", "expected_on": "besok"}])
async def test_an_answer_that_is_none_is_refused(desk: Desk, body: dict[str, Any]) -> None:
    office = Office(desk)
    (gap,) = await rejected(office)
    refused = await office.post("operator", f"/gaps/{gap['id']}/answers", body, status=422)
    assert refused["code"]
    past = (desk.clock.today() - timedelta(days=1)).isoformat()
    over = await office.post("operator", f"/gaps/{gap['id']}/answers", {"text": "baik", "expected_on": past}, status=422)
    assert over["code"] == "invalid-input"
    assert (await office.get(f"/gaps/{gap['id']}"))["notes"] == []
    elsewhere = await desk.as_("operator", areas=["31.72"]).post(f"/gaps/{gap['id']}/answers", json={"text": "bukan milik saya"})
    assert elsewhere.status_code == 404


async def test_a_missed_month_is_excluded_by_two_people_with_a_document(desk: Desk) -> None:
    office = Office(desk)
    gaps = await rejected(office, people=2)
    path = f"/gaps/{gaps[0]['id']}/exclusion"
    wrong = await office.post("operator", path, {"reason": "tired", "document": "BA 1/2025"}, status=422)
    assert wrong["code"] == "invalid-input"
    asked = await office.post("operator", path, {"reason": "dead", "document": "Akta 12/2025"}, status=201)
    assert office.head(0) == ("missed", "account_closed")
    assert (await office.post("operator2", path, {"reason": "dead", "document": "Akta 12/2025"}, status=409))["code"] == "exclusion-waits"
    own = await office.post("operator", f"/exclusions/{asked['order']}/confirmation", status=409)
    assert own["code"] == "four-eyes"
    done = await office.post("approver", f"/exclusions/{asked['order']}/confirmation")
    assert [one["state"] for one in done["exclusions"]] == ["confirmed"]
    await desk.settle()
    assert office.head(0) == ("excluded", "dead")
    assert [data["how"] for _, data in office.events(CLOSED)] == ["excluded"]
    entry = desk.sql("SELECT from_outcome, author, evidence FROM entitlement_entry WHERE outcome = 'excluded'")
    assert entry == [("missed", "approver", "Akta 12/2025")]
    again = await office.post("operator2", f"/exclusions/{asked['order']}/confirmation", status=409)
    assert again["code"] == "illegal-transition"

    other = await office.post("operator", f"/gaps/{gaps[1]['id']}/exclusion", {"reason": "other_aid", "document": "SK 3"}, status=201)
    await office.post("operator2", f"/exclusions/{other['order']}/refusal")
    assert office.head(1) == ("missed", "account_closed")
    assert (await office.get("/gaps"))["open"] == 1


async def test_a_month_on_a_list_is_not_excluded_under_it(desk: Desk) -> None:
    office = Office(desk)
    (gap,) = await rejected(office)
    asked = await office.post("operator", f"/gaps/{gap['id']}/exclusion", {"reason": "dead", "document": "Akta 1"}, status=201)
    office.give_account(0, account="7777700000")
    await office.compose(kind="retry")
    refused = await office.post("approver", f"/exclusions/{asked['order']}/confirmation", status=409)
    assert refused["code"] == "month-on-list"
    assert office.head(0) == ("missed", "account_closed")


async def test_o10_a_month_that_was_sent_stays_as_it_is(desk: Desk) -> None:
    """The other aid's list arrives after the file went out: the month in payment, or paid, is not excluded afterwards."""
    office = Office(desk)
    await office.open_month(range(1))
    office.give_account(0)
    batch = await office.released()
    await office.post("operator", f"/batches/{batch['id']}/results-due")
    await desk.settle()
    (gap,) = (await office.get("/gaps"))["items"]
    body = {"reason": "other_aid", "document": "Daftar PKH 2025-09"}
    assert (await office.post("operator", f"/gaps/{gap['id']}/exclusion", body, status=409))["code"] == "illegal-transition"
    await office.send_results(batch, [await office.row(batch, 0)])
    await desk.settle()
    assert (await office.post("operator", f"/gaps/{gap['id']}/exclusion", body, status=409))["code"] == "illegal-transition"
    assert office.head(0) == ("paid", "")
