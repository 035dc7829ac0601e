"""A paper as PDF, A4 across, drawn row by row; the same rows give the same bytes."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from tempfile import SpooledTemporaryFile
from typing import Final

from reportlab.lib.pagesizes import A4, landscape
from reportlab.lib.units import mm
from reportlab.lib.utils import simpleSplit
from reportlab.pdfbase.pdfmetrics import stringWidth
from reportlab.pdfgen.canvas import Canvas

from shared.papers.paper import Cell, Column, Head, Place

_PAGE: Final = landscape(A4)
_LEFT: Final = 15 * mm
_TOP: Final = _PAGE[1] - 15 * mm
_BOTTOM: Final = 18 * mm
_WIDE: Final = _PAGE[0] - 2 * _LEFT
_FONT, _BOLD = "Helvetica", "Helvetica-Bold"
_SIZE: Final = 7.5
_LINE: Final = 9.5
_PAD: Final = 4
_SPOOL: Final = 32 << 20


def _printable(text: str) -> str:
    """What the built-in fonts can show; anything else as a question mark, never left out."""
    return text.encode("cp1252", "replace").decode("cp1252")


def _shown(value: Cell, kind: str) -> str:
    if value is None:
        return ""
    if kind in ("rupiah", "count") and isinstance(value, int):
        return f"{value:,}".replace(",", ".")
    return _printable(str(value))


class PdfWriter:
    """Implements ``PaperWriter``."""

    def __init__(self, footer: str) -> None:
        self._file = SpooledTemporaryFile(max_size=_SPOOL)  # noqa: SIM115 - closed by ``save``
        self._canvas = Canvas(self._file, pagesize=_PAGE, invariant=1, pageCompression=1)
        self._canvas.setTitle(_printable(footer))
        self._footer = _printable(footer)
        self._page = 1
        self._y = _TOP
        self._columns: Sequence[Column] = ()
        self._widths: list[float] = []

    def head(self, head: Head) -> None:
        for line in head.office:
            self._text(line, _BOLD, 10, 13, centred=True)
        self._y -= 6
        self._text(head.title, _BOLD, 12, 18, centred=True)
        for name, value in head.facts:
            self._room(12)
            self._canvas.setFont(_FONT, 9)
            self._canvas.drawString(_LEFT, self._y, _printable(name))
            self._canvas.drawString(_LEFT + 55 * mm, self._y, _printable(f": {value}"))
            self._y -= 12
        self._y -= 6

    def words(self, title: str, paragraphs: Sequence[str]) -> None:
        self._title(title)
        for paragraph in paragraphs:
            for line in simpleSplit(_printable(paragraph), _FONT, 10, _WIDE):
                self._text(line, _FONT, 10, 13)
            self._y -= 4

    def table(self, title: str, columns: Sequence[Column]) -> None:
        self._room(100)  # a heading with no row under it would end the page
        self._title(title)
        self._columns = columns
        whole = sum(column.weight for column in columns)
        self._widths = [_WIDE * column.weight / whole for column in columns]
        self._header()

    def rows(self, rows: Sequence[Sequence[Cell]]) -> None:
        for row in rows:
            self._row([_shown(value, column.kind) for value, column in zip(row, self._columns, strict=True)], _FONT)

    def total(self, row: Sequence[Cell]) -> None:
        self._canvas.line(_LEFT, self._y + _LINE - 2, _LEFT + _WIDE, self._y + _LINE - 2)
        self._row([_shown(value, column.kind) for value, column in zip(row, self._columns, strict=True)], _BOLD)
        self._y -= 8

    def sign(self, day: str, places: Sequence[Place]) -> None:
        self._room(120)
        self._y -= 16
        self._text(day, _FONT, 10, 18)
        width = _WIDE / max(len(places), 1)
        self._canvas.setFont(_FONT, 10)
        for nth, place in enumerate(places):
            left = _LEFT + nth * width
            self._canvas.drawString(left, self._y, _printable(place.role))
            self._canvas.drawString(left, self._y - 62, _printable(place.name or "(........................................)"))
            self._canvas.drawString(left, self._y - 76, "NIP")
        self._y -= 90

    def save(self, target: Path) -> None:
        self._foot()
        self._canvas.save()
        self._file.seek(0)
        with target.open("wb") as out:
            while block := self._file.read(1 << 20):
                out.write(block)
        self._file.close()

    # --- drawing ------------------------------------------------------------------------------------------------------

    def _room(self, height: float, *, header: bool = False) -> None:
        if self._y - height >= _BOTTOM:
            return
        self._foot()
        self._canvas.showPage()
        self._page += 1
        self._y = _TOP
        if header:
            self._header()

    def _foot(self) -> None:
        self._canvas.setFont(_FONT, 7)
        self._canvas.drawString(_LEFT, 10 * mm, self._footer)
        self._canvas.drawRightString(_LEFT + _WIDE, 10 * mm, f"halaman {self._page}")

    def _title(self, title: str) -> None:
        self._room(40)
        self._y -= 8
        self._text(title, _BOLD, 10, 16)

    def _text(self, text: str, font: str, size: float, line: float, *, centred: bool = False) -> None:
        self._room(line)
        self._canvas.setFont(font, size)
        if centred:
            self._canvas.drawCentredString(_PAGE[0] / 2, self._y, _printable(text))
        else:
            self._canvas.drawString(_LEFT, self._y, _printable(text))
        self._y -= line

    def _header(self) -> None:
        self._row([_printable(column.title) for column in self._columns], _BOLD, header=False)
        self._canvas.line(_LEFT, self._y + _LINE - 2, _LEFT + _WIDE, self._y + _LINE - 2)

    def _row(self, cells: Sequence[str], font: str, *, header: bool = True) -> None:
        split = [
            [cell] if stringWidth(cell, font, _SIZE) <= width - _PAD else simpleSplit(cell, font, _SIZE, width - _PAD)
            for cell, width in zip(cells, self._widths, strict=True)
        ]
        self._room(_LINE * max(len(lines) for lines in split), header=header)
        self._canvas.setFont(font, _SIZE)
        left = _LEFT
        for lines, width, column in zip(split, self._widths, self._columns, strict=True):
            for nth, line in enumerate(lines):
                y = self._y - nth * _LINE
                if column.kind in ("rupiah", "count"):
                    self._canvas.drawRightString(left + width - _PAD, y, line)
                else:
                    self._canvas.drawString(left, y, line)
            left += width
        self._y -= _LINE * max(len(lines) for lines in split)
