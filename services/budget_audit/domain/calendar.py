"""Working days of the office: Monday to Friday without the holidays of the table."""

from __future__ import annotations

import calendar
from collections.abc import Collection
from datetime import date, timedelta

from shared.kernel.month import Month, first_day


def add_working_days(day: date, working_days: int, holidays: Collection[date]) -> date:
    """The day that many working days after ``day`` (the day itself does not count)."""
    left = working_days
    while left > 0:
        day += timedelta(days=1)
        if day.weekday() < 5 and day not in holidays:
            left -= 1
    return day


def days_of(month: Month) -> list[date]:
    """Every day of the month, in order."""
    first = first_day(month)
    return [first.replace(day=n + 1) for n in range(calendar.monthrange(first.year, first.month)[1])]
