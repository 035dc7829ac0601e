"""The doors of batches: compose, four signatures, the list, the file, its money."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Annotated, Any, Literal
from uuid import UUID

from fastapi import APIRouter, Query, Request, Response
from fastapi.responses import FileResponse, StreamingResponse
from pydantic import BaseModel, ConfigDict, Field
from starlette.background import BackgroundTask

from services.disbursement.api.programmes import Programmes
from services.disbursement.api.readers import ReaderDep
from services.disbursement.channels.port import open_private
from services.disbursement.commands.bank import settled
from services.disbursement.commands.lists import release as releasing
from services.disbursement.commands.lists import sign
from services.disbursement.commands.lists.batches import list_bytes
from services.disbursement.commands.lists.compose import compose
from services.disbursement.commands.lists.may_sign import next_signature
from services.disbursement.domain.batch import SENT
from services.disbursement.queries import batches, money
from services.disbursement.queries.repayments import repayments
from shared import audit
from shared.db.session import copy_out
from shared.kernel.errors import IllegalTransition
from shared.kernel.month import parse_month
from shared.web.auth import CallerDep, allowed
from shared.web.transactions import CommandRoute, ReadDep, WriteDep

router = APIRouter(route_class=CommandRoute, tags=["batches"])

# The role of a signature is looked at after the hash and the four eyes, in the command: it may have been handed to the caller.
_SIGNERS = [allowed(whole_agency=True)]
_OPERATOR = [allowed("operator", whole_agency=True)]


class _Input(BaseModel):
    model_config = ConfigDict(extra="forbid", str_strip_whitespace=True)


class NewBatch(_Input):
    """``programmes``: all that are open in this month where absent. ``financing`` ``holding``: a retry without a new SP2D."""

    month: str
    kind: str = "main"
    financing: Literal["sp2d", "holding"] = "sp2d"
    programmes: Programmes = None


class Signed(_Input):
    """The hash of the list that the signer has seen; ``on_behalf_of``: who handed the role over, where more than one did."""

    list_hash: str = Field(max_length=64)
    on_behalf_of: str = Field(default="", max_length=100)


class Reason(_Input):
    reason: str = Field(min_length=3, max_length=300)


class SentBack(Reason):
    """With the hash of the list that was seen."""

    list_hash: str = Field(max_length=64)


class Nothing(_Input):
    """An empty body."""


@router.post("/batches", status_code=201, dependencies=_OPERATOR)
async def new_batch(body: NewBatch, request: Request, session: WriteDep, caller: CallerDep) -> dict[str, Any]:
    """A draft with everybody who can be paid now; it changes no outcome."""
    at = request.app.state.service.clock.now()
    batch_id = await compose(
        session, parse_month(body.month), body.kind, body.programmes, financing=body.financing, by=caller.person, at=at
    )
    return await batches.batch_view(session, batch_id)


@router.get("/batches")
async def all_batches(session: ReadDep, caller: CallerDep, month: str = "", state: str = "") -> dict[str, Any]:
    return {"items": await batches.batches(session, month, state)}


@router.get("/batches/{batch_id}")
async def one_batch(batch_id: UUID, session: ReadDep, caller: CallerDep) -> dict[str, Any]:
    return await batches.batch_view(session, batch_id)


@router.get("/batches/{batch_id}/signing")
async def signing(batch_id: UUID, request: Request, session: ReadDep, caller: CallerDep) -> dict[str, Any]:
    """Whose name is next, up to which amount, and what would refuse the caller's own."""
    return await next_signature(session, await batches.load(session, batch_id), caller, today=request.app.state.service.clock.today())


@router.post("/batches/{batch_id}/submission", dependencies=_OPERATOR)
async def submission(batch_id: UUID, body: Nothing, request: Request, session: WriteDep, caller: CallerDep) -> dict[str, Any]:
    """The maker signs: list hash, count and sum are fixed."""
    await sign.submit(session, caller, batch_id, at=request.app.state.service.clock.now())
    return await batches.batch_view(session, batch_id)


@router.post("/batches/{batch_id}/check", dependencies=_SIGNERS)
async def check(batch_id: UUID, body: Signed, request: Request, session: WriteDep, caller: CallerDep) -> dict[str, Any]:
    await sign.check(session, caller, batch_id, body.list_hash, on_behalf_of=body.on_behalf_of, at=request.app.state.service.clock.now())
    return await batches.batch_view(session, batch_id)


@router.post("/batches/{batch_id}/approval", dependencies=_SIGNERS)
async def approval(batch_id: UUID, body: Signed, request: Request, session: WriteDep, caller: CallerDep) -> dict[str, Any]:
    """The approver signs (two of them above the threshold), and the money is asked for."""
    await sign.approve(session, caller, batch_id, body.list_hash, on_behalf_of=body.on_behalf_of, at=request.app.state.service.clock.now())
    return await batches.batch_view(session, batch_id)


@router.post("/batches/{batch_id}/release", dependencies=_SIGNERS)
async def release(batch_id: UUID, body: Signed, request: Request, session: WriteDep, caller: CallerDep) -> dict[str, Any]:
    """A fourth person sends a funded batch to the bank."""
    service = request.app.state.service
    await releasing.release(
        session,
        caller,
        batch_id,
        body.list_hash,
        on_behalf_of=body.on_behalf_of,
        database=service.database,
        cipher=service.cipher,
        data=service.settings.data,
        at=service.clock.now(),
    )
    count = (await batches.load(session, batch_id)).payments
    # The file holds account numbers and names: writing it is a read of personal data.
    await audit.record(session, caller, "batch.release", "payment", count=count, ids_hash=body.list_hash, at=service.clock.now())
    return await batches.batch_view(session, batch_id)


@router.post("/batches/{batch_id}/withdrawal", dependencies=[allowed("operator", "approver", whole_agency=True)])
async def withdrawal(batch_id: UUID, body: Reason, request: Request, session: WriteDep, caller: CallerDep) -> dict[str, Any]:
    await sign.withdraw(session, caller, batch_id, body.reason, at=request.app.state.service.clock.now())
    return await batches.batch_view(session, batch_id)


@router.post("/batches/{batch_id}/sending-back", dependencies=[allowed("checker", "approver", whole_agency=True)])
async def sending_back(batch_id: UUID, body: SentBack, request: Request, session: WriteDep, caller: CallerDep) -> dict[str, Any]:
    """Back to the maker with a reason: a draft again, every signature void, a reservation free."""
    await sign.send_back(session, caller, batch_id, body.list_hash, body.reason, at=request.app.state.service.clock.now())
    return await batches.batch_view(session, batch_id)


@router.post("/batches/{batch_id}/budget-request", dependencies=[allowed("operator", "treasurer", whole_agency=True)])
async def budget_request(batch_id: UUID, body: Nothing, request: Request, session: WriteDep, caller: CallerDep) -> dict[str, Any]:
    """Ask again after a refusal: the money is there now."""
    await sign.ask_again(session, batch_id, at=request.app.state.service.clock.now())
    return await batches.batch_view(session, batch_id)


@router.post("/batches/{batch_id}/results-due", dependencies=_OPERATOR)
async def results_due(batch_id: UUID, body: Nothing, request: Request, session: WriteDep, caller: CallerDep) -> dict[str, Any]:
    """The operator declares that no more results are to come; the sweep follows in the worker."""
    await settled.declare_results_due(session, batch_id, at=request.app.state.service.clock.now())
    return await batches.batch_view(session, batch_id)


@router.post("/batches/{batch_id}/lines/{person_id}/removal", dependencies=_OPERATOR)
async def removal(
    batch_id: UUID, person_id: UUID, body: Reason, *, request: Request, session: WriteDep, caller: CallerDep
) -> dict[str, Any]:
    """Leave a person out of this list: the first call asks, a second person's call confirms."""
    at = request.app.state.service.clock.now()
    done = await sign.remove_line(session, caller, batch_id, person_id, body.reason, at=at)
    return {"person_id": str(person_id), "state": "done" if done else "proposed", "batch": await batches.batch_view(session, batch_id)}


@router.get("/batches/{batch_id}/list.tsv", dependencies=[allowed(whole_agency=True)])
async def list_tsv(batch_id: UUID, request: Request, session: WriteDep, reader: ReaderDep) -> StreamingResponse:
    """The bytes that the list hash covers. Audited."""
    batch, caller = await batches.load(session, batch_id), reader.caller
    await reader.record("batch.list", batch.payments, batch.list_hash)

    async def stream() -> AsyncIterator[bytes]:
        # A snapshot of its own: the request's transaction ends before the body is sent.
        async with request.app.state.service.database.read(caller.areas) as reading:
            async for block in list_bytes(reading, await batches.load(reading, batch_id)):
                yield block

    return StreamingResponse(stream(), media_type="text/tab-separated-values; charset=us-ascii")


@router.get("/batches/{batch_id}/lines.ndjson")
async def lines_ndjson(batch_id: UUID, request: Request, session: WriteDep, reader: ReaderDep) -> StreamingResponse:
    """A line for each payment of the caller's areas and where it stands. Audited."""
    batch, caller = await batches.load(session, batch_id), reader.caller
    await reader.record("batch.lines", batch.payments, batch.list_hash)

    async def stream() -> AsyncIterator[bytes]:
        async with request.app.state.service.database.read(caller.areas) as reading:
            async for block in copy_out(reading, batches.LINES, {"batch": batch_id}):
                yield block

    return StreamingResponse(stream(), media_type="application/x-ndjson")


@router.get("/batches/{batch_id}/bank-file", dependencies=[allowed("releaser", "treasurer", whole_agency=True)])
async def bank_file(batch_id: UUID, request: Request, session: WriteDep, caller: CallerDep) -> Response:
    """The bytes that went to the bank, made again from the lines and compared by SHA-256. Audited."""
    service = request.app.state.service
    batch = await batches.load(session, batch_id)
    sent = await batches.bank_file(session, batch_id)
    if batch.state not in SENT or sent is None:
        raise IllegalTransition(batch.state, "bank_file")
    folder = Path(tempfile.mkdtemp(prefix="ritme-bank-file-"))
    try:
        with open_private(folder / sent["name"]) as file:
            await releasing.write_again(session, batch, file, cipher=service.cipher, sha256=sent["sha256"])
        await audit.record(
            session, caller, "batch.bank_file", "payment", count=sent["count"], ids_hash=batch.list_hash, at=service.clock.now()
        )
    except BaseException:
        shutil.rmtree(folder, ignore_errors=True)
        raise
    return FileResponse(
        folder / sent["name"], media_type=sent["media_type"], filename=sent["name"],
        background=BackgroundTask(shutil.rmtree, folder, ignore_errors=True),
    )  # fmt: skip


@router.get(
    "/batches/{batch_id}/bank-file/problems", dependencies=[allowed("operator", "checker", "releaser", "treasurer", whole_agency=True)]
)
async def bank_file_problems(batch_id: UUID, request: Request, session: WriteDep, caller: CallerDep) -> dict[str, Any]:
    """Lines that today's form of the bank has no place for; they would stop the release. Audited: names and accounts are read."""
    service = request.app.state.service
    batch = await batches.load(session, batch_id)
    count, items = await releasing.not_writable(session, batch, cipher=service.cipher, day=service.clock.today())
    await audit.record(
        session, caller, "batch.bank_file_problems", "payment", count=batch.payments, ids_hash=batch.list_hash, at=service.clock.now()
    )
    return {"count": count, "items": items}


@router.get("/batches/{batch_id}/repayments")
async def linked_repayments(
    batch_id: UUID, *, session: WriteDep, reader: ReaderDep, after: str = "", limit: Annotated[int, Query(ge=1, le=1000)] = 200
) -> dict[str, Any]:
    """Of a retry that is paid from the holding account: the returned payment behind each month; of the caller's areas. Audited."""
    await batches.load(session, batch_id)
    found = await repayments(session, batch_id, after=after, limit=limit)
    await reader.looked("batch.repayments", (one["person_id"] for one in found["items"]))
    return found


@router.get("/months/{month}/money", dependencies=[allowed(whole_agency=True)])
async def month_money(month: str, session: ReadDep, caller: CallerDep) -> dict[str, Any]:
    """SP2D, credited, returned by STS and holding of the month's batches, by programme."""
    return await money.month_money(session, parse_month(month))
