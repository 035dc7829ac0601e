"""The doors of taking a committed file back: whether it can be, and two people who order it."""

from __future__ import annotations

from typing import Any, Literal
from uuid import UUID

from fastapi import APIRouter, Request

from services.beneficiary.commands import undo
from services.beneficiary.schemas.undo import Nothing, UndoRequest
from shared import audit
from shared.web.auth import CallerDep, allowed
from shared.web.transactions import CommandRoute, ReadDep, WriteDep

router = APIRouter(route_class=CommandRoute, tags=["imports"])


@router.get("/import-undos", dependencies=[allowed("operator")])
async def undos(session: ReadDep, caller: CallerDep, state: Literal["proposed", "done", "refused", ""] = "") -> dict[str, Any]:
    """Who wants which file taken back, of the files that the caller has, newest first."""
    return {"items": await undo.undos(session, state)}


@router.get("/imports/{import_id}/undo", dependencies=[allowed("operator")])
async def undo_state(import_id: UUID, request: Request, session: ReadDep, caller: CallerDep) -> dict[str, Any]:
    """Whether a committed file can be taken back, what rests on it, and who asked and decided."""
    return await undo.undo_view(session, import_id, today=request.app.state.service.clock.today())


@router.post("/imports/{import_id}/undo", status_code=201, dependencies=[allowed("operator")])
async def ask_undo(import_id: UUID, body: UndoRequest, request: Request, session: WriteDep, caller: CallerDep) -> dict[str, Any]:
    """Ask that a committed file be taken back; 409 ``import-built-on`` names what rests on it."""
    clock = request.app.state.service.clock
    await undo.ask_undo(session, import_id, body.reason, body.document, by=caller.person, today=clock.today(), at=clock.now())
    return await undo.undo_view(session, import_id, today=clock.today())


@router.post("/imports/{import_id}/undo/confirmation", dependencies=[allowed("operator")])
async def confirm_undo(import_id: UUID, body: Nothing, request: Request, session: WriteDep, caller: CallerDep) -> dict[str, Any]:
    """The second person: what held before the file holds again; the events tell it."""
    clock = request.app.state.service.clock
    at = clock.now()
    people = await undo.confirm_undo(session, import_id, by=caller.person, today=clock.today(), at=at)
    await audit.record(session, caller, "import.status.undo", "import", count=len(people), ids_hash=audit.hash_ids(people), at=at)
    return await undo.undo_view(session, import_id, today=clock.today())


@router.post("/imports/{import_id}/undo/refusal", dependencies=[allowed("operator")])
async def refuse_undo(import_id: UUID, body: Nothing, request: Request, session: WriteDep, caller: CallerDep) -> dict[str, Any]:
    """The file stays."""
    clock = request.app.state.service.clock
    await undo.refuse_undo(session, import_id, by=caller.person, at=clock.now())
    return await undo.undo_view(session, import_id, today=clock.today())
