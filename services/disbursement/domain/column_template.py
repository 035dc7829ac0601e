"""A bank's column template as data: which columns, how wide, with what filler, in which characters (TROUBLES.md O7).

``FIRST`` is the template that was built in before templates were data; files without a template of their own are in it, so
that their bytes can be made again in ten years.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from services.disbursement.domain.characters import CharacterRule, NotWritable
from shared.kernel.errors import InvalidInput

ROW_FIELDS: Final = ("reference", "bank_code", "account_number", "holder", "amount", "sequence")
TOTAL_FIELDS: Final = ("batch_code", "count", "sum", "entry_hash")
_NEEDED: Final = ("reference", "account_number", "amount")
"""Without them neither side can compute the totals, nor name a row in its answer."""
_COMPUTED: Final = ("count", "sum", "entry_hash")
_LENGTH_MAX: Final = 200
_NEWLINES: Final = {"crlf": "\r\n", "lf": "\n"}


class TemplateWrong(InvalidInput):
    """The template cannot be used; ``problems`` says why, one sentence each."""

    code = "template-wrong"


@dataclass(frozen=True, slots=True)
class Cell:
    """One column: a field of the line (or of the batch), or a constant where ``field`` is empty. ``length`` 0: as long as it is."""

    field: str
    title: str = ""
    value: str = ""
    length: int = 0
    align: str = "left"
    fill: str = " "
    too_long: str = "refuse"


@dataclass(frozen=True)
class ColumnTemplate:
    """``first``/``last``: rows with totals, before and after the payments; ``titles``: a row with the columns' titles."""

    columns: tuple[Cell, ...]
    first: tuple[Cell, ...] = ()
    last: tuple[Cell, ...] = ()
    form: str = "delimited"
    delimiter: str = ";"
    newline: str = "crlf"
    titles: bool = True
    suffix: str = "csv"
    characters: CharacterRule = field(default_factory=CharacterRule)

    @property
    def line_end(self) -> str:
        return _NEWLINES[self.newline]


def padded(cell: Cell, value: str) -> str:
    """The value in its width. Raise NotWritable where it is longer and may not be cut."""
    if not cell.length:
        return value
    if len(value) > cell.length:
        if cell.too_long != "cut":
            raise NotWritable("too-long", cell.field)
        value = value[: cell.length]
    return value.rjust(cell.length, cell.fill) if cell.align == "right" else value.ljust(cell.length, cell.fill)


FIRST: Final = ColumnTemplate(
    first=(
        Cell("batch_code"), Cell("count", length=9, align="right", fill="0"), Cell("sum", length=18, align="right", fill="0"),
        Cell("entry_hash", length=10, align="right", fill="0"),
    ),
    columns=(
        Cell("reference", "rujukan"), Cell("bank_code", "kode_bank"), Cell("account_number", "nomor_rekening"),
        Cell("holder", "nama_pemilik"), Cell("amount", "nominal"),
    ),
)  # fmt: skip
"""``;``, UTF-8, CRLF: ``kode_batch;jumlah;nilai;entry_hash`` as values, the titles, then a row for each payment."""


# --- from and to JSON -------------------------------------------------------------------------------------------------

_KEYS: Final = ("form", "delimiter", "newline", "titles", "suffix", "encoding", "allowed", "upper", "first", "columns", "last")
_CELL_KEYS: Final = ("field", "title", "value", "length", "align", "fill", "too_long")


def template_body(template: ColumnTemplate) -> dict[str, Any]:
    """As it is stored and shown; ``template_from`` reads it again."""
    rule = template.characters

    def cells(row: Sequence[Cell]) -> list[dict[str, Any]]:
        return [{key: getattr(cell, key) for key in _CELL_KEYS} for cell in row]

    return {
        "form": template.form, "delimiter": template.delimiter, "newline": template.newline, "titles": template.titles,
        "suffix": template.suffix, "encoding": rule.encoding, "allowed": rule.allowed, "upper": rule.upper,
        "first": cells(template.first), "columns": cells(template.columns), "last": cells(template.last),
    }  # fmt: skip


def template_from(body: Mapping[str, Any]) -> ColumnTemplate:
    """Raise TemplateWrong with everything that is wrong with it."""
    problems = [f"'{key}' is not known here" for key in body if key not in _KEYS]
    first, columns, last = (_cells(body.get(part, []), part, problems) for part in ("first", "columns", "last"))
    form, newline = body.get("form", "delimited"), body.get("newline", "crlf")
    delimiter, titles, suffix = body.get("delimiter", ";"), body.get("titles", True), body.get("suffix", "csv")
    if form not in ("delimited", "fixed"):
        problems.append("'form' is 'delimited' or 'fixed'")
    if newline not in _NEWLINES:
        problems.append("'newline' is 'crlf' or 'lf'")
    if not isinstance(delimiter, str) or len(delimiter) != 1 or delimiter.isalnum() or delimiter in '"\r\n':
        problems.append("'delimiter' is one sign that is no letter, digit or quotation mark")
    if not isinstance(titles, bool):
        problems.append("'titles' is true or false")
    if not isinstance(suffix, str) or suffix not in ("csv", "txt", "dat"):
        problems.append("'suffix' is csv, txt or dat")
    try:
        rule = CharacterRule(str(body.get("encoding", "utf-8")), str(body.get("allowed", "")), body.get("upper", False) is True)
    except InvalidInput as wrong:
        problems.append(wrong.detail)
        rule = CharacterRule()
    template = ColumnTemplate(columns, first, last, str(form), str(delimiter), str(newline), titles is True, str(suffix), rule)
    problems += _together(template)
    if problems:
        raise TemplateWrong("this column template cannot be used", problems=problems)
    return template


def _cells(found: Any, part: str, problems: list[str]) -> tuple[Cell, ...]:
    if not isinstance(found, list) or not all(isinstance(one, Mapping) for one in found):
        problems.append(f"'{part}' is a list of columns")
        return ()
    cells = []
    for number, one in enumerate(found, start=1):
        name = f"{part} {number}"
        problems += [f"{name}: '{key}' is not known here" for key in one if key not in _CELL_KEYS]
        length = one.get("length", 0)
        if not isinstance(length, int) or isinstance(length, bool) or not 0 <= length <= _LENGTH_MAX:
            problems.append(f"{name}: 'length' is a whole number from 0 to {_LENGTH_MAX}")
            length = 0
        texts = {key: str(one.get(key, getattr(_DEFAULT, key))) for key in _CELL_KEYS if key != "length"}
        cell = Cell(length=length, **texts)
        problems += [f"{name}: {problem}" for problem in _cell_problems(cell, TOTAL_FIELDS if part != "columns" else ROW_FIELDS)]
        cells.append(cell)
    return tuple(cells)


_DEFAULT: Final = Cell("")


def _cell_problems(cell: Cell, fields: Sequence[str]) -> list[str]:
    problems = []
    if cell.field and cell.field not in fields:
        problems.append(f"'field' is one of {', '.join(fields)}, or empty for a constant")
    if cell.align not in ("left", "right"):
        problems.append("'align' is 'left' or 'right'")
    if cell.too_long not in ("refuse", "cut"):
        problems.append("'too_long' is 'refuse' or 'cut'")
    if cell.too_long == "cut" and cell.field not in ("holder", ""):
        problems.append("only a name may be cut: a shorter number is another number")
    if len(cell.fill) != 1:
        problems.append("'fill' is one sign")
    elif cell.fill.isdigit() and cell.field and (cell.align == "left" or cell.fill != "0" or cell.field in ("reference", "holder")):
        problems.append("a digit as filler would change the value; only '0' before a number does not")
    return problems


def _together(template: ColumnTemplate) -> list[str]:
    problems = []
    named = [cell.field for cell in template.columns if cell.field]
    problems += [f"the column '{name}' is missing" for name in _NEEDED if name not in named]
    problems += [f"the column '{name}' stands twice" for name in sorted({name for name in named if named.count(name) > 1})]
    problems += [
        f"'{cell.field}' in the first row needs a length: it is filled in once all lines are written"
        for cell in template.first
        if cell.field in _COMPUTED and not cell.length
    ]
    if template.form == "fixed":
        cells = (*template.first, *template.columns, *template.last)
        problems += [f"'{cell.field or cell.value}' needs a length in a file of fixed width" for cell in cells if not cell.length]
        if template.titles and any(len(cell.title) > cell.length for cell in template.columns if cell.length):
            problems.append("a title is longer than its column")
    return problems
