"""Spending of a budget line against its cash plan, by month and to date, and a forecast to the year's end.

Only months that the source covers to their last day: silence is not thrift (TROUBLES O12).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from services.budget_audit.domain.detectors.finding import Finding, grouped
from services.budget_audit.domain.thresholds import Values
from shared.kernel.month import Month

MONTH = "plan_deviation_month"
TO_DATE = "plan_deviation_to_date"
SLOW = "slow_absorption"
CODES = (MONTH, TO_DATE, SLOW)


@dataclass(frozen=True)
class LineYear:
    """``planned`` and ``spent``: rupiah of the twelve months. ``saved``: by month, what a contract price below the food ceiling saves
    for the residents that were counted (0 for other lines). ``first`` and ``covered``: of the months from ``first`` (0 is January) up to
    and without ``covered`` the source has everything.
    """

    key: str
    year: int
    ceiling: int
    planned: Sequence[int]
    spent: Sequence[int]
    saved: Sequence[int]
    first: int
    covered: int
    covered_until: str

    def sums(self) -> tuple[int, int, int]:
        """Planned, spent and saved to date."""
        seen = slice(self.first, self.covered)
        return sum(self.planned[seen]), sum(self.spent[seen]), sum(self.saved[seen])

    @property
    def months(self) -> int:
        return max(0, self.covered - self.first)


def forecast(line: LineYear, values: Values) -> int | None:
    """Spending of the whole year in rupiah if what is left of the cash plan is spent as what went before; never above the ceiling.

    None before enough months are covered, and where nothing was planned in them.
    """
    planned, spent, _ = line.sums()
    if line.months < values["absorption_months"] or not planned:
        return None
    return min(line.ceiling, spent + (sum(line.planned) - planned) * spent // planned)


def detect(line: LineYear, values: Values) -> list[Finding]:
    if not line.months or not any(line.planned):
        return []
    return [*_by_month(line, values), *_to_date(line, values), *_slow(line, values)]


def _deviates(planned: int, spent: int, saved: int, values: Values) -> bool:
    """Out of line by more than the threshold, and not because the tender came out below the ceiling."""
    least = planned * values["plan_deviation"] // 100
    return spent - planned > least or (planned - spent > least and planned - spent - saved > least)


def _notes(line: LineYear, saved: int) -> tuple[str, ...]:
    notes = [f"Data s.d. {line.covered_until}; bulan yang tidak tertutup data tidak dihitung."]
    if saved:
        notes.append(f"Harga lelang di bawah pagu makan menghemat {grouped(saved)}; itu sudah dikurangkan dan tidak cukup menjelaskan.")
    return tuple(notes)


def _by_month(line: LineYear, values: Values) -> list[Finding]:
    found = []
    for n in range(line.first, line.covered):
        planned, spent, saved = line.planned[n], line.spent[n], line.saved[n]
        if planned and _deviates(planned, spent, saved, values):
            month = Month(f"{line.year}-{n + 1:02d}")
            formula = f"anggaran kas {grouped(planned)}, SP2D {grouped(spent)}; deviasi {(spent - planned) * 100 // planned}%"
            found.append(Finding(MONTH, line.key, month, planned, spent, formula, (f"pos/{line.key}",), _notes(line, saved)))
    return found


def _to_date(line: LineYear, values: Values) -> list[Finding]:
    planned, spent, saved = line.sums()
    if not planned or not _deviates(planned, spent, saved, values):
        return []
    formula = (
        f"bulan ke-{line.first + 1} s.d. ke-{line.covered}: anggaran kas {grouped(planned)}, SP2D {grouped(spent)}; "
        f"deviasi {(spent - planned) * 100 // planned}%"
    )
    return [Finding(TO_DATE, line.key, str(line.year), planned, spent, formula, (f"pos/{line.key}",), _notes(line, saved))]


def _slow(line: LineYear, values: Values) -> list[Finding]:
    planned, spent, saved = line.sums()
    expected = forecast(line, values)
    if expected is None:
        return []
    rest = sum(line.planned) - planned
    lawful = saved * 12 // line.months
    if (expected + lawful) * 100 >= values["absorption"] * line.ceiling:
        return []
    formula = (
        f"SP2D {grouped(spent)} + sisa anggaran kas {grouped(rest)} × {spent * 100 // planned}% = perkiraan {grouped(expected)}, "
        f"{expected * 100 // max(1, line.ceiling)}% dari pagu {grouped(line.ceiling)}"
    )
    return [Finding(SLOW, line.key, str(line.year), line.ceiling, expected, formula, (f"pos/{line.key}",), _notes(line, lawful))]
