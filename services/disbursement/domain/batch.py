"""The batch: its states, who may sign it, what its list hash covers (CORE.md section 5)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType
from typing import Final

from shared.kernel.errors import FourEyes, IllegalTransition, Refusal


class BatchState(StrEnum):
    """Where a list stands on its way from the maker to the bank's last answer."""

    DRAFT = "draft"
    SUBMITTED = "submitted"
    CHECKED = "checked"
    APPROVED = "approved"
    RESERVED = "reserved"
    REFUSED = "refused"
    FUNDED = "funded"
    RELEASED = "released"
    RESULTS_IN = "results_in"
    CLOSED = "closed"
    WITHDRAWN = "withdrawn"


class BatchAction(StrEnum):
    """What can happen to a batch."""

    SUBMIT = "submit"
    CHECK = "check"
    APPROVE = "approve"
    RESERVE = "reserve"
    REFUSE = "refuse"
    FUND = "fund"
    FUND_FROM_HOLDING = "fund_from_holding"
    RELEASE = "release"
    TAKE_RESULTS = "take_results"
    SWEEP = "sweep"
    CLOSE = "close"
    ASK_AGAIN = "ask_again"
    CHANGE_LINE = "change_line"
    SEND_BACK = "send_back"
    WITHDRAW = "withdraw"


_S, _A = BatchState, BatchAction

_SIGNED: Final = (_S.SUBMITTED, _S.CHECKED, _S.APPROVED, _S.RESERVED, _S.REFUSED, _S.FUNDED)
"""Somebody has put a name under the list and nothing has gone to the bank."""

TRANSITIONS: Final[Mapping[tuple[BatchState, BatchAction], BatchState]] = MappingProxyType(
    {
        (_S.DRAFT, _A.SUBMIT): _S.SUBMITTED,
        (_S.SUBMITTED, _A.CHECK): _S.CHECKED,
        (_S.CHECKED, _A.APPROVE): _S.APPROVED,
        # By events of budget_audit, for this list hash only.
        (_S.APPROVED, _A.RESERVE): _S.RESERVED,
        (_S.APPROVED, _A.REFUSE): _S.REFUSED,
        (_S.RESERVED, _A.FUND): _S.FUNDED,
        # A retry whose rupiah lie in the holding account: an SP2D has paid them already, and none is due (docs/adr/0013).
        (_S.APPROVED, _A.FUND_FROM_HOLDING): _S.FUNDED,
        # Only SP2D opens the way to the bank: its own, or that of the payments which it pays again.
        (_S.FUNDED, _A.RELEASE): _S.RELEASED,
        # A result file part by part; one that comes after results are due is a late one and changes no state.
        (_S.RELEASED, _A.TAKE_RESULTS): _S.RELEASED,
        (_S.RESULTS_IN, _A.TAKE_RESULTS): _S.RESULTS_IN,
        (_S.RELEASED, _A.SWEEP): _S.RESULTS_IN,
        (_S.RESULTS_IN, _A.CLOSE): _S.CLOSED,
        # A return that comes after the minutes is a fact all the same: the batch is open again until two people close it.
        (_S.CLOSED, _A.TAKE_RESULTS): _S.RESULTS_IN,
        (_S.REFUSED, _A.ASK_AGAIN): _S.APPROVED,
        # A line or its account changed: the signatures were for another list. The row "submitted … funded" of CORE.md
        # is read with `refused` in it, or a refused list could be asked for again with an account that is no more.
        **{(state, _A.CHANGE_LINE): _S.DRAFT for state in _SIGNED},
        # Whoever checks or approves gives the list back to its maker, with a reason (USERS.md, screen S4).
        **{(state, _A.SEND_BACK): _S.DRAFT for state in _SIGNED},
        **{(state, _A.WITHDRAW): _S.WITHDRAWN for state in (_S.DRAFT, *_SIGNED)},
    }
)

ANNOUNCED: Final = (_S.APPROVED, _S.RESERVED, _S.REFUSED, _S.FUNDED)
"""``batch.approved`` is out: whoever acted on it must hear of a withdrawal."""

CHANGEABLE: Final = tuple(state for state, action in TRANSITIONS if action is _A.CHANGE_LINE)
SENT: Final = (_S.RELEASED, _S.RESULTS_IN, _S.CLOSED)


def after(state: str, action: BatchAction) -> BatchState:
    """The state that ``action`` leads to; raise IllegalTransition where the table does not have the pair."""
    try:
        return TRANSITIONS[BatchState(state), action]
    except KeyError:
        raise IllegalTransition(state, action.value) from None


class ListHashChanged(Refusal):
    """The list is not the one that the caller has seen."""

    code = "list-hash-changed"


class EmptyList(Refusal):
    """Nobody is on the list: there is nothing to sign."""

    code = "empty-list"


class Step(StrEnum):
    """A name under the list. ``remove``: took a line off; whoever shapes the list is a maker of it."""

    SUBMIT = "submit"
    REMOVE = "remove"
    CHECK = "check"
    APPROVE = "approve"
    RELEASE = "release"


ROLE: Final[Mapping[Step, str]] = MappingProxyType(
    {Step.SUBMIT: "operator", Step.CHECK: "checker", Step.APPROVE: "approver", Step.RELEASE: "releaser"}
)
SIGNERS: Final = tuple(ROLE.values())

MAKING: Final = (Step.SUBMIT, Step.REMOVE)


@dataclass(frozen=True, slots=True)
class Signature:
    """Who acted on a batch. Void ones stay: they no longer count for the list, but the person has acted."""

    step: str
    person: str
    void: bool = False
    on_behalf_of: str = ""
    """Whoever handed the role over has acted too: nobody comes back to a list through a delegate."""


def refuse_same_person(step: Step, person: str, composer: str, signatures: Sequence[Signature], *, on_behalf_of: str = "") -> None:
    """Raise FourEyes unless ``person`` may take ``step``: maker, checker, approver and releaser are four people.

    Over the whole life of a batch a person keeps to one part (RELIABILITY invariant 7): after a change, the same checker
    may check the new list, but nobody moves on to another part of it. A delegate and the person they stand for count both.
    """
    making = step in MAKING
    people = {person, on_behalf_of} - {""}
    acted = [Signature(Step.SUBMIT, composer), *signatures]
    for signature in acted:
        if people.isdisjoint((signature.person, signature.on_behalf_of)):
            continue
        same_part = (signature.step in MAKING) if making else (signature.step == step)
        if same_part and (making or signature.void):
            continue
        raise FourEyes("another person must do this: you have already acted on this batch", step=step.value, acted_as=signature.step)


def refuse_own_list(person: str, composer: str, signatures: Sequence[Signature]) -> None:
    """Raise FourEyes where ``person`` made or shaped the list: its maker withdraws it, and does not send it back."""
    if person == composer or any(one.step in MAKING and person in (one.person, one.on_behalf_of) for one in signatures):
        raise FourEyes("you made this list; whoever checks or approves it sends it back", step=BatchAction.SEND_BACK.value)


# --- list and file ------------------------------------------------------------------------------------------------

KINDS: Final[Mapping[str, str]] = MappingProxyType({"main": "M", "wave": "W", "back_pay": "B", "retry": "R"})
"""Kind of a batch and its letter in the code, such as ``2025-09-M01``."""


def batch_code(month: str, kind: str, number: int) -> str:
    return f"{month}-{KINDS[kind]}{number:02d}"


class Financing(StrEnum):
    """Where a list's money comes from; fixed when it is composed, and part of what is signed."""

    SP2D = "sp2d"
    HOLDING = "holding"


def list_header(batch_id: object, month: str, kind: str, allocations: int, total: int, financing: str = Financing.SP2D) -> bytes:
    """The first line of the bytes that the list hash covers: CORE.md section 5, and what pays it where that is not an SP2D."""
    of = kind if financing == Financing.SP2D else f"{kind}+{financing}"
    return f"{batch_id}\t{month}\t{of}\t{allocations}\t{total}\n".encode()


ENTRY_HASH_MODULUS: Final = 10**10


def entry_hash(account_numbers: Iterable[str]) -> int:
    """Sum of the last ten digits of the account numbers, modulo 10^10: the bank computes it too."""
    return sum(int(number[-10:]) for number in account_numbers) % ENTRY_HASH_MODULUS


# --- money of a batch -----------------------------------------------------------------------------------------------


def covered(totals: Iterable[tuple[str, int]], funding: Mapping[str, int]) -> bool:
    """Whether the SP2D rows that name a batch reach its sum in every programme."""
    return all(funding.get(programme, 0) >= amount for programme, amount in totals)


CURED_BY_CARD: Final = (
    "card_not_handed_over",
    "no_account",
    "cause_not_known",
    "released_late",
    "left_out",
    "named_late",
    "frozen",
    "not_executed",
    "budget_reopened",
)
"""Reasons of a missed month that are over once there is an account with its card (``left_out``: with the next month).

Any other missed month is on a list again only when the bank failed on another account than today's.
"""
