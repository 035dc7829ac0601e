"""How a bank writes what it sends back, as data: its own columns, widths, signs and dates instead of the published ones.

One template per direction (results of payments, statement of the holding account), agreed by two people for a day. What a code of
the bank means is not said here: that is the signed table of codes, and a code that is not in it is never "failed".
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any, Final

from services.disbursement.domain.column_template import TemplateWrong

RESULTS: Final = "template_results"
STATEMENT: Final = "template_statement"

ROW_FIELDS: Final[Mapping[str, tuple[str, ...]]] = {
    RESULTS: ("reference", "account_number", "amount", "code", "day"),
    STATEMENT: ("day", "reference", "credit", "debit", "amount", "side", "words"),
}
FRAME_FIELDS: Final[Mapping[str, tuple[str, ...]]] = {
    RESULTS: ("batch_code", "part", "parts", "count", "sum", "day"),
    STATEMENT: ("count",),
}
"""What the rows before and after may say; the control totals of a statement are typed from its signed paper."""
ENCODINGS: Final = ("utf-8", "ascii", "iso-8859-1", "cp1252")
_AS_THEY_ARE: Final = ("reference", "account_number", "code", "batch_code", "words")
_LENGTH_MAX: Final = 400
_SKIP_MAX: Final = 20


class Unreadable(Exception):
    """A value is not written as agreed. ``why`` is a stable word."""

    def __init__(self, why: str) -> None:
        super().__init__(why)
        self.why = why


@dataclass(frozen=True, slots=True)
class Slot:
    """One column: a field of ours, or what is passed over where ``field`` is empty (with ``value``: it must say exactly this).

    ``keep``: so many signs at the value's side of the column are ours, and the others are filler: how a number whose own leading
    zeros count stands in a wider column of zeros.
    """

    field: str = ""
    title: str = ""
    value: str = ""
    length: int = 0
    align: str = "left"
    fill: str = " "
    keep: int = 0


@dataclass(frozen=True, slots=True)
class AmountForm:
    """``decimals`` digits behind ``decimal``; where ``decimal`` is empty they stand at the end without a sign (implied)."""

    thousands: str = ""
    decimal: str = ""
    decimals: int = 0

    def read(self, written: str) -> int:
        """Rupiah. Raise Unreadable ``amount-form``, or ``amount-cents`` where it is not whole rupiah."""
        digits = written
        if self.thousands:
            whole, sign, fraction = digits.partition(self.decimal) if self.decimal else (digits, "", "")
            if self.thousands in whole and not re.fullmatch(rf"\d{{1,3}}({re.escape(self.thousands)}\d{{3}})+", whole, re.ASCII):
                raise Unreadable("amount-form")
            digits = whole.replace(self.thousands, "") + sign + fraction
        fraction = ""
        if self.decimals:
            if self.decimal:
                digits, sign, fraction = digits.partition(self.decimal)
                if not sign or len(fraction) != self.decimals:
                    raise Unreadable("amount-form")
            else:
                digits, fraction = digits[: -self.decimals], digits[-self.decimals :]
        if not re.fullmatch(r"0*\d{1,15}", digits, re.ASCII) or (fraction and not re.fullmatch(r"\d+", fraction, re.ASCII)):
            raise Unreadable("amount-form")
        if fraction.strip("0"):
            raise Unreadable("amount-cents")
        return int(digits[-15:])


@dataclass(frozen=True)
class DayForm:
    """``DD/MM/YYYY``, ``YYYYMMDD``, ``YYMMDD`` (of this century)."""

    pattern: str = "YYYY-MM-DD"

    def read(self, written: str) -> date:
        """Raise Unreadable ``date-form`` or ``date-invalid``."""
        found = re.fullmatch(self._regex, written, re.ASCII)
        if found is None:
            raise Unreadable("date-form")
        year = int(found["Y"])
        try:
            return date(year if "YYYY" in self.pattern else 2000 + year, int(found["M"]), int(found["D"]))
        except ValueError:
            raise Unreadable("date-invalid") from None

    @property
    def problem(self) -> str:
        rest = self.pattern
        for token in ("YYYY" if "YYYY" in rest else "YY", "MM", "DD"):
            if rest.count(token) != 1:
                return "'date' names the year (YYYY or YY), MM and DD, each once"
            rest = rest.replace(token, "")
        return "" if re.fullmatch(r"[-/. ]{0,4}", rest) else "'date' has no other signs than - / . and blanks between its parts"

    @property
    def _regex(self) -> str:
        pattern = re.escape(self.pattern)
        year = "YYYY" if "YYYY" in self.pattern else "YY"
        return (
            pattern.replace(year, rf"(?P<Y>\d{{{len(year)}}})").replace("MM", r"(?P<M>\d{2})").replace("DD", r"(?P<D>\d{2})")
        )  # fmt: skip


@dataclass(frozen=True)
class InboundTemplate:
    """``first``/``last``: rows before and after the rows; ``skip``: lines of letterhead above everything.

    ``titles``: a row with the columns' titles stands there; in a delimited file the columns are found by it, in whatever order.
    ``whole``: a file is always the bank's whole answer, where it does not number its parts.
    """

    direction: str
    columns: tuple[Slot, ...]
    first: tuple[Slot, ...] = ()
    last: tuple[Slot, ...] = ()
    form: str = "delimited"
    delimiter: str = ";"
    titles: bool = True
    skip: int = 0
    encoding: str = "utf-8"
    date: DayForm = field(default_factory=DayForm)
    amount: AmountForm = field(default_factory=AmountForm)
    whole: bool = False
    credit: tuple[str, ...] = ("C", "CR", "K")
    debit: tuple[str, ...] = ("D", "DB")

    def has(self, name: str) -> bool:
        return any(slot.field == name for slot in self.columns)


def bare(slot: Slot, cell: str) -> str:
    """The value without its filler. Raise Unreadable ``filler`` where something else stands in its place."""
    cell = cell.strip("\u00a0\t\r\n") if slot.length else cell.strip()
    if slot.keep:
        kept = cell[-slot.keep :] if slot.align == "right" else cell[: slot.keep]
        rest = cell[: -slot.keep] if slot.align == "right" else cell[slot.keep :]
        if rest.strip(slot.fill):
            raise Unreadable("filler")
        return kept.strip()
    if slot.fill == "0":
        return cell.strip()  # before a number: its reader knows what zeros are worth
    return cell.lstrip(slot.fill).strip() if slot.align == "right" else cell.rstrip(slot.fill).strip()


# --- from and to JSON -------------------------------------------------------------------------------------------------

_KEYS: Final = (
    "form", "delimiter", "titles", "skip", "encoding", "date", "amount", "whole", "credit", "debit", "first", "columns", "last",
)  # fmt: skip
_SLOT_KEYS: Final = ("field", "title", "value", "length", "align", "fill", "keep")
_AMOUNT_KEYS: Final = ("thousands", "decimal", "decimals")


def inbound_body(template: InboundTemplate) -> dict[str, Any]:
    """As it is stored and shown; ``inbound_from`` reads it again."""

    def slots(row: Sequence[Slot]) -> list[dict[str, Any]]:
        return [{key: getattr(slot, key) for key in _SLOT_KEYS} for slot in row]

    body: dict[str, Any] = {
        "form": template.form, "delimiter": template.delimiter, "titles": template.titles, "skip": template.skip,
        "encoding": template.encoding, "date": template.date.pattern,
        "amount": {key: getattr(template.amount, key) for key in _AMOUNT_KEYS},
        "first": slots(template.first), "columns": slots(template.columns), "last": slots(template.last),
    }  # fmt: skip
    if template.direction == RESULTS:
        return body | {"whole": template.whole}
    return body | {"credit": list(template.credit), "debit": list(template.debit)}


def inbound_from(direction: str, body: Mapping[str, Any]) -> InboundTemplate:
    """Raise TemplateWrong with everything that is wrong with it."""
    problems = [f"'{key}' is not known here" for key in body if key not in _KEYS]
    columns = _slots(body.get("columns", []), "columns", ROW_FIELDS[direction], problems)
    first, last = (_slots(body.get(part, []), part, FRAME_FIELDS[direction], problems) for part in ("first", "last"))
    day = DayForm(str(body.get("date", "YYYY-MM-DD")))
    problems += [day.problem] if day.problem else []
    template = InboundTemplate(
        direction, columns, first, last, str(body.get("form", "delimited")), str(body.get("delimiter", ";")),
        body.get("titles", True) is True, _number(body, "skip", _SKIP_MAX, problems), str(body.get("encoding", "utf-8")), day,
        _amount(body.get("amount", {}), problems), body.get("whole", False) is True,
        *(_words(body, side, getattr(InboundTemplate, side), problems) for side in ("credit", "debit")),
    )  # fmt: skip
    problems += [f"'{key}' is true or false" for key in ("titles", "whole") if not isinstance(body.get(key, True), bool)]
    problems += _form_problems(template) + _together(template)
    if problems:
        raise TemplateWrong("this column template cannot be used", problems=problems)
    return template


def _slots(found: Any, part: str, fields: Sequence[str], problems: list[str]) -> tuple[Slot, ...]:
    if not isinstance(found, list) or not all(isinstance(one, Mapping) for one in found):
        problems.append(f"'{part}' is a list of columns")
        return ()
    slots = []
    for number, one in enumerate(found, start=1):
        mine: list[str] = [f"'{key}' is not known here" for key in one if key not in _SLOT_KEYS]
        texts = {key: str(one.get(key, getattr(_DEFAULT, key))) for key in ("field", "title", "value", "align", "fill")}
        slot = Slot(length=_number(one, "length", _LENGTH_MAX, mine), keep=_number(one, "keep", _LENGTH_MAX, mine), **texts)
        mine += _slot_problems(slot, fields)
        problems += [f"{part} {number}: {problem}" for problem in mine]
        slots.append(slot)
    return tuple(slots)


_DEFAULT: Final = Slot()


def _number(body: Mapping[str, Any], key: str, most: int, problems: list[str]) -> int:
    value = body.get(key, 0)
    if not isinstance(value, int) or isinstance(value, bool) or not 0 <= value <= most:
        problems.append(f"'{key}' is a whole number from 0 to {most}")
        return 0
    return value


def _words(body: Mapping[str, Any], side: str, default: tuple[str, ...], problems: list[str]) -> tuple[str, ...]:
    value = body.get(side, list(default))
    if not isinstance(value, list) or not value or not all(isinstance(one, str) and 1 <= len(one.strip()) <= 20 for one in value):
        problems.append(f"'{side}' is a list of the bank's words for it")
        return default
    return tuple(one.strip().upper() for one in value)


def _amount(found: Any, problems: list[str]) -> AmountForm:
    if not isinstance(found, Mapping):
        problems.append("'amount' says thousands, decimal and decimals")
        return AmountForm()
    problems += [f"amount: '{key}' is not known here" for key in found if key not in _AMOUNT_KEYS]
    thousands, decimal = str(found.get("thousands", "")), str(found.get("decimal", ""))
    problems += [
        f"amount: '{key}' is empty or one of . , ' and a blank"
        for key, value in (("thousands", thousands), ("decimal", decimal))
        if value not in ("", ".", ",", "'", " ")
    ]
    form = AmountForm(thousands, decimal, _number(found, "decimals", 4, problems))
    if thousands and thousands == decimal:
        problems.append("amount: thousands and decimal are two signs")
    if decimal and not form.decimals:
        problems.append("amount: say how many decimals stand behind the sign")
    return form


def _slot_problems(slot: Slot, fields: Sequence[str]) -> list[str]:
    problems = []
    if slot.field and slot.field not in fields:
        problems.append(f"'field' is one of {', '.join(fields)}, or empty for what is passed over")
    if slot.field and slot.value:
        problems.append("'value' is for a column without a field: what must stand there")
    if slot.align not in ("left", "right"):
        problems.append("'align' is 'left' or 'right'")
    if len(slot.fill) != 1:
        problems.append("'fill' is one sign")
    elif slot.fill.isalnum() and slot.field in _AS_THEY_ARE and not slot.keep:
        problems.append("a letter or digit as filler would take signs of the value away; say with 'keep' how many are its own")
    elif slot.fill.isalnum() and slot.field and not slot.keep and (slot.fill != "0" or slot.align == "left" or slot.field == "day"):
        problems.append("a digit as filler would change the value; only '0' before a number does not")
    if slot.keep and (not slot.length or slot.keep > slot.length):
        problems.append("'keep' is at most the column's length")
    return problems


def _form_problems(template: InboundTemplate) -> list[str]:
    problems = []
    sign = template.delimiter
    if template.form not in ("delimited", "fixed"):
        problems.append("'form' is 'delimited' or 'fixed'")
    if len(sign) != 1 or sign.isalnum() or sign in '"\r\n':
        problems.append("'delimiter' is one sign that is no letter, digit or quotation mark")
    if template.encoding not in ENCODINGS:
        problems.append(f"'encoding' is one of {', '.join(ENCODINGS)}")
    if template.form == "fixed":
        every = (*template.first, *template.columns, *template.last)
        problems += [f"'{slot.field or slot.value}' needs a length in a file of fixed width" for slot in every if not slot.length]
    if set(template.credit) & set(template.debit):
        problems.append("a word is for credit or for debit, not for both")
    return problems


def _together(template: InboundTemplate) -> list[str]:
    named = [slot.field for slot in template.columns if slot.field]
    framed = [slot.field for slot in (*template.first, *template.last) if slot.field]
    problems = [f"the column '{name}' stands twice" for name in sorted({name for name in named if named.count(name) > 1})]
    problems += [f"'{name}' stands twice around the rows" for name in sorted({name for name in framed if framed.count(name) > 1})]
    if template.direction == RESULTS:
        problems += [f"the column '{name}' is missing" for name in ("reference", "code") if name not in named]
        if ("day" in named) == ("day" in framed):
            problems.append("the day stands in a column, or once for all rows in the first or last row")
        if "sum" in framed and "amount" not in named:
            problems.append("'sum' cannot be compared without the column 'amount'")
        if ("part" in framed) != ("parts" in framed):
            problems.append("'part' and 'parts' come together")
    else:
        problems += ["the column 'day' is missing"] if "day" not in named else []
        if {"credit", "debit", "amount", "side"} & set(named) not in ({"credit", "debit"}, {"amount", "side"}):
            problems.append("a movement is either 'credit' and 'debit', or 'amount' and 'side'")
    if template.titles and template.form == "delimited":
        problems += [
            f"'{slot.field}' needs a title: it is found by it" for slot in template.columns if slot.field and not slot.title.strip()
        ]
        problems += ["a constant has no place where columns are found by their titles"] if any(s.value for s in template.columns) else []
    return problems
