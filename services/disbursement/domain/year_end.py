"""The holding account at the end of a budget year: from when what stays is a finding, and until when it must be gone.

Money that lies at the bank over New Year lies there for years (TROUBLES.md O1). On 20 December the treasurer lists every balance
older than 30 days (USERS.md, bendahara, 7): by then each is paid again, on its way back by an STS, or carried by a document.
"""

from __future__ import annotations

from collections.abc import Collection
from datetime import date, timedelta
from typing import Final

from shared.kernel.workdays import is_working_day

OWNER: Final = "bendahara-pengeluaran"
GRACE_DAYS: Final = 30
"""While the year runs, a younger balance is on its usual way: a new account, another list."""
STEP: Final = "holding_swept"
"""Under this name the warning and the escalation are told, as those of a month's steps are."""


def year_in_question(today: date) -> int:
    """The budget year whose balances are asked for: this one from 1 December on, until then the last one."""
    return today.year if today >= raised_on(today.year) else today.year - 1


def raised_on(year: int) -> date:
    return date(year, 12, 1)


def due_on(year: int, holidays: Collection[date]) -> date:
    """20 December, or the last working day before it."""
    day = date(year, 12, 20)
    while not is_working_day(day, holidays):
        day -= timedelta(days=1)
    return day


def counts_from(year: int, today: date) -> date:
    """Balances since this day or earlier are the finding: older than ``GRACE_DAYS`` while the year runs, then all of the year."""
    return min(date(year, 12, 31), today - timedelta(days=GRACE_DAYS + 1)) if today.year == year else date(year, 12, 31)
