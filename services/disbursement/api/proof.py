"""The door of the proof of completeness."""

from __future__ import annotations

from collections.abc import AsyncIterator

from fastapi import APIRouter, Request
from fastapi.responses import StreamingResponse

from services.disbursement.api.readers import ReaderDep
from services.disbursement.queries import proof as queries
from shared.kernel.month import parse_month
from shared.web.auth import allowed
from shared.web.transactions import CommandRoute, WriteDep

router = APIRouter(route_class=CommandRoute, tags=["months"])


@router.get("/months/{month}/proof", dependencies=[allowed(whole_agency=True)])
async def proof(month: str, request: Request, session: WriteDep, reader: ReaderDep) -> StreamingResponse:
    """A ZIP that says what became of everybody, to be checked by ``scripts/check_proof.py``. Audited."""
    parsed = parse_month(month)
    service = request.app.state.service
    at, caller = service.clock.now(), reader.caller
    await reader.record("month.proof", await queries.people_in(session, parsed), parsed)

    async def blocks() -> AsyncIterator[bytes]:
        # A snapshot of its own: the request's session ends before the first byte goes out.
        async with service.database.read(caller.areas) as reading:
            async for block in queries.proof_zip(reading, parsed, at=at):
                yield block

    disposition = {"content-disposition": f'attachment; filename="proof-{parsed}.zip"'}
    return StreamingResponse(blocks(), media_type="application/zip", headers=disposition)
