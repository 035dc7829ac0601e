"""Papers of supply: what a contract promises, standard prices of a year, handover minutes, invoices."""

from __future__ import annotations

from typing import Any

from services.budget_audit.domain.references import canonical
from services.budget_audit.domain.supply import folded_number, item_of, supplier_key, unit_of
from services.budget_audit.imports import keys
from services.budget_audit.imports.plain import Desk, Plain
from services.budget_audit.imports.quantity import quantity
from shared.tabular.columns import Column, Row, Template, day, rupiah, text, whole_number_between

PANTI = Column("kode_panti", text(8), help="Kode dari daftar panti", example="BM1")
CONTRACT = Column("kontrak", text(80), help="Nomor kontrak", example="027/PKS-01/2025")
SUPPLIER = Column("pemasok", text(120), help="Nama pemasok menurut dokumen", example="CV Sinar Pangan")
ITEM = Column("barang", text(120), help="Uraian barang", example="Ayam fillet")
UNIT = Column("satuan", text(20), help="kg, liter, ikat, butir, porsi, ...", example="kg")


def _unit(row: Row) -> tuple[str, int]:
    """The unit as the table reads it and its divisor; refuse one that nobody knows."""
    found = unit_of(row.values["satuan"])
    if found is None:
        row.refuse("satuan", "unknown-unit", "Satuan tidak dikenal. Pakai misalnya kg, liter, ikat, butir, porsi.", row.values["satuan"])
        return "", 1
    return found


def _panti(row: Row, desk: Desk, column: str) -> str:
    panti = str(row.values.get(column) or "").upper()
    desk.codes.check_panti(row, panti, column)
    return panti


def _money(row: Row, column: str) -> int:
    amount: int = row.values[column]
    if amount == 0:
        row.refuse(column, "money-zero", "Rupiah tidak boleh nol.", "0")
    return amount


def _item_values(row: Row, desk: Desk) -> tuple[Any, ...]:
    value = row.values
    unit, per = _unit(row)
    panti = [one.strip().upper() for one in value["panti"].replace(";", ",").split(",") if one.strip()]
    for one in panti:
        desk.codes.check_panti(row, one, "panti")
    first, last = value["mulai"], value["sampai"]
    desk.check_year(row, "mulai", first.year)
    if first > last:
        row.refuse("sampai", "ends-before-start", "Kontrak berakhir sebelum mulai.", last.isoformat())
    price = _money(row, "harga") * per
    return (
        value["kontrak"], item_of(value["barang"]), value["pemasok"], supplier_key(value["pemasok"]), sorted(set(panti)), first, last,
        unit, price, value["jumlah"] // per, value.get("orang_per_hari") or 0, value.get("tiap_hari") or 0,
        value.get("kapasitas_pemasok") or 0,
    )  # fmt: skip


SUPPLY = Plain(
    Template(
        "contract-items",
        "Rincian kontrak: barang, satuan, harga, jumlah",
        (
            CONTRACT,
            SUPPLIER,
            Column("panti", text(200), help="Kode panti; beberapa dipisah koma", example="BM1, BM2"),
            Column("mulai", day, example="2025-01-01"),
            Column("sampai", day, example="2025-12-31"),
            ITEM,
            UNIT,
            Column("harga", rupiah, help="Rupiah per satuan", example="69.000"),
            Column("jumlah", quantity, help="Banyaknya selama kontrak", example="1.095"),
            Column("orang_per_hari", whole_number_between(0, 100_000), required=False,
                   help="Jumlah itu dihitung untuk berapa orang sehari; kosong bila bukan makan", example="30"),
            Column("tiap_hari", whole_number_between(0, 366), required=False,
                   help="Diantar tiap berapa hari (1 = tiap hari); kosong bila sekali saja", example="3"),
            Column("kapasitas_pemasok", whole_number_between(0, 1_000_000), required=False,
                   help="Porsi sehari yang disanggupi pemasok secara tertulis", example="500"),
        ),
    ),
    "supply_item",
    ("contract", "item", "supplier", "supplier_key", "panti", "from_day", "to_day", "unit", "price", "quantity", "people", "every_days",
     "capacity"),
    ("contract", "item"),
    _item_values,
    roles=keys.MONEY_ROLES,
)  # fmt: skip


def _price_values(row: Row, desk: Desk) -> tuple[Any, ...]:
    unit, per = _unit(row)
    desk.check_year(row, "tahun", row.values["tahun"])
    return row.values["tahun"], item_of(row.values["barang"]), unit, _money(row, "harga") * per, row.values["sumber"]


SSH = Plain(
    Template(
        "ssh",
        "Standar satuan harga (SSH) satu tahun",
        (
            keys.YEAR,
            ITEM,
            UNIT,
            Column("harga", rupiah, help="Rupiah per satuan", example="63.100"),
            Column("sumber", text(200), help="Keputusan yang menetapkan", example="Kepgub SSH 2025"),
        ),
    ),
    "standard_price",
    ("year", "item", "unit", "price", "source"),
    ("year", "item", "unit"),
    _price_values,
    roles=keys.MONEY_ROLES,
)


def _handover_values(row: Row, desk: Desk) -> tuple[Any, ...]:
    unit, per = _unit(row)
    panti = _panti(row, desk, "kode_panti")
    desk.check_day(row, "tanggal")
    desk.check_contract(row, "kontrak", row.values["kontrak"])
    if row.values["jumlah"] < per:
        row.refuse("jumlah", "quantity-range", f"Kurang dari seperseribu {unit}; periksa satuannya.")
    return (
        row.values["nomor"], row.values["kontrak"], panti, item_of(row.values["barang"]), unit, row.values["tanggal"],
        row.values["jumlah"] // per, _money(row, "nilai"),
    )  # fmt: skip


HANDOVER = Plain(
    Template(
        "bast",
        "Berita acara serah terima (BAST)",
        (
            Column("nomor", text(80), help="Nomor BAST", example="BAST-03/2025"),
            Column("tanggal", day, example="2025-03-03"),
            CONTRACT,
            PANTI,
            ITEM,
            UNIT,
            Column("jumlah", quantity, help="Banyaknya yang diserahkan", example="12,5"),
            Column("nilai", rupiah, help="Rupiah menurut BAST", example="862.500"),
        ),
    ),
    "handover",
    ("number", "contract", "panti", "item", "unit", "day", "quantity", "amount"),
    ("number", "contract", "panti", "item", "unit"),
    _handover_values,
    amount="amount",
)


def _invoice_values(row: Row, desk: Desk) -> tuple[Any, ...]:
    value = row.values
    panti, contract = _panti(row, desk, "panti"), value.get("kontrak") or ""
    desk.check_day(row, "tanggal")
    desk.check_contract(row, "kontrak", contract)
    return (
        supplier_key(value["pemasok"]), value["nomor"], canonical(value["dibayar_dengan"]), value["pemasok"], folded_number(value["nomor"]),
        value["tanggal"], _money(row, "nilai"), contract, panti,
    )  # fmt: skip


INVOICE = Plain(
    Template(
        "invoice",
        "Tagihan pemasok (kuitansi, faktur)",
        (
            Column("nomor", text(80), help="Nomor tagihan seperti tertulis", example="INV-014/2025"),
            Column("tanggal", day, example="2025-03-31"),
            SUPPLIER,
            Column("nilai", rupiah, example="49.875.000"),
            Column("kontrak", text(80), required=False, help="Nomor kontrak; kosong bila tanpa kontrak", example="027/PKS-01/2025"),
            Column("panti", text(8), required=False, help="Kode panti; kosong bila beberapa", example="BM1"),
            Column("dibayar_dengan", text(80), help="Nomor SPP, SPM atau SP2D yang membayarnya", example="0093/SPM/2025"),
        ),
    ),
    "invoice",
    ("supplier_key", "number", "paid_by", "supplier", "folded", "day", "amount", "contract", "panti"),
    ("supplier_key", "number", "paid_by"),
    _invoice_values,
    amount="amount",
    roles=keys.MONEY_ROLES,
)
