"""The doors of the bank's results."""

from __future__ import annotations

from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Query, Request, Response, UploadFile

from services.disbursement.commands.bank.apply_messages import apply_bank_file, shown
from services.disbursement.commands.bank.try_results import try_results
from services.disbursement.queries import batches
from shared import audit
from shared.imports.api import stored
from shared.web.auth import CallerDep, allowed
from shared.web.transactions import CommandRoute, ReadDep, WriteDep

router = APIRouter(route_class=CommandRoute, tags=["results"])


@router.post("/results", status_code=201, dependencies=[allowed("operator", "treasurer", whole_agency=True)])
async def results(
    file: UploadFile, request: Request, response: Response, session: WriteDep, caller: CallerDep, template: UUID | None = None
) -> dict[str, Any]:
    """Apply one part of the bank's results, in columns or as pain.002, camt.053 or camt.054.

    Columns: the published form, or the one that was agreed with the bank; ``template``: an agreed one of before.
    The same bytes again are a no-op and name the first file (200).
    """
    service = request.app.state.service
    async with stored(file) as path:
        answers = await apply_bank_file(
            session, caller, path, file.filename or "results", cipher=service.cipher, at=service.clock.now(), template_id=template
        )
    new = [answer for answer in answers if answer.duplicate_of is None]
    for answer in new:
        rows = answer.applied + answer.quarantined + answer.unchanged
        await audit.record(session, caller, "results.apply", "payment", count=rows, ids_hash=str(answer.file_id), at=service.clock.now())
    if not new:
        response.status_code = 200
    return shown(answers)


@router.post("/results:try", dependencies=[allowed("operator", "treasurer", "approver", whole_agency=True)])
async def trial(file: UploadFile, request: Request, session: WriteDep, caller: CallerDep, template: UUID | None = None) -> dict[str, Any]:
    """What the file would do, and nothing is done: problems by row and column, codes and their meaning, rows for quarantine.

    ``template``: also one that is only proposed, to see it with a file of the bank before it is confirmed.
    """
    service = request.app.state.service
    at = service.clock.now()
    async with stored(file) as path:
        told = await try_results(session, caller, path, file.filename or "results", cipher=service.cipher, at=at, template_id=template)
    await audit.record(
        session, caller, "results.try", "payment", count=sum(one["rows"] for one in told["codes"]), ids_hash=told["sha256"], at=at
    )
    return told


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
