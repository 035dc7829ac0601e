"""The double-entry journal of the money that the treasury pays out for batches: accounts, and what moves between which of them.

A posting has one debit, one credit and one amount, so debits equal credits row by row; no posting is ever changed.
What many people share stands in one posting (a list that goes out, the credits of one answer and day); money that stays in
the holding account for a person is posted by payment, so that no rupiah of it is without a name.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from enum import StrEnum
from types import MappingProxyType
from typing import Final


class Account(StrEnum):
    """``holding`` + ``bank`` + ``sts_due`` is what the ledger says the holding account at the bank should hold."""

    TREASURY = "treasury"
    """Kas Daerah (RKUD)."""
    HOLDING = "holding"
    """In the holding account and under nobody's instruction; by payment where the bank could not credit or sent back."""
    BANK = "bank"
    """Instructed, and the bank has not answered for it yet."""
    DISTRIBUTED = "distributed"
    """In the accounts of the people."""
    STS_DUE = "sts_due"
    """Named, and on its way back to Kas Daerah by an STS."""
    REISSUED = "reissued"
    """Between two lists: what a retry draws from a returned payment leaves it here and arrives with the retry in the same
    transaction, so over all lists this account is always 0."""


class PostingKind(StrEnum):
    """What happened."""

    FUNDING = "funding"
    RELEASE = "release"
    CREDIT = "credit"
    REJECTION = "rejection"
    LATE_RETURN = "late_return"
    NAMED_FOR_STS = "named_for_sts"
    STS = "sts"
    DRAWN = "drawn"
    FROM_HOLDING = "from_holding"


_A, _K = Account, PostingKind

MOVES: Final[Mapping[PostingKind, tuple[Account, Account]]] = MappingProxyType(
    {
        _K.FUNDING: (_A.HOLDING, _A.TREASURY),
        _K.RELEASE: (_A.BANK, _A.HOLDING),
        _K.CREDIT: (_A.DISTRIBUTED, _A.BANK),
        _K.REJECTION: (_A.HOLDING, _A.BANK),
        _K.LATE_RETURN: (_A.HOLDING, _A.DISTRIBUTED),
        _K.NAMED_FOR_STS: (_A.STS_DUE, _A.HOLDING),
        _K.STS: (_A.TREASURY, _A.STS_DUE),
        # A retry without a new SP2D: out of the returned payment's name, onto the list that pays it again (docs/adr/0013).
        _K.DRAWN: (_A.REISSUED, _A.HOLDING),
        _K.FROM_HOLDING: (_A.HOLDING, _A.REISSUED),
    }
)
"""Debit and credit of each kind."""

AT_THE_BANK: Final = (Account.HOLDING, Account.BANK, Account.STS_DUE)
"""The accounts whose sum the statement of the holding account is compared with."""

AGES: Final = ((30, "0-30"), (90, "31-90"))
OLDEST: Final = ">90"


def age_of(since: date, on: date) -> str:
    """The age of a balance in calendar days: 0-30, 31-90 or over 90 (USERS.md, S5)."""
    days = (on - since).days
    return next((name for last, name in AGES if days <= last), OLDEST)
