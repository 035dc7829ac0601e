"""Doors of what was promised, handed over, billed and counted in panti."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query

from services.budget_audit.queries import reality as queries
from services.budget_audit.schemas import reality as schemas
from shared.kernel.month import parse_month
from shared.web.auth import CallerDep
from shared.web.transactions import CommandRoute, ReadDep

router = APIRouter(route_class=CommandRoute)

Year = Annotated[int, Query(ge=2000, le=2100)]
Name = Annotated[str, Query(max_length=80)]


@router.get("/supplies")
async def supplies(session: ReadDep, caller: CallerDep, year: Year, panti: Name = "", number: Name = "") -> schemas.SupplyContracts:
    """Contracts that run in the year, with items, unit prices, SSH, and what minutes and invoices say so far."""
    return await queries.supplies(session, year=year, panti=panti.upper(), number=number)


@router.get("/standard-prices")
async def standard_prices(session: ReadDep, caller: CallerDep, year: Year) -> schemas.StandardPrices:
    """The SSH table of a year; empty where nobody has imported it, and then no price is compared with it."""
    return await queries.standard_prices(session, year)


@router.get("/handovers")
async def handovers(session: ReadDep, caller: CallerDep, year: Year, panti: Name = "", contract: Name = "") -> schemas.Handovers:
    """Lines of handover minutes by day."""
    return await queries.handovers(session, year=year, panti=panti.upper(), contract=contract)


@router.get("/invoices")
async def invoices(session: ReadDep, caller: CallerDep, year: Year, panti: Name = "", contract: Name = "") -> schemas.Invoices:
    return await queries.invoices(session, year=year, panti=panti.upper(), contract=contract)


@router.get("/panti/{code}/counts/{month}")
async def counted(code: str, month: str, session: ReadDep, caller: CallerDep) -> schemas.CountedMonth:
    """Residents, portions cooked, people who came and went by day; staff of the month."""
    return await queries.counted(session, code.upper(), parse_month(month))
