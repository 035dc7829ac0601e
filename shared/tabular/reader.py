"""Reading a table that an office sends, CSV or XLSX: safely, in chunks, with every problem by row and column.

`open_table` refuses a file as a whole (`FileProblem`); after that each row speaks for itself (`Row.problems`), and
`Table.column_problems` tells, once all rows were read, what only a whole column shows. Blocking calls: use a thread.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any, Final

from shared.tabular import delimited, header
from shared.tabular.archive import OLE_MAGIC, ZIP_MAGIC, refuse_ole
from shared.tabular.cells import Cell, CellProblem, Parser, cell_text, mask
from shared.tabular.columns import CellParser, DigitsTally, Problem, Row, Template
from shared.tabular.header import Header, NumberedRow
from shared.tabular.limits import FileProblem, Limits, megabytes
from shared.tabular.mending import write_rows_csv
from shared.tabular.templates import template_csv, template_workbook
from shared.tabular.workbook import Sheet, WorkbookSource

__all__ = [
    "FileProblem",
    "Limits",
    "Table",
    "open_table",
    "template_csv",
    "template_workbook",
    "write_rows_csv",
]

_FORMULA: Final = ("formula", "Sel berisi rumus. Salin, lalu tempel sebagai nilai.")
_ERROR: Final = ("error-cell", "Sel berisi kesalahan rumus (seperti #N/A). Ketik nilainya.")
_UNKNOWN_COLUMN: Final = "Kolom ini tidak dikenal dan tidak dibaca."
_NOT_A_TABLE: Final = "Berkas ini bukan tabel. Kirim .xlsx atau CSV sesuai templat."
_EMPTY_FILE: Final = "Berkas tidak berisi baris data di bawah judul kolom."
_NOTHING: Final[Mapping[int, int]] = {}


@dataclass(frozen=True)
class _Found:
    """A table inside a file: how to read its rows again from the start, its header and first row."""

    rows: Callable[[], Iterator[NumberedRow]]
    header: Header
    preamble: dict[str, Any]
    formulas: Mapping[int, int]
    errors: Mapping[int, int]
    is_csv: bool


@dataclass(frozen=True, slots=True)
class _Plan:
    """One column while reading; `tally` is there where the last digits are watched."""

    name: str
    place: int
    read: Parser
    required: bool
    tally: DigitsTally | None
    formula_allowed: bool


def _read_function(parse: Parser) -> Parser:
    return parse.read if isinstance(parse, CellParser) else parse


class Table:
    """An opened table. `preamble` holds the values of the first row, where the template has one.

    `warnings` are about the file (a column that is not in the template and is ignored); they stop nothing.
    """

    def __init__(self, template: Template, found: _Found, sha256: str, limits: Limits) -> None:
        self.template = template
        self.preamble = found.preamble
        self.sha256 = sha256
        self.header_row = found.header.row
        self.warnings = [
            Problem(found.header.row, name[:30], "unknown-column", _UNKNOWN_COLUMN, "", warning=True) for name in found.header.unknown
        ]
        self._found = found
        self._limits = limits
        self._plans: list[_Plan] = []

    @property
    def complete(self) -> bool:
        """Every column of the template stands in the header, the optional ones too: it is this template and nothing like it."""
        return min(self._found.header.places, default=-1) >= 0

    def _plan(self) -> list[_Plan]:
        return [
            _Plan(
                column.name,
                place,
                _read_function(column.parse),
                column.required,
                DigitsTally() if isinstance(column.parse, CellParser) and column.parse.guards_digits else None,
                column.formula_allowed,
            )
            for column, place in zip(self.template.columns, self._found.header.places, strict=True)
        ]

    def chunks(self, size: int = 5000) -> Iterator[list[Row]]:
        """The rows, at most `size` at a time. Each call starts from the top.

        Raises FileProblem where the file turns out to be damaged further down; then nothing of it may be applied.
        """
        self._plans = self._plan()
        rows = self._rows(self._plans)
        while chunk := list(islice(rows, size)):
            yield chunk

    def column_problems(self) -> list[Problem]:
        """Problems of whole columns, after all chunks were read. Any of them refuses the file."""
        return [
            Problem(
                self.header_row,
                plan.name,
                "digits-lost",
                f"Terlalu banyak isi kolom {plan.name} berakhir 0: angka terakhir hilang karena pernah dibuka sebagai "
                "bilangan. Minta berkas asli dengan kolom berformat teks.",
                "",
            )
            for plan in self._plans
            if plan.tally is not None and plan.tally.lost()
        ]

    def _rows(self, plans: list[_Plan]) -> Iterator[Row]:
        found = self._found
        marks = found.formulas.keys() | found.errors.keys()
        places = [plan.place for plan in plans]
        width = max(places) + 1
        straight = places == list(range(len(places)))
        fields = [(plan.name, plan.place, plan.read, plan.required, plan.tally) for plan in plans]
        count = 0
        for number, present in found.rows():
            if number <= found.header.row:
                continue
            count += 1
            if count > self._limits.rows:
                raise FileProblem("too-large", f"Berkas memuat lebih dari {self._limits.rows} baris.", row=number)
            cells = present if len(present) >= width else [*present, *[""] * (width - len(present))]
            values, problems = _read_cells(number, cells, fields)
            if number in marks:
                problems = self._with_marks(number, plans, values, problems)
            if found.is_csv and (len(present) > found.header.width or isinstance(present, delimited.BrokenRow)):
                problems = _shifted(number, present, found.header.width, problems)
            raw = cells if straight and len(cells) == width else [cells[at] if at >= 0 else "" for at in places]
            yield Row(number, values, raw, problems)

    def _with_marks(self, number: int, plans: list[_Plan], values: dict[str, Any], problems: list[Problem]) -> list[Problem]:
        """Put a formula or an error cell in the place of whatever else was said about it."""
        formulas = self._found.formulas.get(number, 0)
        errors = self._found.errors.get(number, 0)
        for plan in plans:
            bit = 1 << plan.place if plan.place >= 0 else 0
            if errors & bit:
                code, message = _ERROR
            elif formulas & bit and not plan.formula_allowed:
                code, message = _FORMULA
            else:
                continue
            values[plan.name] = None
            problems = [problem for problem in problems if problem.column != plan.name]
            problems.append(Problem(number, plan.name, code, message, ""))
        return problems


_Field = tuple[str, int, Parser, bool, DigitsTally | None]


def _read_cells(number: int, cells: Sequence[Cell], fields: Sequence[_Field]) -> tuple[dict[str, Any], list[Problem]]:
    """The values and problems of one row. This is the inner loop of every import: good cells cost one call each."""
    values: dict[str, Any] = {}
    problems: list[Problem] = []
    for name, place, read, required, tally in fields:
        cell = cells[place] if place >= 0 else ""
        if cell == "" or cell is None:
            values[name] = None
            if required:
                problems.append(Problem(number, name, "missing", "Sel wajib ini kosong.", ""))
            continue
        if tally is not None:
            tally.see(cell)
        try:
            values[name] = read(cell)
        except CellProblem as problem:
            values[name] = problem.value
            if problem.code != "missing" or required:
                told = Problem(number, name, problem.code, problem.message, mask(cell), problem.warning)
                problems.append(told)
    return values, problems


def _shifted(number: int, cells: Sequence[Cell], width: int, problems: list[Problem]) -> list[Problem]:
    """Say once that the row's cells cannot be told apart, instead of what follows from it."""
    if isinstance(cells, delimited.BrokenRow):
        message = "Tanda kutip pada baris ini tidak berpasangan. Tulis tanda kutip di dalam isi dua kali."
        return [Problem(number, "", "broken-quotes", message, "")]
    if any(cell != "" and cell is not None for cell in cells[width:]):
        message = "Baris ini memuat lebih banyak sel daripada judulnya: ada tanda pemisah di dalam isi sel."
        return [Problem(number, "", "too-many-cells", message, "")]
    return problems


def _read_preamble(template: Template, number: int, cells: Sequence[Cell], formulas: int) -> dict[str, Any]:
    """The first row's values by name. Raises FileProblem `preamble-bad` naming the cell."""
    values: dict[str, Any] = {}
    for place, column in enumerate(template.preamble_columns()):
        cell = cells[place] if place < len(cells) else ""
        where = f"Baris pertama (baris {number}), sel ke-{place + 1} ({column.name})"
        if formulas >> place & 1:
            raise FileProblem("preamble-bad", f"{where}: {_FORMULA[1]}", row=number)
        if cell == "" or cell is None:
            if column.required:
                raise FileProblem("preamble-bad", f"{where} kosong.", row=number)
            values[column.name] = None
            continue
        try:
            values[column.name] = _read_function(column.parse)(cell)
        except CellProblem as problem:
            if not problem.warning:
                raise FileProblem("preamble-bad", f"{where}: {problem.message}", row=number) from None
            values[column.name] = problem.value
    rest = [cell for cell in cells[len(template.preamble) :] if cell_text(cell).strip()]
    if rest:
        message = f"Baris pertama (baris {number}) memuat lebih banyak sel daripada yang ditetapkan."
        raise FileProblem("preamble-bad", message, row=number)
    return values


def _locate(
    template: Template, head: Sequence[NumberedRow], others: Sequence[Template], formulas: Mapping[int, int]
) -> tuple[Header, dict[str, Any]]:
    """The header and, where the template has one, the first row's values."""
    if not template.preamble:
        return header.find(template, head, others), {}
    if not head:
        raise FileProblem("empty", "Berkas kosong.")
    (number, cells), rest = head[0], head[1:]
    if header.score(template, cells) == len(template.columns):
        names = header.listed(column.name for column in template.preamble_columns())
        raise FileProblem("preamble-bad", f"Baris pertama harus memuat {names}, lalu judul kolom.", row=number)
    found = header.find(template, rest or head, others)
    return found, _read_preamble(template, number, cells, formulas.get(number, 0))


def _open_csv(path: Path, template: Template, limits: Limits, others: Sequence[Template]) -> _Found:
    """The delimiter is the one under which the first rows hold the most headers that are known."""
    encoding = delimited.detect_encoding(path)
    named = delimited.separator_line(path, encoding)
    best: tuple[int, int, list[NumberedRow], delimited.CsvDialect] | None = None
    damage: FileProblem | None = None
    for delimiter in (named,) if named else delimited.DELIMITERS:
        dialect = delimited.CsvDialect(encoding, delimiter, skip_first_line=named is not None)
        try:
            head = list(islice(delimited.read_rows(path, dialect, limits), header.SEARCH_ROWS))
        except FileProblem as problem:
            damage = damage or problem
            continue
        known = max((header.score(kind, cells) for kind in (template, *others) for _, cells in head), default=0)
        cells_most = max((len(cells) for _, cells in head), default=0)
        if best is None or (known, cells_most) > best[:2]:
            best = (known, cells_most, head, dialect)
    if damage is not None and (best is None or best[0] == 0):
        raise damage
    if best is None:
        raise FileProblem("not-a-table", _NOT_A_TABLE)
    _, cells_most, head, chosen = best
    if cells_most > limits.columns:
        raise FileProblem("too-large", f"Berkas memuat {cells_most} kolom, paling banyak {limits.columns}.")
    found, preamble = _locate(template, head, others, _NOTHING)
    return _Found(lambda: delimited.read_rows(path, chosen, limits), found, preamble, _NOTHING, _NOTHING, is_csv=True)


def _open_workbook(path: Path, template: Template, limits: Limits, others: Sequence[Template]) -> _Found:
    """The first visible sheet that holds the table; if none does, what is wrong with the one that is nearest."""
    source = WorkbookSource(path, limits)
    first: FileProblem | None = None
    for name in source.sheet_names():
        sheet: Sheet = source.load(name)
        head = list(islice(sheet.rows(), header.SEARCH_ROWS))
        try:
            found, preamble = _locate(template, head, others, sheet.formulas)
        except FileProblem as problem:
            if first is None or (first.code in {"empty", "header-missing"} and problem.code != "empty"):
                first = problem
            continue
        return _Found(sheet.rows, found, preamble, sheet.formulas, sheet.errors, is_csv=False)
    raise first or FileProblem("empty", "Berkas kosong.")


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def open_table(path: Path, template: Template, *, limits: Limits | None = None, others: Sequence[Template] = ()) -> Table:
    """Open a file as the table that `template` describes.

    `others` are further published templates: a file of theirs is told by its title. The kind of file is told by its
    first bytes, never by its name. Raises FileProblem for the file as a whole.
    """
    limits = limits or Limits()
    size = path.stat().st_size
    if size == 0:
        raise FileProblem("empty", "Berkas kosong.")
    with path.open("rb") as file:
        head = file.read(8)
    if head == OLE_MAGIC:
        refuse_ole(path)
    is_workbook = head[:4] == ZIP_MAGIC
    largest = limits.workbook_bytes if is_workbook else limits.csv_bytes
    if size > largest:
        hint = " Kirim sebagai CSV." if is_workbook else ""
        raise FileProblem("too-large", f"Berkas {megabytes(size)}, paling banyak {megabytes(largest)}.{hint}")
    if head[:4] in {b"%PDF", b"\x89PNG", b"PK\x05\x06"} or head[:3] in {b"\xff\xd8\xff", b"GIF"}:
        raise FileProblem("not-a-table", _NOT_A_TABLE)
    found = (_open_workbook if is_workbook else _open_csv)(path, template, limits, others)
    if not template.preamble and not any(number > found.header.row for number, _ in found.rows()):
        raise FileProblem("empty", _EMPTY_FILE)
    return Table(template, found, _sha256(path), limits)
