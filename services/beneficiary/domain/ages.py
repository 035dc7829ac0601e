"""The month of an age limit: children leave a programme by birthday, month by month (DOMAIN.md: KAJ is for ages 0 to 6)."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from types import MappingProxyType
from typing import Final

from shared.kernel.month import Month, month_of, shift

LAST_BIRTHDAY: Final = MappingProxyType({"KAJ": 6})
"""Programme to the birthday whose month is the last one: the 2025 cleansing rejects "older than 6 years 0 months"."""


@dataclass(frozen=True)
class State:
    """One state of an enrolment; the highest version that covers a month holds in it (CORE.md section 3)."""

    version: int
    status: str
    from_month: str
    to_month: str


def last_month(programme: str, born: date) -> Month:
    """The last month in which the person is young enough. Raise KeyError for a programme without an age limit."""
    return shift(month_of(born), 12 * LAST_BIRTHDAY[programme])


def is_active(states: Iterable[State], month: Month) -> bool:
    """Whether the state that holds in this month is active; where none covers it, it is not."""
    covering = [state for state in states if state.from_month <= month <= state.to_month]
    return bool(covering) and max(covering, key=lambda state: state.version).status == "active"
