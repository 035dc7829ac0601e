"""Benefit months: the month that the money is for, written ``YYYY-MM`` everywhere (text sorts as time)."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import date
from typing import NewType

from shared.kernel.errors import InvalidInput

Month = NewType("Month", str)
"""A benefit month ``YYYY-MM``; comparing two of them as text compares them in time."""

PATTERN = r"^(19|20)[0-9]{2}-(0[1-9]|1[0-2])$"
_MONTH = re.compile(PATTERN)


def parse_month(text: str) -> Month:
    """Raise InvalidInput where the text is not ``YYYY-MM``."""
    if not _MONTH.fullmatch(text):
        raise InvalidInput("this is not a month from 1900 to 2099; write it as 2025-09")
    return Month(text)


def month_of(day: date) -> Month:
    return Month(f"{day.year:04d}-{day.month:02d}")


def shift(month: Month, months: int) -> Month:
    """The month that many months later (earlier where negative)."""
    index = int(month[:4]) * 12 + int(month[5:]) - 1 + months
    return Month(f"{index // 12:04d}-{index % 12 + 1:02d}")


def first_day(month: Month) -> date:
    return date(int(month[:4]), int(month[5:]), 1)


def months_between(first: Month, last: Month) -> Iterator[Month]:
    """Every month from first to last, both included; nothing where last is before first."""
    current = first
    while current <= last:
        yield current
        current = shift(current, 1)
