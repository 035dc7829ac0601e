"""A mismatch and what may happen to it (CORE.md section 6; the way from finding to solution: ADR 0017)."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum

from shared.kernel.errors import FourEyes, IllegalTransition, InvalidInput


class State(StrEnum):
    NONE = "none"
    DETECTED = "detected"
    ASKED = "asked"
    """The office concerned has been asked to explain and has a date."""
    EXPLAINED = "explained"
    AGREED = "agreed"
    CLOSED = "closed"


class Step(StrEnum):
    DETECT = "detect"
    """Figures differ, for the first time or in another way than before."""
    HEAL = "heal"
    """Figures are equal again: the event that made them so is the explanation."""
    ASK = "ask"
    EXPLAIN = "explain"
    ACCEPT = "accept"
    """An auditor accepts the explanation, or a part of it; what she does not accept is open again."""
    AGREE = "agree"
    EVIDENCE = "evidence"
    """The owner of the solution hands in what shows that it is done."""
    CLOSE = "close"
    REOPEN = "reopen"
    NOTE = "note"
    """A remark; nothing changes by it."""
    ESCALATE = "escalate"
    """The date passed without an answer: the office above is told."""


ALLOWED: dict[tuple[State, Step], State] = {
    (State.NONE, Step.DETECT): State.DETECTED,
    (State.DETECTED, Step.DETECT): State.DETECTED,
    # Other figures than those that were asked about, explained, agreed or closed are a new question.
    (State.ASKED, Step.DETECT): State.DETECTED,
    (State.EXPLAINED, Step.DETECT): State.DETECTED,
    (State.AGREED, Step.DETECT): State.DETECTED,
    (State.CLOSED, Step.DETECT): State.DETECTED,
    (State.DETECTED, Step.HEAL): State.EXPLAINED,
    (State.ASKED, Step.HEAL): State.EXPLAINED,
    (State.EXPLAINED, Step.HEAL): State.EXPLAINED,
    (State.AGREED, Step.HEAL): State.EXPLAINED,
    (State.DETECTED, Step.ASK): State.ASKED,
    # Once more: the answer leaves something open, or none came.
    (State.ASKED, Step.ASK): State.ASKED,
    (State.EXPLAINED, Step.ASK): State.ASKED,
    (State.DETECTED, Step.EXPLAIN): State.EXPLAINED,
    (State.ASKED, Step.EXPLAIN): State.EXPLAINED,
    (State.EXPLAINED, Step.ACCEPT): State.EXPLAINED,
    (State.DETECTED, Step.AGREE): State.AGREED,
    (State.ASKED, Step.AGREE): State.AGREED,
    (State.EXPLAINED, Step.AGREE): State.AGREED,
    (State.AGREED, Step.EVIDENCE): State.AGREED,
    (State.AGREED, Step.CLOSE): State.CLOSED,
    (State.CLOSED, Step.REOPEN): State.DETECTED,
    **{(state, Step.NOTE): state for state in State if state is not State.NONE},
    **{(state, Step.ESCALATE): state for state in (State.DETECTED, State.ASKED, State.AGREED)},
}

NOT_WHO: Mapping[Step, frozenset[Step]] = {
    Step.ACCEPT: frozenset({Step.EXPLAIN}),
    Step.AGREE: frozenset({Step.EXPLAIN}),
    Step.CLOSE: frozenset({Step.EXPLAIN, Step.ACCEPT, Step.AGREE, Step.EVIDENCE}),
}
"""Who decides did none of these before, for the figures as they are now."""


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


def check_acceptance(explained: int, amount: int) -> None:
    """Raise InvalidInput unless 0 <= amount <= what was explained; nothing accepted is an answer too."""
    if not 0 <= amount <= explained:
        raise InvalidInput(f"{amount} rupiah cannot be accepted of {explained} that were explained", amount=amount, explained=explained)


def check_other_person(person: str, step: Step, acted: Mapping[str, set[Step]]) -> None:
    """Raise FourEyes where this person took a step that ``step`` must not share a person with."""
    if acted.get(person, set()) & NOT_WHO.get(step, frozenset()):
        raise FourEyes("whoever explained or agreed on this mismatch cannot decide on it", acted=sorted(acted))
