"""Working days of the office: Monday to Friday without the holidays of the table."""

from __future__ import annotations

from collections.abc import Collection
from datetime import date, timedelta


def add_working_days(day: date, working_days: int, holidays: Collection[date]) -> date:
    """The day that many working days after ``day`` (the day itself does not count)."""
    left = working_days
    while left > 0:
        day += timedelta(days=1)
        if day.weekday() < 5 and day not in holidays:
            left -= 1
    return day
