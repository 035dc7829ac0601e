"""Time comes in: services ask the clock they were given. Instants are UTC, days are Asia/Jakarta's."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Protocol
from zoneinfo import ZoneInfo

JAKARTA = ZoneInfo("Asia/Jakarta")


def jakarta_day(at: datetime) -> date:
    """The calendar day in Jakarta at this instant: deadlines, limits and value days are dated by it."""
    return at.astimezone(JAKARTA).date()


class Clock(Protocol):
    def now(self) -> datetime:
        """This instant, timezone-aware, in UTC."""
        ...

    def today(self) -> date:
        """The day in Jakarta."""
        ...


class SystemClock:
    def now(self) -> datetime:
        return datetime.now(UTC)

    def today(self) -> date:
        return jakarta_day(self.now())


class FrozenClock:
    """Stands still until told to move; for tests and replays."""

    def __init__(self, at: datetime) -> None:
        self._at = at

    def now(self) -> datetime:
        return self._at

    def today(self) -> date:
        return jakarta_day(self._at)

    def move(self, by: timedelta) -> None:
        self._at += by
