"""What the doors take and give. Money in whole rupiah."""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

Words = Annotated[str, Field(min_length=3, max_length=2_000)]
Short = Annotated[str, Field(min_length=1, max_length=200)]


class Explanation(BaseModel):
    """Why a part or the whole of the difference is right; ``amount`` in rupiah, at most the difference."""

    model_config = ConfigDict(extra="forbid")
    text: Words
    evidence: Annotated[list[Short], Field(min_length=1, max_length=50)]
    amount: int = Field(gt=0)


class Agreement(BaseModel):
    """What solves the open amount, who does it, and by when."""

    model_config = ConfigDict(extra="forbid")
    solution: Words
    owner: Short
    due_on: date


class Closing(BaseModel):
    """What the second auditor has seen, such as the number of an STS."""

    model_config = ConfigDict(extra="forbid")
    evidence: Words


class HistoryStep(BaseModel):
    at: datetime
    step: str
    person: str
    text: str
    amount: int
    evidence: list[str]
    numbers_version: int
    expected: int
    actual: int
    event_id: str


class Mismatch(BaseModel):
    """``difference`` = actual - expected; ``open``: rupiah without explanation, never negative."""

    id: UUID
    code: str
    subject: str
    period: str
    expected: int
    actual: int
    difference: int
    explained: int
    open: int
    state: str
    formula: str
    ruled_out: list[str]
    evidence: list[str]
    owner: str
    due_on: date
    overdue: bool
    caused_by_event: str
    detected_at: datetime
    history: list[HistoryStep]


class Mismatches(BaseModel):
    items: list[Mismatch]


class Line(BaseModel):
    """``available`` = ceiling - reserved - realised + returned; ``planned``: the year's cash plan so far on record."""

    id: UUID
    key: str
    year: int
    sub_skpd: str
    sub_activity: str
    account: str
    description: str
    programme: str
    panti: str
    ceiling: int
    planned: int
    reserved: int
    realised: int
    returned: int
    available: int


class Lines(BaseModel):
    items: list[Line]


class PlannedMonth(BaseModel):
    month: str
    planned: int


class AheadLine(BaseModel):
    """A programme's line of cash aid of one year, with its cash plan by month; ``available`` as in ``Line``."""

    programme: str
    year: int
    ceiling: int
    reserved: int
    realised: int
    returned: int
    available: int
    plan: list[PlannedMonth]


class Outlook(BaseModel):
    """What the treasury has for the months that lie ahead. A year without a line has no DPA yet."""

    lines: list[AheadLine]


class ReservationLine(BaseModel):
    line_id: UUID
    programme: str
    amount: int
    remaining: int


class Reservation(BaseModel):
    """``state``: made, refused, realised (an SP2D took it over) or freed."""

    batch_id: UUID
    list_hash: str
    state: str
    refused_line: str
    requested: int
    available: int
    expires_on: date | None
    overdue: bool
    at: datetime
    lines: list[ReservationLine]


class Reservations(BaseModel):
    items: list[Reservation]


class Money(BaseModel):
    """``balanced``: SP2D + from holding = credited + returned by STS + paid on + still in holding.

    ``from_holding``: retries that were paid from the holding account; ``paid_on``: what left lists of this month for such retries.
    """

    sp2d: int
    from_holding: int
    credited: int
    returned: int
    paid_on: int
    holding: int
    balanced: bool


class MonthMoney(Money):
    month: str
    by_programme: dict[str, Money]


class Panti(BaseModel):
    """``unexplained``: rupiah of its mismatches that are not closed and have no explanation; ``mismatches``: how many are open."""

    code: str
    name: str
    target: str
    capacity: int
    mismatches: int
    unexplained: int


class PantiList(BaseModel):
    items: list[Panti]


class PantiDay(BaseModel):
    """``price``: contract price of one resident's food for that day, in rupiah."""

    day: date
    residents: int | None
    price: int | None


class PantiMonthView(BaseModel):
    """``food_due`` is null until every day is counted and priced; ``difference`` = SP2D - food due."""

    panti: str
    name: str
    month: str
    capacity: int
    residents: list[PantiDay]
    resident_days: int
    price: int | None
    food_due: int | None
    sp2d: int
    returned: int
    difference: int | None
    mismatch_id: UUID | None
