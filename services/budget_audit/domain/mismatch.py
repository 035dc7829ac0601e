"""A mismatch and what may happen to it (CORE.md section 6)."""

from __future__ import annotations

from enum import StrEnum

from shared.kernel.errors import FourEyes, IllegalTransition, InvalidInput


class State(StrEnum):
    NONE = "none"
    DETECTED = "detected"
    EXPLAINED = "explained"
    AGREED = "agreed"
    CLOSED = "closed"


class Step(StrEnum):
    DETECT = "detect"
    """Figures differ, for the first time or in another way than before."""
    HEAL = "heal"
    """Figures are equal again: the event that made them so is the explanation."""
    EXPLAIN = "explain"
    AGREE = "agree"
    CLOSE = "close"


ALLOWED: dict[tuple[State, Step], State] = {
    (State.NONE, Step.DETECT): State.DETECTED,
    (State.DETECTED, Step.DETECT): State.DETECTED,
    # Other figures than those that were explained, agreed or closed are a new question.
    (State.EXPLAINED, Step.DETECT): State.DETECTED,
    (State.AGREED, Step.DETECT): State.DETECTED,
    (State.CLOSED, Step.DETECT): State.DETECTED,
    (State.DETECTED, Step.HEAL): State.EXPLAINED,
    (State.EXPLAINED, Step.HEAL): State.EXPLAINED,
    (State.AGREED, Step.HEAL): State.EXPLAINED,
    (State.DETECTED, Step.EXPLAIN): State.EXPLAINED,
    (State.DETECTED, Step.AGREE): State.AGREED,
    (State.EXPLAINED, Step.AGREE): State.AGREED,
    (State.AGREED, Step.CLOSE): State.CLOSED,
}


def after(state: State, step: Step) -> State:
    """Raise IllegalTransition for every pair that is not in the table."""
    try:
        return ALLOWED[state, step]
    except KeyError:
        raise IllegalTransition(state.value, step.value) from None


def open_amount(difference: int, explained: int) -> int:
    """Rupiah that nobody has explained yet; the sign of the difference does not matter for it."""
    return abs(difference) - explained


def check_explanation(difference: int, amount: int) -> None:
    """Raise InvalidInput unless 0 < amount <= the difference."""
    if not 0 < amount <= abs(difference):
        raise InvalidInput(
            f"{amount} rupiah cannot be explained of a difference of {abs(difference)}", amount=amount, difference=abs(difference)
        )


def check_other_person(person: str, acted: set[str]) -> None:
    """Raise FourEyes where this person explained, or agreed, before."""
    if person in acted:
        raise FourEyes("whoever explained or agreed on this mismatch cannot decide on it", acted=sorted(acted))
