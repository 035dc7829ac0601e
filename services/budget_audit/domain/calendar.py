"""The days that a census must cover."""

from __future__ import annotations

import calendar
from datetime import date

from shared.kernel.month import Month, first_day


def days_of(month: Month) -> list[date]:
    """Every day of the month, in order."""
    first = first_day(month)
    return [first.replace(day=n + 1) for n in range(calendar.monthrange(first.year, first.month)[1])]
