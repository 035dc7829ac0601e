"""The doors of the holding account's statements: lines, matching, named differences, the day that closes."""

from __future__ import annotations

from datetime import date
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Query, Request
from pydantic import BaseModel, ConfigDict, Field

from services.disbursement.commands.money import close_day as closing
from services.disbursement.commands.money import statements as commands
from services.disbursement.queries import statements as queries
from shared import audit
from shared.web.auth import CallerDep, allowed
from shared.web.transactions import CommandRoute, ReadDep, WriteDep

router = APIRouter(route_class=CommandRoute, tags=["statements"])

_READERS = [allowed("operator", "treasurer", "auditor", "leader", whole_agency=True)]
_DESK = [allowed("operator", "treasurer", whole_agency=True)]
_TREASURER = [allowed("treasurer", whole_agency=True)]


class _Input(BaseModel):
    model_config = ConfigDict(extra="forbid", str_strip_whitespace=True)


class PartOfLine(_Input):
    """A reference of ours, and the rupiah of the line that are for it (negative: out)."""

    reference: str = Field(min_length=1, max_length=60)
    amount: int


class LineMatch(_Input):
    parts: list[PartOfLine] = Field(min_length=1, max_length=1_000)
    reason: str = Field(min_length=3, max_length=300)


class Undo(_Input):
    reason: str = Field(min_length=3, max_length=300)


class NamedDifference(_Input):
    """``amount``: the difference that the namer has seen."""

    subject: str = Field(min_length=1, max_length=120)
    amount: int
    reason: str = Field(min_length=3, max_length=300)
    owner: str = Field(min_length=2, max_length=100)
    due_on: date


class Nothing(_Input):
    """An empty body."""


@router.get("/statements", dependencies=_READERS)
async def statements(session: ReadDep, caller: CallerDep) -> dict[str, Any]:
    """Statements of the holding account, newest first, and up to which day everything is closed."""
    return await queries.statements(session)


@router.get("/statements/{statement_id}/lines", dependencies=_READERS)
async def lines(
    statement_id: UUID, *, request: Request, session: WriteDep, caller: CallerDep, state: str = "", after: int = 0,
    limit: Annotated[int, Query(ge=1, le=1000)] = 200,
) -> dict[str, Any]:  # fmt: skip
    """Lines, with what they are for; ``state=open`` for those that wait for a person. The bank's words may name one: audited."""
    service = request.app.state.service
    items = await queries.lines(session, service.cipher, statement_id, only_open=state == "open", after=after, limit=limit)
    await audit.record(
        session, caller, "statement.lines", "reconciliation", count=len(items), ids_hash=str(statement_id), at=service.clock.now()
    )
    return {"items": items, "next": items[-1]["line"] if len(items) == limit else None}


@router.post("/statements/matching", dependencies=_DESK)
async def matching(body: Nothing, request: Request, session: WriteDep, caller: CallerDep) -> dict[str, Any]:
    """Match again what references tell: payments, SP2D or STS may have come after the statement."""
    return await commands.match_lines(session, by=caller.person, at=request.app.state.service.clock.now())


@router.post("/statements/{statement_id}/lines/{line}/match", dependencies=_DESK)
async def match(
    statement_id: UUID, line: int, body: LineMatch, *, request: Request, session: WriteDep, caller: CallerDep
) -> dict[str, Any]:
    """A person says what a line is for, where references do not tell."""
    parts = [commands.Part(part.reference, part.amount) for part in body.parts]
    at = request.app.state.service.clock.now()
    await commands.match_by_hand(session, statement_id, line, parts, body.reason, by=caller.person, at=at)
    return {"statement_id": str(statement_id), "line": line, "state": "matched"}


@router.post("/statements/{statement_id}/lines/{line}/undo", dependencies=_DESK)
async def undo(statement_id: UUID, line: int, body: Undo, *, request: Request, session: WriteDep, caller: CallerDep) -> dict[str, Any]:
    """Take a match back; the line is open again and waits for a person."""
    await commands.undo_match(session, statement_id, line, body.reason, by=caller.person, at=request.app.state.service.clock.now())
    return {"statement_id": str(statement_id), "line": line, "state": "open"}


@router.get("/statement-days/{day}", dependencies=_READERS)
async def one_day(day: date, session: ReadDep, caller: CallerDep) -> dict[str, Any]:
    """Ledger and statement at the end of a day, and every difference between them with its name or without."""
    return await queries.day_view(session, day)


@router.post("/statement-days/{day}/differences", dependencies=_DESK)
async def name_difference(day: date, body: NamedDifference, request: Request, session: WriteDep, caller: CallerDep) -> dict[str, Any]:
    """Somebody answers for a difference: why, who, until when."""
    await closing.name_difference(
        session, day, body.subject, body.amount, reason=body.reason, owner=body.owner, due_on=body.due_on, by=caller.person,
        at=request.app.state.service.clock.now(),
    )  # fmt: skip
    return await queries.day_view(session, day)


@router.post("/statement-days/{day}/closing", dependencies=_TREASURER)
async def close(day: date, body: Nothing, request: Request, session: WriteDep, caller: CallerDep) -> dict[str, Any]:
    """Close this day and every open one before it; refused while a difference has no name, or the closer gave it one."""
    await closing.close_day(session, day, by=caller.person, at=request.app.state.service.clock.now())
    return await queries.day_view(session, day)
