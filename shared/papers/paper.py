"""What a paper is made of, whatever it is written as."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, Protocol

Cell = str | int | None
Kind = Literal["text", "digits", "rupiah", "count"]
"""``digits``: a number that is a name (NIK, account), which must never become a quantity."""


@dataclass(frozen=True)
class Column:
    """``weight``: its share of the page's width."""

    title: str
    kind: Kind = "text"
    weight: float = 1.0


@dataclass(frozen=True)
class Head:
    """The top of the paper: whose it is, what it is, and the facts that identify it."""

    office: Sequence[str]
    title: str
    facts: Sequence[tuple[str, str]]


@dataclass(frozen=True)
class Place:
    """A place to sign: the role, and the name where it is known."""

    role: str
    name: str = ""


class PaperWriter(Protocol):
    """Sections in their order, rows block by block; nothing is kept in memory that grows with the rows."""

    def head(self, head: Head) -> None: ...

    def words(self, title: str, paragraphs: Sequence[str]) -> None: ...

    def table(self, title: str, columns: Sequence[Column]) -> None:
        """A table begins; its rows follow."""

    def rows(self, rows: Sequence[Sequence[Cell]]) -> None: ...

    def total(self, row: Sequence[Cell]) -> None:
        """The table's last row."""

    def sign(self, day: str, places: Sequence[Place]) -> None: ...

    def save(self, target: Path) -> None: ...
