"""The person-month: its outcomes and the only ways from one to another (CORE.md section 4)."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from types import MappingProxyType
from typing import Final

from shared.kernel.errors import IllegalTransition


class Outcome(StrEnum):
    """What became of one person's one benefit month in one programme."""

    DUE = "due"
    IN_PAYMENT = "in_payment"
    UNKNOWN = "unknown"
    PAID = "paid"
    HELD = "held"
    MISSED = "missed"
    EXCLUDED = "excluded"


OUTCOMES: Final = tuple(Outcome)
"""In the order of the equation: entitled = due + in_payment + unknown + paid + held + missed + excluded."""

OPEN: Final = (Outcome.DUE, Outcome.IN_PAYMENT, Outcome.UNKNOWN, Outcome.HELD, Outcome.MISSED)
"""The person is still owed something or an answer; paid and excluded are the ends."""


class Action(StrEnum):
    """What can happen to a person-month."""

    OPEN_ACTIVE = "open_active"
    OPEN_SUSPENDED = "open_suspended"
    OPEN_ENDED = "open_ended"
    CARRY_IN_HELD = "carry_in_held"
    CARRY_IN_MISSED = "carry_in_missed"
    RELEASE = "release"
    CREDIT = "credit"
    REJECT = "reject"
    RESULTS_SILENT = "results_silent"
    CONFIRM_NOT_EXECUTED = "confirm_not_executed"
    LATE_RETURN = "late_return"
    MISS = "miss"
    RESUME = "resume"
    RESUME_LATE = "resume_late"
    END = "end"
    HOLD = "hold"
    LAPSE = "lapse"
    REOPEN_YEAR = "reopen_year"
    EXCLUDE = "exclude"
    GIVE_WAY = "give_way"


NONE: Final = ""
"""Where a head does not exist yet."""

_O = Outcome

TRANSITIONS: Final[Mapping[tuple[str, Action], Outcome]] = MappingProxyType(
    {
        # The seal's status decides; the reason comes from the seal.
        (NONE, Action.OPEN_ACTIVE): _O.DUE,
        (NONE, Action.OPEN_SUSPENDED): _O.HELD,
        (NONE, Action.OPEN_ENDED): _O.EXCLUDED,
        # Months from before Ritme (section 3).
        (NONE, Action.CARRY_IN_HELD): _O.HELD,
        (NONE, Action.CARRY_IN_MISSED): _O.MISSED,
        # A live allocation; missed only with a cured cause.
        (_O.DUE, Action.RELEASE): _O.IN_PAYMENT,
        (_O.MISSED, Action.RELEASE): _O.IN_PAYMENT,
        # Account and amount as sent.
        (_O.IN_PAYMENT, Action.CREDIT): _O.PAID,
        (_O.UNKNOWN, Action.CREDIT): _O.PAID,
        # Reason by the signed code table; the allocation is not live any more, the money stays in holding.
        (_O.IN_PAYMENT, Action.REJECT): _O.MISSED,
        (_O.UNKNOWN, Action.REJECT): _O.MISSED,
        # Results are due and the bank said nothing: awaiting_bank; the allocation stays live.
        (_O.IN_PAYMENT, Action.RESULTS_SILENT): _O.UNKNOWN,
        (_O.UNKNOWN, Action.CONFIRM_NOT_EXECUTED): _O.MISSED,
        # Linked to the payment, with a reversing entry: bank_return.
        (_O.PAID, Action.LATE_RETURN): _O.MISSED,
        # The main batch's results are due and no allocation is live: why the person was not on the list.
        (_O.DUE, Action.MISS): _O.MISSED,
        (_O.HELD, Action.RESUME): _O.DUE,
        # Its main batch's results are due already: released_late, so that due stays 0.
        (_O.HELD, Action.RESUME_LATE): _O.MISSED,
        # Without allocation only; a lawful reason.
        (_O.HELD, Action.END): _O.EXCLUDED,
        (_O.DUE, Action.END): _O.EXCLUDED,
        (_O.MISSED, Action.EXCLUDE): _O.EXCLUDED,
        # The person has this month in a programme that goes first, by a pair of two people. Never sent before.
        (_O.DUE, Action.GIVE_WAY): _O.EXCLUDED,
        (_O.MISSED, Action.GIVE_WAY): _O.EXCLUDED,
        # A second seal says suspended (docs/adr/0009). Without live allocation only: what is on a list stays with it.
        (_O.DUE, Action.HOLD): _O.HELD,
        (_O.MISSED, Action.HOLD): _O.HELD,
        # The budget year is over, or a later one takes the month up again: two people, by a document (docs/adr/0010).
        (_O.DUE, Action.LAPSE): _O.MISSED,
        (_O.MISSED, Action.LAPSE): _O.MISSED,
        (_O.MISSED, Action.REOPEN_YEAR): _O.MISSED,
    }
)


def after(outcome: str, action: Action) -> Outcome:
    """The outcome that ``action`` leads to; raise IllegalTransition where the table does not have the pair."""
    try:
        return TRANSITIONS[outcome, action]
    except KeyError:
        raise IllegalTransition(outcome or "none", action.value) from None


def sources(action: Action) -> list[str]:
    """The outcomes that ``action`` may start from, for a set-based ``WHERE outcome = ANY(…)``."""
    return [str(outcome) for outcome, what in TRANSITIONS if what is action]


def target(action: Action) -> Outcome:
    """Where ``action`` leads: every action has one end, whatever it starts from."""
    (found,) = {to for (_, what), to in TRANSITIONS.items() if what is action}
    return found
