"""A paper as XLSX: a sheet per section, written row by row; what is a name stays text whatever it looks like."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

from openpyxl import Workbook
from openpyxl.cell import WriteOnlyCell
from openpyxl.styles import Alignment, Font
from openpyxl.utils import get_column_letter

from shared.papers.paper import Cell, Column, Head, Place

_WIDTH: Final = 16
_SHEET_TITLE: Final = 31
_NOT_IN_TITLES: Final = str.maketrans(dict.fromkeys("[]:*?/\\", " "))


class WorkbookWriter:
    """Implements ``PaperWriter``."""

    def __init__(self) -> None:
        self._book = Workbook(write_only=True)
        self._columns: Sequence[Column] = ()
        self._sheet: Any = None
        self._first = ""

    def head(self, head: Head) -> None:
        self._start("Sampul", (34, 60))
        for line in head.office:
            self._line(line)
        self._line(head.title, bold=True)
        for name, value in head.facts:
            self._sheet.append([self._cell(name), self._cell(value)])

    def words(self, title: str, paragraphs: Sequence[str]) -> None:
        self._start(title, (110,))
        self._line(title, bold=True)
        for paragraph in paragraphs:
            cell = self._cell(paragraph)
            cell.alignment = Alignment(wrap_text=True, vertical="top")
            self._sheet.append([cell])

    def table(self, title: str, columns: Sequence[Column]) -> None:
        self._start(title, [_WIDTH * column.weight for column in columns], frozen="A2")
        self._columns = columns
        self._sheet.append([self._cell(column.title, bold=True) for column in columns])

    def rows(self, rows: Sequence[Sequence[Cell]]) -> None:
        kinds = [column.kind for column in self._columns]
        for row in rows:
            self._sheet.append([self._shown(value, kind) for value, kind in zip(row, kinds, strict=True)])

    def total(self, row: Sequence[Cell]) -> None:
        cells = [self._shown(value, column.kind, boxed=True) for value, column in zip(row, self._columns, strict=True)]
        for cell in cells:
            cell.font = Font(bold=True)
        self._sheet.append(cells)

    def sign(self, day: str, places: Sequence[Place]) -> None:
        self._start("Tanda tangan", [40] * len(places))
        self._line(day)
        self._sheet.append([self._cell(place.role) for place in places])
        for _ in range(4):
            self._sheet.append([""])
        self._sheet.append([self._cell(place.name or "(                              )") for place in places])
        self._sheet.append([self._cell("NIP") for _ in places])

    def save(self, target: Path) -> None:
        self._book.save(target)

    def _start(self, title: str, widths: Sequence[float], *, frozen: str = "") -> None:
        self._sheet = self._book.create_sheet(title.translate(_NOT_IN_TITLES)[:_SHEET_TITLE])
        for place, width in enumerate(widths, start=1):
            self._sheet.column_dimensions[get_column_letter(place)].width = width
        if frozen:
            self._sheet.freeze_panes = frozen

    def _line(self, text: str, *, bold: bool = False) -> None:
        self._sheet.append([self._cell(text, bold=bold)])

    def _cell(self, value: Cell, *, bold: bool = False) -> Any:
        cell = WriteOnlyCell(self._sheet, value=value)
        if isinstance(value, str):
            cell.data_type = "s"  # a name that begins with '=' is no formula
        if bold:
            cell.font = Font(bold=True)
        return cell

    def _shown(self, value: Cell, kind: str, *, boxed: bool = False) -> Any:
        """Plain values where they can be: a cell of its own costs ten times as much."""
        if kind == "digits" and value is not None:
            cell = self._cell(str(value))
            cell.number_format = "@"
            return cell
        if kind in ("rupiah", "count") and isinstance(value, int):
            cell = self._cell(value)
            cell.number_format = "#,##0"
            return cell
        if boxed or (isinstance(value, str) and value[:1] == "="):
            return self._cell(value)
        return value
