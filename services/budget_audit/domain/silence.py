"""Up to which day a source of spending has spoken. Silence is not 'nothing spent' (TROUBLES O12)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta

ONE = timedelta(days=1)


@dataclass(frozen=True)
class Spoken:
    """The days that one file covers; ``first`` None: from the beginning of the year, as a cumulative file does."""

    first: date | None
    last: date


@dataclass(frozen=True)
class Coverage:
    """``until``: the last day of the year that a file covered, None where none did. ``holes``: days before it that no file covered."""

    until: date | None
    holes: tuple[tuple[date, date], ...] = ()


def coverage(year: int, files: Sequence[Spoken]) -> Coverage:
    """What files say about one budget year. A later file that covers a hole closes it."""
    start, end = date(year, 1, 1), date(year, 12, 31)
    days = sorted(
        (max(one.first or start, start), min(one.last, end)) for one in files if one.last >= start and (one.first or start) <= end
    )
    if not days:
        return Coverage(None)
    holes, reached = [], start - ONE
    for first, last in days:
        if first > reached + ONE:
            holes.append((reached + ONE, first - ONE))
        reached = max(reached, last)
    return Coverage(reached, tuple(holes))


def spoken_until(coverage: Coverage) -> date | None:
    """The last day up to which nothing is missing: where figures stop being whole. None where the first day is missing already."""
    if coverage.until is None or not coverage.holes:
        return coverage.until
    first_hole = coverage.holes[0][0]
    return first_hole - ONE if (first_hole.month, first_hole.day) != (1, 1) else None
