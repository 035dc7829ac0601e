"""Residents' food booked on an account that is for other people's food, such as 5.1.02.01.01.0052 (meetings)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from services.budget_audit.domain.detectors.finding import Finding, grouped
from shared.kernel.month import Month

CODE = "wrong_account"


@dataclass(frozen=True)
class Booked:
    """What an SP2D for a panti's month took from an account for other people's food; ``note`` says whose."""

    number: str
    account: str
    amount: int
    note: str


def detect(panti: str, month: Month, rows: Sequence[Booked]) -> list[Finding]:
    """Only SP2D that name a panti's month are about residents' food: a meeting has a reference of its own and is ruled out so."""
    if not rows:
        return []
    total = sum(row.amount for row in rows)
    terms = " + ".join(f"{row.number} {grouped(row.amount)} di {row.account} ({row.note})" for row in rows)
    notes = ("Belanja rapat atau tamu tidak merujuk makan satu bulan panti; rujukan SP2D ini menyebut bulan panti.",)
    evidence = tuple(dict.fromkeys(f"sp2d/{row.number}" for row in rows))
    return [Finding(CODE, panti, month, 0, total, f"{terms} = {grouped(total)}", evidence, notes)]
