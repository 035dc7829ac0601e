"""The rhythm of a month, decided from tables: when each step is due, when to warn, how late it is.

A step is due on the n-th working day of the benefit month, so a holiday that is added or taken away moves every deadline
after it. Days are Jakarta's.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum
from typing import Final

from shared.kernel.month import Month, first_day
from shared.kernel.workdays import add_working_days, is_working_day

STEPS: Final = (
    "sealed", "opened", "composed", "submitted", "checked", "approved", "reserved", "funded", "released", "credited",
    "results_in", "gaps_owned", "closed",
)  # fmt: skip
"""In the order of the office's month (DESIGN.md); from ``composed`` on: the programme's main batch; ``closed``: the month itself."""

EVERY: Final = "*"
"""As the programme of a rule: for each that has none of its own."""


@dataclass(frozen=True)
class StepRule:
    """From ``from_month`` on, ``step`` is due on the ``working_day``-th working day of the benefit month.

    ``role`` does it and is warned ``warn_days`` working days before; ``escalate_to`` is told when it is late.
    """

    programme: str
    step: str
    from_month: str
    version: int
    working_day: int
    warn_days: int
    role: str
    escalate_to: str


@dataclass(frozen=True)
class Deadline:
    """One step of one programme's month."""

    rule: StepRule
    warn_on: date
    due_on: date


class Standing(StrEnum):
    """How a step stands today."""

    DONE = "done"
    DONE_LATE = "done_late"
    LATE = "late"
    SOON = "soon"
    AHEAD = "ahead"


def nth_working_day(month: Month, number: int, holidays: Collection[date]) -> date:
    """The ``number``-th working day counted from the first of the month, over its end where it has fewer; ``number`` >= 1."""
    if number < 1:
        raise ValueError("the first working day has number 1")
    return add_working_days(first_day(month) - timedelta(days=1), number, holidays)


def working_days_before(day: date, days: int, holidays: Collection[date]) -> date:
    """The ``days``-th working day before ``day``, which itself does not count; 0: the day itself."""
    while days > 0:
        day -= timedelta(days=1)
        days -= is_working_day(day, holidays)
    return day


def working_days_after(due_on: date, day: date, holidays: Collection[date]) -> int:
    """Working days from the day after ``due_on`` up to ``day``; 0 where ``day`` is not later."""
    late = 0
    while due_on < day:
        due_on += timedelta(days=1)
        late += is_working_day(due_on, holidays)
    return late


def rules_of(rules: Iterable[StepRule], programme: str, month: Month) -> Mapping[str, StepRule]:
    """The rule in force for each step: the programme's own before the one for every programme, then the newest."""
    found: dict[str, StepRule] = {}
    for rule in rules:
        if rule.programme not in (programme, EVERY) or rule.from_month > month:
            continue
        known = found.get(rule.step)
        if known is None or _rank(rule) > _rank(known):
            found[rule.step] = rule
    return {step: found[step] for step in STEPS if step in found}


def _rank(rule: StepRule) -> tuple[bool, str, int]:
    return rule.programme != EVERY, rule.from_month, rule.version


def deadlines(rules: Iterable[StepRule], programme: str, month: Month, holidays: Collection[date]) -> list[Deadline]:
    """Every step of this programme's month that has a rule, in the order of the month."""
    found = []
    for rule in rules_of(rules, programme, month).values():
        due_on = nth_working_day(month, rule.working_day, holidays)
        found.append(Deadline(rule, working_days_before(due_on, rule.warn_days, holidays), due_on))
    return found


def standing(deadline: Deadline, *, done: bool, done_on: date | None, today: date) -> Standing:
    """Where the step stands; ``done_on`` None with ``done``: done on a day that nobody wrote down."""
    if done:
        return Standing.DONE_LATE if done_on is not None and done_on > deadline.due_on else Standing.DONE
    if today > deadline.due_on:
        return Standing.LATE
    return Standing.SOON if today >= deadline.warn_on else Standing.AHEAD
