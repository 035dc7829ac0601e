"""How large a file may be, and the refusal of a file as a whole."""

from __future__ import annotations

from dataclasses import dataclass


class FileProblem(Exception):
    """The file as a whole cannot be read; nothing of it may be applied.

    `code` is one of: not-a-table, wrong-workbook, header-missing, preamble-bad, empty, too-large, zip-bomb, encrypted,
    macro, encoding, damaged-text. `message` is for the clerk, in Bahasa Indonesia. `row`, where known, is the number
    that a spreadsheet shows.
    """

    def __init__(self, code: str, message: str, *, row: int | None = None) -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.row = row


@dataclass(frozen=True)
class Limits:
    """Bounds of one upload. The defaults carry 220,000 people as a workbook and a million as CSV."""

    csv_bytes: int = 300_000_000
    workbook_bytes: int = 40_000_000
    rows: int = 1_200_000
    columns: int = 100
    line_characters: int = 65_536
    lines_in_a_cell: int = 50

    workbook_rows: int = 299_999
    workbook_cells: int = 5_000_000
    entries: int = 1_000
    sheet_bytes: int = 200_000_000
    unpacked_bytes: int = 260_000_000
    ratio: int = 200
    shared_text_bytes: int = 120_000_000


def megabytes(size: int) -> str:
    """A size for people."""
    return f"{max(1, round(size / 1_000_000))} MB"
