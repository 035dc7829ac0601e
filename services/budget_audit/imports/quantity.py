"""A quantity in a cell: whole or with at most three decimals, the Indonesian way."""

from __future__ import annotations

import re
from typing import Final

from services.budget_audit.domain.supply import MILLI
from shared.tabular.cells import Cell, CellProblem, cell_text, clean, missing
from shared.tabular.columns import CellParser

_MOST: Final = 10**9
_WRITTEN: Final = re.compile(r"(\d{1,3}(?:\.\d{3})+|\d+)(?:,(\d{1,3}))?", re.ASCII)


def _read(cell: Cell) -> int:
    if isinstance(cell, (int, float)) and not isinstance(cell, bool):
        milli = round(float(cell) * MILLI)
        if abs(float(cell) * MILLI - milli) > 0.001:
            raise CellProblem("quantity-decimals", "Paling banyak tiga angka di belakang koma.")
    else:
        written = clean(cell_text(cell))
        if not written:
            raise missing()
        found = _WRITTEN.fullmatch(written)
        if found is None:
            raise CellProblem("quantity-unclear", "Tulis banyaknya dengan angka saja, misalnya 1.250 atau 12,5; satuannya di kolom satuan.")
        milli = int(found[1].replace(".", "")) * MILLI + int((found[2] or "0").ljust(3, "0"))
    if not 0 < milli <= _MOST * MILLI:
        raise CellProblem("quantity-range", "Banyaknya harus lebih dari nol.")
    return milli


quantity = CellParser(_read, "number")
"""Thousandths of the unit. ``12.5`` is refused: it may be 125 or 12,5."""
