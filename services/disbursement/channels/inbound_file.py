"""A bank's file read by an agreed template (``domain/inbound_template.py``), row by row, as the published form would be.

The rows have the published columns' names, so that whoever takes results or a statement need not know in which form they came.
Blocking calls: use a thread.
"""

from __future__ import annotations

import hashlib
import itertools
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import date
from pathlib import Path
from typing import Any, Final

from services.disbursement.domain.inbound_template import RESULTS, InboundTemplate, Slot, Unreadable, bare
from shared.tabular import delimited
from shared.tabular.cells import CellProblem, mask
from shared.tabular.columns import Problem, Row, account_number, header_key, text, whole_number
from shared.tabular.limits import FileProblem, Limits

_NAMES: Final[Mapping[str, Mapping[str, str]]] = {
    "template_results": {
        "reference": "rujukan", "account_number": "nomor_rekening", "amount": "nominal", "code": "kode", "day": "tanggal",
    },
    "template_statement": {"day": "tanggal", "reference": "rujukan", "credit": "masuk", "debit": "keluar", "words": "keterangan"},
}  # fmt: skip
"""Ours to the published columns', in their order."""

_OPTIONAL: Final = ("reference", "words", "credit", "debit")
"""Of a statement's row; of a result each column that is agreed is filled."""

_WORDS: Final = {
    "amount-form": "Jumlah uang tidak ditulis seperti yang disepakati dengan bank.",
    "amount-cents": "Jumlah uang bukan rupiah bulat.",
    "date-form": "Tanggal tidak ditulis seperti yang disepakati dengan bank.",
    "date-invalid": "Tanggal ini tidak ada di kalender.",
    "filler": "Ada isi di tempat yang seharusnya kosong: kolom mungkin bergeser.",
    "constant": "Isi kolom ini bukan tanda yang disepakati: kolom mungkin bergeser.",
    "side": "Tanda debet atau kredit ini tidak dikenal.",
    "width": "Panjang baris ini tidak sama dengan yang disepakati.",
    "too-many-cells": "Baris ini memuat lebih banyak kolom daripada yang disepakati.",
    "broken-quotes": "Tanda kutip pada baris ini tidak berpasangan.",
    "missing": "Kolom wajib ini kosong.",
}

_REPEATED: Final = frozenset(("amount", "code", "day", "side"))
"""A file has few of them, and many rows with each: they are read once."""
_KNOWN_MAX: Final = 20_000
_SHORT: Final = text(60)
_LONG: Final = text(200)

Record = tuple[int, Sequence[Any]]


class InboundFile:
    """A bank's file whose frame is sound: titles, first and last row are as agreed; each row speaks for itself.

    ``said``: what first and last row say, by field. Raise FileProblem for the file as a whole.
    """

    def __init__(self, path: Path, template: InboundTemplate, limits: Limits | None = None) -> None:
        self._path = path
        self._template = template
        self._limits = limits or Limits()
        self._names = _NAMES[template.direction]
        if path.stat().st_size > self._limits.csv_bytes:
            raise FileProblem("too-large", "Berkas terlalu besar.")
        with path.open("rb") as file:
            self.sha256 = hashlib.file_digest(file, "sha256").hexdigest()
        self.said: dict[str, Any] = {}
        self.count = 0
        self._places: list[tuple[int, Slot]] = []
        self._known: dict[tuple[str, str], Any] = {}
        self._refuse_undecodable()
        self._open()

    @property
    def template(self) -> InboundTemplate:
        return self._template

    def chunks(self, size: int = 5_000) -> Iterator[list[Row]]:
        rows = (self._row(number, cells) for kind, number, cells in self._records() if kind == "row")
        while chunk := list(itertools.islice(rows, size)):
            yield chunk

    def column_problems(self) -> list[Problem]:
        """Nothing that only a whole column shows: what a bank's program writes went through no spreadsheet."""
        return []

    # --- the frame ----------------------------------------------------------------------------------------------------

    def _refuse_undecodable(self) -> None:
        try:
            with self._path.open(encoding=self._encoding, newline="") as file:
                while "\0" not in (block := file.read(1 << 20)):
                    if not block:
                        return
        except UnicodeDecodeError:
            raise FileProblem("encoding", f"Berkas ini bukan {self._template.encoding} seperti yang disepakati dengan bank.") from None
        raise FileProblem("damaged-text", "Berkas berisi karakter rusak (NUL).")

    @property
    def _encoding(self) -> str:
        return "utf-8-sig" if self._template.encoding == "utf-8" else self._template.encoding

    def _open(self) -> None:
        """Pass over the whole file once: what stands around the rows, and how many they are."""
        template = self._template
        self._places = list(enumerate(template.columns))
        seen: list[str] = []
        for kind, number, cells in self._records():
            if kind == "row":
                self.count += 1
                if self.count > self._limits.rows:
                    raise FileProblem("too-large", f"Berkas memuat lebih dari {self._limits.rows} baris.", row=number)
                continue
            seen.append(kind)
            if kind == "titles":
                self._find_columns(number, cells)
            else:
                self._read_frame(template.first if kind == "first" else template.last, number, cells)
        wanted = [kind for kind, there in (("first", template.first), ("titles", template.titles), ("last", template.last)) if there]
        if seen != wanted or (self.count == 0 and not template.first and not template.last):
            raise FileProblem("empty", "Berkas tidak berisi baris seperti yang disepakati dengan bank.")
        if self.said.get("count", self.count) != self.count and template.direction != RESULTS:
            raise FileProblem("preamble-bad", f"Berkas menyebut {self.said['count']} baris, dan memuat {self.count}.")

    def _records(self) -> Iterator[tuple[str, int, Sequence[Any]]]:
        """Each record with its kind, ``first``, ``titles``, ``row`` or ``last``, and its line."""
        template = self._template
        kinds = ["first"] * bool(template.first) + ["titles"] * template.titles
        records = (record for record in self._lines() if record[0] > template.skip)  # an empty line of the letterhead is one too
        waiting = next(records, None)
        for nth in itertools.count():
            if waiting is None:
                return
            (number, cells), waiting = waiting, next(records, None)
            kind = kinds[nth] if nth < len(kinds) else "last" if waiting is None and template.last else "row"
            yield kind, number, cells if template.form != "fixed" or kind == "titles" else self._cut(kind, cells)

    def _lines(self) -> Iterator[Record]:
        template, limits = self._template, self._limits
        if template.form != "fixed":
            yield from delimited.read_rows(self._path, delimited.CsvDialect(self._encoding, template.delimiter), limits)
            return
        with self._path.open(encoding=self._encoding, newline="") as file:
            number = 0
            while line := file.readline(limits.line_characters + 1):
                number += 1
                if len(line) > limits.line_characters:
                    raise FileProblem("damaged-text", f"Baris {number} terlalu panjang.", row=number)
                line = line.rstrip("\r\n\x1a")
                if line.strip():
                    yield number, [line]

    def _cut(self, kind: str, record: Sequence[Any]) -> Sequence[Any]:
        """The line in its columns; in one piece where it has not their width.

        Programs take blanks off the end of a line: those may be missing, nothing else.
        """
        slots = {"first": self._template.first, "last": self._template.last}.get(kind, self._template.columns)
        ends = list(itertools.accumulate(slot.length for slot in slots))
        line = str(record[0])
        padded = list(itertools.takewhile(lambda slot: slot.align == "left" and slot.fill == " ", reversed(slots)))
        if ends[-1] - sum(slot.length for slot in padded) <= len(line) < ends[-1]:
            line = line.ljust(ends[-1])
        if len(line) != ends[-1]:
            return delimited.BrokenRow([line])
        return [line[begin:end] for begin, end in zip([0, *ends], ends, strict=False)]

    def _find_columns(self, number: int, cells: Sequence[Any]) -> None:
        if self._template.form == "fixed":
            return
        keys = [header_key(str(cell)) for cell in cells]
        places = []
        for slot in self._template.columns:
            if not slot.field:
                continue
            at = [place for place, key in enumerate(keys) if key == header_key(slot.title)]
            if len(at) != 1:
                problem = "tidak ada" if not at else f"muncul {len(at)} kali"
                raise FileProblem("wrong-workbook", f"Judul kolom '{slot.title}' {problem} (baris {number}).", row=number)
            places.append((at[0], slot))
        self._places = places

    def _read_frame(self, slots: Sequence[Slot], number: int, cells: Sequence[Any]) -> None:
        given = "" if isinstance(cells, delimited.BrokenRow) else cells
        for place, slot in enumerate(slots):
            name = slot.field or slot.value
            where = f"Baris {number}, kolom ke-{place + 1} ({name})"
            try:
                value = bare(slot, str(given[place]) if place < len(given) else "")
                if slot.field:
                    self.said[slot.field] = self._value(slot.field, value)
                elif slot.value and value != slot.value.strip():
                    raise Unreadable("constant")
            except (Unreadable, CellProblem) as problem:
                raise FileProblem("preamble-bad", f"{where}: {_sentence(problem)}", row=number) from None

    # --- rows ---------------------------------------------------------------------------------------------------------

    def _value(self, name: str, written: str) -> Any:
        """Raise Unreadable or CellProblem."""
        if not written:
            raise Unreadable("missing")
        if name not in _REPEATED:
            return _READ[name](self._template, written)
        known = self._known.get((name, written))
        if known is None:
            known = _READ[name](self._template, written)
            if len(self._known) < _KNOWN_MAX:
                self._known[name, written] = known
        return known

    def _row(self, number: int, cells: Sequence[Any]) -> Row:
        found: dict[str, Any] = {}
        wrong: list[tuple[str, str, str, str]] = []
        whole = self._whole_row(cells)
        for place, slot in self._places if not whole else ():
            cell = str(cells[place]) if place < len(cells) else ""
            try:
                value = bare(slot, cell)
                if slot.field and (value or slot.field not in _OPTIONAL or self._template.direction == RESULTS):
                    found[slot.field] = self._value(slot.field, value)
                elif not slot.field and slot.value and value != slot.value.strip():
                    raise Unreadable("constant")
            except (Unreadable, CellProblem) as problem:
                wrong.append((slot.field, _code(problem), _sentence(problem), mask(cell)))
        values = self._values(found)
        raw = [str(value) if value is not None else "" for value in values.values()]
        row = Row(number, values, raw)
        if whole:
            row.refuse("", whole, _WORDS[whole])
        for name, code, sentence, shown in wrong:
            column = self._names.get(name, {"amount": "masuk", "side": "masuk"}.get(name, ""))
            row.problems.append(Problem(number, column, code, sentence, shown))
        return row

    def _whole_row(self, cells: Sequence[Any]) -> str:
        """Why the row cannot be told apart into columns; empty where it can."""
        template = self._template
        if isinstance(cells, delimited.BrokenRow):
            return "width" if template.form == "fixed" else "broken-quotes"
        by_place = template.form == "delimited" and not template.titles
        return "too-many-cells" if by_place and any(str(cell).strip() for cell in cells[len(template.columns) :]) else ""

    def _values(self, found: dict[str, Any]) -> dict[str, Any]:
        """Under the published names; what the template has no column for is as if the bank had not said it."""
        if self._template.direction == RESULTS:
            unsaid = {"nominal": -1 if not self._template.has("amount") else None, "tanggal": self.said.get("day")}
            return {ours: found.get(name, unsaid.get(ours)) for name, ours in self._names.items()}
        if "side" in found and "amount" in found:
            found[found["side"]] = found["amount"]
        return {ours: found.get(name) or None for name, ours in self._names.items()}


def _code(problem: Unreadable | CellProblem) -> str:
    return problem.why if isinstance(problem, Unreadable) else problem.code


def _sentence(problem: Unreadable | CellProblem) -> str:
    return _WORDS[problem.why] if isinstance(problem, Unreadable) else problem.message


def _money(template: InboundTemplate, written: str) -> int:
    return template.amount.read(written)


def _day(template: InboundTemplate, written: str) -> date:
    return template.date.read(written)


def _side(template: InboundTemplate, written: str) -> str:
    word = written.upper()
    if word not in (*template.credit, *template.debit):
        raise Unreadable("side")
    return "credit" if word in template.credit else "debit"


_READ: Final[Mapping[str, Callable[[InboundTemplate, str], Any]]] = {
    "reference": lambda _, written: _SHORT(written),
    "account_number": lambda _, written: account_number(written),
    "code": lambda _, written: _SHORT(written),
    "words": lambda _, written: _LONG(written),
    "batch_code": lambda _, written: _SHORT(written),
    "part": lambda _, written: whole_number(written),
    "parts": lambda _, written: whole_number(written),
    "count": lambda _, written: whole_number(written),
    "amount": _money, "credit": _money, "debit": _money, "sum": _money, "day": _day, "side": _side,
}  # fmt: skip
