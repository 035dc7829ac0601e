"""Working days in Jakarta: Monday to Friday, without national holidays and cuti bersama (a signed table)."""

from __future__ import annotations

from collections.abc import Collection
from datetime import date, datetime, timedelta

from shared.kernel.clock import JAKARTA

_SATURDAY = 5


def is_working_day(day: date, holidays: Collection[date]) -> bool:
    return day.weekday() < _SATURDAY and day not in holidays


def add_working_days(day: date, days: int, holidays: Collection[date]) -> date:
    """The ``days``-th working day after ``day``, which itself does not count; ``days`` >= 0 (0: the day itself, whatever it is)."""
    if days < 0:
        raise ValueError("working days are counted forward")
    while days:
        day += timedelta(days=1)
        days -= is_working_day(day, holidays)
    return day


def add_working_days_to(at: datetime, days: int, holidays: Collection[date]) -> datetime:
    """The same hour in Jakarta, that many working days later, as an instant (results due: release + 3, CORE.md section 4)."""
    local = at.astimezone(JAKARTA)
    later = datetime.combine(add_working_days(local.date(), days, holidays), local.timetz())
    return later.astimezone(at.tzinfo)
