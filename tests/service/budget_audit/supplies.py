"""Rows of supply papers as the office sends them, for tests."""

from __future__ import annotations

from typing import Any

from tests.service.budget_audit.books import Books

CONTRACT = "027/PKS-01/2025"


def item(**changes: Any) -> dict[str, Any]:
    return {
        "kontrak": CONTRACT, "pemasok": "CV Sinar Pangan", "panti": "BM1", "mulai": "2025-01-01", "sampai": "2025-12-31",
        "barang": "Ayam fillet", "satuan": "kg", "harga": 69_000, "jumlah": "1.095", "orang_per_hari": 30, "tiap_hari": 1,
        "kapasitas_pemasok": 500,
    } | changes  # fmt: skip


def bast(number: str, day: str, quantity: object, amount: int, **changes: Any) -> dict[str, Any]:
    return {
        "nomor": number, "tanggal": day, "kontrak": CONTRACT, "kode_panti": "BM1", "barang": "Ayam fillet", "satuan": "kg",
        "jumlah": quantity, "nilai": amount,
    } | changes  # fmt: skip


def invoice(number: str, day: str, amount: int, **changes: Any) -> dict[str, Any]:
    return {
        "nomor": number, "tanggal": day, "pemasok": "CV Sinar Pangan", "nilai": amount, "kontrak": CONTRACT, "panti": "BM1",
        "dibayar_dengan": f"SPM-{number}",
    } | changes  # fmt: skip


def ssh(item: str = "Ayam fillet", price: int = 63_100, **changes: Any) -> dict[str, Any]:
    return {"tahun": 2025, "barang": item, "satuan": "kg", "harga": price, "sumber": "Kepgub SSH 2025"} | changes


async def bring(books: Books, kind: str, rows: list[dict[str, Any]], year: int = 2025) -> dict[str, Any]:
    return await books.bring(kind, rows, year=year)
