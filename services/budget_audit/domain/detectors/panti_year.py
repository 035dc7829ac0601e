"""A panti's year: round amounts on its invoices, and a rush in December."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from services.budget_audit.domain.detectors.finding import Finding, grouped
from services.budget_audit.domain.detectors.suppliers import Invoice
from services.budget_audit.domain.thresholds import Values

ROUND = "round_numbers"
RUSH = "year_end_rush"
CODES = (ROUND, RUSH)


def round_numbers(
    panti: str, year: int, count: int, round_ones: Sequence[Invoice], prices: Mapping[str, Sequence[int]], values: Values
) -> list[Finding]:
    """``count``: all invoices of the year, ``round_ones`` those that are a multiple of the round unit; ``prices``: unit prices by
    contract. A quantity times its contract price that comes out round is ruled out."""
    unit = values["round_unit"]
    explained = [one for one in round_ones if any(price >= 1_000 and one.amount % price == 0 for price in prices.get(one.contract, ()))]
    left = [one for one in round_ones if one not in explained]
    if count < values["round_count"] or len(left) * 100 < values["round_share"] * count:
        return []
    total = sum(one.amount for one in left)
    formula = (
        f"{len(left)} dari {count} tagihan berjumlah bulat (kelipatan {grouped(unit)}), bersama {grouped(total)}; "
        "banyaknya kali harga jarang bulat"
    )
    notes = (f"{len(explained)} tagihan bulat cocok dengan kelipatan harga kontraknya dan tidak dihitung.",) if explained else ()
    return [Finding(ROUND, panti, str(year), 0, total, formula, tuple(f"tagihan/{one.number}" for one in left), notes)]


def year_end_rush(
    panti: str, year: int, spent: Sequence[int], planned: Sequence[int], numbers: Sequence[str], values: Values
) -> list[Finding]:
    """``spent`` and ``planned``: rupiah of the twelve months; ``numbers``: SP2D of December. What the cash plan foresaw is ruled out."""
    total, december = sum(spent), spent[11]
    earlier = total - december
    if not earlier or december * 100 <= values["december_share"] * total:
        return []
    usual = max(planned[11], earlier // 11)
    if december * 100 <= usual * (100 + values["plan_deviation"]):
        return []
    formula = (
        f"Desember {grouped(december)} = {december * 100 // total}% dari {grouped(total)}; anggaran kas Desember {grouped(planned[11])}, "
        f"rata-rata Januari-November {grouped(earlier // 11)}"
    )
    notes = ("Belanja Desember sebesar anggaran kas bukan temuan.",)
    return [Finding(RUSH, panti, str(year), usual, december, formula, tuple(f"sp2d/{number}" for number in numbers), notes)]
