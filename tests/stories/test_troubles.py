"""Troubles from public reports, tried on Cengkareng after its September (TROUBLES.md O1, O8, O9, O10). In the order of the calendar.

796 paid, of whom the bank says of 120 that nothing was drawn; 5 came back, 3 have no answer; docs/troubles.md names the other tests.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import pytest

from ritme.replay import files
from tests.support.kecamatan import SEPTEMBER, Kecamatan, august_is_paid, cengkareng_in_august, rows_of, september_comes_in
from tests.support.world import Ground

OCTOBER = "2025-10"
UNDRAWN = 120


@pytest.fixture(scope="module")
async def here(ground: Ground, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Kecamatan]:
    async with cengkareng_in_august(ground, tmp_path_factory.mktemp("cengkareng")) as opened:
        await august_is_paid(opened)
        await opened.comes("2025-09-04")
        await september_comes_in(opened)
        await opened.comes("2025-09-10")
        await opened.open_month(SEPTEMBER)
        batch = await opened.sent_to_bank(SEPTEMBER, "00917/SP2D/LS/2025 (sintetis)", "2025-09-22")
        await opened.comes("2025-09-25")
        silent = set(plain_accounts(opened, "KLJ")[:UNDRAWN])
        await opened.bank_answers(
            batch, "2025-09-25", lambda account: "TIDAK TRANSAKSI" if account in silent else opened.cast.bank.get(account, "00")
        )
        yield opened


def plain_accounts(here: Kecamatan, programme: str) -> list[str]:
    """Accounts whose September was credited without more ado: those of the fixture's first and largest group."""
    return [row["nomor_rekening"] for row in rows_of(here.cast.accounts) if row["program"] == programme][:540]


async def ids(here: Kecamatan, programme: str) -> list[str]:
    niks = [row["nik"] for row in rows_of(here.cast.accounts) if row["program"] == programme]
    found: list[str] = (await here.post("operator", "/beneficiary/people:resolve", {"niks": niks, "purpose": "import"}))["ids"]
    return found


async def test_o9_forty_cards_of_one_batch_are_refused(here: Kecamatan) -> None:
    """The money is there and nobody can reach it: the bank's case each, one alert for the batch, and no month is missed."""
    before = await here.month(SEPTEMBER)
    assert (before["paid"], before["missed"], before["unknown"]) == (796, 185, 3)
    for person in (await ids(here, "KLJ"))[200:240]:
        body = {"person_id": person, "programme": "KLJ", "month": SEPTEMBER, "problem": "card_refused", "text": "uang masuk, kartu ditolak"}
        opened = await here.post("operator", "/disbursement/cases/access", body)
        assert (opened["owner"], opened["step"]) == ("bank-jakarta", "replace_card")
    await here.world.settle()
    after = await here.month(SEPTEMBER)
    assert [after[one] for one in ("paid", "missed", "unknown")] == [796, 185, 3]
    assert len((await here.get("operator", "/disbursement/cases", kind="access", limit=200))["items"]) == 40
    assert (await here.get("leader", "/disbursement/cases", kind="access"))["open"] == 40, "and not the holds beside them"
    (alert,) = (await here.get("leader", "/disbursement/cases/alerts", at_least=10))["items"]
    assert (alert["batch"], alert["about"], alert["count"]) == ("2025-09-M01", "card_refused", 40)


async def test_o10_other_aid_ends_the_right_from_the_next_month_and_what_was_sent_stays(here: Kecamatan) -> None:
    """The PKH list arrives after September's file went out: October is excluded by its order, September stays paid."""
    await here.comes("2025-10-02")
    niks = [row["nik"] for row in rows_of(here.cast.accounts) if row["program"] == "KPDJ"]
    order = [(nik, "KPDJ", "hentikan", "menerima bantuan lain", OCTOBER, "Daftar PKH 2025-09") for nik in niks[:2]]
    await here.bring_in("status", files.write(here.folder, "status", order, "pkh"), {"count": 2})
    await here.world.settle()
    await here.open_month(OCTOBER)
    for month, expected in ((SEPTEMBER, {("paid", "")}), (OCTOBER, {("excluded", "other_aid")})):
        assert {await outcome(here, month, person) for person in (await ids(here, "KPDJ"))[:2]} == expected
    october = await here.month(OCTOBER)
    assert (october["entitled"], october["excluded"], october["holds"]) == (1000, 4 + 2, True)


async def outcome(here: Kecamatan, month: str, person: str) -> tuple[str, str]:
    found = (await here.get("operator", f"/disbursement/months/{month}/people", limit=1000))["items"]
    return next((one["outcome"], one["reason"]) for one in found if one["person_id"] == person)


async def test_o1_the_year_does_not_end_over_money_that_stays(here: Kecamatan) -> None:
    """2,400,000 by person and age; realisation, credited and returned stand apart; the five months stay missed."""
    await here.comes("2025-12-22")
    held = await here.get("treasurer", "/disbursement/holding")
    assert (held["holding"], held["unnamed"]) == (2_400_000, [])
    ages = [(one["age"], one["people"], one["held"], one["with_bank"]) for one in held["by_age"]]
    assert ages == [("0-30", 0, 0, 0), ("31-90", 5, 1_500_000, 0), (">90", 3, 0, 900_000)]
    assert len((await here.get("treasurer", "/disbursement/holding/people"))["items"]) == 8
    money = await here.get("leader", f"/budget_audit/months/{SEPTEMBER}/money")
    assert [money[one] for one in ("sp2d", "credited", "returned", "holding")] == [243_000_000, 240_600_000, 0, 2_400_000]
    year = await here.get("treasurer", "/disbursement/holding/years/2025")
    assert (year["state"], year["undecided"]) == ("open", {"payments": 8, "amount": 2_400_000})
    (stays,) = (await here.get("treasurer", "/disbursement/holding/findings"))["items"]
    assert (stays["amount"], stays["due_on"], stays["overdue"], stays["owner"]) == (2_400_000, "2025-12-19", True, "bendahara-pengeluaran")
    assert [(one["age"], one["people"], one["amount"]) for one in stays["by_age"]] == [("31-90", 5, 1_500_000), (">90", 3, 900_000)]
    await here.comes("2026-01-05")
    refused = await here.post("treasurer", "/disbursement/holding/years/2025/closing", {"document": "BA-TUTUP/2025"}, status=409)
    assert (refused["code"], refused["undecided"]) == ("year-not-closable", 8)
    returns = [one for one in await here.gaps(month=SEPTEMBER) if one["reason"] in ("account_closed", "account_dormant", "name_mismatch")]
    assert len(returns) == 5
    assert all(one["outcome"] == "missed" and one["overdue"] and one["owner"] for one in returns)


async def test_o8_undrawn_money_is_visited_and_stays_paid(here: Kecamatan) -> None:
    """120 accounts without a withdrawal for 105 days: a visit each, an outcome each, and no stop or pull-back by itself."""
    await here.comes("2026-01-09")
    opened = await here.post("operator", "/disbursement/cases/access/not-drawn", {"days": 105})
    assert opened["opened"] == UNDRAWN
    visits = (await here.get("operator", "/disbursement/cases", kind="access", about="not_drawn", limit=200))["items"]
    assert {(one["owner"], one["step"]) for one in visits} == {("satpel/31.73.01", "visit")}
    found = [
        *[("proxy_recorded", "tidak dapat bangun; anak diberi kuasa")] * 3, *[("person_died", "meninggal Oktober, kartu di keluarga")] * 2,
        ("solved", "kartu diambil kembali dari pemberi pinjaman"), *[("no_problem_found", "menabung")] * 114,
    ]  # fmt: skip
    for visit, (result, words) in zip(visits, found, strict=True):
        closed = await here.post("operator", f"/disbursement/cases/{visit['id']}/closing", {"result": result, "text": words})
        assert (closed["state"], closed["result"]) == ("closed", result)
    await here.world.settle()
    month = await here.month(SEPTEMBER)
    assert (month["paid"], month["missed"], month["held"], month["excluded"]) == (796, 185, 12, 4)
    again: dict[str, Any] = await here.post("operator", "/disbursement/cases/access/not-drawn", {"days": 105})
    assert again["opened"] == 0
