"""Money against work: what a contract's invoices ask for, against what its minutes say was handed over."""

from __future__ import annotations

from collections.abc import Sequence

from services.budget_audit.domain.detectors.finding import Finding, grouped
from services.budget_audit.domain.supply import Contract, Minutes
from services.budget_audit.domain.thresholds import Values

CODE = "financial_against_physical"


def detect(contract: Contract, year: int, minutes: Sequence[Minutes], invoices: tuple[int, Sequence[str]], values: Values) -> list[Finding]:
    """``invoices``: rupiah of the year's, and the numbers of some. Handed over and not billed yet is lawful; billed without
    minutes is not."""
    billed, numbers = invoices
    handed = sum(one.amount for one in minutes)
    if billed - handed <= billed * values["physical_gap"] // 100:
        return []
    value = max(1, contract.value)
    formula = (
        f"ditagih {grouped(billed)} ({billed * 100 // value}% kontrak), diserahkan {grouped(handed)} ({handed * 100 // value}%); "
        f"selisih {grouped(billed - handed)}"
    )
    evidence = (
        f"kontrak/{contract.number}", *dict.fromkeys(f"tagihan/{number}" for number in numbers),
        *dict.fromkeys(f"bast/{one.number}" for one in minutes),
    )  # fmt: skip
    notes = ("Barang yang sudah diserahkan tetapi belum ditagih tidak dihitung sebagai selisih.",)
    return [Finding(CODE, contract.number, str(year), handed, billed, formula, evidence, notes)]
