"""A statement against the ledger: what a line may be for, and when a day may be closed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from shared.kernel.errors import InvalidInput, Refusal


class NotTheLine(InvalidInput):
    """The parts are not this line, or the line is not open."""

    code = "not-the-line"


class DayNotClosable(Refusal):
    """Ledger and statement differ, and not every difference has a name; ``differences`` are those without one."""

    code = "differences-not-named"


class DayClosed(Refusal):
    """The day is closed: nothing of it changes any more."""

    code = "day-closed"


class NoStatement(Refusal):
    """There is no statement for this day yet."""

    code = "no-statement"


def kind_and_subject(reference: str, *, payment_of: str | None, is_batch: bool, is_sp2d: bool, is_sts: bool) -> tuple[str, str] | None:
    """What a reference is, and the subject that its rupiah are compared under; None where it is nothing of ours.

    Payments are compared under their batch, since the bank books a batch line by line or as one.
    """
    if payment_of is not None:
        return "payment", f"batch:{payment_of}"
    if is_batch:
        return "batch", f"batch:{reference}"
    if is_sp2d:
        return "sp2d", f"sp2d:{reference}"
    if is_sts:
        return "sts", f"sts:{reference}"
    return None


@dataclass(frozen=True)
class Difference:
    """``statement`` less ``book`` under one subject as of a day, in rupiah; ``named`` is the amount that somebody answers for."""

    subject: str
    statement: int
    book: int
    named: int | None = None
    reason: str = ""
    owner: str = ""
    due_on: date | None = None
    by: str = ""
    with_bank: int = 0
    """Of a batch: sent and not yet answered. A statement that is lower by this much is explained by it."""

    @property
    def amount(self) -> int:
        return self.statement - self.book

    @property
    def is_named(self) -> bool:
        """Somebody answers for exactly this amount; a name for another amount was for another difference."""
        return self.named == self.amount


def unnamed(differences: Sequence[Difference]) -> list[Difference]:
    return [one for one in differences if one.amount and not one.is_named]


def agrees(book: int, statement: int, differences: Sequence[Difference]) -> bool:
    """The two balances differ by exactly what is listed: nothing is left between them that no subject shows."""
    return statement - book == sum(one.amount for one in differences)


def shown(difference: Difference) -> Mapping[str, object]:
    """As a door shows it and a closed day keeps it."""
    return {
        "subject": difference.subject, "statement": difference.statement, "book": difference.book, "difference": difference.amount,
        "named": difference.is_named, "reason": difference.reason if difference.is_named else "",
        "owner": difference.owner if difference.is_named else "",
        "due_on": difference.due_on.isoformat() if difference.is_named and difference.due_on else None,
        "with_bank": difference.with_bank,
    }  # fmt: skip


@dataclass(frozen=True)
class Day:
    """Ledger and statement as of the end of a day, in rupiah."""

    day: date
    book: int
    statement: int
    differences: Sequence[Difference]
