"""Where the reference files of ``data/`` are (their licences: ``data/README.md``)."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from pathlib import Path

FOLDER = Path(__file__).resolve().parents[2] / "data"


def rows(name: str) -> Iterator[dict[str, str]]:
    """The rows of ``data/<name>``, by header."""
    with (FOLDER / name).open(encoding="utf-8", newline="") as file:
        yield from csv.DictReader(file)
