"""Cases about people: their states and the only ways between them. A case never changes the outcome of a month.

- hold: months of someone suspended. It needs a notice, a term to reply, a decision, and it ends when no month is held any more
  (the suspension itself belongs to beneficiary; UU 30/2014 on administrative decisions asks for the notice).
- objection (sanggah): filed within 21 working days, answered within 10 by somebody who did not decide (UU 30/2014, article 77).
- access: the money is in the account and the person cannot reach it (TROUBLES.md O8, O9).
- recovery: paid months after the day of death, or paid twice: a claim beside the ledger, never an edit of it.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from enum import StrEnum
from types import MappingProxyType
from typing import Final

from shared.kernel.errors import IllegalTransition
from shared.kernel.month import Month, month_of, shift


class Kind(StrEnum):
    HOLD = "hold"
    OBJECTION = "objection"
    ACCESS = "access"
    RECOVERY = "recovery"


class State(StrEnum):
    OPEN = "open"
    NOTIFIED = "notified"
    REPLIED = "replied"
    DECIDED = "decided"
    ANSWERED = "answered"
    WRITE_OFF_ASKED = "write_off_asked"
    CLOSED = "closed"


class Step(StrEnum):
    """What somebody does in a case."""

    NOTIFY = "notify"
    REPLY = "reply"
    DECIDE = "decide"
    END = "end"
    ANSWER = "answer"
    CLOSE = "close"
    REPAY = "repay"
    SETTLE = "settle"
    PLAN = "plan"
    ASK_WRITE_OFF = "ask_write_off"
    WRITE_OFF = "write_off"
    REFUSE_WRITE_OFF = "refuse_write_off"


_K, _S, _D = Kind, State, Step

TRANSITIONS: Final[Mapping[tuple[Kind, State, Step], State]] = MappingProxyType(
    {
        (_K.HOLD, _S.OPEN, _D.NOTIFY): _S.NOTIFIED,
        # A notice that did not arrive is sent again; the term runs from the last one.
        (_K.HOLD, _S.NOTIFIED, _D.NOTIFY): _S.NOTIFIED,
        (_K.HOLD, _S.NOTIFIED, _D.REPLY): _S.REPLIED,
        # Silence is an answer too, once the term has passed (asked for in the command).
        (_K.HOLD, _S.NOTIFIED, _D.DECIDE): _S.DECIDED,
        (_K.HOLD, _S.REPLIED, _D.DECIDE): _S.DECIDED,
        **{(_K.HOLD, state, _D.END): _S.CLOSED for state in (_S.OPEN, _S.NOTIFIED, _S.REPLIED, _S.DECIDED)},
        (_K.OBJECTION, _S.OPEN, _D.ANSWER): _S.ANSWERED,
        (_K.OBJECTION, _S.ANSWERED, _D.CLOSE): _S.CLOSED,
        (_K.ACCESS, _S.OPEN, _D.CLOSE): _S.CLOSED,
        (_K.RECOVERY, _S.OPEN, _D.PLAN): _S.OPEN,
        (_K.RECOVERY, _S.OPEN, _D.REPAY): _S.OPEN,
        (_K.RECOVERY, _S.OPEN, _D.SETTLE): _S.CLOSED,
        (_K.RECOVERY, _S.OPEN, _D.ASK_WRITE_OFF): _S.WRITE_OFF_ASKED,
        (_K.RECOVERY, _S.WRITE_OFF_ASKED, _D.WRITE_OFF): _S.CLOSED,
        (_K.RECOVERY, _S.WRITE_OFF_ASKED, _D.REFUSE_WRITE_OFF): _S.OPEN,
    }
)


def after(kind: str, state: str, step: Step) -> State:
    """Where the step leads; raise IllegalTransition where the table does not have it."""
    try:
        return TRANSITIONS[Kind(kind), State(state), step]
    except KeyError:
        raise IllegalTransition(state, step.value, kind=kind) from None


ACCESS: Final = ("no_pin", "card_refused", "card_kept_by_other", "atm_far", "not_drawn")
"""Why somebody cannot reach the money. ``not_drawn``: nobody knows yet; a visit finds out."""

ACCESS_RESULTS: Final = ("solved", "proxy_recorded", "no_problem_found", "person_died", "person_moved", "not_reached")

AGAINST: Final = ("held", "missed", "excluded", "ended", "amount")
"""What somebody objects to."""

CLAIMS: Final = ("died", "double_entitlement", "moved_out", "other")
"""Why paid money is owed back."""

NOTICE_WAYS: Final = ("letter", "visit", "phone", "message")
FILED_BY: Final = ("letter", "visit", "phone")

LAWFUL_REASONS: Final = ("dead", "moved_out", "over_age", "panti_resident", "not_eligible", "withdrawn", "other_aid")
"""Why a missed month is not owed after all: the reasons for which beneficiary ends an enrolment, and other aid (TROUBLES.md O10)."""

FILING_DAYS: Final = 21
"""Working days within which an objection is to be filed; a later one is taken and marked late."""


def claimed_from(day_of_death: date) -> Month:
    """The first benefit month that was not owed any more: the month of death itself is the person's."""
    return shift(month_of(day_of_death), 1)


def next_instalment(plan: list[tuple[date, int]], repaid: int) -> date | None:
    """The day of the first instalment that what was repaid does not cover; None where it covers all."""
    total = 0
    for day, amount in sorted(plan):
        total += amount
        if repaid < total:
            return day
    return None
