"""Detectors on cases with known truth, by events alone; then the whole year at once finds the same and nothing else."""

from __future__ import annotations

from typing import Any

from tests.service.budget_audit.books import Books, food_key
from tests.service.budget_audit.supplies import bast, bring, invoice, item, ssh


def days(month: str, last: int) -> list[str]:
    return [f"{month}-{day:02d}" for day in range(1, last + 1)]


async def census(books: Books, panti: str, when: list[str], residents: int) -> None:
    rows = [{"kode_panti": panti, "tanggal": day, "penghuni": residents} for day in when]
    await books.bring("census", rows, person="panti-head")


def shown(found: list[dict[str, Any]]) -> dict[str, tuple[str, str, int, int]]:
    return {one["code"]: (one["subject"], one["period"], one["expected"], one["actual"]) for one in found}


async def agree(books: Books, year: int = 2025) -> list[dict[str, Any]]:
    """The year read at once says what the record says; its audit changes nothing."""
    recorded = await books.mismatches(year=year)
    read = await books.get(f"/audits/comparison?year={year}")
    assert read["differing"] == 0
    keys = ("code", "subject", "period", "expected", "actual")
    single = ("food_differs_from_resident_days", "settled_differs_from_sp2d", "goods_differ_from_sp2d")
    stored = {tuple(one[key] for key in keys) for one in recorded if one["difference"] and one["code"] not in single}
    assert {tuple(one[key] for key in keys) for one in read["items"]} == stored
    asked = await books.as_("auditor").post("/budget_audit/audits", json={"year": year})
    assert asked.status_code == 202
    await books.world.settle()
    done = await books.get(f"/audits/{asked.json()['id']}")
    assert (done["not_yet_recorded"], done["done_at"] is None) == (0, False)
    assert sum(one["count"] for one in done["findings"].values()) == len([one for one in recorded if one["difference"]])
    assert await books.mismatches(year=year) == recorded
    return recorded


async def tangerang(books: Books) -> None:
    """TROUBLES O11 in a month of 30 days: 30 portions a day by contract and minutes, 20 residents; fillet 69,000 against SSH 63,100."""
    await bring(books, "contract-items", [item(jumlah="1.095", orang_per_hari=30, tiap_hari=1)])  # 100 g a person and day
    await bring(books, "bast", [bast(f"B-{day[-2:]}", day, "3", 207_000) for day in days("2025-09", 30)])
    await census(books, "BM1", days("2025-09", 30), 20)


async def test_portions_for_capacity_and_a_price_above_ssh_and_neither_without_the_table(books: Books) -> None:
    await tangerang(books)
    await books.world.settle()
    assert await books.mismatches() == []

    await bring(books, "ssh", [ssh(price=63_100)])
    await books.world.settle()
    found = shown(await agree(books))
    assert found == {
        # 90 kg for 900 person-days; 60 kg for the 600 that lived there, at the standard price
        "portions_for_capacity": ("BM1", "2025-09", 60 * 63_100, 90 * 63_100),
        "price_above_ssh": ("027/PKS-01/2025", "2025", 90 * 63_100, 90 * 69_000),
    }
    (portions,) = await books.mismatches(code="portions_for_capacity")
    assert "(90 − 60) kg × 63.100 = 1.893.000" in portions["formula"]
    assert portions["owner"] == "panti/BM1"
    assert portions["caused_by_event"]


async def test_a_corrected_census_heals_the_portions(books: Books) -> None:
    await tangerang(books)
    await bring(books, "ssh", [ssh(price=69_000)])
    await books.world.settle()
    (found,) = await books.mismatches()
    assert found["difference"] == 30 * 69_000
    await census(books, "BM1", days("2025-09", 30), 30)
    await books.world.settle()
    (healed,) = await agree(books)
    assert (healed["id"], healed["difference"], healed["state"]) == (found["id"], 0, "explained")


async def test_minutes_once_from_the_contract_and_what_is_not_in_it(books: Books) -> None:
    await bring(
        books,
        "contract-items",
        [item(jumlah="1.200", tiap_hari=3), item(barang="Bayam", satuan="ikat", harga=5_000, jumlah=6_000, tiap_hari=3)],
    )
    quarters = [("B-1", "2025-03-31"), ("B-2", "2025-06-30"), ("B-3", "2025-09-30")]
    await bring(books, "bast", [bast(number, day, 300, 20_700_000) for number, day in quarters])
    await bring(books, "bast", [
        bast("B-1", "2025-03-31", 90, 4_500_000, barang="Bayam", satuan="kg"),
        bast("B-1", "2025-03-31", 40, 2_000_000, barang="Kopi", satuan="pak"),
    ])  # fmt: skip
    await books.world.settle()
    assert shown(await agree(books)) == {
        "minutes_from_contract_value": ("027/PKS-01/2025", "2025", 0, 62_100_000),
        "unit_differs_from_contract": ("027/PKS-01/2025", "2025", 0, 4_500_000),
        "item_not_in_contract": ("027/PKS-01/2025", "2025", 0, 2_000_000),
    }
    log = [{"kode_panti": "BM1", "tanggal": f"2025-{m:02d}-{d:02d}", "porsi": 30} for m in range(1, 10) for d in range(1, 29)]
    await bring(books, "kitchen-log", log)
    await books.world.settle()
    (minutes,) = [one for one in await agree(books) if one["code"] == "minutes_from_contract_value"]
    assert minutes["difference"] == 0


async def test_papers_of_one_supplier(books: Books) -> None:
    contracts = [item(kontrak=f"K-{code}", panti=code, kapasitas_pemasok=100, orang_per_hari=50) for code in ("BM1", "BM2", "BM3")]
    await bring(books, "contract-items", contracts)
    await bring(books, "invoice", [
        invoice("INV-7/IX", "2025-09-30", 12_345_678, kontrak="K-BM1"),
        invoice("inv 7.IX", "2025-10-15", 12_345_678, kontrak="K-BM1", pemasok="SINAR PANGAN, CV"),
        invoice("T-1", "2025-05-02", 150_000_001, kontrak="", panti="BM2"),
        invoice("T-2", "2025-05-20", 140_000_003, kontrak="", panti="BM2"),
        invoice("T-3", "2025-11-20", 140_000_003, kontrak="", panti="BM2"),
    ])  # fmt: skip
    await bring(books, "bast", [bast("B-1", "2025-09-30", 400, 24_691_356, kontrak="K-BM1")])
    await books.world.settle()
    value = 3 * 1_095 * 69_000
    assert shown(await agree(books)) == {
        "invoice_twice": ("SINARPANGAN/INV7IX", "2025", 12_345_678, 24_691_356),
        "split_under_limit": ("SINARPANGAN/BM2", "2025-05", 200_000_000, 290_000_004),
        "one_supplier_many_panti": ("SINARPANGAN", "2025", value * 100 // 150, value),
    }


async def test_money_before_goods_and_round_numbers(books: Books) -> None:
    await bring(books, "contract-items", [item(harga=69_300)])
    bills = [invoice(f"INV-{n}", f"2025-0{n}-28", n * 2_000_000) for n in range(1, 7)]
    await bring(books, "invoice", bills)
    await bring(books, "bast", [bast("B-1", "2025-06-28", 100, 10_000_000)])
    await books.world.settle()
    assert shown(await agree(books)) == {
        "financial_against_physical": ("027/PKS-01/2025", "2025", 10_000_000, 42_000_000),
        "round_numbers": ("BM1", "2025", 0, 42_000_000),
    }


async def test_residents_counted_after_the_register_let_them_go(books: Books) -> None:
    await books.bring(
        "contract", [{"kode_panti": "BM1", "mulai": "2025-01-01", "sampai": "2025-12-31", "harga": 38_500}], person="panti-head"
    )
    await census(books, "BM1", ["2025-08-31", *days("2025-09", 30)], 100)
    await books.world.settle()
    assert await books.mismatches() == []
    await bring(books, "movements", [{"kode_panti": "BM1", "tanggal": "2025-09-21", "masuk": 0, "keluar": 4}])
    await books.world.settle()
    assert shown(await agree(books)) == {
        "residents_after_release": ("BM1", "2025-09", (3_000 - 40) * 38_500, 3_000 * 38_500),  # 4 people on 10 days
    }


async def test_spending_against_the_cash_plan_is_silent_where_the_source_is(books: Books) -> None:
    key = food_key("BM2")
    await books.bring("dpa", [{**key, "uraian": "Natura", "pagu": 120_000_000}])
    plan = [{**key, "bulan": f"2025-{month:02d}", "rencana": 10_000_000} for month in range(1, 13)]
    await books.bring("cash-plan", plan)
    await books.world.settle()
    assert await books.mismatches() == []

    def paid(month: int, amount: int) -> dict[str, Any]:
        return {"nomor": f"S-{month}", "tanggal": f"2025-{month:02d}-24", **key, "nilai": amount, "rujukan": f"BM2/2025-{month:02d}"}

    await books.bring("sp2d", [paid(1, 10_000_000), paid(2, 10_500_000), paid(3, 5_000_000), paid(4, 1_000_000)])
    await books.world.settle()
    found = {(one["code"], one["period"]): (one["expected"], one["actual"]) for one in await agree(books)}
    # The source ends on 24 April: April itself says nothing yet.
    assert found == {
        ("plan_deviation_month", "2025-03"): (10_000_000, 5_000_000),
        ("slow_absorption", "2025"): (120_000_000, 25_500_000 + 90_000_000 * 25_500_000 // 30_000_000),
    }


async def test_a_threshold_is_changed_by_two_people_and_the_year_is_compared_again(books: Books) -> None:
    await bring(books, "contract-items", [item(harga=69_300)])
    await bring(books, "invoice", [invoice("INV-1", "2025-03-28", 10_000_001)])
    await bring(books, "bast", [bast("B-1", "2025-03-28", 100, 9_500_000)])
    await books.world.settle()
    assert await books.mismatches() == []

    change = {"name": "physical_gap", "value": 2, "from_day": "2025-01-01", "source": "Rapat 3 November 2025"}
    bad = await books.as_("auditor").post("/budget_audit/detectors/settings", json={**change, "value": 101})
    assert (bad.status_code, bad.json()["code"]) == (422, "invalid-input")
    assert (await books.as_("operator").post("/budget_audit/detectors/settings", json=change)).status_code == 403
    proposed = (await books.as_("auditor").post("/budget_audit/detectors/settings", json=change)).json()
    (setting,) = [one for one in proposed["settings"] if one["name"] == "physical_gap"]
    assert (setting["value"], setting["changes"][0]["state"]) == (10, "proposed")
    again = await books.as_("auditor2").post("/budget_audit/detectors/settings", json=change)
    assert (again.status_code, again.json()["code"]) == (409, "setting-pending")
    path = f"/budget_audit/detectors/settings/{setting['changes'][0]['id']}"
    assert (await books.as_("auditor").post(f"{path}/confirmation")).json()["code"] == "four-eyes"
    await books.world.settle()
    assert await books.mismatches() == []

    assert (await books.as_("auditor2").post(f"{path}/confirmation")).status_code == 201
    await books.world.settle()
    assert shown(await agree(books)) == {"financial_against_physical": ("027/PKS-01/2025", "2025", 9_500_000, 10_000_001)}
    assert (await books.as_("auditor").post(f"{path}/withdrawal")).json()["code"] == "illegal-transition"
