"""Budget lines, the months ahead, reservations. Money in whole rupiah."""

from __future__ import annotations

from datetime import date, datetime
from uuid import UUID

from pydantic import BaseModel


class Line(BaseModel):
    """``available`` = ceiling - reserved - realised + returned; ``planned``: the year's cash plan so far on record.

    ``uncovered``: what a revision of the budget left reserved or spent above the ceiling; then ``available`` is less than
    nothing by it. ``data_until``: the last day that a file of SP2D covered; what was spent later is not known, and not
    nothing. ``dropped``: no longer in the budget, and kept for what it has paid.
    """

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
    uncovered: int
    dropped: bool
    data_until: date | None


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
