"""Doors of the panti."""

from __future__ import annotations

from fastapi import APIRouter, Request

from services.budget_audit.queries import panti as queries
from services.budget_audit.queries import panti_story
from services.budget_audit.schemas import panti as schemas
from services.budget_audit.schemas.panti_story import PantiStory
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


@router.get("/panti/{code}/story/{month}")
async def story(code: str, month: str, request: Request, session: ReadDep, caller: CallerDep) -> PantiStory:
    """Budget, cash plan, spending, minutes and prices of one panti's month, and its findings of the month and the year."""
    return await panti_story.story(session, code.upper(), parse_month(month), request.app.state.service.clock.today())
