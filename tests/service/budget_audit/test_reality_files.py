"""Papers of supply and counts of a panti: what comes in, what is refused by row, column and reason, and nothing half applied."""

from __future__ import annotations

from typing import Any

import pytest

from services.budget_audit.main import service
from shared.db import migrate
from tests.service.budget_audit.books import Books
from tests.service.budget_audit.supplies import CONTRACT, bast, bring, invoice, item, ssh


async def test_a_contract_its_minutes_and_its_invoices_are_read_together(books: Books) -> None:
    await bring(books, "contract-items", [item(), item(barang="Beras", satuan="Kilogram", harga=14_000, jumlah="4.380,5")])
    await bring(books, "ssh", [ssh()])
    await bring(books, "bast", [bast("B-1", "2025-01-31", "93", 6_417_000), bast("B-2", "2025-02-28", "12.500", 862_500, satuan="gram")])
    await bring(books, "invoice", [invoice("INV-1", "2025-01-31", 6_417_000)])

    (contract,) = (await books.get("/supplies?year=2025&panti=bm1"))["items"]
    assert (contract["number"], contract["supplier"], contract["panti"], contract["capacity"]) == (
        CONTRACT,
        "CV Sinar Pangan",
        ["BM1"],
        500,
    )
    assert contract["value"] == 1_095 * 69_000 + 61_327_000
    assert (contract["handed_over"], contract["invoiced"]) == (7_279_500, 6_417_000)
    fillet, rice = contract["items"]
    assert (fillet["item"], fillet["unit"], fillet["delivered"], fillet["standard_price"]) == ("ayam fillet", "kg", 105_500, 63_100)
    assert (rice["quantity"], rice["unit"], rice["standard_price"]) == (4_380_500, "kg", None)
    assert (await books.get("/standard-prices?year=2025"))["items"][0]["source"] == "Kepgub SSH 2025"
    assert [line["number"] for line in (await books.get(f"/handovers?year=2025&contract={CONTRACT}"))["items"]] == ["B-1", "B-2"]
    assert (await books.get("/invoices?year=2025"))["items"][0]["paid_by"] == "SPM-INV-1"
    events = books.outbox("budget_audit.evidence.recorded.v1")
    assert [(event["kind"], event["rows"]) for event in events] == [("contract-items", 2), ("ssh", 1), ("bast", 2), ("invoice", 1)]


async def test_what_is_counted_twice_has_a_second_version(books: Books) -> None:
    await bring(books, "kitchen-log", [{"kode_panti": "bm1", "tanggal": "2025-09-01", "porsi": 116}])
    await bring(books, "staff", [{"kode_panti": "BM1", "bulan": "2025-09", "petugas": 34}])
    await bring(books, "movements", [{"kode_panti": "BM1", "tanggal": "2025-09-01", "masuk": 2, "keluar": 1}])
    again = await bring(books, "kitchen-log", [{"kode_panti": "BM1", "tanggal": "2025-09-01", "porsi": 117}])
    assert again["warnings"] == 1
    found = await books.get("/panti/bm1/counts/2025-09")
    assert found["staff"] == 34
    assert found["days"][0] == {"day": "2025-09-01", "residents": None, "portions": 117, "arrived": 2, "departed": 1}
    assert found["days"][1]["portions"] is None


async def test_the_same_papers_again_change_nothing(books: Books) -> None:
    await bring(books, "contract-items", [item()])
    again = await bring(books, "contract-items", [item(), item(barang="Beras")])
    assert again["result"] == {"recorded": 1}


REFUSED: list[tuple[str, dict[str, Any], str, str]] = [
    ("contract-items", item(mulai="2024-01-01"), "mulai", "wrong-year"),
    ("contract-items", item(panti="BM1, XX9"), "panti", "unknown-panti"),
    ("contract-items", item(satuan="genggam"), "satuan", "unknown-unit"),
    ("contract-items", item(jumlah="12.5"), "jumlah", "quantity-unclear"),
    ("contract-items", item(jumlah="-5"), "jumlah", "quantity-unclear"),
    ("contract-items", item(harga="-69.000"), "harga", "money-negative"),
    ("contract-items", item(sampai="2024-12-31"), "sampai", "ends-before-start"),
    ("ssh", ssh(tahun=2024), "tahun", "wrong-year"),
    ("bast", bast("B-9", "2024-12-31", "93", 6_417_000), "tanggal", "wrong-year"),
    ("bast", bast("B-9", "2025-01-31", "93", 6_417_000, kontrak="lain"), "kontrak", "unknown-contract"),
    ("bast", bast("B-9", "2025-01-31", "93", 6_417_000, kode_panti="SDA1"), "kode_panti", "unknown-panti"),
    ("bast", bast("B-1", "2025-01-31", "94", 6_417_000), "", "recorded-otherwise"),
    ("invoice", invoice("INV-9", "2025-01-31", 0), "nilai", "money-zero"),
    ("kitchen-log", {"kode_panti": "BM1", "tanggal": "2025-02-30", "porsi": 9}, "tanggal", "date-invalid"),
    ("movements", {"kode_panti": "BM1", "tanggal": "2024-09-01", "masuk": 1, "keluar": 0}, "tanggal", "wrong-year"),
]


@pytest.mark.parametrize(("kind", "row", "column", "code"), REFUSED, ids=[f"{one[0]}:{one[3]}:{n}" for n, one in enumerate(REFUSED)])
async def test_a_bad_row_is_named_and_nothing_of_the_file_is_applied(
    books: Books, kind: str, row: dict[str, Any], column: str, code: str
) -> None:
    await bring(books, "contract-items", [item()])
    await bring(books, "bast", [bast("B-1", "2025-01-31", "93", 6_417_000)])
    good = {
        "contract-items": item(barang="Telur"), "ssh": ssh("Telur", 30_000), "bast": bast("B-8", "2025-03-31", "93", 6_417_000),
        "invoice": invoice("INV-8", "2025-03-31", 6_417_000), "kitchen-log": {"kode_panti": "BM2", "tanggal": "2025-02-01", "porsi": 9},
        "movements": {"kode_panti": "BM2", "tanggal": "2025-02-01", "masuk": 1, "keluar": 0},
    }[kind]  # fmt: skip
    before = await _rows(books, kind)
    controls: dict[str, Any] = {"sum": 12_834_000} if "nilai" in good else {}
    view = await books.check(kind, [good, row], year=2025, **controls)
    assert view["rejected"] == 1
    assert [(3, column, code)] == [one for one in await books.problems(view["id"]) if one[2] == code]
    assert (await books.commit(view)).json()["code"] in ("rows-rejected", "not-ready")
    assert await _rows(books, kind) == before


async def _rows(books: Books, kind: str) -> object:
    table = {
        "contract-items": "supply_item", "ssh": "standard_price", "bast": "handover", "invoice": "invoice", "kitchen-log": "kitchen_count",
        "movements": "movement_count",
    }[kind]  # fmt: skip
    with books.world.sql("budget_audit") as connection:
        row = connection.execute(f"SELECT count(*) FROM {table}".encode()).fetchone()
    assert row is not None
    return row[0]


async def test_tables_and_migrations_say_the_same(books: Books) -> None:
    owner = books.world.ground.postgres.address("ritme_budget_audit", "budget_audit_owner")
    migrate.check(owner, service.migrations, service.metadata)


async def test_merged_cells_are_an_empty_cell_of_their_row(books: Books) -> None:
    """A merged cell gives its value to its first row only; the others are refused as empty, never filled from above."""
    view = await books.check("contract-items", [item(), item(barang="Telur", kontrak="")], year=2025)
    assert await books.problems(view["id"]) == [(3, "kontrak", "missing")]
