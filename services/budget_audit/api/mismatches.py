"""Doors of mismatches and what people say about them."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query, Request

from services.budget_audit.commands import follow_up
from services.budget_audit.queries import mismatches as queries
from services.budget_audit.schemas import mismatches as schemas
from shared.web.auth import CallerDep, allowed
from shared.web.transactions import CommandRoute, ReadDep, WriteDep

router = APIRouter(route_class=CommandRoute)

Year = Annotated[int | None, Query(ge=2000, le=2100)]


@router.get("/mismatches")
async def mismatches(
    *, request: Request, session: ReadDep, caller: CallerDep, year: Year = None, state: str = "", code: str = ""
) -> schemas.Mismatches:
    """Where money and reality differ, with formula, evidence, owner, date and history."""
    today = request.app.state.service.clock.today()
    return await queries.mismatches(session, year=year, state=state, code=code, today=today)


@router.get("/mismatches/{mismatch_id}")
async def mismatch(mismatch_id: UUID, request: Request, session: ReadDep, caller: CallerDep) -> schemas.Mismatch:
    return await queries.mismatch(session, mismatch_id, request.app.state.service.clock.today())


@router.post("/mismatches/{mismatch_id}/request", status_code=201, dependencies=[allowed("auditor")])
async def ask(mismatch_id: UUID, body: schemas.Asking, request: Request, session: WriteDep, caller: CallerDep) -> schemas.Mismatch:
    """Ask the office concerned to explain what is open; it has the working days of the finding's rule (10)."""
    clock = request.app.state.service.clock
    await follow_up.ask(session, mismatch_id, person=caller.person, words=body.text, at=clock.now(), today=clock.today())
    return await queries.mismatch(session, mismatch_id, clock.today())


@router.post("/mismatches/{mismatch_id}/explanation", status_code=201, dependencies=[allowed("panti-head", "treasurer", "operator")])
async def explain(mismatch_id: UUID, body: schemas.Explanation, request: Request, session: WriteDep, caller: CallerDep) -> schemas.Mismatch:
    """The office concerned explains; 422 where it is more than the difference."""
    clock = request.app.state.service.clock
    await follow_up.explain(
        session, mismatch_id, person=caller.person, words=body.text, evidence=body.evidence, amount=body.amount, at=clock.now()
    )
    return await queries.mismatch(session, mismatch_id, clock.today())


@router.post("/mismatches/{mismatch_id}/acceptance", status_code=201, dependencies=[allowed("auditor")])
async def accept(mismatch_id: UUID, body: schemas.Acceptance, request: Request, session: WriteDep, caller: CallerDep) -> schemas.Mismatch:
    """Accept the explanation in part or whole; 422 where it is more than was explained, 409 ``four-eyes`` for whoever explained."""
    clock = request.app.state.service.clock
    await follow_up.accept(session, mismatch_id, person=caller.person, words=body.text, amount=body.amount, at=clock.now())
    return await queries.mismatch(session, mismatch_id, clock.today())


@router.post("/mismatches/{mismatch_id}/agreement", status_code=201, dependencies=[allowed("auditor")])
async def agree(mismatch_id: UUID, body: schemas.Agreement, request: Request, session: WriteDep, caller: CallerDep) -> schemas.Mismatch:
    """What solves the open amount, by whom and when; 409 ``four-eyes`` for whoever explained."""
    clock = request.app.state.service.clock
    await follow_up.agree(
        session, mismatch_id, person=caller.person, solution=body.solution, owner=body.owner, due_on=body.due_on, at=clock.now()
    )
    return await queries.mismatch(session, mismatch_id, clock.today())


@router.post("/mismatches/{mismatch_id}/evidence", status_code=201, dependencies=[allowed("panti-head", "treasurer", "operator")])
async def hand_in(mismatch_id: UUID, body: schemas.Evidence, request: Request, session: WriteDep, caller: CallerDep) -> schemas.Mismatch:
    """The owner of the solution hands in what shows that it is done."""
    clock = request.app.state.service.clock
    await follow_up.hand_in(session, mismatch_id, person=caller.person, words=body.text, evidence=body.evidence, at=clock.now())
    return await queries.mismatch(session, mismatch_id, clock.today())


@router.post("/mismatches/{mismatch_id}/closing", status_code=201, dependencies=[allowed("auditor")])
async def close(mismatch_id: UUID, body: schemas.Closing, request: Request, session: WriteDep, caller: CallerDep) -> schemas.Mismatch:
    """A second auditor verifies; 409 ``four-eyes`` for whoever explained or agreed."""
    clock = request.app.state.service.clock
    await follow_up.close(session, mismatch_id, person=caller.person, evidence=body.evidence, at=clock.now())
    return await queries.mismatch(session, mismatch_id, clock.today())


@router.post("/mismatches/{mismatch_id}/reopening", status_code=201, dependencies=[allowed("auditor")])
async def reopen(mismatch_id: UUID, body: schemas.Reopening, request: Request, session: WriteDep, caller: CallerDep) -> schemas.Mismatch:
    """Open a closed one again with a reason; nothing of it counts as explained then."""
    clock = request.app.state.service.clock
    await follow_up.reopen(session, mismatch_id, person=caller.person, reason=body.reason, at=clock.now(), today=clock.today())
    return await queries.mismatch(session, mismatch_id, clock.today())


@router.post("/mismatches/{mismatch_id}/notes", status_code=201, dependencies=[allowed("auditor", "panti-head", "treasurer", "operator")])
async def note(mismatch_id: UUID, body: schemas.Note, request: Request, session: WriteDep, caller: CallerDep) -> schemas.Mismatch:
    """A remark in the history; nothing else changes."""
    clock = request.app.state.service.clock
    await follow_up.note(session, mismatch_id, person=caller.person, words=body.text, at=clock.now())
    return await queries.mismatch(session, mismatch_id, clock.today())
