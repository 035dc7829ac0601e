"""What the bank's answer to "what became of this payment?" means (SNAP BI, transfer status inquiry, service 36).

Only two answers say anything about money: one that names our payment, our amount and our account and carries a status that the
signed code table calls credited or rejected. Everything else leaves the payment as it stands: unknown is not failed (a second
transfer on a guess would be a double payment).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal, InvalidOperation
from enum import StrEnum
from types import MappingProxyType
from typing import Any, Final

from shared.kernel.clock import jakarta_day

STATUS_SERVICE: Final = "36"
ACCOUNT_SERVICE: Final = "15"
FAILED: Final = "06"
"""latestTransactionStatus of a transfer that failed; why, stands in previousResponseCode."""


class Meaning(StrEnum):
    """What one inquiry told us."""

    CREDITED = "credited"
    REJECTED = "rejected"
    IN_PROCESS = "in_process"
    NOT_FOUND = "not_found"
    UNKNOWN_CODE = "unknown_code"
    DIFFERS = "differs"
    UNREADABLE = "unreadable"
    OUR_MISTAKE = "our_mistake"
    TRY_LATER = "try_later"


DEFINITE: Final = (Meaning.CREDITED, Meaning.REJECTED)
PAUSES: Final = (Meaning.OUR_MISTAKE,)
"""Every further question would get the same answer: the bank is left alone for a while."""


@dataclass(frozen=True)
class Asked:
    """The payment that the question was about. ``same_account`` compares without showing the number."""

    reference: str
    amount: int
    number_index: bytes


@dataclass(frozen=True)
class Said:
    """The answer, as far as it may be kept: never the account. ``http`` 0: no answer at all.

    ``table_code``: the code to be looked up in the signed table; empty where the answer carries none.
    """

    http: int
    code: str
    status: str = ""
    table_code: str = ""
    meaning: Meaning = Meaning.UNREADABLE
    settled_on: date | None = None
    retry_after_s: int = 0


def case_of(code: str, service: str) -> tuple[int, str] | None:
    """HTTP status and case of a responseCode such as ``2003600``; None where it is none of this service."""
    if len(code) != 7 or not code.isascii() or not code.isdigit() or code[3:5] != service:
        return None
    return int(code[:3]), code[5:]


def technical(http: int, case: str) -> Meaning | None:
    """Of an answer that says nothing about the transfer, by the published list (data/snap_bi_response_codes.csv); None: it does.

    The HTTP status decides between "ours" and "theirs"; a case that is not listed is unknown, never failed.
    """
    if http == 200:
        return None if case == "00" else Meaning.UNKNOWN_CODE
    if http == 202:
        return Meaning.IN_PROCESS
    if http == 404 and case == "01":
        return Meaning.NOT_FOUND
    if http in (400, 401, 409):
        return Meaning.OUR_MISTAKE
    if http == 429 or http >= 500:
        return Meaning.TRY_LATER
    return Meaning.UNKNOWN_CODE


def table_code(status: str, previous: str) -> str:
    """The code as it stands in the signed table: ``SNAP S00`` for a status, ``SNAP 40318`` for why a transfer failed.

    A failure is looked up by its reason alone: without one that somebody signed it stays unknown.
    """
    if status != FAILED:
        return f"SNAP S{status}"
    return f"SNAP {previous[:3]}{previous[5:]}" if len(previous) == 7 and previous.isascii() and previous.isdigit() else ""


def amount_of(value: Any) -> int | None:
    """Whole rupiah of SNAP's ``{"value": "300000.00", "currency": "IDR"}``; None for anything else."""
    if not isinstance(value, Mapping) or value.get("currency") != "IDR":
        return None
    try:
        amount = Decimal(str(value.get("value")))
    except InvalidOperation:
        return None
    return int(amount) if amount.is_finite() and amount == amount.to_integral_value() else None


def day_of(value: Any, latest: date) -> date | None:
    """The Jakarta day of ``transactionDate``; None where it has no offset, is none, or has not come."""
    if not isinstance(value, str):
        return None
    try:
        at = datetime.fromisoformat(value)
    except ValueError:
        return None
    day = jakarta_day(at) if at.tzinfo else None
    return day if day and day <= latest else None


# --- when to ask again ------------------------------------------------------------------------------------------------

_MINUTES: Final = (1, 5, 15, 60, 240, 720)
_DAY: Final = timedelta(days=1)
_PAUSE: Final = timedelta(minutes=15)

_FIXED: Final[Mapping[Meaning, timedelta]] = MappingProxyType(
    {
        # These wait for a person (a signature on the table, a call to the bank); once a day is enough to see that it is done.
        Meaning.UNKNOWN_CODE: _DAY,
        Meaning.DIFFERS: _DAY,
        Meaning.OUR_MISTAKE: _PAUSE,
    }
)


def ask_again_after(meaning: Meaning, attempt: int, retry_after_s: int = 0) -> timedelta:
    """How long to wait before the next question about this payment; the bank's own Retry-After is never undercut."""
    wait = _FIXED.get(meaning, timedelta(minutes=_MINUTES[min(max(attempt, 1), len(_MINUTES)) - 1]))
    return max(wait, timedelta(seconds=min(retry_after_s, 86_400)))
