"""Reference data as rows that people change, never constants. Upserts; runs any number of times."""

from __future__ import annotations

from datetime import date
from typing import Any

import psycopg

from services.budget_audit.domain.detectors import beyond_spd
from services.budget_audit.domain.detectors import food_differs_from_resident_days as food
from services.budget_audit.domain.detectors import goods_differ_from_sp2d as goods
from services.budget_audit.domain.detectors import over_ceiling as over
from services.budget_audit.domain.detectors import settled_differs_from_sp2d as settled
from shared.kernel.data import holidays, panti, rows

FOREVER = date(9999, 12, 31)

PROGRAMMES = (("KLJ", "Kartu Lansia Jakarta"), ("KPDJ", "Kartu Penyandang Disabilitas Jakarta"), ("KAJ", "Kartu Anak Jakarta"))

FOOD_ACCOUNTS = (
    # 0043 (natura) is a verified code; that residents' food is booked on it is our reading.
    ("5.1.02.01.01.0043", date(2021, 1, 1), FOREVER, True, "Natura dan pakan: dipakai untuk makan warga binaan"),
    # 0057 is known from memory only (DOMAIN.md, Codes): findings that count it say so.
    ("5.1.02.01.01.0057", date(2021, 1, 1), FOREVER, False, "Makan pada fasilitas pelayanan urusan sosial: belum terverifikasi"),
)
"""Account codes that are residents' food. 0052 (meetings), 0053 (guests), 0055 and 0056 (education, health) are not."""

FOOD_FOR_OTHERS = (
    # DOMAIN.md, Codes: verified names.
    ("5.1.02.01.01.0052", date(2021, 1, 1), FOREVER, "makanan dan minuman rapat"),
    ("5.1.02.01.01.0053", date(2021, 1, 1), FOREVER, "jamuan tamu"),
    ("5.1.02.01.01.0055", date(2021, 1, 1), FOREVER, "makan pada fasilitas pendidikan"),
    ("5.1.02.01.01.0056", date(2021, 1, 1), FOREVER, "makan pada fasilitas kesehatan"),
)
"""Account codes that are somebody else's food: a panti's month booked there is on the wrong account."""

FOOD_CEILINGS = (
    (date(2010, 1, 1), date(2017, 12, 31), 25_000, "Pergub 437/2010"),
    (date(2018, 1, 1), FOREVER, 40_000, "Pagu makan per orang per hari sejak 2018"),
)
"""Highest price of one resident's food for one day, in rupiah."""

MISMATCH_RULES = (
    (settled.CODE, "bendahara-pengeluaran", 10),
    (food.CODE, "panti/{panti}", 10),
    (goods.CODE, "bidang-rehsos", 10),
    (over.CODE, "bendahara-pengeluaran", 10),
    (over.DROPPED, "bendahara-pengeluaran", 10),
    (beyond_spd.CODE, "bendahara-pengeluaran", 10),
    ("minutes_from_contract_value", "pejabat-pembuat-komitmen", 10),
    ("item_not_in_contract", "pejabat-pembuat-komitmen", 10),
    ("unit_differs_from_contract", "pejabat-pembuat-komitmen", 10),
    ("price_above_ssh", "pejabat-pembuat-komitmen", 10),
    ("financial_against_physical", "pejabat-pembuat-komitmen", 10),
    ("invoice_twice", "bendahara-pengeluaran", 10),
    ("split_under_limit", "pejabat-pengadaan", 10),
    ("one_supplier_many_panti", "pejabat-pengadaan", 10),
    ("round_numbers", "panti/{panti}", 10),
    ("year_end_rush", "panti/{panti}", 10),
    ("portions_for_capacity", "panti/{panti}", 10),
    ("residents_after_release", "panti/{panti}", 10),
    ("wrong_account", "bendahara-pengeluaran", 10),
    ("plan_deviation_month", "bendahara-pengeluaran", 10),
    ("plan_deviation_to_date", "bendahara-pengeluaran", 10),
    ("slow_absorption", "bendahara-pengeluaran", 10),
    ("unit_cost_out_of_line", "panti/{panti}", 10),
)
"""Office that must answer, and the working days it has (USERS.md, auditor, step 5)."""


def seed(connection: psycopg.Connection[tuple[object, ...]]) -> None:
    """Bring reference data up to date; rows that people added stay."""
    _upsert(connection, "programme", ("code", "name"), PROGRAMMES)
    accounts = [(r["kode"], r["nama"], r["status"]) for r in rows("kode_rekening_contoh.csv")]
    _upsert(connection, "account_code", ("code", "name", "status"), accounts)
    activities = [(r["kode_kegiatan"], r["nama"]) for r in rows("kode_kegiatan_urusan_sosial_provinsi.csv")]
    _upsert(connection, "activity_code", ("code", "name"), activities)
    _upsert(connection, "panti", ("code", "name", "target", "capacity", "source"), panti())
    _upsert(connection, "holiday", ("day", "name", "kind"), holidays(), keep=True)
    # What people may change is filled in once and then left alone.
    _upsert(connection, "food_account", ("code", "from_day", "to_day", "verified", "note"), FOOD_ACCOUNTS, keep=True)
    _upsert(connection, "food_ceiling", ("from_day", "to_day", "price", "source"), FOOD_CEILINGS, keep=True)
    _upsert(connection, "food_for_others", ("code", "from_day", "to_day", "note"), FOOD_FOR_OTHERS, keep=True)
    _upsert(connection, "mismatch_rule", ("code", "owner", "working_days"), MISMATCH_RULES, keep=True)


def _upsert(
    connection: psycopg.Connection[tuple[object, ...]],
    table: str,
    columns: tuple[str, ...],
    values: Any,
    *,
    keep: bool = False,
) -> None:
    """The first column is the key; ``keep`` leaves rows that are there as they are."""
    change = ", ".join(f"{column} = excluded.{column}" for column in columns[1:])
    clash = "DO NOTHING" if keep else f"DO UPDATE SET {change}"
    target = "" if keep else f"({columns[0]})"
    places = ", ".join(["%s"] * len(columns))
    with connection.cursor() as cursor:
        cursor.executemany(
            f"INSERT INTO {table} ({', '.join(columns)}) VALUES ({places}) ON CONFLICT {target} {clash}".encode(), list(values)
        )
