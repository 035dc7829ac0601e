"""A look through one XML part of a workbook before a real reader may open it.

The reader (calamine) lays a sheet out as one block from its first to its last cell, gives a formula's last value as if
it were typed, and an error as an empty cell. So this finds how far the cells reach, and which hold formulas or errors.

A plain part is certified by a few byte searches (0.6 s for 100 MB). Whatever is not plain goes through expat, which is
exact and four times slower. No entity is ever expanded: a document type makes the workbook unreadable.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import IO, Final
from xml.parsers import expat

from shared.tabular.limits import FileProblem, Limits, megabytes

_CHUNK: Final = 1 << 20
_LONGEST_TAG: Final = 1 << 16

# The last cell that the plain form may hold is P299999: a block of that size takes 150 MB in the reader, as much as a
# decree of 220,000 people does. Beyond it the exact scan decides.
PLAIN_ROWS: Final = 299_999

_NOT_PLAIN: Final = re.compile(
    rb"<!"  # a comment or CDATA hides tags from a byte search
    rb'|<c(?![A-Za-z]| r="[A-P](?:[1-9]\d{0,4}|[12]\d{5})"(?: s="\d+")?(?: t="[a-zA-Z]+")? ?/?>)'
)
_FORMULA: Final = re.compile(rb"<f[\s>/]")
_FORMULA_CELL: Final = re.compile(rb'<c r="([A-P])([1-9]\d{0,5})"[^>]*><f[\s>/]')
_SPREADING: Final = (b't="array"', b"t='array'", b't="dataTable"', b"t='dataTable'")
_PREFIXED: Final = (b":c ", b":c>", b":c\n", b":c\t", b":c\r", b":c/", b":f>", b":f ", b":f/", b":row")
_DOCTYPE: Final = (b"<!DOCTYPE", b"<!ENTITY")
_ENCODING: Final = re.compile(rb"""^\s*<\?xml[^>]*encoding=["']([A-Za-z0-9._-]+)["']""")
_CELL_REF: Final = re.compile(r"([A-Z]{1,3})([1-9]\d{0,6})")
_RANGE: Final = re.compile(r"([A-Z]{1,3}[1-9]\d{0,6})(?::([A-Z]{1,3}[1-9]\d{0,6}))?")


@dataclass
class PartScan:
    """What a part holds; `rows` and `columns` are counted where the part is not plain.

    `formulas` and `errors`: row number to a bit per column (1 << 0 is column A).
    """

    is_xml: bool = False
    rows: int = 0
    columns: int = 0
    cells: int = 0
    shared_references: int = 0
    longest_shared_text: int = 0
    formulas: dict[int, int] = field(default_factory=dict)
    errors: dict[int, int] = field(default_factory=dict)


def damaged() -> FileProblem:
    """The workbook cannot be taken apart."""
    return FileProblem("not-a-table", "Berkas rusak atau bukan lembar kerja Excel. Buka di Excel, simpan lagi sebagai .xlsx.")


def _too_wide() -> FileProblem:
    return FileProblem(
        "too-large",
        "Lembar kerja terlalu luas: ada isi jauh di luar tabel. Hapus baris dan kolom di luar tabel, atau kirim sebagai CSV.",
    )


def pieces(part: IO[bytes], declared: int, limit: int) -> Iterator[bytes]:
    """The part's bytes, cut before a cell or at least a '<', so that no tag is torn, nor a formula from its cell.

    Refused when it holds more than it declares.
    """
    carry = b""
    total = 0
    while chunk := part.read(_CHUNK):
        total += len(chunk)
        if total > declared or total > limit:
            raise FileProblem(
                "zip-bomb",
                f"Isi berkas mengembang melebihi yang dinyatakan (batas {megabytes(limit)}). Berkas ini tidak dibuka.",
            )
        chunk = carry + chunk
        near = max(0, len(chunk) - _LONGEST_TAG)
        cut = chunk.rfind(b"<c ", near)
        if cut < 0:
            cut = chunk.rfind(b"<", near)
        if cut < 0:
            cut = len(chunk)
        carry = chunk[cut:]
        if cut:
            yield chunk[:cut]
    if carry:
        yield carry


def scan_part(open_part: Callable[[], IO[bytes]], declared: int, limits: Limits, *, shared: bool = False) -> PartScan:
    """Scan one part; `shared` marks the table of shared texts. Raises FileProblem for anything unsafe or too wide."""
    scan = PartScan()
    plain = True
    is_xml = False
    with open_part() as part:
        for number, piece in enumerate(pieces(part, declared, limits.sheet_bytes)):
            if number == 0:
                is_xml = scan.is_xml = _looks_like_xml(piece)
            if not is_xml:
                continue
            if any(mark in piece for mark in _DOCTYPE):
                raise FileProblem("not-a-table", "Berkas memuat definisi XML yang tidak diizinkan. Simpan ulang di Excel.")
            if shared:
                if b"<![CDATA[" in piece:
                    raise damaged()
                scan.longest_shared_text = max(scan.longest_shared_text, *map(len, piece.split(b"<si")))
            elif plain:
                scan.cells += piece.count(b"<c ")
                scan.shared_references += piece.count(b't="s"')
                plain = _is_plain(piece) and _note_formulas(piece, scan)
    if not is_xml or shared or plain:
        return scan
    with open_part() as part:
        return _exact_scan(pieces(part, declared, limits.sheet_bytes), limits)


def _is_plain(piece: bytes) -> bool:
    return not (_NOT_PLAIN.search(piece) or b't="e"' in piece or any(mark in piece for mark in _PREFIXED))


def _note_formulas(piece: bytes, scan: PartScan) -> bool:
    """Note the formulas of a plain piece; False if one of them does not stand plainly in one cell."""
    formulas = len(_FORMULA.findall(piece)) if b"<f" in piece else 0
    if not formulas:
        return True
    cells = _FORMULA_CELL.findall(piece)
    if len(cells) != formulas or any(mark in piece for mark in _SPREADING):
        return False
    for letter, row in cells:
        scan.formulas[int(row)] = scan.formulas.get(int(row), 0) | 1 << (ord(letter) - 65)
    return True


def _looks_like_xml(head: bytes) -> bool:
    if head[:2] in {b"\xff\xfe", b"\xfe\xff"} or (head[:1] == b"<" and b"\0" in head[:8]) or head[:2] == b"\0<":
        raise damaged()
    head = head.removeprefix(b"\xef\xbb\xbf")
    encoding = _ENCODING.match(head)
    if encoding and encoding[1].lower() not in {b"utf-8", b"us-ascii", b"ascii"}:
        raise damaged()
    return head.lstrip()[:1] == b"<"


def column_number(letters: str) -> int:
    """A is 1."""
    number = 0
    for letter in letters:
        number = number * 26 + ord(letter) - 64
    return number


def _position(reference: str) -> tuple[int, int]:
    found = _CELL_REF.fullmatch(reference)
    if not found:
        raise damaged()
    return int(found[2]), column_number(found[1])


class _CellWatch:
    """Follows the cells as a reader would: a reference where there is one, else the next place in the row."""

    def __init__(self, limits: Limits) -> None:
        self.scan = PartScan(is_xml=True)
        self._limits = limits
        self._row = 0
        self._column = 0
        self._in_cell = False
        self._type = ""

    def start(self, name: str, attributes: dict[str, str]) -> None:
        name = name.rpartition(":")[2]
        if name == "row":
            self._row = int(attributes["r"]) if attributes.get("r", "").isdigit() else self._row + 1
            self._column = 0
        elif name == "c":  # also outside a row: the reader does not look where it stands
            if "r" in attributes:
                self._row, self._column = _position(attributes["r"])
            else:
                self._column += 1
            self._type = attributes.get("t", "")
            self._in_cell = True
        elif self._in_cell and name in {"v", "is", "f"}:
            self._content(name, attributes)

    def _content(self, name: str, attributes: dict[str, str]) -> None:
        scan = self.scan
        scan.rows = max(scan.rows, self._row)
        scan.columns = max(scan.columns, self._column)
        scan.cells += 1
        if scan.rows * scan.columns > 2 * self._limits.workbook_cells:
            raise _too_wide()
        if name == "f":
            self._mark_formula(attributes)
        elif self._type == "s":
            scan.shared_references += 1
        elif self._type == "e":
            scan.errors[self._row] = scan.errors.get(self._row, 0) | 1 << (self._column - 1)

    def _mark_formula(self, attributes: dict[str, str]) -> None:
        formulas = self.scan.formulas
        formulas[self._row] = formulas.get(self._row, 0) | 1 << (self._column - 1)
        if attributes.get("t") not in {"array", "dataTable"}:
            return
        # An array formula stands in its first cell only; its range tells the others.
        found = _RANGE.fullmatch(attributes.get("ref", ""))
        if not found or not found[2]:
            return
        (top, left), (bottom, right) = _position(found[1]), _position(found[2])
        if bottom > PLAIN_ROWS + 1 or right > self._limits.columns:
            raise _too_wide()
        bits = sum(1 << (column - 1) for column in range(left, right + 1))
        for row in range(top, bottom + 1):
            formulas[row] = formulas.get(row, 0) | bits

    def end(self, name: str) -> None:
        name = name.rpartition(":")[2]
        if name == "c":
            self._in_cell = False


def _exact_scan(parts: Iterator[bytes], limits: Limits) -> PartScan:
    watch = _CellWatch(limits)
    parser = expat.ParserCreate()

    def refuse(*_: object) -> None:
        raise damaged()

    parser.StartDoctypeDeclHandler = refuse
    parser.EntityDeclHandler = refuse
    parser.StartCdataSectionHandler = refuse  # the reader would take such a cell for an empty one
    parser.StartElementHandler = watch.start
    parser.EndElementHandler = watch.end
    try:
        for piece in parts:
            parser.Parse(piece, False)
        parser.Parse(b"", True)
    except expat.ExpatError:
        raise damaged() from None
    return watch.scan


def shared_text_total(table: Iterator[bytes], sheet: Iterator[bytes], references: int) -> int | None:
    """Bytes of text that a sheet's cells take once each reference to a shared text is its own copy.

    None when not all of the `references` that the scan counted could be followed.
    """
    lengths: list[int] = []
    for piece in table:
        head, *rest = piece.split(b"<si")
        if lengths:
            lengths[-1] += len(head)
        lengths.extend(map(len, rest))
    total = 0
    followed = 0
    reference = re.compile(rb't="s"[^>]*>\s*<v>(\d{1,9})$')
    for piece in sheet:
        for tag in piece.split(b"</v>"):
            found = reference.search(tag, max(0, len(tag) - 120))
            if not found:
                continue
            followed += 1
            index = int(found[1])
            if index < len(lengths):
                total += lengths[index]
    return total if followed == references else None
