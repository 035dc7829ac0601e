"""Reference data as rows that people change, never constants. Upserts; runs any number of times."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import psycopg

from shared.kernel.data import holidays, rows

KINDS = (
    # ISO 9999 codes: 12 03 12 stands in WHO's list; the others are from memory (DOMAIN.md section 3) and say so.
    ("kursi-roda-dewasa", "Kursi roda dewasa", "12 22", False),
    ("kursi-roda-anak", "Kursi roda anak", "12 22", False),
    ("alat-bantu-dengar", "Alat bantu dengar", "22 06", False),
    ("kaki-palsu", "Kaki palsu", "06 24", False),
    ("tangan-palsu", "Tangan palsu", "06 18", False),
    ("walker", "Tongkat walker", "12 06 03", False),
    ("tongkat-kaki-tiga", "Tongkat kaki tiga", "12 03 16", False),
    ("tongkat", "Tongkat", "12 03 03", False),
    ("kruk-siku", "Kruk siku", "12 03 06", False),
    ("kruk-ketiak", "Kruk ketiak", "12 03 12", True),
    ("tongkat-netra", "Tongkat netra", "12 39 03", False),
    ("sepatu-afo", "Sepatu AFO (sepasang)", "", False),
    ("kacamata", "Kacamata", "", False),
)
"""Code, name, ISO 9999 code or empty where nobody has looked it up, and whether that code is verified."""

READINESS_WORKING_DAYS = 5


def seed(connection: psycopg.Connection[tuple[object, ...]]) -> None:
    """Bring reference data up to date; rows that people added stay."""
    _upsert(connection, "kind", ("code", "name", "iso_9999", "iso_verified"), KINDS)
    cities = [
        (r["kode_kemendagri_nik"], r["nama"]) for r in rows("kabkota_bps_vs_kemendagri.csv") if r["kode_kemendagri_nik"].count(".") == 1
    ]
    places = [(f"sudin-{area}", f"Sudin Sosial {name}", area) for area, name in cities] + [
        ("dinas", "Dinas Sosial, Bidang Rehabilitasi Sosial", "31")
    ]
    _upsert(connection, "place", ("code", "name", "area"), places)
    _upsert(connection, "holiday", ("day", "name", "kind"), holidays(), keep=True)
    rules = [(code, code if code == "dinas" else code.replace("sudin-", "sudin/"), READINESS_WORKING_DAYS) for code, _, _ in places]
    _upsert(connection, "readiness_rule", ("place", "owner", "working_days"), rules, keep=True)


def _upsert(
    connection: psycopg.Connection[tuple[object, ...]], table: str, columns: tuple[str, ...], values: Sequence[Any], *, keep: bool = False
) -> None:
    """The first column is the key; ``keep`` leaves rows that are there as they are."""
    change = ", ".join(f"{column} = excluded.{column}" for column in columns[1:])
    clash = "DO NOTHING" if keep else f"({columns[0]}) DO UPDATE SET {change}"
    places = ", ".join(["%s"] * len(columns))
    with connection.cursor() as cursor:
        cursor.executemany(f"INSERT INTO {table} ({', '.join(columns)}) VALUES ({places}) ON CONFLICT {clash}".encode(), values)
