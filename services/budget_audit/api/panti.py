"""Doors of the panti."""

from __future__ import annotations

from fastapi import APIRouter

from services.budget_audit.queries import panti as queries
from services.budget_audit.schemas import panti as schemas
from shared.kernel.month import parse_month
from shared.web.auth import CallerDep
from shared.web.transactions import CommandRoute, ReadDep

router = APIRouter(route_class=CommandRoute)


@router.get("/panti")
async def panti(session: ReadDep, caller: CallerDep) -> schemas.PantiList:
    return await queries.panti(session)


@router.get("/panti/{code}/months/{month}")
async def panti_month(code: str, month: str, session: ReadDep, caller: CallerDep) -> schemas.PantiMonthView:
    """Residents by day, food due by contract, SP2D, and the difference."""
    return await queries.panti_month(session, code.upper(), parse_month(month))
