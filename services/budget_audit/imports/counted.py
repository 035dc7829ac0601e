"""What is counted in a panti: portions cooked, staff, and people who came and went. A later count is a new version."""

from __future__ import annotations

from typing import Any

from services.budget_audit.imports.plain import Desk, Plain
from shared.tabular.columns import Column, Row, Template, code, day, month, whole_number_between

PANTI = Column("kode_panti", code(r"[A-Za-z0-9]{2,8}", "Kode panti"), help="Kode dari daftar panti", example="BM1")
DAY = Column("tanggal", day, example="2025-09-01")


def _panti(row: Row, desk: Desk) -> str:
    panti = str(row.values["kode_panti"]).upper()
    desk.codes.check_panti(row, panti, "kode_panti")
    return panti


def _kitchen_values(row: Row, desk: Desk) -> tuple[Any, ...]:
    desk.check_day(row, "tanggal")
    return _panti(row, desk), row.values["tanggal"], row.values["porsi"]


KITCHEN = Plain(
    Template(
        "kitchen-log",
        "Buku dapur: orang yang dimasakkan tiap hari",
        (PANTI, DAY, Column("porsi", whole_number_between(0, 100_000), help="Orang yang dimasakkan hari itu", example="116")),
    ),
    "kitchen_count",
    ("panti", "day", "portions"),
    ("panti", "day"),
    _kitchen_values,
    versioned=True,
)


def _staff_values(row: Row, desk: Desk) -> tuple[Any, ...]:
    desk.check_year(row, "bulan", int(row.values["bulan"][:4]))
    return _panti(row, desk), row.values["bulan"], row.values["petugas"]


STAFF = Plain(
    Template(
        "staff",
        "Petugas panti tiap bulan",
        (PANTI, Column("bulan", month, example="2025-09"), Column("petugas", whole_number_between(0, 10_000), example="34")),
    ),
    "staff_count",
    ("panti", "month", "staff"),
    ("panti", "month"),
    _staff_values,
    versioned=True,
)


def _movement_values(row: Row, desk: Desk) -> tuple[Any, ...]:
    desk.check_day(row, "tanggal")
    return _panti(row, desk), row.values["tanggal"], row.values["masuk"], row.values["keluar"]


MOVEMENT = Plain(
    Template(
        "movements",
        "Register masuk dan keluar panti: jumlah orang per hari",
        (
            PANTI,
            DAY,
            Column("masuk", whole_number_between(0, 10_000), help="Orang yang masuk (termasuk pindahan dan kembali)", example="2"),
            Column("keluar", whole_number_between(0, 10_000), help="Orang yang keluar (juga pindah, lari, meninggal)", example="1"),
        ),
    ),
    "movement_count",
    ("panti", "day", "arrived", "departed"),
    ("panti", "day"),
    _movement_values,
    versioned=True,
)
