"""What one line of a bank's result file does to one payment, as a table (CORE.md section 5, Result rows)."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from types import MappingProxyType
from typing import Final


class PaymentOutcome(StrEnum):
    """What became of one transfer. ``withdrawn``: taken off its list before the list went to the bank."""

    PREPARED = "prepared"
    IN_PAYMENT = "in_payment"
    CREDITED = "credited"
    REJECTED = "rejected"
    UNKNOWN = "unknown"
    RETURNED = "returned"
    WITHDRAWN = "withdrawn"


class CodeOutcome(StrEnum):
    """What a code of the bank means, by the signed code table."""

    CREDITED = "credited"
    REJECTED = "rejected"
    PENDING = "pending"


class RowState(StrEnum):
    """What a row did. ``applied``: credited; ``rejected``: the bank could not credit, or sent back later."""

    APPLIED = "applied"
    REJECTED = "rejected"
    UNCHANGED = "unchanged"
    QUARANTINED = "quarantined"


class RowProblem(StrEnum):
    """Why a row stands in quarantine, in the order in which they are looked for."""

    UNREADABLE = "unreadable"
    UNKNOWN_PAYMENT = "unknown_payment"
    UNKNOWN_CODE = "unknown_code"
    CHANGED_AMOUNT = "changed_amount"
    CHANGED_ACCOUNT = "changed_account"
    AGAINST_FINAL = "against_final"


_P, _C, _R = PaymentOutcome, CodeOutcome, RowState

DECISIONS: Final[Mapping[tuple[PaymentOutcome, CodeOutcome], RowState]] = MappingProxyType(
    {
        (_P.IN_PAYMENT, _C.CREDITED): _R.APPLIED,
        (_P.UNKNOWN, _C.CREDITED): _R.APPLIED,
        (_P.IN_PAYMENT, _C.REJECTED): _R.REJECTED,
        (_P.UNKNOWN, _C.REJECTED): _R.REJECTED,
        (_P.IN_PAYMENT, _C.PENDING): _R.UNCHANGED,
        (_P.UNKNOWN, _C.PENDING): _R.UNCHANGED,
        (_P.CREDITED, _C.CREDITED): _R.UNCHANGED,
        (_P.REJECTED, _C.REJECTED): _R.UNCHANGED,
        (_P.RETURNED, _C.REJECTED): _R.UNCHANGED,
        # A late return: in a later file than the credit, and not dated before it. Else it is against a final outcome.
        (_P.CREDITED, _C.REJECTED): _R.REJECTED,
    }
)
"""Every other pair is an outcome against a final one, and is quarantined."""


def decide(payment: str, code: str, *, dated_before_credit: bool = False) -> tuple[RowState, RowProblem | None]:
    """The state of one row for a payment that is known, with the amount and account as sent."""
    pair = (PaymentOutcome(payment), CodeOutcome(code))
    state = DECISIONS.get(pair)
    if state is None or (pair == (_P.CREDITED, _C.REJECTED) and dated_before_credit):
        return RowState.QUARANTINED, RowProblem.AGAINST_FINAL
    return state, None
