"""What one supplier's papers of a year show: the same invoice twice, one purchase split under a limit, one supplier over several panti."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from services.budget_audit.domain.detectors.finding import Finding, grouped
from services.budget_audit.domain.supply import Contract
from services.budget_audit.domain.thresholds import Values

TWICE = "invoice_twice"
SPLIT = "split_under_limit"
MANY = "one_supplier_many_panti"
CODES = (TWICE, SPLIT, MANY)


@dataclass(frozen=True)
class Invoice:
    """``folded``: the number without dots, dashes and capitals. ``paid_by``: the document that paid it."""

    number: str
    folded: str
    day: date
    amount: int
    contract: str
    panti: str
    paid_by: str


def detect(supplier: str, year: int, invoices: Sequence[Invoice], contracts: Sequence[Contract], values: Values) -> list[Finding]:
    """``invoices`` up to the year's end, so that one of last year that is paid again is seen; ``contracts`` that run in the year."""
    this_year = [one for one in invoices if one.day.year == year]
    return [
        *_twice(supplier, year, invoices),
        *_split(supplier, this_year, values),
        *_many(supplier, year, contracts, values),
    ]


def _twice(supplier: str, year: int, invoices: Sequence[Invoice]) -> list[Finding]:
    by_number: dict[str, list[Invoice]] = {}
    for one in invoices:
        by_number.setdefault(one.folded, []).append(one)
    found = []
    for folded, same in sorted(by_number.items()):
        if len(same) < 2 or max(one.day.year for one in same) != year:
            continue
        total, once = sum(one.amount for one in same), max(one.amount for one in same)
        shown = " + ".join(f"{one.number} {grouped(one.amount)} (dibayar {one.paid_by})" for one in same)
        notes = () if len({one.amount for one in same}) == 1 else ("Nilainya berbeda: mungkin termin dengan satu nomor.",)
        evidence = tuple(f"tagihan/{one.number}/{one.paid_by}" for one in same)
        formula = f"{shown} = {grouped(total)}; sekali {grouped(once)}"
        found.append(Finding(TWICE, f"{supplier}/{folded}", str(year), once, total, formula, evidence, notes))
    return found


def _split(supplier: str, invoices: Sequence[Invoice], values: Values) -> list[Finding]:
    limit = values["split_limit"]
    found: list[Finding] = []
    under = [one for one in invoices if not one.contract and one.amount < limit]
    for panti in sorted({one.panti for one in under}):
        group: list[Invoice] = []
        best: dict[str, Finding] = {}
        for one in sorted((one for one in under if one.panti == panti), key=lambda one: (one.day, one.number)):
            group = [*(before for before in group if (one.day - before.day).days <= values["split_days"]), one]
            total = sum(part.amount for part in group)
            month = group[0].day.isoformat()[:7]
            if len(group) > 1 and total > limit and (month not in best or best[month].actual < total):
                best[month] = _split_finding(supplier, panti, month, group, total, limit)
        found += best.values()
    return found


def _split_finding(supplier: str, panti: str, month: str, group: Sequence[Invoice], total: int, limit: int) -> Finding:
    shown = " + ".join(f"{one.number} ({one.day.isoformat()}) {grouped(one.amount)}" for one in group)
    formula = f"{shown} = {grouped(total)}; tiap tagihan di bawah batas {grouped(limit)}, bersama di atasnya"
    notes = ("Tagihan atas kontrak (termin) tidak dihitung: hanya yang tanpa kontrak.",)
    evidence = tuple(f"tagihan/{one.number}" for one in group)
    return Finding(SPLIT, f"{supplier}/{panti or '-'}", month, limit, total, formula, evidence, notes)


def _many(supplier: str, year: int, contracts: Sequence[Contract], values: Values) -> list[Finding]:
    """Beyond what the supplier has confirmed; without a confirmation, from several separate contracts on."""
    panti = sorted({code for contract in contracts for code in contract.panti})
    if len(panti) < values["supplier_panti"]:
        return []
    promised = sum(max((item.people for item in contract.items), default=0) for contract in contracts)
    capacity = max((contract.capacity for contract in contracts), default=0)
    total = sum(contract.value for contract in contracts)
    if capacity and promised <= capacity:
        return []
    if not capacity and len(contracts) == 1:
        return []  # one consolidated tender, as DOMAIN.md section 2 knows it
    expected = total * capacity // promised if promised else 0
    said = f"sanggup {grouped(capacity)} porsi sehari" if capacity else "kapasitas belum dikonfirmasi"
    formula = (
        f"{len(contracts)} kontrak di {len(panti)} panti ({', '.join(panti)}) senilai {grouped(total)}; menjanjikan {grouped(promised)} "
        f"porsi sehari, {said}; di luar kapasitas {grouped(total - expected)}"
    )
    notes = ("Satu lelang bersama untuk beberapa panti dalam kapasitas pemasok adalah sah dan tidak disebut.",)
    evidence = tuple(f"kontrak/{contract.number}" for contract in contracts)
    return [Finding(MANY, supplier, str(year), expected, total, formula, evidence, notes)]
