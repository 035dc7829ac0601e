"""The doors of ``/assistive_devices``."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query, Request

from services.assistive_devices import queries, schemas
from services.assistive_devices.commands import receive, requests
from shared.web.auth import CallerDep, allowed
from shared.web.transactions import CommandRoute, ReadDep, WriteDep

router = APIRouter(route_class=CommandRoute)

Limit = Annotated[int, Query(ge=1, le=1000)]
STAFF = ("warehouse", "operator")


@router.get("/kinds")
async def kinds(session: ReadDep, caller: CallerDep) -> schemas.Kinds:
    return await queries.kinds(session)


@router.get("/places")
async def places(session: ReadDep, caller: CallerDep) -> schemas.Places:
    return await queries.places(session)


@router.get("/stock")
async def stock(session: ReadDep, caller: CallerDep, kind: str = "", place: str = "") -> schemas.Stock:
    """On hand (the sum of movements), reserved, free, and what is coming."""
    return await queries.stock(session, kind, place)


@router.get("/devices")
async def devices(
    *,
    session: ReadDep,
    caller: CallerDep,
    kind: str = "",
    place: str = "",
    state: str = "",
    serial: str = "",
    after: str = "",
    limit: Limit = 200,
) -> schemas.Devices:
    return await queries.devices(session, kind=kind, place=place, state=state, serial=serial, after=after, limit=limit)


@router.post("/requests", status_code=201, dependencies=[allowed(*STAFF)])
async def ask(body: schemas.Ask, request: Request, session: WriteDep, caller: CallerDep) -> schemas.Request:
    """A person waits for a kind; 409 ``already-waiting`` where they do already."""
    service = request.app.state.service
    request_id = await requests.ask(session, caller, service.cipher, **body.model_dump(), at=service.clock.now())
    return await queries.request(session, request_id)


@router.get("/requests", dependencies=[allowed(*STAFF, "leader", "auditor")])
async def list_requests(
    *,
    session: ReadDep,
    caller: CallerDep,
    state: str = "",
    kind: str = "",
    place: str = "",
    after: UUID | None = None,
    limit: Limit = 200,
) -> schemas.Requests:
    """The waiting list in its order, of the caller's areas."""
    return await queries.requests(session, state=state, kind=kind, place=place, after=after, limit=limit)


@router.get("/requests/{request_id}", dependencies=[allowed(*STAFF)])
async def one_request(request_id: UUID, request: Request, session: WriteDep, caller: CallerDep) -> schemas.RequestWithNote:
    """One request with its note; reading a note leaves an audit entry."""
    found, service = await queries.request(session, request_id), request.app.state.service
    note = await requests.read_note(session, caller, service.cipher, request_id, at=service.clock.now())
    return schemas.RequestWithNote(**found.model_dump(), note=note)


@router.post("/requests/{request_id}/reservation", status_code=201, dependencies=[allowed(*STAFF)])
async def reserve(request_id: UUID, request: Request, session: WriteDep, caller: CallerDep) -> schemas.Reserved:
    """The device that has been on the shelf longest; 409 ``nothing-free`` where there is none."""
    device = await requests.reserve(session, caller, request_id, at=request.app.state.service.clock.now())
    return schemas.Reserved(device_id=device.id, serial=device.serial, ahead=await queries.ahead(session, request_id))


@router.post("/requests/{request_id}/handover", status_code=201, dependencies=[allowed(*STAFF)])
async def hand_over(request_id: UUID, body: schemas.Handover, request: Request, session: WriteDep, caller: CallerDep) -> schemas.HandedOver:
    """Minutes (BAST) are signed: the person has the device."""
    clock = request.app.state.service.clock
    device_id = await requests.hand_over(session, caller, request_id, **body.model_dump(), today=clock.today(), at=clock.now())
    return schemas.HandedOver(request_id=request_id, device_id=device_id, **body.model_dump())


@router.post("/requests/{request_id}/cancellation", dependencies=[allowed(*STAFF)])
async def cancel(request_id: UUID, body: schemas.Cancellation, request: Request, session: WriteDep, caller: CallerDep) -> schemas.Request:
    """A reserved device is free again at once."""
    await requests.cancel(session, caller, request_id, reason=body.reason, at=request.app.state.service.clock.now())
    return await queries.request(session, request_id)


@router.post("/incoming", status_code=201, dependencies=[allowed(*STAFF)])
async def incoming(body: schemas.Incoming, request: Request, session: WriteDep, caller: CallerDep) -> schemas.StockRow:
    """What is ordered and coming; the answer is the shelf as it stands now."""
    await receive.announce(session, **body.model_dump(), person=caller.person, at=request.app.state.service.clock.now())
    return (await queries.stock(session, body.kind, body.place)).items[0]


@router.get("/readiness")
async def readiness(request: Request, session: ReadDep, caller: CallerDep) -> schemas.ReadinessList:
    """Where more people wait than stock and what is coming can serve, with owner and date."""
    return await queries.readiness(session, request.app.state.service.clock.today())
