"""What two people stop and end: freezes, confirmed_not_executed, a lapsed budget year, the closing of a batch."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from shared.kernel.clock import JAKARTA
from tests.service.disbursement.desk import AREA, Desk, person
from tests.service.disbursement.paying import MONTH, Office
from tests.service.disbursement.test_second_seal import OF_THE_LEDGER


@pytest.fixture
async def office(desk: Desk) -> AsyncIterator[Office]:
    """Three people with accounts and cards; and after the test, whatever it did, ``ritme verify`` holds."""
    found = Office(desk)
    await found.open_month_with_accounts([1, 2, 3])
    yield found
    await desk.settle()
    assert desk.broken(OF_THE_LEDGER) == []


def today() -> date:
    return datetime.now(UTC).astimezone(JAKARTA).date()


async def ordered(office: Office, path: str, body: dict[str, Any], *, by: str = "operator", second: str = "treasurer") -> dict[str, Any]:
    """Asked by one person, confirmed by another."""
    asked = await office.post(by, path, body, status=201)
    assert asked["state"] == "proposed"
    return await office.post(second, f"/orders/{asked['id']}/confirmation", {})


async def funded(office: Office) -> dict[str, Any]:
    batch = await office.approved()
    await office.reserve(batch)
    await office.pay_in(batch)
    return batch


# --- freeze -----------------------------------------------------------------------------------------------------------


async def test_one_person_asks_and_another_freezes_and_two_lift(office: Office) -> None:
    body = {"scope": "person", "person_id": str(person(2)), "reason": "rekening diduga dikuasai orang lain"}
    asked = await office.post("operator", "/freezes", body, status=201)
    assert (await office.compose())["payments"] == 3, "one person alone stops nothing"
    refused = await office.post("operator", f"/orders/{asked['id']}/confirmation", {}, status=409)
    assert refused["code"] == "four-eyes"
    done = await office.post("treasurer", f"/orders/{asked['id']}/confirmation", {})
    assert (done["state"], done["confirmed_by"]) == ("done", "treasurer")
    again = await office.post("approver", f"/orders/{asked['id']}/confirmation", {}, status=409)
    assert again["code"] == "illegal-transition"
    (held,) = (await office.get("/freezes"))["items"]
    assert (held["scope"], held["person_id"], held["holds"]) == ("person", str(person(2)), True)

    wave = await office.compose(kind="wave")
    assert wave["payments"] == 0, "all are on the draft that was composed before"
    await ordered(office, f"/freezes/{held['id']}/lift", {"reason": "sudah diperiksa"}, by="approver")
    assert (await office.get("/freezes"))["items"] == []
    assert len((await office.get("/freezes?active=false"))["items"]) == 1
    gone = await office.post("operator", f"/freezes/{held['id']}/lift", {"reason": "sekali lagi"}, status=409)
    assert gone["code"] == "order-changed"


async def test_no_list_takes_a_frozen_person_and_a_draft_lets_go_of_one(office: Office) -> None:
    draft = await office.compose()
    await ordered(office, "/freezes", {"scope": "person", "person_id": str(person(2)), "reason": "sengketa ahli waris"})

    submitted = await office.sign(draft, "submission")

    assert (submitted["payments"], submitted["sum"]) == (2, 600_000)
    assert (await office.compose(kind="wave"))["payments"] == 0
    assert office.head(2) == ("due", "")


async def test_who_was_frozen_at_the_results_is_missed_for_it_and_paid_after_the_lift(office: Office) -> None:
    frozen = await ordered(office, "/freezes", {"scope": "person", "person_id": str(person(2)), "reason": "sengketa ahli waris"})
    batch = await office.released()
    await office.send_results(batch, [await office.row(batch, 1), await office.row(batch, 3)])
    await office.desk.settle()
    assert office.head(2) == ("missed", "frozen")
    assert (await office.compose(kind="retry"))["payments"] == 0
    await ordered(office, f"/freezes/{frozen['id']}/lift", {"reason": "selesai"})
    assert (await office.compose(kind="back_pay"))["payments"] == 1


@pytest.mark.parametrize("scope", ["person", "programme", "batch"])
async def test_no_release_passes_a_freeze_until_it_is_lifted(office: Office, scope: str) -> None:
    batch = await funded(office)
    named = {"person": {"person_id": str(person(1))}, "programme": {"programme": "KLJ"}, "batch": {"batch_id": batch["id"]}}[scope]
    frozen = await ordered(office, "/freezes", {"scope": scope, "reason": "perintah kepala dinas", **named})

    refused = await office.release(batch, status=409)

    assert (refused["code"], [one["id"] for one in refused["freezes"]]) == ("frozen", [frozen["id"]])
    assert refused["people"] == ([str(person(1))] if scope == "person" else [])
    assert office.desk.outcomes() == {"due": 3}
    await ordered(office, f"/freezes/{frozen['id']}/lift", {"reason": "boleh dilanjutkan"})
    assert (await office.release(batch))["state"] == "released"


async def test_a_frozen_programme_has_no_list(office: Office) -> None:
    await ordered(office, "/freezes", {"scope": "programme", "programme": "KLJ", "reason": "SK digugat", "until": today().isoformat()})
    for body in ({"month": MONTH}, {"month": MONTH, "programmes": ["KLJ"]}):
        assert (await office.post("operator", "/batches", body, status=409))["code"] == "frozen"


async def test_no_programme_named_is_not_all_of_them(office: Office) -> None:
    """Boxes that nobody ticked send an empty list; left out, it is everybody."""
    empty: dict[str, object] = {"programmes": []}
    doors = (
        ("/batches", {"month": MONTH}),
        (f"/budget-years/{today().year - 1}/lapse", {"reason": "tahun berakhir", "document": "ND 1"}),
        (f"/budget-years/{today().year - 1}/reopening", {"reason": "anggaran baru", "document": "DPA 1"}),
        ("/figures", {"name": "angka kosong", "month": MONTH}),
    )
    for path, body in doors:
        refused = await office.post("operator", path, body | empty, status=422)
        assert refused["code"] == "request-shape"
        assert [one["at"] for one in refused["errors"]] == ["body.programmes"]
        assert "at least one programme" in refused["errors"][0]["problem"]
    assert (await office.get("/batches"))["items"] == (await office.get("/figures"))["items"] == []
    assert (await office.compose())["payments"] == 3
    everybody = await office.post("operator", "/figures", {"name": "angka semua", "month": MONTH}, status=201)
    assert (everybody["numbers"]["people"], everybody["definition"]["programmes"]) == (3, [])


async def test_a_freeze_is_over_after_its_last_day(office: Office) -> None:
    await ordered(office, "/freezes", {"scope": "programme", "programme": "KLJ", "reason": "SK digugat", "until": today().isoformat()})
    office.desk.sql_run("UPDATE stoppage SET until = until - 1")
    assert (await office.compose())["payments"] == 3
    assert (await office.get("/freezes"))["items"] == []


async def test_what_cannot_be_frozen(office: Office) -> None:
    batch = await office.released()
    wrong = [
        ({"scope": "batch", "batch_id": batch["id"]}, 409, "already-sent"),
        ({"scope": "batch", "batch_id": str(person(9))}, 404, "not-found"),
        ({"scope": "person", "person_id": str(person(9))}, 404, "not-found"),
        ({"scope": "programme", "programme": "XYZ"}, 404, "not-found"),
        ({"scope": "programme"}, 422, "invalid-input"),
        ({"scope": "batch", "programme": "KLJ"}, 422, "invalid-input"),
        ({"scope": "programme", "programme": "KLJ", "until": (today() - timedelta(days=1)).isoformat()}, 422, "invalid-input"),
    ]
    for body, status, code in wrong:
        answer = await office.post("operator", "/freezes", {"reason": "coba saja", **body}, status=status)
        assert answer["code"] == code, body
    asked = await office.post("operator", "/freezes", {"scope": "programme", "programme": "KLJ", "reason": "SK digugat"}, status=201)
    assert asked["subject"]["payments_at_the_bank"] == 3, "those are beyond it"
    assert (await office.post("warehouse", f"/orders/{asked['id']}/confirmation", {}, status=403))["code"] == "not-allowed"
    part = office.desk.as_("operator2", areas=["31.71"])
    assert (await part.post(f"/orders/{asked['id']}/confirmation", json={})).status_code == 404
    assert (await part.post("/freezes", json={"scope": "programme", "programme": "KLJ", "reason": "coba saja"})).status_code == 403
    cancelled = await office.post("operator", f"/orders/{asked['id']}/cancellation", {})
    assert cancelled["state"] == "cancelled"
    assert (await office.post("treasurer", f"/orders/{asked['id']}/confirmation", {}, status=409))["code"] == "illegal-transition"


async def test_a_person_is_frozen_by_two_of_their_own_area(office: Office) -> None:
    body = {"scope": "person", "person_id": str(person(1)), "reason": "laporan kelurahan"}
    elsewhere = await office.desk.as_("operator", areas=["31.73"]).post("/freezes", json=body)
    assert elsewhere.status_code == 404
    asked = await office.desk.as_("operator", areas=[AREA]).post("/freezes", json=body)
    assert asked.status_code == 201, asked.text
    done = await office.desk.as_("operator2", areas=["31.71"]).post(f"/orders/{asked.json()['id']}/confirmation", json={})
    assert done.json()["state"] == "done"
    assert (await office.compose())["payments"] == 2


# --- the end of unknown -----------------------------------------------------------------------------------------------


def papers(first: int = 2, second: int = 1, letter: int = 0, *, numbers: tuple[str, str] = ("RK-1", "RK-2")) -> dict[str, Any]:
    """Days before today."""
    day = [(today() - timedelta(days=back)).isoformat() for back in (first, second, letter)]
    return {
        "statements": [{"number": numbers[0], "day": day[0]}, {"number": numbers[1], "day": day[1]}],
        "letter": {"number": "B-77/BJ/2025", "day": day[2]}, "reason": "tidak ada di dua rekening koran",
    }  # fmt: skip


async def silent(office: Office) -> dict[str, Any]:
    """Released a week ago; the bank answers for 1 and says nothing of 2 and 3."""
    batch = await office.released()
    office.desk.sql_run("UPDATE batch SET released_at = released_at - interval '7 days'")
    await office.send_results(batch, [await office.row(batch, 1)])
    await office.desk.settle()
    assert office.desk.outcomes() == {"paid": 1, "unknown": 2}
    return batch


async def test_unknown_ends_by_two_statements_the_letter_and_two_people(office: Office) -> None:
    batch = await silent(office)

    asked = await office.post("operator", f"/batches/{batch['id']}/not-executed", papers(), status=201)
    assert (asked["person_months"], asked["rupiah"], asked["document"]) == (2, 600_000, "B-77/BJ/2025")
    assert office.head(2) == ("unknown", "awaiting_bank")
    await office.post("treasurer", f"/orders/{asked['id']}/confirmation", {})
    await office.desk.settle()

    assert office.head(2) == office.head(3) == ("missed", "not_executed")
    assert (await office.get(f"/gaps?month={MONTH}"))["by_reason"] == {"not_executed": 2}
    assert [(data["person_id"], data["reason"]) for _, data in office.events(211)] == [
        (str(person(2)), "not_executed"), (str(person(3)), "not_executed"),
    ]  # fmt: skip
    settled = office.events(205)[-1][1]["totals"][0]
    assert (settled["credited"], settled["rejected"], settled["unknown"], settled["released"]) == (1, 2, 0, 3)

    # A credit that comes after all is against a final outcome, and moves nothing.
    _, answer = await office.send_results(batch, [await office.row(batch, 2)], name="susulan.csv")
    assert (answer["applied"], answer["quarantined"]) == (0, 1)
    rows = (await office.get(f"/results/{answer['file_id']}/rows"))["items"]
    assert [row["problem"] for row in rows] == ["against_final"]
    assert office.head(2) == ("missed", "not_executed")

    # The account was not at fault: the next list pays to the same one.
    retry = await office.released(kind="retry")
    assert retry["payments"] == 2
    await office.send_results(retry, [await office.row(retry, 2), await office.row(retry, 3)], name="ulang.csv")
    await office.desk.settle()
    assert office.desk.outcomes() == {"paid": 3}


async def test_the_bank_answered_between_the_two_people(office: Office) -> None:
    batch = await silent(office)
    reference = next(line["reference"] for line in await office.lines(batch) if line["person_id"] == str(person(2)))
    asked = await office.post("operator", f"/batches/{batch['id']}/not-executed", {"references": [reference], **papers()}, status=201)
    assert asked["person_months"] == 1
    await office.send_results(batch, [await office.row(batch, 2)], name="susulan.csv")

    refused = await office.post("treasurer", f"/orders/{asked['id']}/confirmation", {}, status=409)

    assert refused["code"] == "order-changed"
    assert (office.head(2), office.head(3)) == (("paid", ""), ("unknown", "awaiting_bank"))
    assert (await office.get(f"/orders/{asked['id']}"))["state"] == "proposed"


async def test_papers_that_prove_nothing(office: Office) -> None:
    batch = await silent(office)
    wrong = (
        papers(numbers=("RK-1", "RK-1")), papers(1, 2), papers(1, 1), papers(9, 1), papers(2, 0), papers(2, 1, 2), papers(2, 1, -1),
    )  # fmt: skip
    for body in wrong:
        answer = await office.post("operator", f"/batches/{batch['id']}/not-executed", body, status=422)
        assert answer["code"] == "invalid-input", body
    strange = await office.post("operator", f"/batches/{batch['id']}/not-executed", {"references": ["X-1"], **papers()}, status=404)
    assert strange["references"] == ["X-1"]
    assert (await office.post("warehouse", f"/batches/{batch['id']}/not-executed", papers(), status=403))["code"] == "not-allowed"


async def test_unknown_does_not_end_before_results_are_due(office: Office) -> None:
    batch = await office.released()
    refused = await office.post("operator", f"/batches/{batch['id']}/not-executed", papers(), status=409)
    assert refused["code"] == "illegal-transition"


# --- the budget year --------------------------------------------------------------------------------------------------


async def test_a_lapsed_year_stays_a_gap_and_a_later_budget_takes_it_up(office: Office) -> None:
    office.desk.sql_run("UPDATE account SET card_handed_over = false WHERE person_id = %s", person(3))
    batch = await office.released()
    await office.send_results(batch, [await office.row(batch, 1), await office.row(batch, 2, "09")])
    await office.desk.settle()
    assert (office.head(2), office.head(3)) == (("missed", "account_dormant"), ("missed", "card_not_handed_over"))
    year = {"reason": "tutup tahun anggaran", "document": "Pergub 41/2025 pasal 20"}

    asked = await office.post("treasurer", "/budget-years/2025/lapse", year, status=201)
    assert (asked["person_months"], asked["rupiah"]) == (2, 600_000)
    await office.post("approver", f"/orders/{asked['id']}/confirmation", {})
    await office.desk.settle()

    assert office.head(2) == office.head(3) == ("missed", "lapsed_budget_year")
    gaps = await office.get(f"/gaps?month={MONTH}")
    assert (gaps["by_reason"], {gap["owner"] for gap in gaps["items"]}) == ({"lapsed_budget_year": 2}, {"bidang-linjamsos"})
    office.give_account(3)
    assert (await office.compose(kind="back_pay"))["payments"] == 0
    nothing = await office.post("treasurer", "/budget-years/2025/lapse", year, status=404)
    assert nothing["code"] == "not-found"
    evidence = office.desk.sql("SELECT DISTINCT evidence FROM entitlement_entry WHERE reason = 'lapsed_budget_year'")
    assert evidence == [("Pergub 41/2025 pasal 20",)]

    reopened = {"reason": "dianggarkan kembali", "document": "DPA 2026"}
    await ordered(office, "/budget-years/2025/reopening", reopened, by="treasurer", second="approver")
    assert office.head(3) == ("missed", "budget_reopened")
    assert (await office.compose(kind="back_pay"))["payments"] == 1, "the account that the bank refused is still the same"
    shown = await office.get("/budget-years/2025")
    assert [(one["outcome"], one["reason"], one["person_months"]) for one in shown["open"]] == [("missed", "budget_reopened", 2)]


async def test_a_year_that_runs_does_not_lapse(office: Office) -> None:
    body = {"reason": "tutup tahun anggaran", "document": "Pergub 41/2025"}
    assert (await office.post("treasurer", f"/budget-years/{today().year}/lapse", body, status=422))["code"] == "invalid-input"
    assert (await office.post("operator", "/budget-years/2025/lapse", body, status=403 if today().year > 2025 else 422))["code"]
    assert (await office.post("treasurer", "/budget-years/2024/lapse", body, status=404))["code"] == "not-found"


# --- cut-off hours and closing ----------------------------------------------------------------------------------------


async def test_a_cut_off_hour_is_a_dated_setting_of_two_people(office: Office) -> None:
    hour = {"bank_code": "111", "programme": "KLJ", "valid_from": "2025-10-01", "hour": "13:30", "reason": "surat bank"}
    await ordered(office, "/bank-cutoff-hours", hour)
    found = (await office.get("/bank-cutoff-hours"))["items"]
    assert [(one["bank_code"], one["programme"], one["valid_from"], one["hour"]) for one in found] == [
        ("*", "*", "2025-01-01", "15:00"), ("111", "KLJ", "2025-10-01", "13:30"),
    ]  # fmt: skip
    asked = await office.post("operator", "/bank-cutoff-hours", hour, status=201)
    assert (await office.post("treasurer", f"/orders/{asked['id']}/confirmation", {}, status=409))["code"] == "order-changed"
    await ordered(office, "/bank-cutoff-hours", {**hour, "valid_from": "2025-11-01", "hour": "00:00"})
    batch = await office.released()
    assert date.fromisoformat(batch["value_on"]) > today(), "after midnight it counts for the next working day"


async def test_a_batch_is_closed_once_everything_has_a_name(office: Office) -> None:
    batch = await silent(office)
    minutes = {"minutes": "BA-9/X/2025"}
    refused = await office.post("operator", f"/batches/{batch['id']}/closing", minutes, status=409)
    assert (refused["code"], refused["unanswered"]) == ("not-everything-named", 2)
    await office.send_results(batch, [await office.row(batch, 2), await office.row(batch, 3, "77")], name="susulan.csv")
    refused = await office.post("operator", f"/batches/{batch['id']}/closing", minutes, status=409)
    assert (refused["unanswered"], refused["undecided_rows"]) == (1, 1)
    await office.send_results(batch, [await office.row(batch, 3, "14")], name="susulan-2.csv")
    office.desk.sql_run("UPDATE result_row SET state = 'unchanged', problem = '' WHERE state = 'quarantined'")
    office.desk.sql_run("UPDATE result_file SET quarantined = 0, unchanged = 1 WHERE quarantined = 1")

    await ordered(office, f"/batches/{batch['id']}/closing", minutes)

    assert (await office.get(f"/batches/{batch['id']}"))["state"] == "closed"
    # A return after the minutes is a fact all the same, and opens the batch again.
    _, answer = await office.send_results(batch, [await office.row(batch, 1, "09", "2025-10-20")], name="retur.csv")
    assert answer["rejected"] == 1
    assert office.head(1) == ("missed", "bank_return")
    assert (await office.get(f"/batches/{batch['id']}"))["state"] == "results_in"
