"""The doors of the holding account: balances by person and age, and what becomes of what stays at the end of a year."""

from __future__ import annotations

from datetime import date
from typing import Annotated, Any, Literal
from uuid import UUID

from fastapi import APIRouter, Path, Query, Request
from pydantic import BaseModel, ConfigDict, Field

from services.disbursement.api.readers import ReaderDep
from services.disbursement.commands.money import dispose
from services.disbursement.queries import holding
from services.disbursement.queries import year_end as year_end_queries
from shared import audit
from shared.web.auth import CallerDep, allowed
from shared.web.transactions import CommandRoute, ReadDep, WriteDep

router = APIRouter(route_class=CommandRoute, tags=["holding"])

_READERS = [allowed("operator", "treasurer", "auditor", "leader", whole_agency=True)]
_TREASURER = [allowed("treasurer", whole_agency=True)]

Year = Annotated[int, Path(ge=2000, le=2099)]


class _Input(BaseModel):
    model_config = ConfigDict(extra="forbid", str_strip_whitespace=True)


class Disposal(_Input):
    """``payments``: these; absent: everything undecided, of one batch where it is named. ``document``: STS or carry-over letter."""

    way: Literal["sts", "carried"]
    document: str = Field(min_length=3, max_length=100)
    payments: list[UUID] | None = Field(default=None, min_length=1, max_length=10_000)
    batch: str = Field(default="", max_length=20)


class Decided(_Input):
    document: str = Field(min_length=3, max_length=100)
    agreed: bool


class Closing(_Input):
    document: str = Field(min_length=3, max_length=100)


@router.get("/holding", dependencies=_READERS)
async def balances(request: Request, session: ReadDep, caller: CallerDep, on: date | None = None) -> dict[str, Any]:
    """The holding account by where its money stands and by age; and what nobody is named for."""
    return await holding.balances(session, on or request.app.state.service.clock.today())


@router.get("/holding/people")
async def people(
    *, request: Request, session: WriteDep, reader: ReaderDep, on: date | None = None, age: str = "", batch: str = "",
    after: UUID | None = None, limit: Annotated[int, Query(ge=1, le=1000)] = 200,
) -> dict[str, Any]:  # fmt: skip
    """Balances by person and age, of the caller's areas, with the payment that went out again for the same month. Audited."""
    day = on or request.app.state.service.clock.today()
    found = await holding.people(session, day, age=age, batch=batch, after=after, limit=limit)
    await reader.looked("holding.people", (one["person_id"] for one in found["items"]))
    return found


@router.get("/holding/findings", dependencies=[allowed(whole_agency=True)])
async def findings(request: Request, session: ReadDep, caller: CallerDep) -> dict[str, Any]:
    """From 1 December: what stays of the year, by age, with owner and due date; after New Year until it is paid, back or carried."""
    return await year_end_queries.holding_findings(session, request.app.state.service.clock.today())


@router.get("/holding/years/{year}", dependencies=_READERS)
async def year_end(year: Year, request: Request, session: ReadDep, caller: CallerDep) -> dict[str, Any]:
    """What stays at the end of a year, what was decided by which document, and what waits for a decision."""
    return await holding.year(session, year, min(date(year, 12, 31), request.app.state.service.clock.today()))


@router.post("/holding/years/{year}/disposals", status_code=201, dependencies=_TREASURER)
async def propose(year: Year, body: Disposal, request: Request, session: WriteDep, caller: CallerDep) -> dict[str, Any]:
    """Propose: back by an STS, or carried over by a document. A second person decides."""
    at = request.app.state.service.clock.now()
    count = await dispose.propose(session, year, body.way, body.document, payments=body.payments, batch=body.batch, by=caller.person, at=at)
    await audit.record(session, caller, f"holding.{body.way}", "payment", count=count, ids_hash=body.document, at=at)
    return {"year": year, "document": body.document, "state": "proposed", "items": count}


@router.post("/holding/years/{year}/disposals/decision", dependencies=_TREASURER)
async def decide(year: Year, body: Decided, request: Request, session: WriteDep, caller: CallerDep) -> dict[str, Any]:
    """The second person: agreed, the rupiah are named for their STS or carried; not agreed, they wait again."""
    at = request.app.state.service.clock.now()
    count = await dispose.decide(session, year, body.document, agreed=body.agreed, by=caller.person, at=at)
    return {"year": year, "document": body.document, "state": "confirmed" if body.agreed else "refused", "items": count}


@router.post("/holding/years/{year}/closing", dependencies=_TREASURER)
async def close_year(year: Year, body: Closing, request: Request, session: WriteDep, caller: CallerDep) -> dict[str, Any]:
    """Close the year: refused while one rupiah has no decision, no name or no STS."""
    await dispose.close_year(session, year, body.document, by=caller.person, at=request.app.state.service.clock.now())
    return await holding.year(session, year, date(year, 12, 31))
