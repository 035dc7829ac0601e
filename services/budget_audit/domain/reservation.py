"""Reserve a whole batch or nothing of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from uuid import UUID

CASH_AID_ACCOUNT = "5.1.06.01.01.0001"
"""Belanja Bantuan Sosial Uang yang Direncanakan kepada Individu: where the cash programmes are budgeted (DOMAIN.md, Codes)."""

RESERVATION_DAYS = 30
"""Days until a reservation that no SP2D has followed must be asked about. It is never freed silently."""


@dataclass(frozen=True)
class Wanted:
    """What one programme of a batch needs, in rupiah; ``released`` is what an SP2D for this batch has already taken."""

    programme: str
    amount: int
    released: int = 0

    @property
    def open(self) -> int:
        return max(0, self.amount - self.released)


@dataclass(frozen=True)
class Line:
    """A locked budget line and its sums in rupiah."""

    id: UUID
    key: str
    ceiling: int
    reserved: int
    realised: int
    returned: int

    @property
    def available(self) -> int:
        """Less than nothing where a revision set the ceiling below what is spent."""
        return self.ceiling - self.reserved - self.realised + self.returned


@dataclass(frozen=True)
class Made:
    """``taken``: by line, what is to be reserved now and the whole amount that it stands for."""

    taken: Sequence[tuple[Line, Wanted]]


@dataclass(frozen=True)
class Refused:
    """The first line, in programme order, that has too little; ``line`` is its key, or the programme where it has none."""

    line: str
    requested: int
    available: int


def decide(wanted: Sequence[Wanted], lines: Mapping[str, Line]) -> Made | Refused:
    """Reserve every programme's amount on its line, or refuse all of them."""
    ordered = sorted((one for one in wanted if one.amount > 0), key=lambda one: one.programme)
    for one in ordered:
        line = lines.get(one.programme)
        if line is None:
            return Refused(one.programme, one.amount, 0)
        if one.open > 0 and line.available < one.open:
            return Refused(line.key, one.amount, line.available)
    return Made([(lines[one.programme], one) for one in ordered])


def expires_on(day: date) -> date:
    return day + timedelta(days=RESERVATION_DAYS)
