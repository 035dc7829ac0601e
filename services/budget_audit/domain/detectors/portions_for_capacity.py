"""Food delivered for the number that a contract is reckoned for, while fewer people live there (TROUBLES O11)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from services.budget_audit.domain.calendar import days_of
from services.budget_audit.domain.detectors.finding import Finding, grouped
from services.budget_audit.domain.supply import MILLI, Contract, Minutes, worth
from services.budget_audit.domain.thresholds import Values
from shared.kernel.month import Month

CODE = "portions_for_capacity"


@dataclass(frozen=True)
class PortionFacts:
    """``contracts`` are those for this panti alone: of several panti together nobody can say who ate what.

    ``standard``: SSH by item and unit. What was too much is valued at the lawful price (the lower of contract and SSH), so that it
    and ``price_above_ssh`` add up to all that was overpaid and count nothing twice; so without SSH of the year there is no finding.
    """

    panti: str
    month: Month
    contracts: Sequence[Contract]
    minutes: Mapping[str, Sequence[Minutes]]
    residents: Mapping[date, int]
    portions: Mapping[date, int]
    standard: Mapping[tuple[str, str], int]


def detect(facts: PortionFacts, values: Values) -> list[Finding]:
    """Nothing until every day is counted."""
    days = days_of(facts.month)
    if any(day not in facts.residents for day in days):
        return []
    lived = sum(facts.residents[day] for day in days)
    expected = actual = 0
    terms: list[str] = []
    evidence: list[str] = [f"sensus/{facts.panti}/{facts.month}"]
    for contract in facts.contracts:
        for item in contract.items:
            price = facts.standard.get((item.item, item.unit))
            lines = [one for one in facts.minutes.get(contract.number, ()) if one.item == item.item and one.unit == item.unit]
            if not item.people or not lines or price is None:
                continue
            delivered = sum(one.quantity for one in lines)
            reckoned = item.people * len(days)  # person-days that the contract counts in this month
            per_contract = item.people * contract.days
            due, full = item.quantity * lived // per_contract, item.quantity * reckoned // per_contract
            slack = 100 + values["portion_tolerance"]
            if reckoned * 100 <= lived * slack or delivered * slack < full * 100 or delivered * 100 <= due * slack:
                continue
            lawful = min(price, item.price)
            expected, actual = expected + worth(due, lawful), actual + worth(delivered, lawful)
            terms.append(
                f"{item.item}: diserahkan untuk {item.people} orang × {len(days)} hari = {grouped(reckoned)}, dihuni {grouped(lived)} "
                f"hari-orang; ({grouped(delivered // MILLI)} − {grouped(due // MILLI)}) {item.unit} × {grouped(lawful)}"
            )
            evidence += [f"kontrak/{contract.number}", *(f"bast/{one.number}" for one in lines)]
    if not terms:
        return []
    formula = "; ".join(terms) + f" = {grouped(actual - expected)}"
    return [Finding(CODE, facts.panti, facts.month, expected, actual, formula, tuple(dict.fromkeys(evidence)), _ruled_out(facts, lived))]


def _ruled_out(facts: PortionFacts, lived: int) -> tuple[str, ...]:
    notes = ["Pindahan, cuti dan pulang sudah dihitung: sensus tiap hari, bukan rata-rata."]
    if facts.portions:
        cooked = sum(facts.portions.values())
        notes.append(f"Buku dapur ({len(facts.portions)} hari) mencatat {grouped(cooked)} porsi untuk {grouped(lived)} hari-orang.")
    return tuple(notes)
