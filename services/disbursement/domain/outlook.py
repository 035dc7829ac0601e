"""Looking ahead: from which month on the money does not suffice.

Money that is reserved or realised already is not needed again: what a month still needs is what its people are expected to
get, less what its own lists have reserved. Rupiah.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Final

from shared.kernel.month import Month

MONTHS_MAX: Final = 24


@dataclass(frozen=True)
class BudgetLine:
    """A programme's line of one year: ``available`` = ceiling - reserved - realised + returned; ``plan`` by month (cash plan)."""

    programme: str
    year: int
    ceiling: int
    available: int
    plan: Mapping[str, int]


@dataclass(frozen=True)
class Shortage:
    """The first month that cannot be paid in full. ``missing``: rupiah that lack in that month; ``in_all``: in all the months looked at."""

    month: Month
    missing: int
    in_all: int


@dataclass(frozen=True)
class YearAhead:
    """One programme's months of one year that lie ahead.

    ``appropriation``: where the ceiling ends; without a line (January without DPA) that is the first month. ``plan``: where the
    cash plan ends; None too where there is no plan at all, which ``has_plan`` tells.
    """

    programme: str
    year: int
    has_line: bool
    has_plan: bool
    ceiling: int
    available: int
    needed: int
    appropriation: Shortage | None
    plan: Shortage | None


def years_ahead(needs: Mapping[str, Mapping[Month, int]], lines: Sequence[BudgetLine]) -> list[YearAhead]:
    """By programme and year. ``needs``: what each month still needs, by programme; months of one year are paid in their order."""
    by_key = {(line.programme, line.year): line for line in lines}
    found = []
    for programme, months in sorted(needs.items()):
        for year, grouped in groupby(sorted(months.items()), key=lambda item: int(item[0][:4])):
            found.append(_year(programme, year, dict(grouped), by_key.get((programme, year))))
    return found


def _year(programme: str, year: int, needs: Mapping[Month, int], line: BudgetLine | None) -> YearAhead:
    available = line.available if line else 0
    spent = line.ceiling - line.available if line else 0
    plan = line.plan if line else {}
    return YearAhead(
        programme=programme, year=year, has_line=line is not None, has_plan=bool(plan), ceiling=line.ceiling if line else 0,
        available=available, needed=sum(needs.values()),
        appropriation=_shortage(needs, dict.fromkeys(needs, available)),
        # What the plan lets through until a month's end, less what went or is reserved in this year already.
        plan=_shortage(needs, {month: sum(v for m, v in plan.items() if m <= month) - spent for month in needs}) if plan else None,
    )  # fmt: skip


def _shortage(needs: Mapping[Month, int], limits: Mapping[Month, int]) -> Shortage | None:
    """The first month in which the sum of the needs goes over that month's limit."""
    total, first = 0, None
    for month, need in needs.items():
        before, total = total, total + need
        if first is None and need and total > limits[month]:
            first = (month, total - max(limits[month], before))
    if first is None:
        return None
    last = list(needs)[-1]
    return Shortage(first[0], first[1], max(total - limits[last], first[1]))
