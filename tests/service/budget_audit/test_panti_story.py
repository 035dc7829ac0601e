"""A panti's month on one screen: budget, plan, spending, minutes and prices, and what is open about it."""

from __future__ import annotations

from tests.service.budget_audit.books import Books, food_key
from tests.service.budget_audit.supplies import bast, bring, item, ssh
from tests.service.budget_audit.test_mismatches import FOOD_SP2D, panti


async def test_the_money_stands_beside_the_census_and_the_worst_panti_comes_first(books: Books) -> None:
    await panti(books)
    await books.bring("cash-plan", [{**food_key(), "bulan": month, "rencana": 133_000_000} for month in ("2025-09", "2025-10")])
    await books.bring("sp2d", FOOD_SP2D)
    await books.bring("sts", [{"nomor": "12/2025", "tanggal": "2025-11-20", "program": "", "nilai": 2_310_000, "rujukan": "BM1/2025-09"}])
    await books.world.settle()
    september = await books.get("/panti/bm1/story/2025-09")
    assert (september["ceiling"], september["budget_version"]) == (1_606_000_000, 1)
    assert (september["planned"], september["spent"], september["money_until"]) == (133_000_000, 0, "2025-10-06")
    assert september["months"] == ["2025-09"]
    food = next(one for one in september["findings"] if one["code"] == "food_differs_from_resident_days")
    assert (food["open"], food["of_money"], food["state"]) == (5_775_000, True, "detected")
    october = await books.get("/panti/BM1/story/2025-10")
    # The SP2D for September is dated in October: what was spent goes by the day of the money.
    assert (october["planned_to_date"], october["spent"], october["spent_to_date"]) == (266_000_000, 139_755_000, 139_755_000)
    november = await books.get("/panti/BM1/story/2025-11")
    assert (november["planned"], november["spent"], november["spent_to_date"]) == (0, -2_310_000, 137_445_000)
    assert (await books.as_("auditor").get("/budget_audit/panti/XX/story/2025-09")).status_code == 404
    assert (await books.as_("auditor").get("/budget_audit/panti/BM1/story/2025-13")).status_code == 422

    first, second = (await books.get("/panti"))["items"][:2]
    assert (first["code"], first["unexplained"], second["unexplained"], second["oldest"]) == ("BM1", 5_775_000, 0, None)
    assert first["oldest"] is not None


async def test_minutes_and_prices_of_the_months_contracts(books: Books) -> None:
    await bring(books, "ssh", [ssh()])
    await bring(books, "contract-items", [item()])
    await bring(books, "bast", [bast("BAST-9", "2025-09-30", "100", 6_900_000), bast("BAST-10", "2025-10-01", "90", 6_210_000)])
    september = await books.get("/panti/BM1/story/2025-09")
    assert [(one["number"], one["day"], one["lines"], one["amount"]) for one in september["handovers"]] == [
        ("BAST-9", "2025-09-30", 1, 6_900_000)
    ]
    assert [(one["item"], one["price"], one["standard_price"]) for one in september["prices"]] == [("ayam fillet", 69_000, 63_100)]
    quiet = await books.get("/panti/BM2/story/2025-09")
    assert (quiet["handovers"], quiet["prices"], quiet["findings"], quiet["money_until"]) == ([], [], [], None)
