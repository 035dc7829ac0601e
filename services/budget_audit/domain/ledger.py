"""Postings: every movement of money names the account it goes to and the one it comes from; corrections are movements back."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

TREASURY = "regional_treasury"
"""Kas Daerah (RKUD)."""


def holding(programme: str) -> str:
    """The holding account at the bank, by programme."""
    return f"holding/{programme}"


def distributed(programme: str) -> str:
    """What beneficiaries have in their accounts."""
    return f"distributed/{programme}"


def spent(account: str) -> str:
    """Paid to suppliers from a line with this account code."""
    return f"spent/{account}"


@dataclass(frozen=True)
class Posting:
    """``amount`` rupiah, positive, to ``debit`` from ``credit``; one transaction's postings share ``transaction``."""

    transaction: str
    debit: str
    credit: str
    amount: int
    line_id: UUID | None = None
    batch_id: UUID | None = None
    source: str = ""


def moved(
    transaction: str, debit: str, credit: str, amount: int, *, line_id: UUID | None = None, batch_id: UUID | None = None, source: str = ""
) -> Posting | None:
    """A posting for a signed change: a negative one goes the other way, none for nothing."""
    if amount == 0:
        return None
    if amount < 0:
        debit, credit, amount = credit, debit, -amount
    return Posting(transaction, debit, credit, amount, line_id, batch_id, source)
