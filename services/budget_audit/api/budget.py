"""Doors of budget lines, the months ahead, reservations."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query, Request

from services.budget_audit.queries import budget as queries
from services.budget_audit.schemas import budget as schemas
from shared.kernel.month import parse_month
from shared.web.auth import CallerDep, allowed
from shared.web.transactions import CommandRoute, ReadDep

router = APIRouter(route_class=CommandRoute)

Year = Annotated[int | None, Query(ge=2000, le=2100)]


@router.get("/lines")
async def lines(session: ReadDep, caller: CallerDep, year: Year = None) -> schemas.Lines:
    """Budget lines with ceiling, plan, reserved, realised, returned and what is available."""
    return await queries.lines(session, year)


@router.get("/outlook", dependencies=[allowed(whole_agency=True)])
async def outlook(session: ReadDep, caller: CallerDep, first: Annotated[str, Query(alias="from")], to: str) -> schemas.Outlook:
    """Ceiling, what of it is left, and the cash plan by month, of the cash aid of each year from ``from`` to ``to``."""
    return await queries.outlook(session, parse_month(first), parse_month(to))


@router.get("/reservations")
async def reservations(request: Request, session: ReadDep, caller: CallerDep, batch_id: UUID | None = None) -> schemas.Reservations:
    """Reservations by batch and list hash, the newest first."""
    return await queries.reservations(session, batch_id, request.app.state.service.clock.today())
