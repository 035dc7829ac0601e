"""The doors of the bank's results."""

from __future__ import annotations

import dataclasses
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Query, Request, Response, UploadFile

from services.disbursement.commands.apply_results import apply_results
from services.disbursement.queries import batches
from shared import audit
from shared.imports.api import stored
from shared.web.auth import CallerDep, allowed
from shared.web.transactions import CommandRoute, ReadDep, WriteDep

router = APIRouter(route_class=CommandRoute, tags=["results"])


@router.post("/results", status_code=201, dependencies=[allowed("operator", "treasurer", whole_agency=True)])
async def results(file: UploadFile, request: Request, response: Response, session: WriteDep, caller: CallerDep) -> dict[str, Any]:
    """Apply one part of the bank's results; the same bytes again are a no-op and name the first file (200)."""
    service = request.app.state.service
    async with stored(file) as path:
        answer = await apply_results(session, caller, path, file.filename or "results", cipher=service.cipher, at=service.clock.now())
    shown = dataclasses.asdict(answer)
    if answer.duplicate_of is None:
        del shown["duplicate_of"]
        rows = answer.applied + answer.quarantined + answer.unchanged
        await audit.record(session, caller, "results.apply", "payment", count=rows, ids_hash=str(answer.file_id), at=service.clock.now())
    else:
        response.status_code = 200
    return shown


@router.get("/results")
async def result_files(session: ReadDep, caller: CallerDep, batch: str = "") -> dict[str, Any]:
    return {"items": await batches.result_files(session, batch)}


@router.get("/results/{file_id}/rows", dependencies=[allowed(whole_agency=True)])
async def result_rows(
    file_id: UUID,
    *,
    session: ReadDep,
    caller: CallerDep,
    state: str = "",
    after: int = 0,
    limit: Annotated[int, Query(ge=1, le=5000)] = 200,
) -> dict[str, Any]:
    """What each row did, and why the quarantined ones stand there."""
    items = await batches.result_rows(session, file_id, state, after, limit)
    return {"items": items, "next": items[-1]["row"] if len(items) == limit else None}
