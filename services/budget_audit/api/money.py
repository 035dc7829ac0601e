"""The door of a month's money."""

from __future__ import annotations

from fastapi import APIRouter

from services.budget_audit.queries import money as queries
from services.budget_audit.schemas import money as schemas
from shared.kernel.month import parse_month
from shared.web.auth import CallerDep
from shared.web.transactions import CommandRoute, ReadDep

router = APIRouter(route_class=CommandRoute)


@router.get("/months/{month}/money")
async def month_money(month: str, session: ReadDep, caller: CallerDep) -> schemas.MonthMoney:
    """SP2D = credited + returned + holding, by programme, from this service's own books."""
    return await queries.month_money(session, parse_month(month))
