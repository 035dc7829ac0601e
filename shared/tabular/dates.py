"""Days and months as offices write them."""

from __future__ import annotations

import re
from datetime import date, datetime, time
from typing import Final

from shared.tabular.cells import Cell, CellProblem, clean, missing

_MONTH_NAMES: Final = {
    name: number
    for number, names in enumerate(
        (
            "januari jan january",
            "februari feb pebruari february",
            "maret mar mrt march",
            "april apr",
            "mei may",
            "juni jun june",
            "juli jul july",
            "agustus agu ags agt aug august",
            "september sep sept",
            "oktober okt oct october",
            "november nov nop nopember",
            "desember des dec december",
        ),
        start=1,
    )
    for name in names.split()
}
_ISO_DAY: Final = re.compile(r"(\d{4})-(\d{1,2})-(\d{1,2})(?:[ T]00:00(?::00(?:\.0+)?)?)?", re.ASCII)
_LOCAL_DAY: Final = re.compile(r"(\d{1,2})([/.\-])(\d{1,2})\2(\d{4})(?: 00:00(?::00)?)?", re.ASCII)
_NAMED_DAY: Final = re.compile(r"(\d{1,2})[ \-]+([A-Za-z]+)\.?[ \-,]+(\d{4})", re.ASCII)
_SHORT_YEAR: Final = re.compile(r"\d{1,2}[/.\- ]+(?:\d{1,2}|[A-Za-z]+)[/.\- ]+\d{2}", re.ASCII)
_ISO_MONTH: Final = re.compile(r"(\d{4})[-/](\d{1,2})", re.ASCII)
_LOCAL_MONTH: Final = re.compile(r"(\d{1,2})[-/](\d{4})", re.ASCII)
_NAMED_MONTH: Final = re.compile(r"([A-Za-z]+)\.?[ \-]+(\d{4})", re.ASCII)

_FIRST_YEAR: Final = 1900
_LAST_YEAR: Final = 2100
_CACHE_MAX: Final = 20_000
_seen: dict[str, date] = {}

_DAY_HELP = "Tulis sebagai 2025-09-10, 10/09/2025 atau 10 September 2025."
_MONTH_HELP = "Tulis sebagai 2025-09, 09/2025 atau September 2025."


def _month_number(name: str) -> int:
    number = _MONTH_NAMES.get(name.lower())
    if number is None:
        raise CellProblem("date-month-name", f"Nama bulan tidak dikenal. {_DAY_HELP}")
    return number


def _date(year: int, month: int, day: int) -> date:
    if not _FIRST_YEAR <= year <= _LAST_YEAR:
        raise CellProblem("date-year", f"Tahun {year} di luar {_FIRST_YEAR} sampai {_LAST_YEAR}.")
    if not 1 <= month <= 12:
        raise CellProblem("date-invalid", f"Bulan {month} tidak ada. Urutannya hari, bulan, tahun. {_DAY_HELP}")
    try:
        return date(year, month, day)
    except ValueError:
        raise CellProblem("date-invalid", f"Tanggal {day} tidak ada pada bulan {month} tahun {year}.") from None


def _day_from_text(text: str) -> date:
    if found := _ISO_DAY.fullmatch(text):
        return _date(int(found[1]), int(found[2]), int(found[3]))
    if found := _LOCAL_DAY.fullmatch(text):
        return _date(int(found[4]), int(found[3]), int(found[1]))
    if found := _NAMED_DAY.fullmatch(text):
        return _date(int(found[3]), _month_number(found[2]), int(found[1]))
    if _SHORT_YEAR.fullmatch(text):
        raise CellProblem("date-short-year", f"Tahun harus ditulis empat angka. {_DAY_HELP}")
    if text.replace(".", "", 1).isdigit():
        raise CellProblem("date-number", f"Sel berisi angka biasa, bukan tanggal. {_DAY_HELP}")
    raise CellProblem("date-unreadable", f"Isi sel tidak terbaca sebagai tanggal. {_DAY_HELP}")


def read_day(cell: Cell) -> date:
    """A calendar day. Day before month, as in Indonesia; a two-digit year and a bare number are refused."""
    if isinstance(cell, str):
        known = _seen.get(cell)
        if known is not None:
            return known
        text = clean(cell)
        if not text:
            raise missing()
        value = _day_from_text(text)
        if len(_seen) < _CACHE_MAX:
            _seen[cell] = value
        return value
    if isinstance(cell, datetime):
        if cell.time() != time(0):
            raise CellProblem("date-with-time", f"Sel berisi tanggal dengan jam. {_DAY_HELP}")
        return _date(cell.year, cell.month, cell.day)
    if isinstance(cell, date):
        return _date(cell.year, cell.month, cell.day)
    raise CellProblem("date-number", f"Sel berisi angka biasa, bukan tanggal. {_DAY_HELP}")


def _month(year: int, month: int) -> str:
    if not _FIRST_YEAR <= year <= _LAST_YEAR or not 1 <= month <= 12:
        raise CellProblem("month-invalid", f"Bulan ini tidak ada. {_MONTH_HELP}")
    return f"{year:04d}-{month:02d}"


def read_month(cell: Cell) -> str:
    """A month as 'YYYY-MM'. A date cell counts if it is the first of its month: spreadsheets make one of 'Sep 2025'."""
    if isinstance(cell, str):
        text = clean(cell)
        if not text:
            raise missing()
        if found := _ISO_MONTH.fullmatch(text):
            return _month(int(found[1]), int(found[2]))
        if found := _LOCAL_MONTH.fullmatch(text):
            return _month(int(found[2]), int(found[1]))
        if (found := _NAMED_MONTH.fullmatch(text)) and found[1].lower() in _MONTH_NAMES:
            return _month(int(found[2]), _MONTH_NAMES[found[1].lower()])
        if not _ISO_DAY.fullmatch(text):
            raise CellProblem("month-unreadable", f"Isi sel tidak terbaca sebagai bulan. {_MONTH_HELP}")
        cell = _day_from_text(text)
    if isinstance(cell, date):
        if cell.day != 1:
            raise CellProblem("month-from-day", f"Sel berisi tanggal, bukan bulan. {_MONTH_HELP}")
        return _month(cell.year, cell.month)
    raise CellProblem("month-unreadable", f"Sel berisi angka biasa, bukan bulan. {_MONTH_HELP}")
