"""The two ways of looking: SQL whose rows are the findings, and two sorted streams side by side."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

from ritme.verify.report import Invariant
from ritme.verify.snapshots import Snapshot

Row = tuple[Any, ...]


def every(line: Invariant, where: Snapshot, query: str, params: Mapping[str, Any] | None = None) -> None:
    """``query`` yields one text per thing that is wrong."""
    for (text,) in where.stream(query, params):
        line.add(str(text))


def counted(line: Invariant, where: Snapshot, table: str, condition: str = "true") -> None:
    """Add the rows of ``table`` to what was checked."""
    line.checked += where.number(f"SELECT count(*) FROM {table} WHERE {condition}")


def side_by_side(left: Iterable[Row], right: Iterable[Row], width: int) -> Iterator[tuple[Row | None, Row | None]]:
    """Pair the rows of two streams by their first ``width`` columns; None where one side has no such row.

    Both must be sorted by these columns, without duplicates. Memory is flat: one row of each is held.
    """
    one, other = iter(left), iter(right)
    a, b = next(one, None), next(other, None)
    while a is not None or b is not None:
        if b is None or (a is not None and a[:width] < b[:width]):
            yield a, None
            a = next(one, None)
        elif a is None or b[:width] < a[:width]:
            yield None, b
            b = next(other, None)
        else:
            yield a, b
            a, b = next(one, None), next(other, None)


def differences(
    line: Invariant, left: Iterable[Row], right: Iterable[Row], width: int, say: Callable[[Row | None, Row | None], str]
) -> None:
    """Every pair that is not equal is a finding; ``say`` names it ('' for one that may differ)."""
    for a, b in side_by_side(left, right, width):
        if a != b and (text := say(a, b)):
            line.add(text)
