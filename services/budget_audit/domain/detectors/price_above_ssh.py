"""Contract prices above the standard price (SSH) of the year, for what was handed over. Without an SSH table of that year: nothing."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from services.budget_audit.domain.detectors.finding import Finding, grouped
from services.budget_audit.domain.supply import MILLI, Contract, Minutes, worth

CODE = "price_above_ssh"


def detect(contract: Contract, year: int, minutes: Sequence[Minutes], standard: Mapping[tuple[str, str], int]) -> list[Finding]:
    """``standard``: price by item and unit. A price at or below the standard never makes up for one above it."""
    expected = actual = 0
    terms: list[str] = []
    missing: list[str] = []
    for item in contract.items:
        quantity = sum(one.quantity for one in minutes if one.item == item.item and one.unit == item.unit)
        price = standard.get((item.item, item.unit))
        if price is None:
            missing.append(item.item)
        elif quantity and item.price > price:
            expected, actual = expected + worth(quantity, price), actual + worth(quantity, item.price)
            terms.append(f"{item.item}: {_number(quantity)} {item.unit} × ({grouped(item.price)} − SSH {grouped(price)})")
    if not terms:
        return []
    notes = (f"Tanpa SSH tahun {year}, jadi tidak dibandingkan: {', '.join(missing)}.",) if missing else ()
    evidence = (f"kontrak/{contract.number}", f"ssh/{year}", *dict.fromkeys(f"bast/{one.number}" for one in minutes))
    formula = " + ".join(terms) + f" = {grouped(actual - expected)}"
    return [Finding(CODE, contract.number, str(year), expected, actual, formula, evidence, notes)]


def _number(quantity: int) -> str:
    whole, rest = divmod(quantity, MILLI)
    return grouped(whole) + (f",{rest:03d}".rstrip("0") if rest else "")
