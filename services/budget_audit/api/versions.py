"""Doors of a budget year's versions."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Path, Query

from services.budget_audit.queries import versions as queries
from services.budget_audit.schemas import versions as schemas
from shared.web.auth import CallerDep, allowed
from shared.web.transactions import CommandRoute, ReadDep

router = APIRouter(route_class=CommandRoute)

Year = Annotated[int, Path(ge=2000, le=2100)]
From = Annotated[int | None, Query(alias="from", ge=0, le=100_000)]
To = Annotated[int | None, Query(alias="to", ge=0, le=100_000)]


@router.get("/budgets/{year}/versions", dependencies=[allowed(whole_agency=True)])
async def versions(year: Year, session: ReadDep, caller: CallerDep) -> schemas.Versions:
    """Every DPA, DPPA and pergeseran that changed a ceiling of the year."""
    return await queries.versions(session, year)


@router.get("/budgets/{year}/difference", dependencies=[allowed(whole_agency=True)])
async def difference(year: Year, session: ReadDep, caller: CallerDep, first: From = None, second: To = None) -> schemas.Difference:
    """What differs between two versions, line by line; without numbers, between the newest and the one before."""
    return await queries.difference(session, year, first, second)


@router.get("/budgets/{year}/spd", dependencies=[allowed(whole_agency=True)])
async def spd(year: Year, session: ReadDep, caller: CallerDep) -> schemas.YearSpd:
    """SPD by line and period, beside the cash plan that they must follow and what is reserved and spent."""
    return await queries.year_spd(session, year)


@router.get("/imports/{import_id}/budget-difference", dependencies=[allowed(whole_agency=True)])
async def proposed(import_id: UUID, session: ReadDep, caller: CallerDep) -> schemas.Difference:
    """What a checked budget file would change, before anybody commits it."""
    return await queries.proposed(session, import_id)
