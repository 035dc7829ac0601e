"""The doors in front of a signature: the list beside the last one, who is not on it, and what is odd about it."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from typing import Any, Literal
from uuid import UUID

from fastapi import APIRouter, Query, Request
from fastapi.responses import StreamingResponse
from pydantic import BaseModel, ConfigDict, Field

from services.disbursement.api.readers import Reader, ReaderDep, ReaderOrSumsDep
from services.disbursement.commands.lists.anomalies import acknowledge
from services.disbursement.queries import approval, comparison
from services.disbursement.queries.batches import load
from services.disbursement.queries.people import Level
from shared.db.session import ReadSession
from shared.web.auth import CallerDep, allowed
from shared.web.transactions import CommandRoute, ReadDep, WriteDep

router = APIRouter(route_class=CommandRoute, tags=["batches"])

Ending = Literal["csv", "ndjson"]
_MEDIA = {"csv": "text/csv; charset=utf-8", "ndjson": "application/x-ndjson"}


class Word(BaseModel):
    """What was found out about these findings of the list with this hash."""

    model_config = ConfigDict(extra="forbid")
    list_hash: str = Field(max_length=64)
    findings: list[UUID] = Field(min_length=1, max_length=2_000)
    word: str = Field(min_length=3, max_length=500)
    on_behalf_of: str = Field(default="", max_length=100)


@router.get("/batches/{batch_id}/comparison")
async def compare(
    batch_id: UUID, *, request: Request, session: ReadDep, caller: CallerDep, against: str = Query("", max_length=40), level: Level = "city"
) -> dict[str, Any]:
    """Entered, left, changed against the last month's main list (or a named one), and why everybody else is not on this one."""
    as_of = request.app.state.service.clock.now()
    return await comparison.comparison(session, batch_id, against=against, level=level, whole_agency=caller.whole_agency, as_of=as_of)


@router.get("/batches/{batch_id}/comparison/people.{ending}")
async def compared_people(
    batch_id: UUID, ending: Ending, *, request: Request, reader: ReaderDep, against: str = Query("", max_length=40)
) -> StreamingResponse:
    """Whoever entered, left or changed, of the caller's areas: ids and codes. Audited."""

    def rows(reading: ReadSession) -> AsyncIterator[bytes]:
        return comparison.people_file(reading, batch_id, against=against, csv=ending == "csv")

    return await _file(request, reader, batch_id, rows, name="perbandingan", ending=ending)


@router.get("/batches/{batch_id}/not-listed.{ending}")
async def not_listed(batch_id: UUID, ending: Ending, request: Request, reader: ReaderDep) -> StreamingResponse:
    """Every entitled person who is not on this list, with the reason, of the caller's areas. Audited."""

    def rows(reading: ReadSession) -> AsyncIterator[bytes]:
        return comparison.not_listed_file(reading, batch_id, csv=ending == "csv")

    return await _file(request, reader, batch_id, rows, name="tidak-masuk", ending=ending)


async def _file(
    request: Request, reader: Reader, batch_id: UUID, rows: Callable[[ReadSession], AsyncIterator[bytes]], *, name: str, ending: Ending
) -> StreamingResponse:
    service, caller = request.app.state.service, reader.caller
    batch = await load(reader.session, batch_id)
    # Why somebody is not paid is a fact about that person: who takes the file is on record.
    await reader.record(f"batch.{name}", batch.payments, batch.list_hash)

    async def stream() -> AsyncIterator[bytes]:
        # A snapshot of its own: the request's transaction ends before the body is sent.
        async with service.database.read(caller.areas) as reading:
            async for block in rows(reading):
                yield block

    disposition = {"content-disposition": f'attachment; filename="{name}-{batch.code}.{ending}"'}
    return StreamingResponse(stream(), media_type=_MEDIA[ending], headers=disposition)


@router.get("/batches/{batch_id}/anomalies")
async def anomalies(batch_id: UUID, session: WriteDep, reader: ReaderOrSumsDep) -> dict[str, Any]:
    """What is odd on the list as it was submitted, and what was said about it; whom it concerns, for who reads people. Audited."""
    found = await approval.anomalies(session, batch_id)
    if reader is None:
        for one in found["items"]:
            one["person_ids"] = []
    elif people := {who for one in found["items"] for who in one["person_ids"]}:
        await reader.looked("anomaly.people", people)
    return found


@router.post("/batches/{batch_id}/anomalies/acknowledgement", dependencies=[allowed(whole_agency=True)])
async def acknowledgement(batch_id: UUID, body: Word, request: Request, session: WriteDep, caller: CallerDep) -> dict[str, Any]:
    """Who checks or approves says a word about findings; without it an approval is refused."""
    await acknowledge(
        session, caller, batch_id, body.list_hash, body.findings, body.word, on_behalf_of=body.on_behalf_of,
        at=request.app.state.service.clock.now(),
    )  # fmt: skip
    return await approval.anomalies(session, batch_id)
