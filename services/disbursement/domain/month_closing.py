"""When a programme's month may be closed: everybody in it has an answer or an owner, and the money is accounted for.

The minutes say so and two people sign (USERS.md, the division head's month). What comes later is a fact after the closing:
it changes the ledger, never the closing.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import Any, Final

from shared.kernel.errors import IllegalTransition, Refusal


class MonthNotFinished(Refusal):
    """Somebody of the month has neither answer nor owner, a list is not closed, or its money is not agreed with the bank yet."""

    code = "month-not-finished"


class Lack(StrEnum):
    """What keeps a programme's month open."""

    SEAL_NOT_FOLLOWED = "seal_not_followed"
    UNRECONCILED = "unreconciled"
    EQUATION = "equation"
    DUE = "due"
    IN_PAYMENT = "in_payment"
    WITHOUT_OWNER = "without_owner"
    LISTS = "lists"
    STATEMENT = "statement"


@dataclass(frozen=True)
class MonthNow:
    """A programme's month as it stands. Counts are persons; ``postings``: money of its lists on days that are not closed yet.

    ``sealed``: people of the seal that the month was opened by; ``heads``: people in the ledger.
    """

    state: str
    seal_no: int
    newest_seal_no: int
    sealed: int
    heads: int
    unreconciled: int
    due: int
    in_payment: int
    without_owner: int
    open_lists: Sequence[str]
    postings: int
    last_posting: date | None
    closed_until: date | None


def lacking(now: MonthNow) -> list[dict[str, Any]]:
    """What must be done first, each with its number; empty: the month may be closed."""
    found: list[dict[str, Any]] = []
    if now.newest_seal_no > now.seal_no:
        found.append({"lack": Lack.SEAL_NOT_FOLLOWED, "count": now.newest_seal_no - now.seal_no})
    counted = {
        Lack.UNRECONCILED: now.unreconciled, Lack.EQUATION: abs(now.sealed - now.heads), Lack.DUE: now.due,
        Lack.IN_PAYMENT: now.in_payment, Lack.WITHOUT_OWNER: now.without_owner,
    }  # fmt: skip
    found += [{"lack": lack, "count": count} for lack, count in counted.items() if count]
    if now.open_lists:
        found.append({"lack": Lack.LISTS, "count": len(now.open_lists), "lists": list(now.open_lists)})
    if now.postings:
        found.append(
            {"lack": Lack.STATEMENT, "count": now.postings, "last_day": _day(now.last_posting), "closed_until": _day(now.closed_until)}
        )
    return found


def _day(day: date | None) -> str | None:
    return day.isoformat() if day else None


CLOSABLE: Final = ("opened", "closed")


def refuse_unfinished(now: MonthNow, *, programme: str, month: str, news: int) -> None:
    """Raise IllegalTransition for a month that is not open, or closed with nothing ``news`` since; MonthNotFinished with what lacks."""
    if now.state not in CLOSABLE or (now.state == "closed" and not news):
        raise IllegalTransition(now.state, "close", programme=programme, month=month)
    if lacks := lacking(now):
        raise MonthNotFinished(f"{programme} {month} cannot be closed yet", programme=programme, month=month, lacks=lacks)
