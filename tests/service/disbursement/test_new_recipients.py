"""From "entitled" to "card in hand": the bank is asked, answers, people are called, some are visited, and then paid."""

from __future__ import annotations

import csv
import io
from datetime import datetime, timedelta
from typing import Any

import pytest

from shared.kernel.clock import JAKARTA, FrozenClock
from tests.service.disbursement.desk import Desk, nik, open_desk, person
from tests.service.disbursement.files import commit, know, problems, send
from tests.service.disbursement.paying import MONTH, Office
from tests.support.world import Ground

ANSWER = "rujukan;hasil;kode_bank;nomor_rekening;nama_pemilik;alasan"
REPORT = "nik;program;hadir;kartu_diserahkan;tanggal"


async def enrolled(desk: Desk, *numbers: int, area: str = "31.71.01.1001") -> None:
    for number in numbers:
        desk.beneficiary.activate(person(number), area=area, to_month="2027-12")
    await desk.told()
    know(desk, *numbers)


async def asked(office: Office) -> list[dict[str, str]]:
    """The bank's view: the rows of the file that it was asked by."""
    made = await office.post("operator", "/account-openings", {"programme": "KLJ"}, status=201)
    answer = await office.desk.as_("operator").get(f"/account-openings/{made['id']}/file.csv")
    assert answer.status_code == 200, answer.text
    return list(csv.DictReader(io.StringIO(answer.text, newline=""), delimiter=";"))


async def answered(desk: Desk, *rows: str) -> dict[str, Any]:
    status, done = await commit(desk, await send(desk, "account-opening", ANSWER, rows, {"count": len(rows)}))
    assert status == 200, done
    result: dict[str, Any] = done["result"]
    return result


async def reported(desk: Desk, *rows: str) -> dict[str, Any]:
    status, done = await commit(desk, await send(desk, "card-distribution", REPORT, rows, {"count": len(rows)}))
    assert status == 200, done
    result: dict[str, Any] = done["result"]
    return result


def opened(row: dict[str, str], number: int) -> str:
    return f"{row['rujukan']};berhasil;111;{5_000_000_000 + number};SITI CONTOH;"


async def test_who_has_no_account_is_asked_for_once_and_by_name(desk: Desk) -> None:
    office = Office(desk)
    await enrolled(desk, 1, 2, 3)
    office.give_account(3)

    rows = await asked(office)
    assert [(row["rujukan"], row["nik"], row["nama"], row["alamat"]) for row in rows] == [
        ("REK-KLJ-001-000001", nik(1), "Siti Contoh", "Jl. Contoh No. 1; RT 001"),
        ("REK-KLJ-001-000002", nik(2), "Siti Contoh", "Jl. Contoh No. 1; RT 001"),
    ]
    refused = await office.post("operator", "/account-openings", {"programme": "KLJ"}, status=409)
    assert refused["code"] == "nobody-to-ask"
    assert desk.sql("SELECT operation, count FROM audit_entry WHERE operation = 'account_opening.file'") == [("account_opening.file", 2)]

    assert await answered(desk, opened(rows[0], 1), f"{rows[1]['rujukan']};gagal;;;;NIK tidak ditemukan") == {"answered": 2, "accounts": 1}
    (shown,) = (await office.get("/account-openings"))["items"]
    assert (shown["count"], shown["opened"], shown["failed"], shown["waiting"]) == (2, 1, 1, 0)
    assert (await office.get(f"/account-openings/{shown['id']}"))["failed_by_reason"] == {"NIK tidak ditemukan": 1}
    # What failed is asked for again, under another reference.
    assert [row["rujukan"] for row in await asked(office)] == ["REK-KLJ-002-000001"]


async def test_an_answer_that_does_not_fit_is_told_by_row_and_column(desk: Desk) -> None:
    office = Office(desk)
    await enrolled(desk, 1, 2, 3)
    rows = await asked(office)
    await answered(desk, opened(rows[0], 1))
    wrong = [
        opened(rows[0], 1), "REK-KLJ-009-000001;gagal;;;;apa saja", f"{rows[1]['rujukan']};berhasil;111;;SITI;",
        f"{rows[2]['rujukan']};gagal;;;;", opened(rows[1], 2), opened(rows[1], 2),
    ]  # fmt: skip
    sent = await send(desk, "account-opening", ANSWER, wrong, {"count": 6})
    assert await problems(desk, sent) == [
        (2, "rujukan", "already-answered"), (3, "rujukan", "unknown-reference"), (4, "nomor_rekening", "missing"),
        (5, "alasan", "missing"), (7, "rujukan", "double-row"),
    ]  # fmt: skip
    status, _ = await commit(desk, sent)
    assert status == 409
    assert desk.sql("SELECT count(*) FROM account") == [(1,)]


async def test_three_calls_a_visit_and_only_then_the_money(ground: Ground) -> None:
    clock = FrozenClock(datetime(2025, 9, 10, 9, tzinfo=JAKARTA))
    async with open_desk(ground, clock) as desk:
        office = Office(desk)
        await office.open_month([1, 2, 3])
        know(desk, 1, 2, 3)
        await answered(desk, *[opened(row, n) for n, row in enumerate(await asked(office), start=1)])
        wave = {
            "programme": "KLJ",
            "area": "31.71",
            "place": "Aula Kecamatan Gambir",
            "day": "2025-09-15",
            "hours": "08.00-12.00",
            "most": 100,
        }

        assert (await office.post("operator", "/invitation-waves", wave, status=201))["count"] == 3
        refused = await office.post("operator", "/invitation-waves", wave, status=409)
        assert refused["code"] == "nobody-to-invite", "they are called already"
        clock.move(timedelta(days=6))
        done = await reported(
            desk, f"{nik(1)};KLJ;ya;ya;2025-09-15", f"{nik(2)};KLJ;tidak;tidak;2025-09-15", f"{nik(3)};KLJ;ya;tidak;2025-09-15"
        )
        assert done == {"rows": 3, "cards": 1, "invitations": 3}
        (city,) = (await office.get("/cards/waiting"))["items"]
        assert (city["cards"], city["called_once"], city["never_called"]) == (2, 2, 0)

        # Only whose card the bank reports as handed over is on a list.
        batch = await office.compose(MONTH)
        assert [line["person_id"] for line in await office.lines(batch)] == [str(person(1))]

        for day in ("2025-09-17", "2025-09-18"):
            await office.post("operator", "/invitation-waves", wave | {"day": day}, status=201)
            clock.move(timedelta(days=2 if day == "2025-09-17" else 1))
            await reported(desk, f"{nik(2)};KLJ;tidak;tidak;{day}", f"{nik(3)};KLJ;tidak;tidak;{day}")
        assert (await office.post("operator", "/invitation-waves", wave | {"day": "2025-09-22"}, status=409))["code"] == "nobody-to-invite"

        asked_for = {"person_id": str(person(2)), "programme": "KLJ", "reason": "tidak dapat bangun dari tempat tidur"}
        visit = await office.post("operator", "/home-services", asked_for, status=201)
        assert (await office.post("operator", "/home-services", asked_for, status=409))["code"] == "already-asked"
        assert (await office.post("operator", "/home-services", asked_for | {"person_id": str(person(1))}, status=409))[
            "code"
        ] == "no-card-waiting"
        result = {"day": "2025-09-19", "card_handed_over": True, "result": "diterima di rumah"}
        await office.post("operator", f"/home-services/{visit['id']}/result", result)
        assert (await office.post("operator", f"/home-services/{visit['id']}/result", result, status=409))["code"] == "illegal-transition"
        await office.post("operator", f"/batches/{batch['id']}/withdrawal", {"reason": "disusun ulang"})
        assert [line["person_id"] for line in await office.lines(await office.compose(MONTH))] == [str(person(1)), str(person(2))]


async def test_whoever_the_bank_could_not_open_an_account_for_is_missed_with_that_reason(desk: Desk) -> None:
    office = Office(desk)
    await enrolled(desk, 1, 2, 3)
    await office.open_month([], enrol=False)
    office.give_account(1)
    rows = await asked(office)
    await answered(desk, f"{rows[0]['rujukan']};gagal;;;;data tidak padan")
    batch = await office.released()
    await office.post("operator", f"/batches/{batch['id']}/results-due")
    await desk.settle()
    assert office.head(2) == ("missed", "no_account")
    assert office.head(3) == ("missed", "no_account"), "asked for, and not answered yet"


async def test_a_report_that_contradicts_itself_is_refused_by_row(desk: Desk) -> None:
    office = Office(desk)
    await enrolled(desk, 1, 2)
    office.give_account(1, card=False)
    today = desk.clock.today().isoformat()
    rows = [f"{nik(1)};KLJ;tidak;ya;{today}", f"{nik(2)};KLJ;ya;ya;{today}", f"{nik(1)};KLJ;ya;ya;2999-01-01"]
    sent = await send(desk, "card-distribution", REPORT, rows, {"count": 3})
    assert [(row, column, code) for row, column, code in await problems(desk, sent)][:2] == [
        (2, "kartu_diserahkan", "absent-with-card"), (3, "nik", "no-account"),
    ]  # fmt: skip


@pytest.mark.parametrize("areas", [["31.72"], ["31.73.01"]])
async def test_another_part_of_the_city_sees_none_of_it(desk: Desk, areas: list[str]) -> None:
    office = Office(desk)
    await enrolled(desk, 1)
    await answered(desk, *[opened(row, 1) for row in await asked(office)])
    other = desk.as_("operator", areas=areas)
    assert (await other.get("/cards/waiting")).json()["items"] == []
    assert (await other.post("/account-openings", json={"programme": "KLJ"})).status_code == 403
    visit = {"person_id": str(person(1)), "programme": "KLJ", "reason": "sakit"}
    assert (await other.post("/home-services", json=visit)).status_code == 409
