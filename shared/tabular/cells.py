"""One cell: what it may hold, its words for people, and what may be said when it is wrong."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable
from datetime import date, datetime, time, timedelta
from typing import Any

Cell = str | float | int | bool | date | datetime | time | timedelta | None
"""A cell as a reader gives it: text from CSV, also numbers, dates and truth values from XLSX; "" or None is empty."""

Parser = Callable[[Cell], Any]
"""Turns a cell that is not empty into a value, or raises `CellProblem`."""

EXACT_BELOW = 2**53
"""From here on a spreadsheet number no longer holds every digit."""

_SPACES = re.compile(r"\s+")
_INVISIBLE = dict.fromkeys(map(ord, "\u200b\u200c\u200d\u2060\ufeff\u00ad\u200e\u200f"))
_FORMULA_STARTS = frozenset("=+-@\t\r\n\uff1d\uff0b\uff0d\uff20")
_TEXT_FORMULA = re.compile(r'="([^"]*)"')


class CellProblem(Exception):
    """The cell cannot be taken as it is (or, as a warning, was taken and should be looked at).

    `message` is for the clerk, in Bahasa Indonesia, and never repeats the cell itself: it may be somebody's NIK.
    With `warning`, `value` is the value that was read.
    """

    def __init__(self, code: str, message: str, *, warning: bool = False, value: Any = None) -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.warning = warning
        self.value = value


def missing() -> CellProblem:
    """The cell holds nothing but blanks."""
    return CellProblem("missing", "Sel wajib ini kosong.")


def clean(text: str) -> str:
    """Text without the blanks, invisible characters and protective apostrophe that office programs put around it.

    `="0123"` (how some programs keep a number as text in CSV) gives `0123`.
    """
    if not text.isascii():
        text = unicodedata.normalize("NFC", text.translate(_INVISIBLE))
    text = text.strip()
    if text[:1] == "'" and (text[1:2] in _FORMULA_STARTS or text[1:2].isdigit()):
        text = text[1:].strip()
    if text[:2] == '="':
        quoted = _TEXT_FORMULA.fullmatch(text)
        if quoted:
            text = quoted.group(1).strip()
    return text


def one_line(text: str) -> str:
    """Every run of blanks and line breaks as one space."""
    return _SPACES.sub(" ", text)


def cell_text(cell: Cell) -> str:
    """The cell as the text that stands for it in a file to mend; without NUL, which no database text holds."""
    if isinstance(cell, str):
        return cell.replace("\0", "")
    if cell is None:
        return ""
    if isinstance(cell, bool):
        return "ya" if cell else "tidak"
    if isinstance(cell, float) and cell.is_integer() and abs(cell) < 1e21:
        return str(int(cell))
    if isinstance(cell, datetime) and cell.time() == time(0):
        return cell.date().isoformat()
    return str(cell)


def mask(cell: Cell) -> str:
    """The first four characters at most, and never more than half: enough to find the cell, not to learn it."""
    text = cell_text(cell).strip()
    if not text:
        return ""
    return text[: min(4, len(text) // 2)] + "…"


def harmless(text: str) -> str:
    """Text that a spreadsheet will not run as a formula, and whose digits it will not round.

    A leading `= + - @`, tab or line break (full-width forms too) gets an apostrophe in front, as do long numbers and
    numbers with a leading zero: opened in a spreadsheet, a bare NIK would lose its last digit. `clean` takes the
    apostrophe off again.
    """
    if not text.strip():
        return ""
    bare = text.lstrip(" \u00a0")
    if bare[0] in _FORMULA_STARTS:
        return "'" + text
    if bare.isdigit() and (len(bare) >= 12 or (len(bare) > 1 and bare[0] == "0")):
        return "'" + bare
    return text
