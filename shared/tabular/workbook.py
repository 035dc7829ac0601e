"""Rows of a workbook (.xlsx), with what a plain reader does not tell: formulas and error cells."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Final
from xml.parsers import expat

import python_calamine

from shared.tabular.archive import Workbook, inspect
from shared.tabular.cells import Cell
from shared.tabular.limits import FileProblem, Limits
from shared.tabular.sheet_scan import PartScan, damaged

_SHEETS_MAX: Final = 5
"""Only so many sheets are searched for the table; a cover page and a page of help may stand before it."""


def _elements(data: bytes) -> list[tuple[str, dict[str, str]]]:
    """Local names and attributes of a small part in document order. Entities were refused by the scan before."""
    found: list[tuple[str, dict[str, str]]] = []
    parser = expat.ParserCreate()
    parser.StartElementHandler = lambda name, attributes: found.append((name.rpartition(":")[2], attributes))
    try:
        parser.Parse(data, True)
    except expat.ExpatError:
        raise damaged() from None
    return found


def _sheet_parts(workbook: Workbook) -> dict[str, str]:
    """The part of each visible sheet by the sheet's name."""
    listing = workbook.small_part("xl/workbook.xml")
    relations = workbook.small_part("xl/_rels/workbook.xml.rels")
    if listing is None or relations is None:
        raise damaged()
    targets: dict[str, str] = {}
    for name, attributes in _elements(relations):
        if name == "Relationship" and "Id" in attributes:
            if attributes["Id"] in targets:
                raise damaged()
            targets[attributes["Id"]] = attributes.get("Target", "")
    parts: dict[str, str] = {}
    seen: set[str] = set()
    for name, attributes in _elements(listing):
        if name != "sheet":
            continue
        title = attributes.get("name", "")
        if title in seen:
            raise damaged()
        seen.add(title)
        target = next((targets.get(value, "") for key, value in attributes.items() if key.endswith(":id")), "")
        if attributes.get("state", "visible") == "visible" and "worksheets/" in target:
            target = target.lstrip("/").lower()
            parts[title] = target if target.startswith("xl/") else f"xl/{target}"
    return parts


def _is_panic(error: BaseException) -> bool:
    """A bug in the reader met by this file, such as a date beyond all calendars.

    It comes as a BaseException that no module exports, and would end the thread or the worker that reads.
    """
    return type(error).__name__ == "PanicException"


class Sheet:
    """One loaded sheet. Cells are laid out from the first used column on; numbers of rows are the spreadsheet's."""

    def __init__(self, loaded: python_calamine.CalamineSheet, scan: PartScan) -> None:
        self._loaded = loaded
        self._offset = loaded.start[1] if loaded.start else 0
        self.formulas = scan.formulas
        self.errors = scan.errors

    def rows(self) -> Iterator[tuple[int, Sequence[Cell]]]:
        """Every row with anything in it, its first cell being column A."""
        pad: list[Cell] = [""] * self._offset
        marked = self.formulas.keys() | self.errors.keys()
        number = 0
        try:
            for number, cells in enumerate(self._loaded.iter_rows(), start=1):
                if cells.count("") == len(cells) and number not in marked:
                    continue
                yield number, [*pad, *cells] if pad else cells
        except BaseException as error:
            if not _is_panic(error):
                raise
            words = f"Baris {number + 1} berisi sel yang tidak terbaca, mungkin tanggal yang rusak. Perbaiki baris itu."
            raise FileProblem("not-a-table", words, row=number + 1) from None


class WorkbookSource:
    """A workbook that passed inspection; sheets are loaded one at a time, whole."""

    def __init__(self, path: Path, limits: Limits) -> None:
        self._workbook = inspect(path, limits)
        self._limits = limits
        self._parts = _sheet_parts(self._workbook)

    def sheet_names(self) -> list[str]:
        """Visible sheets in the workbook's order, as many as are searched."""
        return list(self._parts)[:_SHEETS_MAX]

    def load(self, name: str) -> Sheet:
        """Load one sheet. Raises FileProblem when it is larger than a workbook may be."""
        scan = self._workbook.scans.get(self._parts[name])
        if scan is None or not scan.is_xml:  # the reader takes what was not scanned for XML all the same
            raise damaged()
        if max(scan.rows * scan.columns, scan.cells) > self._limits.workbook_cells:
            raise self._too_large(f"{scan.rows} baris x {scan.columns} kolom" if scan.rows else f"{scan.cells} sel")
        try:
            # From a handle: a path would be judged by its ending, which is the sender's choice.
            with self._workbook.path.open("rb") as file, python_calamine.CalamineWorkbook.from_filelike(file) as opened:
                loaded = opened.get_sheet_by_name(name)
        except python_calamine.PasswordError:
            raise FileProblem("encrypted", "Berkas dikunci dengan kata sandi. Hapus kata sandinya.") from None
        except (python_calamine.CalamineError, OSError, ValueError):
            raise damaged() from None
        except BaseException as error:
            if not _is_panic(error):
                raise
            raise damaged() from None
        if loaded.end is not None and loaded.end[0] + 1 > self._limits.workbook_rows:
            raise self._too_large(f"{loaded.end[0] + 1} baris")
        return Sheet(loaded, scan)

    def _too_large(self, found: str) -> FileProblem:
        return FileProblem(
            "too-large",
            f"Lembar kerja terlalu besar: {found}, paling banyak {self._limits.workbook_rows} baris dan "
            f"{self._limits.workbook_cells} sel. Kirim sebagai CSV, atau hapus isi di luar tabel.",
        )
