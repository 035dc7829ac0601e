"""Residents counted, and fed by the count, after the register of comings and goings let them go (an allegation of 2013, DOMAIN.md S59)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

from services.budget_audit.domain.calendar import days_of
from services.budget_audit.domain.detectors.finding import Finding, grouped
from shared.kernel.month import Month

CODE = "residents_after_release"


@dataclass(frozen=True)
class RegisterFacts:
    """``before``: residents on the eve of the month, by the count. ``moved``: arrived less departed, by day; a day without is no change.
    ``prices``: rupiah per resident and day."""

    panti: str
    month: Month
    before: int | None
    residents: Mapping[date, int]
    moved: Mapping[date, int]
    prices: Mapping[date, int]


def detect(facts: RegisterFacts) -> list[Finding]:
    """Nothing without a register of the month, or until every day and the eve are counted and priced."""
    days = days_of(facts.month)
    if facts.before is None or not facts.moved or any(day not in facts.residents or day not in facts.prices for day in days):
        return []
    living, over, expected, actual = facts.before, 0, 0, 0
    first: date | None = None
    for day in days:
        living += facts.moved.get(day, 0)
        counted = facts.residents[day]
        if counted > living:
            over += counted - living
            first = first or day
        expected += max(0, min(living, counted)) * facts.prices[day]
        actual += counted * facts.prices[day]
    if not over or first is None:
        return []
    formula = (
        f"sensus {grouped(sum(facts.residents[day] for day in days))} hari-orang; menurut register (awal {facts.before}) "
        f"{grouped(over)} hari-orang lebih sedikit, sejak {first.isoformat()}; selisih {grouped(actual - expected)}"
    )
    notes = ("Masuk, kembali dan pindahan menurut register sudah dihitung sejak harinya.",)
    evidence = (f"sensus/{facts.panti}/{facts.month}", f"register/{facts.panti}/{facts.month}")
    return [Finding(CODE, facts.panti, facts.month, expected, actual, formula, evidence, notes)]
