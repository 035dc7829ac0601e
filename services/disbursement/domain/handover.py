"""A released file on its way to the bank: given, taken note of, or late."""

from __future__ import annotations

from collections.abc import Collection
from datetime import date, datetime, time, timedelta
from enum import StrEnum
from typing import Final

from shared.kernel.clock import JAKARTA
from shared.kernel.workdays import is_working_day

WORK_FROM: Final = time(8)
WORK_TO: Final = time(16)
"""The hours, Jakarta time, in which the bank's desk answers; outside of them no clock runs."""

RECEIPT_WORKING_HOURS: Final = 4
"""From the hand-over: a bank that has not taken note of a file by then is called."""


class Handover(StrEnum):
    """Where a released file stands. ``late``: handed over, and the bank has not taken note of it in time."""

    WAITING = "waiting"
    HANDED_OVER = "handed_over"
    LATE = "late"
    RECEIVED = "received"


def handover_state(handed_over_at: datetime | None, received_at: datetime | None, *, late: bool) -> Handover:
    """``late``: the clock has found the receipt overdue."""
    if received_at is not None:
        return Handover.RECEIVED
    if handed_over_at is None:
        return Handover.WAITING
    return Handover.LATE if late else Handover.HANDED_OVER


def add_working_hours(at: datetime, hours: int, holidays: Collection[date]) -> datetime:
    """The instant when so many working hours have passed after ``at``; nights, weekends and holidays do not count."""
    if hours < 0:
        raise ValueError("working hours are counted forward")
    left = timedelta(hours=hours)
    here = at.astimezone(JAKARTA)
    while True:
        begins = datetime.combine(here.date(), WORK_FROM, JAKARTA)
        ends = datetime.combine(here.date(), WORK_TO, JAKARTA)
        here = max(here, begins)
        if is_working_day(here.date(), holidays) and here < ends:
            if here + left <= ends:
                return (here + left).astimezone(at.tzinfo)
            left -= ends - here
        here = datetime.combine(here.date() + timedelta(days=1), WORK_FROM, JAKARTA)
