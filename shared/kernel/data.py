"""Where the reference files of ``data/`` are (their licences: ``data/README.md``)."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from datetime import date
from pathlib import Path

FOLDER = Path(__file__).resolve().parents[2] / "data"


def rows(name: str) -> Iterator[dict[str, str]]:
    """The rows of ``data/<name>``, by header."""
    with (FOLDER / name).open(encoding="utf-8", newline="") as file:
        yield from csv.DictReader(file)


def holidays() -> list[tuple[date, str, str]]:
    """Day, name and kind (``libur_nasional`` or ``cuti_bersama``) as the decrees of the three ministers name them, 2025 to 2027."""
    files = ("hari_libur_2025.csv", "hari_libur_2026_2027.csv")
    return [(date.fromisoformat(row["tanggal"]), row["nama"], row["jenis"]) for file in files for row in rows(file)]


PANTI_CODES = {
    "Panti Sosial Asuhan Anak Balita Tunas Bangsa": "TB",
    "PSAA Putra Utama 1 Klender": "PU1",
    "PSAA Putra Utama 2": "PU2",
    "PSAA Putra Utama 3": "PU3",
    "PSAA Putra Utama 4": "PU4",
    "PSAA Putra Utama 5": "PU5",
    "PSAA Putra Utama 6": "PU6",
    "PSBR Taruna Jaya": "TJ",
    "PSTW Budi Mulia 1": "BM1",
    "PSTW Budi Mulia 2": "BM2",
    "PSTW Budi Mulia 3": "BM3",
    "PSTW Budi Mulia 4": "BM4",
    "PSTW Usada Mulia 5": "UM5",
    "PSB Daksa Budi Bhakti": "DBB",
    "PSB Grahita Belaian Kasih": "BK",
    "PSBL Harapan Sentosa 1": "HS1",
    "PSBL Harapan Sentosa 2": "HS2",
    "PSBL Harapan Sentosa 3": "HS3",
    "PSBL Harapan Sentosa 4": "HS4",
    "PS Pamardi Putra Khusnul Khotimah": "KK",
}
"""Short codes of our own: the published table has names only."""

PANTI_SOURCE = "RAD PK DKI 2015-2017, tabel 17"


def panti() -> list[tuple[str, str, str, int, str]]:
    """Code, name, for whom, places, source: the 20 of 22 panti that a published table names."""
    return [
        (PANTI_CODES[row["nama"]], row["nama"], row["sasaran_wbs"], int(row["daya_tampung_orang"]), PANTI_SOURCE)
        for row in rows("panti_daya_tampung_2015.csv")
    ]
