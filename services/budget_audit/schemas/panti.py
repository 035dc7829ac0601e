"""A panti's month. Money in whole rupiah."""

from __future__ import annotations

from datetime import date, datetime
from uuid import UUID

from pydantic import BaseModel


class Panti(BaseModel):
    """``unexplained``: rupiah of its mismatches that are not closed and have no explanation; ``mismatches``: how many are open.

    ``oldest``: when the first of them was found. Findings about the pace of spending are counted, their rupiah are not.
    """

    code: str
    name: str
    target: str
    capacity: int
    mismatches: int
    unexplained: int
    oldest: datetime | None


class PantiList(BaseModel):
    items: list[Panti]


class PantiDay(BaseModel):
    """``price``: contract price of one resident's food for that day, in rupiah. ``source``: book or file, whichever counts."""

    day: date
    residents: int | None
    source: str | None
    over_capacity: bool
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
