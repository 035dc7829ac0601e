"""Absorption of a budget year. Money in whole rupiah."""

from __future__ import annotations

from datetime import date
from typing import Literal

from pydantic import BaseModel

By = Literal["panti", "account", "sub_skpd"]


class Flow(BaseModel):
    """``realised`` = SP2D - STS; ``deviation`` = realised - planned, null where the source does not cover all of it."""

    planned: int
    realised: int
    deviation: int | None
    percent: int | None


class AbsorptionMonth(BaseModel):
    """``whole``: the source covers the month to its last day; otherwise what is not there is not known to be nothing."""

    month: str
    planned: int
    sp2d: int
    returned: int
    whole: bool


class Group(BaseModel):
    """``key``: panti or programme, account, or sub-SKPD; ``name`` where it has one. ``available``: of the ceiling, today.

    ``to_date``: the months that the source covers whole, up to the one asked for. ``forecast``: spending by the year's end
    (SP2D, before STS) of the lines that can be foreseen, whose ceiling is ``forecast_of``; null where none can.
    """

    key: str
    name: str
    ceiling: int
    available: int
    month: Flow
    to_date: Flow
    forecast: int | None
    forecast_of: int
    data_until: date | None
    months: list[AbsorptionMonth]


class Absorption(BaseModel):
    """``data_until``, ``returns_until``: last day of which SP2D and STS have spoken without a gap; null where they never have.

    ``dropped``: rupiah that lines no longer in the budget have spent, in no group.
    """

    year: int
    month: str
    by: By
    data_until: date | None
    returns_until: date | None
    dropped: int
    items: list[Group]
    total: Group
