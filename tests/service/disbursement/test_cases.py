"""Cases: holds with a notice and an end, objections, access problems that never make a month missed, claims beside the ledger."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest

from shared.kernel.clock import FrozenClock, SystemClock
from tests.service.disbursement.desk import TARIFF, Desk, person
from tests.service.disbursement.paying import MONTH, Office

WARNED = 231
P0 = str(person(0))


@pytest.fixture
async def clock() -> FrozenClock:
    return FrozenClock(SystemClock().now())


def later(desk: Desk, days: int) -> None:
    assert isinstance(desk.clock, FrozenClock)
    desk.clock.move(timedelta(days=days))


def today(desk: Desk) -> str:
    return desk.clock.today().isoformat()


# --- holds ----------------------------------------------------------------------------------------------------------


async def held(desk: Desk) -> tuple[Office, dict[str, Any]]:
    office = Office(desk)
    desk.beneficiary.activate(person(0))
    desk.beneficiary.suspend(person(0), reason="under_review")
    await office.open_month((), enrol=False)
    await desk.settle()
    (hold,) = (await office.get("/cases?kind=hold"))["items"]
    return office, hold


async def test_a_held_month_has_a_case_that_asks_for_the_notice(desk: Desk) -> None:
    office, hold = await held(desk)
    assert (hold["about"], hold["state"], hold["step"], hold["owner"]) == ("under_review", "open", "send_notice", "satpel/31.71.01")
    assert (hold["from_month"], hold["to_month"], hold["evidence"]) == (MONTH, MONTH, f"enrolment/{P0}/2")
    listed = await office.get("/cases?lacking=notice")
    assert (listed["holds_without_notice"], len(listed["items"])) == (1, 1)
    await desk.settle()
    assert office.events(WARNED) == []

    later(desk, 20)
    await desk.settle()
    await desk.settle()
    ((version, told),) = office.events(WARNED)
    assert (version, told["kind"], told["step"], told["owner"]) == (1, "hold", "send_notice", "satpel/31.71.01")
    assert (await office.get("/cases?kind=hold"))["overdue"] == 1


async def test_notice_reply_decision_and_the_end_by_the_order(desk: Desk) -> None:
    office, hold = await held(desk)
    path = f"/cases/{hold['id']}"
    early = await office.post("operator", f"{path}/decision", {"decision": "resume", "text": "belum"}, status=409)
    assert early["code"] == "illegal-transition"
    notice = {"on": today(desk), "how": "letter", "document": "Surat 7/2025", "reply_working_days": 5}
    told = await office.post("operator", f"{path}/notice", notice)
    assert (told["state"], told["noticed_on"], told["due_on"]) == ("notified", today(desk), told["reply_due_on"])
    assert date.fromisoformat(told["reply_due_on"]) >= desk.clock.today() + timedelta(days=7)
    assert (await office.get("/cases?lacking=notice"))["items"] == []
    runs = await office.post("operator", f"{path}/decision", {"decision": "end", "text": "tidak ada kabar"}, status=409)
    assert runs["code"] == "reply-term-runs"

    replied = await office.post("operator", f"{path}/reply", {"on": today(desk), "text": "Alamat saya pindah ke RT 5"})
    assert (replied["state"], replied["step"], replied["owner"]) == ("replied", "decide", "bidang-linjamsos")
    decided = await office.post("approver", f"{path}/decision", {"decision": "resume", "text": "Data benar"})
    assert (decided["state"], decided["step"]) == ("decided", "order_resumption")
    assert office.head(0) == ("held", "under_review")  # the order is beneficiary's

    desk.beneficiary.resume(person(0))
    await desk.told()
    ended = await office.get(path)
    assert (ended["state"], ended["result"]) == ("closed", "resumed")
    assert [entry["what"] for entry in ended["entries"]] == ["opened", "notice", "reply", "decision", "ended"]
    assert office.head(0) == ("due", "")
    assert (await office.get("/cases?kind=hold"))["open"] == 0


async def test_a_hold_past_its_reply_term_is_listed_and_may_be_decided(desk: Desk) -> None:
    office, hold = await held(desk)
    path = f"/cases/{hold['id']}"
    await office.post("operator", f"{path}/notice", {"on": today(desk), "how": "visit", "document": "BA kunjungan 3"})
    assert (await office.get("/cases?lacking=reply"))["items"] == []
    later(desk, 60)
    await desk.settle()
    assert (await office.get("/cases?lacking=reply"))["holds_past_reply"] == 1
    await office.post("operator", f"{path}/decision", {"decision": "end", "text": "Tidak ada tanggapan"})
    desk.beneficiary.end(person(0), reason="not_eligible")
    await desk.told()
    assert (await office.get(path))["result"] == "ended"
    assert office.head(0) == ("excluded", "not_eligible")


async def test_a_second_held_month_belongs_to_the_same_hold(desk: Desk) -> None:
    office, hold = await held(desk)
    await office.open_month((), "2025-10", enrol=False)
    await desk.settle()
    (same,) = (await office.get("/cases?kind=hold"))["items"]
    assert (same["id"], same["from_month"], same["to_month"]) == (hold["id"], MONTH, "2025-10")


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ({}, "request-shape"),
        ({"on": "2031-01-01", "how": "letter", "document": "Surat 1"}, "invalid-input"),
        ({"on": "2025-09-10", "how": "pigeon", "document": "Surat 1"}, "invalid-input"),
        ({"on": "2025-09-10", "how": "letter", "document": ""}, "request-shape"),
        ({"on": "2025-09-10", "how": "letter", "document": "Surat 1", "reply_working_days": 0}, "request-shape"),
    ],
)
async def test_a_notice_that_is_none_is_refused(desk: Desk, body: dict[str, Any], code: str) -> None:
    office, hold = await held(desk)
    refused = await office.post("operator", f"/cases/{hold['id']}/notice", body, status=422)
    assert refused["code"] == code, refused
    assert (await office.get(f"/cases/{hold['id']}"))["state"] == "open"
    assert (await desk.as_("auditor").post(f"/cases/{hold['id']}/notice", json=body)).status_code == 403


# --- objections -----------------------------------------------------------------------------------------------------


def objection(desk: Desk, **changed: Any) -> dict[str, Any]:
    return {
        "person_id": P0, "programme": "KLJ", "month": MONTH, "against": "held", "filed_on": today(desk), "filed_by": "phone",
        "text": "Saya tidak pernah pindah", "decided_by": "operator2", **changed,
    }  # fmt: skip


async def test_an_objection_is_answered_by_somebody_who_did_not_decide(desk: Desk) -> None:
    office, _ = await held(desk)
    filed = await office.post("operator", "/cases/objections", objection(desk), status=201)
    assert (filed["state"], filed["step"], filed["owner"]) == ("open", "answer", "bidang-linjamsos")
    again = await office.post("operator", "/cases/objections", objection(desk), status=409)
    assert again["code"] == "case-open"
    answer = {"result": "upheld", "reason": "Alamat terbukti benar", "document": "BA verifikasi 9"}
    own = await office.post("operator2", f"/cases/{filed['id']}/answer", answer, status=409)
    assert own["code"] == "four-eyes"
    answered = await office.post("approver", f"/cases/{filed['id']}/answer", answer)
    assert (answered["result"], answered["step"], answered["step_words"]) == (
        "upheld", "order_resumption", "Terbitkan perintah lanjutkan kepesertaan",
    )  # fmt: skip
    assert office.head(0) == ("held", "under_review")
    closed = await office.post("operator", f"/cases/{filed['id']}/closing", {"result": "done", "text": "Perintah terbit"})
    assert (closed["state"], closed["result"]) == ("closed", "upheld")


async def test_whoever_excluded_a_month_does_not_answer_the_objection_to_it(desk: Desk) -> None:
    office = Office(desk)
    await office.open_month(range(1))
    office.give_account(0)
    batch = await office.released()
    await office.send_results(batch, [await office.row(batch, 0, "03")])
    await desk.settle()
    (gap,) = (await office.get("/gaps"))["items"]
    asked = await office.post("operator", f"/gaps/{gap['id']}/exclusion", {"reason": "moved_out", "document": "Surat pindah"}, status=201)
    await office.post("approver", f"/exclusions/{asked['order']}/confirmation")
    filed = await office.post("operator", "/cases/objections", objection(desk, against="excluded", decided_by=""), status=201)
    answer = {"result": "rejected", "reason": "Surat pindah sah", "document": "Surat pindah"}
    for who in ("operator", "approver"):
        assert (await office.post(who, f"/cases/{filed['id']}/answer", answer, status=409))["code"] == "four-eyes"
    answered = await office.post("operator2", f"/cases/{filed['id']}/answer", answer)
    assert (answered["result"], answered["step"], answered["owner"]) == ("rejected", "tell_person", "satpel/31.71.01")


async def test_a_late_objection_is_taken_and_says_so_and_an_unanswered_one_is_warned_of(desk: Desk) -> None:
    office, _ = await held(desk)
    body = objection(desk, decided_on=(desk.clock.today() - timedelta(days=90)).isoformat())
    filed = await office.post("operator", "/cases/objections", body, status=201)
    assert "filed after" in filed["entries"][0]["text"]
    later(desk, 45)
    await desk.settle()
    assert "objection" in [data["kind"] for _, data in office.events(WARNED)]


@pytest.mark.parametrize(
    ("changed", "status"),
    [
        ({"against": "weather"}, 422), ({"filed_by": "dream"}, 422), ({"filed_on": "2031-01-01"}, 422), ({"month": "2025-9"}, 422),
        ({"month": "2025-08"}, 404), ({"person_id": str(person(99))}, 404), ({"text": ""}, 422), ({"programme": "KAJ"}, 404),
    ],
)  # fmt: skip
async def test_an_objection_that_is_none_is_refused(desk: Desk, changed: dict[str, Any], status: int) -> None:
    office, _ = await held(desk)
    await office.post("operator", "/cases/objections", objection(desk, **changed), status=status)
    assert (await office.get("/cases?kind=objection"))["items"] == []
    elsewhere = await desk.as_("operator", areas=["31.72"]).post("/cases/objections", json=objection(desk))
    assert elsewhere.status_code == 404


# --- access ---------------------------------------------------------------------------------------------------------


async def paid(desk: Desk, people: int = 1, code: str = "00", months: tuple[str, ...] = (MONTH,)) -> Office:
    office = Office(desk)
    for number in range(people):
        desk.beneficiary.activate(person(number), from_month=months[0])
        office.give_account(number)
    for month in months:
        await office.open_month((), month, enrol=False)
        batch = await office.released(month)
        await office.send_results(batch, [await office.row(batch, number, code) for number in range(people)])
        await desk.settle()
    return office


async def test_o9_an_access_problem_is_a_case_of_its_own_and_no_month_is_missed(desk: Desk) -> None:
    office = await paid(desk, people=3)
    for number in range(3):
        body = {"person_id": str(person(number)), "programme": "KLJ", "month": MONTH, "problem": "card_refused", "text": "kartu ditolak"}
        opened = await office.post("operator", "/cases/access", body, status=201)
        assert (opened["owner"], opened["step"]) == ("bank-jakarta", "replace_card")
    assert (await office.post("operator", "/cases/access", body, status=409))["code"] == "case-open"
    equation = await office.get(f"/months/{MONTH}/equation")
    assert (equation["paid"], equation["missed"]) == (3, 0)
    assert (await office.get("/gaps"))["open"] == 0
    alerts = (await office.get("/cases/alerts?at_least=3"))["items"]
    assert [(alert["batch"], alert["about"], alert["count"]) for alert in alerts] == [(f"{MONTH}-M01", "card_refused", 3)]
    assert (await office.get("/cases/alerts?at_least=4"))["items"] == []

    wrong = await office.post("operator", f"/cases/{opened['id']}/closing", {"result": "whatever", "text": "selesai"}, status=422)
    assert wrong["code"] == "invalid-input"
    done = await office.post("operator", f"/cases/{opened['id']}/closing", {"result": "solved", "text": "kartu baru"})
    assert (done["state"], done["result"]) == ("closed", "solved")
    assert office.head(2) == ("paid", "")


async def test_o8_money_that_is_not_drawn_is_visited_and_stays_paid(desk: Desk) -> None:
    office = Office(desk)
    await office.open_month_with_accounts(range(3))
    batch = await office.released()
    day = (desk.clock.today() - timedelta(days=106)).isoformat()
    codes = ("TIDAK TRANSAKSI", "TIDAK TRANSAKSI", "SUDAH TRANSAKSI")
    await office.send_results(batch, [await office.row(batch, n, code, day) for n, code in enumerate(codes)])
    await desk.settle()
    assert (await office.post("operator", "/cases/access/not-drawn", {"days": 120}))["opened"] == 0
    assert (await office.post("operator", "/cases/access/not-drawn"))["opened"] == 2
    assert (await office.post("operator", "/cases/access/not-drawn"))["opened"] == 0
    cases = (await office.get("/cases?kind=access&about=not_drawn"))["items"]
    assert {case["owner"] for case in cases} == {"satpel/31.71.01"}
    assert desk.outcomes() == {"paid": 3}
    found = {"result": "person_died", "text": "meninggal 3 September, kartu di keluarga"}
    await office.post("operator", f"/cases/{cases[0]['id']}/closing", found)
    assert desk.outcomes() == {"paid": 3}
    assert (await office.post("operator", "/cases/access/not-drawn"))["opened"] == 0
    assert (await desk.as_("jakpus").post("/cases/access/not-drawn", json={})).status_code == 403


# --- recovery -------------------------------------------------------------------------------------------------------

DEATH = {"person_id": P0, "programme": "KLJ", "about": "died", "day_of_death": "2025-07-03", "document": "Akta Kematian 12/2025"}
THREE = ("2025-07", "2025-08", "2025-09")


async def test_a_late_known_death_is_a_claim_and_the_ledger_stays(desk: Desk) -> None:
    office = await paid(desk, months=THREE)
    before = desk.sql("SELECT month, version, outcome FROM entitlement_entry ORDER BY month, version")
    claim = await office.post("operator", "/cases/recovery", DEATH, status=201)
    assert [one["month"] for one in claim["months"]] == ["2025-08", "2025-09"]  # July was still owed
    assert claim["balance"] == {"claimed": 2 * TARIFF, "repaid": 0, "returned_by_bank": 0, "written_off": 0, "owed": 2 * TARIFF}
    assert (await office.post("operator", "/cases/recovery", DEATH, status=409))["code"] == "nothing-paid"

    path = f"/cases/{claim['id']}"
    first, second = (desk.clock.today() + timedelta(days=days) for days in (10, 40))
    plan = [{"on": day.isoformat(), "amount": TARIFF} for day in (first, second)]
    wrong = await office.post("treasurer", f"{path}/instalments", {"instalments": plan[:1]}, status=409)
    assert wrong["code"] == "more-than-owed"
    planned = await office.post("treasurer", f"{path}/instalments", {"instalments": plan})
    assert planned["due_on"] == first.isoformat()
    slip = {"on": today(desk), "amount": TARIFF, "document": "STS 5"}
    paid_once = await office.post("treasurer", f"{path}/repayments", slip)
    assert (paid_once["due_on"], paid_once["balance"]["owed"]) == (second.isoformat(), TARIFF)
    much = await office.post("treasurer", f"{path}/repayments", slip | {"amount": TARIFF + 1}, status=409)
    assert much["code"] == "more-than-owed"
    done = await office.post("treasurer", f"{path}/repayments", slip | {"document": "STS 6"})
    assert (done["state"], done["result"], done["balance"]["owed"]) == ("closed", "repaid", 0)
    assert desk.sql("SELECT month, version, outcome FROM entitlement_entry ORDER BY month, version") == before
    assert {office.head(0, month) for month in THREE} == {("paid", "")}


async def test_a_claim_is_written_off_by_two_people(desk: Desk) -> None:
    office = await paid(desk, months=THREE)
    claim = await office.post("operator", "/cases/recovery", DEATH, status=201)
    path = f"/cases/{claim['id']}"
    body = {"reason": "Tidak ada ahli waris", "document": "SK 44/2025"}
    await office.post("approver", f"{path}/write-off", body)
    assert (await office.post("approver", f"{path}/write-off/decision", {"granted": True}, status=409))["code"] == "four-eyes"
    refused = await office.post("leader", f"{path}/write-off/decision", {"granted": False})
    assert (refused["state"], refused["step"]) == ("open", "agree_repayment")
    await office.post("operator", f"{path}/write-off", body)
    done = await office.post("leader", f"{path}/write-off/decision", {"granted": True})
    assert (done["result"], done["balance"]["written_off"], done["balance"]["owed"]) == ("written_off", 2 * TARIFF, 0)
    assert done["entries"][-1]["document"] == "SK 44/2025"


async def test_what_the_bank_sends_back_is_not_owed_twice(desk: Desk) -> None:
    office = Office(desk)
    await office.open_month(range(1))
    office.give_account(0)
    batch = await office.released()
    await office.send_results(batch, [await office.row(batch, 0)])
    claim = await office.post(
        "operator", "/cases/recovery", {"person_id": P0, "programme": "KLJ", "about": "double_entitlement", "months": [MONTH],
                                        "document": "Padanan PKH"}, status=201,
    )  # fmt: skip
    await office.send_results(batch, [await office.row(batch, 0, "03", "2025-10-09")])
    shown = await office.get(f"/cases/{claim['id']}")
    assert (shown["balance"]["returned_by_bank"], shown["balance"]["owed"]) == (TARIFF, 0)


@pytest.mark.parametrize(
    ("changed", "status", "code"),
    [
        ({"day_of_death": None}, 422, "invalid-input"), ({"day_of_death": "2031-01-01"}, 422, "invalid-input"),
        ({"about": "bad_luck"}, 422, "invalid-input"), ({"document": ""}, 422, "request-shape"),
        ({"about": "moved_out", "day_of_death": None}, 422, "invalid-input"), ({"day_of_death": "2025-12-31"}, 409, "nothing-paid"),
        ({"person_id": str(person(9))}, 404, "not-found"),
    ],
)  # fmt: skip
async def test_a_claim_that_is_none_is_refused(desk: Desk, changed: dict[str, Any], status: int, code: str) -> None:
    office = await paid(desk)
    refused = await office.post("operator", "/cases/recovery", DEATH | changed, status=status)
    assert refused["code"] == code
    assert (await office.get("/cases?kind=recovery"))["items"] == []
