"""The shape of a file that an office sends: its columns, its rows and what is wrong with them."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from shared.tabular.cells import Cell, CellProblem, Parser, cell_text, mask
from shared.tabular.parsers import (
    CellParser,
    account_number,
    choice,
    code,
    day,
    digits,
    month,
    rupiah,
    text,
    whole_number,
    whole_number_between,
    yes_no,
)

__all__ = [
    "Cell",
    "CellParser",
    "CellProblem",
    "Column",
    "Parser",
    "Problem",
    "Row",
    "Template",
    "account_number",
    "choice",
    "code",
    "day",
    "digits",
    "mask",
    "month",
    "rupiah",
    "text",
    "whole_number",
    "whole_number_between",
    "yes_no",
]

MEND_COLUMN = "masalah"
"""The last column of a file of rejected rows; ignored when that file comes back."""

_BETWEEN_WORDS = re.compile(r"[\s_.\-]+")


def header_key(text: str) -> str:
    """Headers are the same if they differ only in capitals, blanks, underscores and a star for 'required'."""
    folded = unicodedata.normalize("NFKC", text).casefold().strip(" \t\r\n\u00a0\ufeff'\"*:")
    return _BETWEEN_WORDS.sub("_", folded).strip("_")


@dataclass(frozen=True)
class Column:
    """A published column. A required one must be in the header and filled in each row; any other may be absent.

    `help` (Bahasa Indonesia) and `example` go into the template. `aliases` are other headers that mean the same.
    A cell with a formula is refused unless `formula_allowed`: its value may change after it was signed.
    """

    name: str
    parse: Parser
    required: bool = True
    help: str = ""
    example: str = ""
    aliases: tuple[str, ...] = ()
    formula_allowed: bool = False


@dataclass(frozen=True)
class Template:
    """A published table. `preamble` names the cells of a first row that stands before the header.

    A preamble name alone gives text; a `Column` there gives a parsed value.
    """

    name: str
    title: str
    columns: tuple[Column, ...]
    preamble: tuple[str | Column, ...] = ()

    def preamble_columns(self) -> tuple[Column, ...]:
        """The preamble as columns."""
        return tuple(item if isinstance(item, Column) else Column(item, text(200)) for item in self.preamble)


@dataclass(frozen=True)
class Problem:
    """What is wrong with one cell (`column` is empty: with the whole row), or, as a warning, worth a look.

    `row` is the number that a spreadsheet shows. `message` is in Bahasa Indonesia; `value` is masked.
    """

    row: int
    column: str
    code: str
    message: str
    value: str
    warning: bool = False

    @property
    def sentence(self) -> str:
        """The problem with its place, for a page or a terminal."""
        where = f"Baris {self.row}, kolom {self.column}" if self.column else f"Baris {self.row}"
        return f"{where}: {self.message}"


class Row:
    """One row of the table: `values` by column name (None where empty or wrong) and its problems, warnings included."""

    __slots__ = ("_cells", "number", "problems", "values")

    def __init__(self, number: int, values: dict[str, Any], raw: Sequence[Cell], problems: list[Problem] | None = None) -> None:
        self.number = number
        self.values = values
        self._cells = raw
        self.problems = [] if problems is None else problems

    @property
    def raw(self) -> list[str]:
        """The cells as they came, as text, in the order of the template's columns."""
        return [cell_text(cell) for cell in self._cells]

    @property
    def ok(self) -> bool:
        """Whether the row may be applied: it has warnings at most."""
        return not self.problems or all(problem.warning for problem in self.problems)

    def refuse(self, column: str, code: str, message: str, value: str = "", *, warning: bool = False) -> None:
        """Add a problem that only the service can see, such as a person named twice.

        `message` is in Bahasa Indonesia; `value` already masked, or left out for the masked cell of that column.
        """
        place = list(self.values).index(column) if column in self.values else -1
        if not value and 0 <= place < len(self._cells):
            value = mask(self._cells[place])
        self.problems.append(Problem(self.number, column, code, message, value, warning))

    def __repr__(self) -> str:
        return f"Row(number={self.number}, problems={len(self.problems)})"


@dataclass(frozen=True)
class DigitsTally:
    """How often the last digit of a column is 0, to tell a column that went through a spreadsheet (O5)."""

    counts: list[int] = field(default_factory=lambda: [0, 0, 0, 0])

    def see(self, cell: Cell) -> None:
        """Count one cell that is not empty."""
        counts = self.counts
        if isinstance(cell, str):
            counts[2] += 1
            if cell[-1:] == "0":
                counts[3] += 1
        elif isinstance(cell, (int, float)):
            counts[0] += 1
            if cell % 10 == 0:
                counts[1] += 1

    def lost(self) -> bool:
        """One in ten ends in 0 by chance; three in ten of the numeric cells, or half of the text, does not."""
        numbers, number_zeros, texts, text_zeros = self.counts
        return (number_zeros >= 8 and number_zeros > 0.3 * numbers) or (text_zeros >= 20 and text_zeros > 0.5 * texts)
