"""Absorption by panti, account and sub-SKPD, silent where the source is; and the monthly report."""

from __future__ import annotations

import io
from typing import Any

from openpyxl import load_workbook

from tests.service.budget_audit.books import SUB_SKPD, Books, food_key, pkd_key


def paid(month: int, amount: int, day: int = 24) -> dict[str, Any]:
    return {
        "nomor": f"S-{month}", "tanggal": f"2025-{month:02d}-{day:02d}", **food_key("BM2"), "nilai": amount,
        "rujukan": f"BM2/2025-{month:02d}",
    }  # fmt: skip


async def spring(books: Books) -> None:
    """120 million for food of a panti, 10 a month planned; SP2D from January to 24 April, one million came back in March."""
    key = food_key("BM2")
    await books.bring(
        "dpa",
        [
            {**key, "uraian": "Natura", "pagu": 120_000_000},
            {**pkd_key("KLJ"), "uraian": "Bantuan sosial uang", "pagu": 300_000_000},
        ],
    )
    await books.bring("cash-plan", [{**key, "bulan": f"2025-{month:02d}", "rencana": 10_000_000} for month in range(1, 13)])
    await books.bring("sp2d", [paid(1, 10_000_000), paid(2, 10_500_000), paid(3, 5_000_000), paid(4, 1_000_000)])
    back = {"nomor": "STS-1", "tanggal": "2025-03-28", **key, "nilai": 1_000_000, "rujukan": "BM2/2025-03"}
    await books.bring("sts", [back])
    await books.world.settle()


def flow(planned: int, realised: int, deviation: int | None, percent: int | None) -> dict[str, int | None]:
    return {"planned": planned, "realised": realised, "deviation": deviation, "percent": percent}


async def test_the_last_whole_month_is_shown_and_the_forecast_is_that_of_the_finding(books: Books) -> None:
    await spring(books)
    found = await books.get("/absorption?year=2025")
    assert (found["month"], found["data_until"]) == ("2025-03", "2025-04-24")
    food, cash = (next(one for one in found["items"] if one["key"] == key) for key in ("BM2", "KLJ"))
    assert food["month"] == flow(10_000_000, 4_000_000, -6_000_000, -60)
    assert food["to_date"] == flow(30_000_000, 24_500_000, -5_500_000, -19)
    assert (food["ceiling"], food["available"]) == (120_000_000, 94_500_000)
    (slow,) = await books.mismatches(code="slow_absorption")
    assert food["forecast"] == slow["actual"] == 102_000_000  # 25.5 + 90 x 25.5 / 30
    assert [one["whole"] for one in food["months"]] == [True] * 3 + [False] * 9
    assert (food["months"][2]["sp2d"], food["months"][2]["returned"]) == (5_000_000, 1_000_000)
    assert (cash["forecast"], cash["forecast_of"], cash["to_date"]) == (None, 0, flow(0, 0, 0, None)), "no plan, no forecast"
    assert (found["total"]["ceiling"], found["total"]["forecast_of"]) == (420_000_000, 120_000_000)


async def test_a_month_that_the_source_does_not_cover_is_not_judged(books: Books) -> None:
    await spring(books)
    found = await books.get("/absorption?month=2025-04")
    (food,) = [one for one in found["items"] if one["key"] == "BM2"]
    assert food["month"] == flow(10_000_000, 1_000_000, None, None)
    assert food["to_date"]["planned"] == 30_000_000, "to date is up to the last whole month"
    earlier = await books.get("/absorption?month=2025-02")
    (food,) = [one for one in earlier["items"] if one["key"] == "BM2"]
    assert food["to_date"] == flow(20_000_000, 20_500_000, 500_000, 2)
    assert food["forecast"] is None, "two months are too few to foresee a year"


async def test_other_groups_have_the_same_total(books: Books) -> None:
    await spring(books)
    totals = {}
    for by, keys in (
        ("panti", ["BM2", "KLJ"]), ("account", ["5.1.02.01.01.0043", "5.1.06.01.01.0001"]), ("sub_skpd", [SUB_SKPD, f"{SUB_SKPD}.BM2"]),
    ):  # fmt: skip
        found = await books.get(f"/absorption?year=2025&by={by}")
        assert [one["key"] for one in found["items"]] == keys
        totals[by] = found["total"]
    assert totals["panti"] == totals["account"] == totals["sub_skpd"]


async def test_a_year_without_papers_says_so_and_bad_questions_are_refused(books: Books) -> None:
    empty = await books.get("/absorption?year=2031")
    assert (empty["items"], empty["data_until"], empty["total"]["to_date"]["deviation"]) == ([], None, None)
    for query, code in (
        ("year=2024&month=2025-03", "invalid-input"), ("month=2025-13", "invalid-input"), ("year=1999", "request-shape"),
        ("by=person", "request-shape"),
    ):  # fmt: skip
        answer = await books.as_("auditor").get(f"/budget_audit/absorption?{query}")
        assert (answer.status_code, answer.json()["code"]) == (422, code), query


async def test_the_monthly_report_is_a_paper_that_names_its_findings(books: Books) -> None:
    await spring(books)
    answer = await books.as_("treasurer").get("/budget_audit/months/2025-03/report.xlsx")
    assert answer.status_code == 200
    book = load_workbook(io.BytesIO(answer.content))
    rows = {sheet.title: [[cell.value for cell in row] for row in sheet.iter_rows()] for sheet in book}
    assert ["Bulan", "Maret 2025"] in [row[:2] for row in rows["Sampul"]]
    assert ["SP2D: data s.d.", "24 April 2025"] in [row[:2] for row in rows["Sampul"]]
    (food,) = [row for row in rows["Serapan menurut panti dan program"[:31]] if row[0] == "BM2"]
    assert food[2:] == [
        120_000_000, 10_000_000, 4_000_000, -6_000_000, 30_000_000, 24_500_000, -5_500_000, -19, 102_000_000, 120_000_000, 94_500_000,
    ]  # fmt: skip
    (sheet,) = [name for name in rows if name.startswith("Temuan terbuka")]
    slow = [row for row in rows[sheet] if row[0] == "Serapan lambat: perkiraan akhir tahun jauh di bawah pagu"]
    (recorded,) = await books.mismatches(code="slow_absorption")
    assert [(row[2], row[6], row[7]) for row in slow] == [("2025", recorded["owner"], recorded["due_on"])]
    pdf = await books.as_("auditor").get("/budget_audit/months/2025-03/report.pdf")
    assert (pdf.headers["content-type"], pdf.content[:5]) == ("application/pdf", b"%PDF-")
    assert (await books.as_("warehouse").get("/budget_audit/months/2025-03/report.pdf")).status_code == 403
    assert (await books.as_("auditor").get("/budget_audit/months/2025-03/report.docx")).status_code == 404
    assert (await books.as_("auditor").get("/budget_audit/months/2025-3/report.pdf")).status_code == 422
