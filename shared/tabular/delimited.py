"""Rows of a CSV file as Indonesian offices write it: `;` or `,` or tab, any of four encodings, marks of Excel."""

from __future__ import annotations

import codecs
import csv
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TextIO

from shared.tabular.cells import Cell
from shared.tabular.limits import FileProblem, Limits

DELIMITERS = (";", ",", "\t", "|")
_BLOCK = 1 << 20
_SEPARATOR_LINE = re.compile(r'\s*"?sep=(.)"?\s*', re.IGNORECASE)
_LINE_END = re.compile(rb"\r\n|\r|\n")


class BrokenRow(list[Cell]):
    """A row whose quotation marks cannot be read: its one cell is the line as it came."""


@dataclass(frozen=True)
class CsvDialect:
    """How this file is written."""

    encoding: str
    delimiter: str
    skip_first_line: bool = False


def _row_at(path: Path, offset: int) -> int:
    """The row in which a byte stands, counting line ends before it."""
    with path.open("rb") as file:
        return len(_LINE_END.findall(file.read(offset))) + 1


def detect_encoding(path: Path) -> str:
    """UTF-8 (with or without mark), UTF-16 with mark, else Windows-1252; the whole file is tried.

    Raises FileProblem `damaged-text` for a NUL, `encoding` for bytes that fit none of them.
    """
    with path.open("rb") as file:
        head = file.read(4)
    if head[:2] in {codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE}:
        if _decodes(path, "utf-16", refused="\0") is not None:
            raise FileProblem("encoding", "Teks UTF-16 di berkas ini rusak. Simpan ulang sebagai CSV UTF-8.")
        return "utf-16"
    offset = 0
    with path.open("rb") as file:
        while block := file.read(_BLOCK):
            at = block.find(b"\0")
            if at >= 0:
                row = _row_at(path, offset + at)
                raise FileProblem(
                    "damaged-text",
                    f"Baris {row} berisi karakter rusak (NUL). Simpan ulang sebagai CSV UTF-8 atau .xlsx.",
                    row=row,
                )
            offset += len(block)
    if _decodes(path, "utf-8") is None:
        return "utf-8-sig"
    bad = _decodes(path, "cp1252")
    if bad is not None:
        row = _row_at(path, bad)
        raise FileProblem("encoding", f"Baris {row} berisi huruf yang tidak terbaca. Simpan ulang sebagai CSV UTF-8.", row=row)
    return "cp1252"


def _decodes(path: Path, encoding: str, refused: str | None = None) -> int | None:
    """None if the whole file is valid and without the `refused` character, else about where it is not."""
    decoder = codecs.getincrementaldecoder(encoding)()
    offset = 0
    with path.open("rb") as file:
        try:
            while block := file.read(_BLOCK):
                decoded = decoder.decode(block)
                if refused is not None and refused in decoded:
                    return offset
                offset += len(block)
            decoder.decode(b"", True)
        except UnicodeDecodeError as error:
            return offset + error.start
    return None


class _Lines:
    """Lines of a file, none longer than allowed, and no record over too many lines (a quote that never closes)."""

    def __init__(self, file: TextIO, limits: Limits) -> None:
        self._file = file
        self._limits = limits
        self._count = 0
        self.record_end = 0
        self.row = 1
        self.last = ""

    def __iter__(self) -> Iterator[str]:
        limit = self._limits.line_characters
        lines_in_a_cell = self._limits.lines_in_a_cell
        readline = self._file.readline
        while line := readline(limit + 1):
            self._count += 1
            if len(line) > limit:
                raise FileProblem(
                    "damaged-text",
                    f"Baris {self.row} lebih panjang dari {limit} karakter. Berkas ini mungkin bukan CSV.",
                    row=self.row,
                )
            if self._count - self.record_end > lines_in_a_cell:
                raise unclosed_quote(self.row)
            self.last = line
            yield line


def unclosed_quote(row: int) -> FileProblem:
    """A quotation mark opens in this row and is not closed."""
    return FileProblem("damaged-text", f"Tanda kutip yang dibuka pada baris {row} tidak ditutup.", row=row)


def read_rows(path: Path, dialect: CsvDialect, limits: Limits) -> Iterator[tuple[int, Sequence[Cell]]]:
    """Every row that is not blank, with the number that a spreadsheet shows.

    A row with broken quotes comes as a `BrokenRow`. Raises FileProblem `damaged-text`.
    """
    with path.open(encoding=dialect.encoding, newline="") as file:
        if dialect.skip_first_line:
            file.readline(64)
        lines = _Lines(file, limits)
        reader = csv.reader(iter(lines), delimiter=dialect.delimiter, strict=True)
        number = 0
        while True:
            number += 1
            lines.row = number
            try:
                for cells in reader:
                    lines.record_end = reader.line_num
                    if "".join(cells).strip():
                        yield number, cells
                    number += 1
                    lines.row = number
                return
            except csv.Error as error:
                lines.record_end = reader.line_num
                words = str(error)
                if "end of data" in words:
                    raise unclosed_quote(number) from None
                if "field limit" in words:
                    raise FileProblem("damaged-text", f"Sel pada baris {number} terlalu panjang.", row=number) from None
                yield number, BrokenRow([lines.last.strip("\r\n")])


def first_line(path: Path, encoding: str) -> str:
    """The first line, as far as it is looked at."""
    with path.open(encoding=encoding, newline="") as file:
        return file.readline(64)


def separator_line(path: Path, encoding: str) -> str | None:
    """The delimiter that a first line `sep=;` names; a spreadsheet does not show that line."""
    found = _SEPARATOR_LINE.fullmatch(first_line(path, encoding).rstrip("\r\n"))
    return found[1] if found and found[1] in DELIMITERS else None
