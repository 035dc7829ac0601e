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
