"""A request from waiting to handover."""

from __future__ import annotations

from enum import StrEnum

from shared.kernel.errors import IllegalTransition


class State(StrEnum):
    WAITING = "waiting"
    RESERVED = "reserved"
    HANDED_OVER = "handed_over"
    CANCELLED = "cancelled"


class Step(StrEnum):
    RESERVE = "reserve"
    HAND_OVER = "hand_over"
    CANCEL = "cancel"


ALLOWED: dict[tuple[State, Step], State] = {
    (State.WAITING, Step.RESERVE): State.RESERVED,
    (State.RESERVED, Step.HAND_OVER): State.HANDED_OVER,
    (State.WAITING, Step.CANCEL): State.CANCELLED,
    (State.RESERVED, Step.CANCEL): State.CANCELLED,
}


def after(state: State, step: Step) -> State:
    """Raise IllegalTransition for every pair that is not in the table."""
    try:
        return ALLOWED[state, step]
    except KeyError:
        raise IllegalTransition(state.value, step.value) from None
