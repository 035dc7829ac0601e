"""Advances (UP, TU) without proof: what an SP2D gave, less what SPJ prove and STS bring back, by age."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

AGES = ((30, "0-30"), (60, "31-60"))
"""Days since the SP2D, at most, and the group's name; a month is the time for an SPJ of TU (Permendagri 77/2020)."""
OLDEST = ">60"
GROUPS = (*(name for _, name in AGES), OLDEST)

NATURES = ("UP", "TU")
"""GU and LS follow proof; UP and TU go before it."""


@dataclass(frozen=True)
class Advance:
    """In rupiah."""

    given: int
    proven: int
    returned: int

    @property
    def open(self) -> int:
        """Never less than nothing: proof above the advance is own money until a GU."""
        return max(0, self.given - self.proven - self.returned)


def age_of(given_on: date, today: date) -> tuple[int, str]:
    """Days since, and the group."""
    days = (today - given_on).days
    return days, next((name for most, name in AGES if days <= most), OLDEST)
