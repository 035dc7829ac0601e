"""Enrolment: its states, and which change is possible from which month on (CORE.md section 2)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Final, Literal
from uuid import UUID

from shared.kernel.errors import IllegalTransition, Refusal
from shared.kernel.month import Month, month_of, shift

Status = Literal["active", "suspended", "ended"]
Action = Literal["suspend", "resume", "end"]

ALLOWED: Final[dict[tuple[Status, Action], Status]] = {
    ("active", "suspend"): "suspended",
    ("suspended", "resume"): "active",
    ("active", "end"): "ended",
    ("suspended", "end"): "ended",
}


PANTI_RESIDENT: Final = "panti_resident"
"""The reason of a hold for as long as somebody lives in a panti (Pergub: the cards are for people outside one)."""


class NotEnrolled(Refusal):
    """No decree in force names the person for this programme and month."""

    code = "not-enrolled"


class ResumeMonth(Refusal):
    """A resumption reaches back to the first suspended month: those months are owed."""

    code = "resume-month"


class MonthTooLate(Refusal):
    """A change is dated later than the next month to be sealed; a future end is a date, not a change."""

    code = "month-too-late"


class SealedMonth(Refusal):
    """The month was sealed: two people must order what reaches it."""

    code = "sealed-month"


class StillInPanti(Refusal):
    """By the daily book this person lives in a panti now."""

    code = "still-in-panti"


class UnknownReason(Refusal):
    """The table of lawful reasons does not have this one for this action."""

    code = "unknown-reason"
    status = 422


@dataclass(frozen=True, slots=True)
class Enrolment:
    """The newest state of one person in one programme under one decree."""

    person_id: UUID
    programme: str
    status: Status
    reason: str
    area: str
    cohort: str
    decree_id: UUID
    from_month: Month
    to_month: Month


@dataclass(frozen=True, slots=True)
class Change:
    """What somebody orders: an action on one enrolment from one benefit month on, on the ground of a document."""

    person_id: UUID
    programme: str
    action: Action
    reason: str
    from_month: Month
    evidence: str


@dataclass(frozen=True, slots=True)
class Horizon:
    """Where a programme stands: its last sealed month, and the last month from which a change may count."""

    last_sealed: Month | None
    latest: Month

    @staticmethod
    def of(last_sealed: Month | None, this_month: Month, decree_from: Month | None) -> Horizon:
        """After a seal the next month; before the first one this month, or the month in which the decree begins."""
        if last_sealed is not None:
            return Horizon(last_sealed, shift(last_sealed, 1))
        return Horizon(None, max(this_month, decree_from or this_month))


def needs_second_person(change: Change, horizon: Horizon) -> bool:
    """A resumption always; anything else where it reaches a month that was sealed."""
    return change.action == "resume" or (horizon.last_sealed is not None and change.from_month <= horizon.last_sealed)


def decide_change(current: Enrolment | None, change: Change, horizon: Horizon, *, two_people: bool) -> Status:
    """The state that follows, or the Refusal that says why not."""
    if current is None:
        raise NotEnrolled(
            f"no decree in force names this person for {change.programme} in {change.from_month}",
            programme=change.programme, month=change.from_month,
        )  # fmt: skip
    following = ALLOWED.get((current.status, change.action))
    if following is None:
        raise IllegalTransition(current.status, change.action)
    if change.action == "resume" and not _resumes_from(current, change.from_month):
        raise ResumeMonth(f"suspended since {current.from_month}: a resumption counts from that month", first_suspended=current.from_month)
    if change.from_month > horizon.latest:
        raise MonthTooLate(f"a change may count from {horizon.latest} at the latest", latest=horizon.latest)
    if not two_people and needs_second_person(change, horizon):
        raise SealedMonth("two people must order this", last_sealed=horizon.last_sealed)
    return following


def _resumes_from(current: Enrolment, month: Month) -> bool:
    """The first suspended month; or, after a stay in a panti, any later one too: the months there are not owed (ADR 0015)."""
    return month == current.from_month or (current.reason == PANTI_RESIDENT and month > current.from_month)


def hold_month(since: date, horizon: Horizon, decree_from: Month) -> Month | None:
    """The first month that a stay in a panti puts on hold: of the months not sealed, the first from the admission's own on.

    None while that month is later than a change may count; the clock looks again when its turn comes.
    """
    month = max(month_of(since), decree_from, shift(horizon.last_sealed, 1) if horizon.last_sealed else decree_from)
    return month if month <= horizon.latest else None


def reason_after(change: Change) -> str:
    """The reason that the new state carries; who is active again needs none."""
    return "" if change.action == "resume" else change.reason
