"""Handover minutes made once from the contract's figures, where the contract promises a delivery every few days.

After the finding of Maluku Utara (LHP May 2025, DOMAIN.md section 2): minutes once in three months from the contract value, food that
came every third day, no kitchen log.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import date, timedelta
from itertools import pairwise
from statistics import median

from services.budget_audit.domain.detectors.finding import Finding, grouped
from services.budget_audit.domain.supply import Contract, Item, Minutes
from services.budget_audit.domain.thresholds import Values

CODE = "minutes_from_contract_value"


def detect(
    contract: Contract, year: int, minutes: Sequence[Minutes], kitchen: Collection[tuple[str, date]], values: Values
) -> list[Finding]:
    """``minutes`` of that year; ``kitchen``: panti and days with a kitchen log. Expected is what the log makes believable."""
    expected = actual = 0
    terms: list[str] = []
    ruled_out: list[str] = []
    evidence: list[str] = []
    for item in contract.items:
        lines = [one for one in minutes if one.item == item.item and one.unit == item.unit]
        if not lines or not _once_from_the_contract(contract, item, lines, values):
            continue
        dated = sorted({one.day for one in lines})
        since = dated[0] - timedelta(days=_gap(contract, dated) - 1)  # what the first of these papers is about
        first, last = max(contract.first, since), min(dated[-1], contract.last)
        logged, days = _logged(contract, kitchen, first, last)
        amount = sum(one.amount for one in lines)
        if days and logged * 100 >= values["kitchen_share"] * days:
            ruled_out.append(f"{item.item}: buku dapur terisi {logged} dari {days} hari, jadi penerimaan {grouped(amount)} terbukti.")
            continue
        believed = amount * logged // days if days else 0
        expected, actual = expected + believed, actual + amount
        dates = len({one.day for one in lines})
        terms.append(
            f"{item.item}: {dates} BAST untuk {days} hari (kontrak: tiap {item.every_days} hari) senilai {grouped(amount)}, "
            f"banyaknya sama dengan angka kontrak; buku dapur {logged} dari {days} hari"
        )
        evidence += [f"bast/{one.number}" for one in lines]
    if not actual:
        return []
    text = "; ".join(terms) + f"; belum terbukti {grouped(actual - expected)}"
    found = tuple(dict.fromkeys([f"kontrak/{contract.number}", *evidence]))
    return [Finding(CODE, contract.number, str(year), expected, actual, text, found, tuple(ruled_out))]


def _once_from_the_contract(contract: Contract, item: Item, lines: Sequence[Minutes], values: Values) -> bool:
    if item.every_days == 0:
        return False  # delivered once: one paper is right
    dated = sorted({one.day for one in lines})
    if item.every_days * 100 >= values["minutes_share"] * _gap(contract, dated):
        return False
    last = dated[-1]
    total = sum(one.quantity for one in lines)
    share = item.quantity * ((min(last, contract.last) - contract.first).days + 1) // contract.days
    near = max(1, item.quantity // 200)  # half a percent
    equal = len(lines) > 1 and len({one.quantity for one in lines}) == 1
    return equal or abs(total - item.quantity) <= near or abs(total - share) <= near


def _gap(contract: Contract, dated: Sequence[date]) -> int:
    """The days that one paper usually stands for: the middle of those between two papers, or since the contract began for a lone one.
    Not counted from the contract's start otherwise: papers of some months may not be here yet, and that is no finding."""
    if len(dated) == 1:
        return max(1, (dated[0] - contract.first).days + 1)
    return round(median((later - earlier).days for earlier, later in pairwise(dated)))


def _logged(contract: Contract, kitchen: Collection[tuple[str, date]], first: date, last: date) -> tuple[int, int]:
    """Days with a log, and days, over all panti of the contract."""
    days = [first + timedelta(days=n) for n in range((last - first).days + 1)]
    return sum((panti, day) in kitchen for panti in contract.panti for day in days), len(days) * len(contract.panti)
