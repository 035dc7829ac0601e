"""Ready parsers for the cells that offices send.

Troubles O5 (a spreadsheet keeps 15 digits) and O6 (Indonesian money) are answered here: a number that may have lost a
digit is refused, never repaired; an amount is read whole or not at all.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, time, timedelta
from typing import Any, Final, Literal

from shared.tabular.cells import EXACT_BELOW, Cell, CellProblem, Parser, cell_text, clean, missing, one_line
from shared.tabular.dates import read_day, read_month

Kind = Literal["text", "digits", "code", "money", "number", "day", "month", "choice"]

_CONTROL: Final = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")
_E_NOTATION: Final = re.compile(r"[+-]?\d+(?:[.,]\d+)?[eE][+-]?\d+", re.ASCII)
_NOT_A_NUMBER_SIGN: Final = " \t\u00a0'\"`’‘“”"
_MAX_RUPIAH: Final = 10**15
_SMALLEST_USUAL_AMOUNT: Final = 1_000

_CURRENCY: Final = re.compile(r"(?:rp|idr)\.?\s*", re.IGNORECASE)
_INDONESIAN: Final = re.compile(r"(\d+|[1-9]\d{0,2}(?:\.\d{3})+)(?:,00?|\s?[.,]\s?[-–]{1,2})?", re.ASCII)
_ENGLISH: Final = re.compile(r"([1-9]\d{0,2}(?:,\d{3})+)(?:\.00?)?", re.ASCII)
_MACHINE: Final = re.compile(r"(\d{4,})\.00", re.ASCII)
_FRACTION: Final = re.compile(r"(?:\d+|\d{1,3}(?:[.,]\d{3})+)[.,]\d{1,2}", re.ASCII)
_SPACED: Final = re.compile(r"[1-9]\d{0,2}(?: \d{3})+(?:,00)?", re.ASCII)

_GOOD_NIK: Final = re.compile(r"\d{6}(?:0[1-9]|[12]\d|3[01]|4[1-9]|[56]\d|7[01])(?:0[1-9]|1[0-2])\d{6}", re.ASCII).fullmatch
"""16 digits whose birth date is plausible: the day is 1 to 31, or for women 41 to 71."""
_GOOD_ACCOUNT: Final = re.compile(r"\d{5,20}", re.ASCII).fullmatch
_GOOD_RUPIAH: Final = re.compile(r"[1-9]\d{3,14}", re.ASCII).fullmatch


@dataclass(frozen=True, slots=True)
class CellParser:
    """A parser that can also say what it wants, so that a template may be drawn from it.

    `guards_digits`: the reader watches over the whole column for digits that a spreadsheet has dropped.
    """

    read: Parser
    kind: Kind
    choices: tuple[str, ...] = ()
    guards_digits: bool = False

    def __call__(self, cell: Cell) -> Any:
        return self.read(cell)


def _number_cell(cell: Cell) -> float | None:
    """The number in a cell that is a number and not a truth value."""
    if isinstance(cell, (int, float)) and not isinstance(cell, bool):
        return float(cell)
    return None


def _as_text(cell: Cell) -> str:
    """The cell's text; whole numbers as they are shown. Dates are refused: what was typed is gone."""
    if isinstance(cell, str):
        text = clean(cell)
        if not text:
            raise missing()
        return text
    if isinstance(cell, (date, time, timedelta)):
        raise CellProblem("date-cell", "Sel ini berubah menjadi tanggal. Ubah format kolom menjadi teks, lalu ketik ulang isinya.")
    if isinstance(cell, float) and (not cell.is_integer() or abs(cell) >= EXACT_BELOW):
        raise CellProblem("number-cell", "Sel berisi angka pecahan, bukan teks. Ubah format kolom menjadi teks.")
    return cell_text(cell)


def text(max_length: int = 200) -> CellParser:
    """Free text on one line, at most `max_length` characters."""

    def read(cell: Cell) -> str:
        value = _as_text(cell)
        if value.isprintable() and "  " not in value:
            pass
        elif _CONTROL.search(value):
            raise CellProblem("control-character", "Sel berisi karakter yang tidak terlihat. Ketik ulang isinya.")
        else:
            value = one_line(value)
        if value[0] == "=":
            raise CellProblem("formula", "Sel berisi rumus. Tempel sebagai nilai.")
        if len(value) > max_length:
            raise CellProblem("too-long", f"Isi terlalu panjang: {len(value)} karakter, paling banyak {max_length}.")
        return value

    return CellParser(read, "text")


def _digits_from_number(number: float, slug: str, what: str) -> tuple[str, CellProblem | None]:
    """Digits of a numeric cell, with the warning that goes with them; refused where a digit may be gone (O5)."""
    if number < 0 or not number.is_integer():
        raise CellProblem(f"{slug}-not-digits", f"{what} harus terdiri dari angka saja.")
    if number >= EXACT_BELOW:
        raise CellProblem(
            f"{slug}-last-digit-lost",
            f"{what} tersimpan sebagai bilangan yang terlalu besar: angka terakhir mungkin hilang. "
            "Ubah format kolom menjadi teks, lalu salin ulang dari sumbernya.",
        )
    value = str(int(number))
    if len(value) > 15 and value[-1] == "0":
        raise CellProblem(
            f"{slug}-last-digit-lost",
            f"{what} tersimpan sebagai bilangan dan berakhir 0: angka terakhir mungkin hilang. "
            "Ubah format kolom menjadi teks, lalu salin ulang dari sumbernya.",
        )
    return value, CellProblem(
        f"{slug}-number-cell",
        f"{what} tersimpan sebagai bilangan, bukan teks. Angkanya masih utuh; periksa dan pakai format teks.",
        warning=True,
        value=value,
    )


def _digits_from_cell(cell: Cell, slug: str, what: str, separators: str) -> tuple[str, CellProblem | None]:
    number = _number_cell(cell)
    if number is not None:
        return _digits_from_number(number, slug, what)
    if isinstance(cell, (date, time, timedelta)):
        raise CellProblem("date-cell", f"Sel {what} berubah menjadi tanggal. Ubah format kolom menjadi teks.")
    value = clean(cell_text(cell)).strip(_NOT_A_NUMBER_SIGN)
    if not value:
        raise missing()
    if _E_NOTATION.fullmatch(value):
        raise CellProblem(
            f"{slug}-e-notation",
            f"{what} tertulis sebagai bilangan ilmiah (seperti 3,17E+15): angkanya sudah hilang. "
            "Ubah format kolom menjadi teks, lalu salin ulang dari sumbernya.",
        )
    for separator in separators:
        value = value.replace(separator, "")
    if not (value.isascii() and value.isdigit()):
        raise CellProblem(f"{slug}-not-digits", f"{what} harus terdiri dari angka saja.")
    return value, None


def digits(length: int, what: str = "NIK") -> CellParser:
    """A number of exactly `length` digits that is not a quantity; its value is text.

    Quotes, apostrophes and blanks around it are dropped. A NIK whose birth date digits are implausible passes with a
    warning, since it does not change when a birth date is corrected.
    """
    slug = what.lower().replace(" ", "-")
    is_nik = what == "NIK" and length == 16
    exact = re.compile(rf"\d{{{length}}}", re.ASCII).fullmatch
    good = _GOOD_NIK if is_nik else exact

    def read(cell: Cell) -> str:
        if isinstance(cell, str) and good(cell):
            return cell
        if isinstance(cell, str) and exact(cell):
            value: str = cell
            warning = None
        else:
            value, warning = _digits_from_cell(cell, slug, what, " \u00a0")
            if len(value) != length:
                raise CellProblem(f"{slug}-length", f"{what} harus {length} angka; sel ini berisi {len(value)} angka.")
        if is_nik and not good(value):
            raise CellProblem(
                f"{slug}-date-implausible",
                "Angka tanggal lahir di dalam NIK tidak lazim. Baris tetap diterima; periksa bila perlu.",
                warning=True,
                value=value,
            )
        if warning is not None:
            raise warning
        return value

    # Shorter numbers fit a spreadsheet whole: their last digit is 0 by chance only.
    return CellParser(read, "digits", guards_digits=length > 15)


def _read_account_number(cell: Cell) -> str:
    if isinstance(cell, str) and _GOOD_ACCOUNT(cell):
        return cell
    what = "Nomor rekening"
    value, warning = _digits_from_cell(cell, "account", what, " \u00a0-.")
    if not 5 <= len(value) <= 20:
        raise CellProblem("account-length", f"{what} harus 5 sampai 20 angka; sel ini berisi {len(value)} angka.")
    if warning is not None:
        warning.message = f"{what} tersimpan sebagai bilangan: nol di depan mungkin hilang. Periksa, pakai format teks."
        raise warning
    return value


def _rupiah_from_number(number: float) -> int:
    if number < 0:
        raise CellProblem("money-negative", "Jumlah uang tidak boleh negatif.")
    if not number.is_integer():
        raise CellProblem("money-fraction", "Jumlah uang harus rupiah bulat, tanpa pecahan.")
    if number >= _MAX_RUPIAH:
        raise CellProblem("money-too-large", "Jumlah uang terlalu besar.")
    return int(number)


def _rupiah_from_text(text: str) -> int:
    value = _CURRENCY.sub("", text.replace("\u00a0", " "), count=1)
    if _SPACED.fullmatch(value):
        value = value.replace(" ", "")
    if found := _INDONESIAN.fullmatch(value):
        amount = found[1].replace(".", "")
    elif found := _MACHINE.fullmatch(value):
        amount = found[1]
    elif found := _ENGLISH.fullmatch(value):
        amount = found[1].replace(",", "")
    elif value[:1] in {"-", "−", "("} and any(letter.isdigit() for letter in value):
        raise CellProblem("money-negative", "Jumlah uang tidak boleh negatif.")
    elif _E_NOTATION.fullmatch(value):
        raise CellProblem("money-e-notation", "Jumlah uang tertulis sebagai bilangan ilmiah (E+). Tulis angka penuh.")
    elif _FRACTION.fullmatch(value):
        raise CellProblem("money-fraction", "Jumlah uang harus rupiah bulat. Tulis seperti 300000 atau 300.000.")
    else:
        raise CellProblem("money-unreadable", "Jumlah uang tidak terbaca. Tulis seperti 300000 atau 300.000.")
    if len(amount) > 15:
        raise CellProblem("money-too-large", "Jumlah uang terlalu besar.")
    return int(amount)


def _read_rupiah(cell: Cell) -> int:
    if isinstance(cell, str) and _GOOD_RUPIAH(cell):
        return int(cell)
    number = _number_cell(cell)
    if number is not None:
        amount = _rupiah_from_number(number)
    elif isinstance(cell, str):
        text = clean(cell)
        if not text:
            raise missing()
        amount = _rupiah_from_text(text)
    else:
        raise CellProblem("money-unreadable", "Sel ini bukan jumlah uang. Tulis seperti 300000 atau 300.000.")
    if 0 < amount < _SMALLEST_USUAL_AMOUNT:
        # An English spreadsheet makes the number 300 of a typed 300.000; nothing in the file tells it any more.
        raise CellProblem(
            "money-small",
            "Jumlah uang kurang dari seribu rupiah. Periksa: 300.000 dapat terbaca 300 oleh lembar kerja.",
            warning=True,
            value=amount,
        )
    return amount


def whole_number_between(low: int, high: int) -> CellParser:
    """A count from `low` to `high`, both included."""
    grouped = re.compile(r"-?(?:\d+|[1-9]\d{0,2}(?:\.\d{3})+)(?:,0+)?", re.ASCII)

    def read(cell: Cell) -> int:
        number = _number_cell(cell)
        if number is None:
            if not isinstance(cell, str):
                raise CellProblem("number-unreadable", "Sel ini bukan bilangan bulat.")
            written = clean(cell)
            if not written:
                raise missing()
            if not grouped.fullmatch(written) or len(written) > 25:
                raise CellProblem("number-unreadable", "Isi sel bukan bilangan bulat. Tulis angka saja.")
            value = int(written.split(",")[0].replace(".", ""))
        elif not number.is_integer():
            raise CellProblem("number-fraction", "Bilangan harus bulat, tanpa pecahan.")
        else:
            value = int(number)
        if not low <= value <= high:
            raise CellProblem("number-range", f"Bilangan harus antara {low} dan {high}.")
        return value

    return CellParser(read, "number")


def _folded(text: str) -> str:
    return one_line(text).casefold().replace("_", " ")


def choice(options: Mapping[str, Any]) -> CellParser:
    """One of the words that the office uses, as the value that it stands for; capitals and blanks do not matter."""
    known = {_folded(word): value for word, value in options.items()}
    exactly = dict(options)
    words = tuple(options)
    listed = ", ".join(words[:12]) + (", …" if len(words) > 12 else "")

    def read(cell: Cell) -> Any:
        if isinstance(cell, str) and cell in exactly:
            return exactly[cell]
        written = _folded(_as_text(cell))
        if written not in known:
            raise CellProblem("unknown-choice", f"Isi sel tidak dikenal. Pilih salah satu: {listed}.")
        return known[written]

    return CellParser(read, "choice", choices=words)


def code(pattern: str, what: str) -> CellParser:
    """A code that matches `pattern` whole, such as an area or budget code; its value is text."""
    matches = re.compile(pattern, re.ASCII).fullmatch

    def read(cell: Cell) -> str:
        if isinstance(cell, str) and matches(cell):
            return cell
        hint = "" if isinstance(cell, str) else " Kolom ini harus berformat teks: nol di depan atau di belakang hilang."
        if isinstance(cell, float) and not cell.is_integer():
            raise CellProblem("code-invalid", f"{what} tersimpan sebagai bilangan.{hint}")
        value = _as_text(cell)
        if not matches(value):
            raise CellProblem("code-invalid", f"{what} tidak sesuai bentuknya.{hint}")
        return value

    return CellParser(read, "code")


_YES_NO: Final = {"ya": True, "tidak": False}
_MORE_YES_NO: Final = {
    **dict.fromkeys(("ya", "y", "sudah", "1", "true", "benar", "yes"), True),
    **dict.fromkeys(("tidak", "t", "belum", "0", "false", "salah", "no", "n"), False),
}


def _read_yes_no(cell: Cell) -> bool:
    if isinstance(cell, bool):
        return cell
    if isinstance(cell, str) and cell in _YES_NO:
        return _YES_NO[cell]
    value = _MORE_YES_NO.get(_folded(_as_text(cell)))
    if value is None:
        raise CellProblem("unknown-choice", "Isi sel harus ya atau tidak.")
    return value


account_number: Final = CellParser(_read_account_number, "digits")
"""A bank account: 5 to 20 digits as text; blanks, dots and hyphens between them are dropped."""

rupiah: Final = CellParser(_read_rupiah, "money")
"""Whole rupiah as int, 0 or more.

300000, 300.000, 300.000,00, Rp 300.000, 300.000,-, 300,000 and 300000.00 are the same; a fraction, a minus or anything
else is a problem. An amount below Rp1.000 passes with a warning."""

whole_number: Final = whole_number_between(0, 10**9)
"""A count from 0 to one billion."""

day: Final = CellParser(read_day, "day")
"""A calendar day as `date`."""

month: Final = CellParser(read_month, "month")
"""A month as text 'YYYY-MM'."""

yes_no: Final = CellParser(_read_yes_no, "choice", choices=tuple(_YES_NO))
"""ya or tidak (also sudah, belum, 1, 0) as bool."""
