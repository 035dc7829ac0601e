"""A panti's month on one screen. Money in whole rupiah, prices in rupiah for one unit."""

from __future__ import annotations

from datetime import date
from uuid import UUID

from pydantic import BaseModel


class HandedOver(BaseModel):
    """One handover minute (BAST) of the month, all its lines."""

    number: str
    day: date
    contract: str
    lines: int
    amount: int


class ComparedPrice(BaseModel):
    """``standard_price``: SSH of the contract's first year; null where the table has no such item and unit."""

    contract: str
    item: str
    unit: str
    price: int
    standard_price: int | None


class PantiFinding(BaseModel):
    """``open``: rupiah without explanation. ``of_money``: false where the difference is one of pace (cash plan, absorption)."""

    id: UUID
    code: str
    subject: str
    period: str
    difference: int
    open: int
    of_money: bool
    state: str
    due_on: date
    overdue: bool


class PantiStory(BaseModel):
    """``ceiling``: of all the panti's lines of the year, by budget version ``budget_version``; ``planned``: the month's cash plan.

    ``spent``: SP2D dated in the month, less STS dated in it; ``…_to_date``: from January to the end of the month.
    ``money_until``: the last day that a file of the year's SP2D covered; what was spent after it is not known, which is not nothing.
    """

    panti: str
    month: str
    budget_version: int | None
    budget_document: str
    ceiling: int
    planned: int
    planned_to_date: int
    spent: int
    spent_to_date: int
    money_until: date | None
    handovers: list[HandedOver]
    prices: list[ComparedPrice]
    findings: list[PantiFinding]
    months: list[str]
