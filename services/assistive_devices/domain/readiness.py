"""When a kind at a place runs short: a plain threshold, and how long stock lasts at the pace of requests."""

from __future__ import annotations

from dataclasses import dataclass

DEMAND_WINDOW_DAYS = 30
"""Days of requests that the pace is taken from."""

DAYS_MAX = 365
"""What is shown where stock outlasts a year, or nobody asks."""


@dataclass(frozen=True)
class Shelf:
    """One kind at one place, in units and people. ``requested``: requests of the last DEMAND_WINDOW_DAYS."""

    waiting: int
    stock: int
    incoming: int
    requested: int

    @property
    def at_risk(self) -> bool:
        """More people wait than free stock and what is coming can serve."""
        return self.waiting > self.stock + self.incoming

    @property
    def days(self) -> int:
        """Days that free stock lasts once those who wait have theirs; 0 where it does not reach for them."""
        left = self.stock - self.waiting
        if left <= 0:
            return 0
        if self.requested == 0:
            return DAYS_MAX
        return min(DAYS_MAX, left * DEMAND_WINDOW_DAYS // self.requested)
