"""A panti's month: SP2D for residents' food against resident-days at the contract price of each day."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from services.budget_audit.domain.calendar import days_of
from services.budget_audit.domain.detectors.finding import Finding, grouped
from shared.kernel.month import Month

CODE = "food_differs_from_resident_days"


@dataclass(frozen=True)
class FoodFacts:
    """What is on record for one panti and month. Prices in rupiah per resident and day.

    ``ceiling_prices`` is the highest lawful price of each day where the dated table has one. ``unverified_accounts`` are
    account codes counted as residents' food that nobody has checked against the regulation yet.
    """

    panti: str
    month: Month
    residents: Mapping[date, int]
    prices: Mapping[date, int]
    ceiling_prices: Mapping[date, int]
    sp2d: int
    unverified_accounts: Sequence[str]
    evidence: Sequence[str]


def food_due(facts: FoodFacts) -> int | None:
    """Resident-days times the contract price of each day; None until every day is counted and has a price."""
    days = days_of(facts.month)
    if any(day not in facts.residents or day not in facts.prices for day in days):
        return None
    return sum(facts.residents[day] * facts.prices[day] for day in days)


def detect(facts: FoodFacts) -> list[Finding]:
    """Nothing until every day of the month is counted, priced, and an SP2D is there (the caller sees to the last)."""
    due = food_due(facts)
    if due is None:
        return []
    return [Finding(CODE, facts.panti, facts.month, due, facts.sp2d, _formula(facts, due), tuple(facts.evidence), tuple(_ruled_out(facts)))]


def _days_by_price(facts: FoodFacts) -> dict[int, int]:
    by_price: dict[int, int] = {}
    for day in days_of(facts.month):
        by_price[facts.prices[day]] = by_price.get(facts.prices[day], 0) + facts.residents[day]
    return by_price


def _formula(facts: FoodFacts, due: int) -> str:
    by_price = _days_by_price(facts)
    terms = " + ".join(f"{grouped(days)} hari-orang × {grouped(price)}" for price, days in sorted(by_price.items()))
    difference = facts.sp2d - due
    text = f"{terms} = {grouped(due)}; SP2D {grouped(facts.sp2d)}; selisih {grouped(difference)}"
    if len(by_price) == 1 and difference and difference % (price := next(iter(by_price))) == 0:
        text += f" = {grouped(abs(difference) // price)} hari-orang"
    return text


def _ruled_out(facts: FoodFacts) -> list[str]:
    notes = []
    saved = sum(
        facts.residents[day] * (facts.ceiling_prices[day] - facts.prices[day])
        for day in days_of(facts.month)
        if facts.ceiling_prices.get(day, 0) > facts.prices[day]
    )
    if saved:
        by_price = _days_by_price(facts)
        shown = ""
        ceilings = {facts.ceiling_prices.get(day, 0) for day in days_of(facts.month)}
        if len(by_price) == 1 and len(ceilings) == 1:
            (price, days), ceiling = next(iter(by_price.items())), next(iter(ceilings))
            shown = f"{grouped(ceiling - price)} × {grouped(days)} = "
        notes.append(
            f"Harga lelang di bawah pagu ({shown}{grouped(saved)}) hanya menjelaskan belanja yang lebih rendah dari pagu; "
            "yang seharusnya dibayar sudah dihitung dengan harga kontrak."
        )
    notes += [
        f"Kode rekening {code} dihitung sebagai makan warga binaan, tetapi belum terverifikasi." for code in facts.unverified_accounts
    ]
    return notes
