"""A change of an account that is there: asked by one person, confirmed by another, in force after a cooling-off.

Why it waits: whoever can turn a person's account into their own takes the money of every month to come, and nobody is
missed until the person complains. In the days between, the person is told and can say no. No Pergub names such a term
for KLJ, KPDJ and KAJ: that there is one, and its length, is the agency's to decide (dated, by two people).

What is paid meanwhile goes to the account that is there. It is the one that two people confirmed and the bank accepted before;
leaving the person off the list would make a change of account cost a month, and the new account is not sure yet. Where the
old account must not be paid (a card in other hands), two people freeze the person. A month that the bank could not carry
out on the old account waits for the new one, as ever.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from types import MappingProxyType
from typing import Final

from services.disbursement.domain.offices import SQL_OF_AREA
from shared.kernel.errors import IllegalTransition, Refusal

COOLING_OFF_DAYS: Final = 3
"""Working days, where two people have not set another number: an assumption."""

TOLD_BY: Final = "satpel/{kecamatan}"
"""The office that tells the person: the one that knows the house."""

SQL_OWNER: Final = SQL_OF_AREA.format(office=f"'{TOLD_BY}'", area="c.area")
"""That office, of a change ``c``."""


class State(StrEnum):
    PROPOSED = "proposed"
    WAITING = "waiting"
    IN_FORCE = "in_force"
    CANCELLED = "cancelled"


class Step(StrEnum):
    CONFIRM = "confirm"
    CANCEL = "cancel"
    TELL = "tell"


_ALLOWED: Final[Mapping[tuple[State, Step], State]] = MappingProxyType(
    {
        (State.PROPOSED, Step.CONFIRM): State.WAITING,
        (State.PROPOSED, Step.CANCEL): State.CANCELLED,
        (State.WAITING, Step.CANCEL): State.CANCELLED,
        (State.WAITING, Step.TELL): State.WAITING,
        # Too late to say no, but the office can still write down that it told.
        (State.IN_FORCE, Step.TELL): State.IN_FORCE,
    }
)


def after(state: str, step: Step) -> State:
    """The state that follows. Raise IllegalTransition."""
    try:
        return _ALLOWED[State(state), step]
    except KeyError:
        raise IllegalTransition(state, step.value) from None


class NoAccountYet(Refusal):
    """Nothing to change: a first account comes by the bank's file."""

    code = "no-account-yet"


class SameAccount(Refusal):
    """The account is this one already."""

    code = "same-account"


class AccountChangeWaiting(Refusal):
    """Another change of the same account is not decided or does not hold yet."""

    code = "account-change-waiting"


class OtherNumber(Refusal):
    """The second person read another account number on the paper than the first one typed."""

    code = "other-account-number"


class AccountChangedSince(Refusal):
    """The account is not the one any more that was to be changed."""

    code = "account-changed-since"
