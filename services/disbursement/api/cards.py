"""The doors of new recipients: collective openings, invitations, visits at home."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import date
from typing import Annotated, Any, Literal
from uuid import UUID

from fastapi import APIRouter, Request, Response
from fastapi.responses import StreamingResponse
from pydantic import BaseModel, ConfigDict, Field

from services.disbursement.api.readers import ReaderDep
from services.disbursement.commands.cards.account_opening import ask_for_accounts, opening_file
from services.disbursement.commands.cards.card_lists import visit_list, wave_list
from services.disbursement.commands.cards.invitations import Wave, ask_home_service, invite, visited
from services.disbursement.domain.invitations import INVITATIONS_MAX
from services.disbursement.queries import cards, recipients
from shared import audit
from shared.db.session import copy_out
from shared.web.auth import CallerDep, allowed
from shared.web.transactions import CommandRoute, ReadDep, WriteDep

router = APIRouter(route_class=CommandRoute, tags=["cards"])
_WHOLE = [allowed("operator", whole_agency=True)]

Programme = Annotated[str, Field(pattern=r"^[A-Z][A-Z0-9]{1,9}$")]
Words = Annotated[str, Field(min_length=3, max_length=200)]


class _Input(BaseModel):
    model_config = ConfigDict(extra="forbid", str_strip_whitespace=True)


class NewOpening(_Input):
    programme: Programme


class NewWave(_Input):
    """``area``: a code of any level, its kelurahan included; ``most``: how many can be served that day."""

    programme: Programme
    area: Annotated[str, Field(pattern=r"^31(\.\d{2}(\.\d{2}(\.\d{4})?)?)?$")]
    place: Words
    day: date
    hours: Annotated[str, Field(min_length=3, max_length=60)]
    most: Annotated[int, Field(ge=1, le=20_000)]


class NewVisit(_Input):
    person_id: UUID
    programme: Programme
    reason: Words


class VisitResult(_Input):
    day: date
    card_handed_over: bool
    result: Words


@router.post("/account-openings", status_code=201, dependencies=_WHOLE)
async def new_opening(body: NewOpening, request: Request, session: WriteDep, caller: CallerDep) -> dict[str, Any]:
    """Ask the bank for an account for everybody entitled who has none."""
    made = await ask_for_accounts(session, body.programme, by=caller.person, at=request.app.state.service.clock.now())
    return await cards.opening(session, made.id)


@router.get("/account-openings", dependencies=[allowed(whole_agency=True)])
async def openings(session: ReadDep, caller: CallerDep) -> dict[str, Any]:
    return {"items": await cards.openings(session)}


@router.get("/account-openings/{opening_id}", dependencies=[allowed(whole_agency=True)])
async def opening(opening_id: UUID, session: ReadDep, caller: CallerDep) -> dict[str, Any]:
    return await cards.opening(session, opening_id)


@router.get("/account-openings/{opening_id}/file.csv", dependencies=_WHOLE)
async def file(opening_id: UUID, request: Request, session: WriteDep, caller: CallerDep) -> Response:
    """Who the bank opens accounts for, by name. Audited here and in beneficiary."""
    service = request.app.state.service
    shown = await cards.opening(session, opening_id)
    content = b"".join([block async for block in opening_file(service, session, caller, opening_id)])
    await audit.record(
        session, caller, "account_opening.file", "account-opening", count=shown["count"], ids_hash=str(opening_id), at=service.clock.now()
    )
    return _csv(content, shown["code"])


@router.post("/invitation-waves", status_code=201, dependencies=_WHOLE)
async def new_wave(body: NewWave, request: Request, session: WriteDep, caller: CallerDep) -> dict[str, Any]:
    """Call those who wait for their card to a place, on a day, at an hour."""
    clock = request.app.state.service.clock
    wave_id, code, count = await invite(session, Wave(**body.model_dump()), by=caller.person, at=clock.now(), today=clock.today())
    return {"id": str(wave_id), "code": code, "count": count}


@router.get("/invitation-waves")
async def waves(session: ReadDep, caller: CallerDep) -> dict[str, Any]:
    """In the caller's areas: called, came, did not come, not reported yet."""
    return {"items": await cards.waves(session)}


@router.get("/invitation-waves/{wave_id}/people.ndjson")
async def wave_people(wave_id: UUID, request: Request, reader: ReaderDep) -> StreamingResponse:
    """Who is called, by id and kelurahan, in the caller's areas. Audited."""
    caller = reader.caller
    await reader.record("invitation_wave.people", await cards.wave_size(reader.session, wave_id), str(wave_id))

    async def stream() -> AsyncIterator[bytes]:
        async with request.app.state.service.database.read(caller.areas) as reading:
            async for block in copy_out(reading, cards.WAVE_PEOPLE, {"wave": wave_id}):
                yield block

    return StreamingResponse(stream(), media_type="application/x-ndjson")


@router.get("/invitation-waves/{wave_id}/list.csv", dependencies=[allowed("operator")])
async def wave_by_name(wave_id: UUID, request: Request, session: WriteDep, caller: CallerDep) -> Response:
    """Who is called, by name and address, in the caller's areas. Audited here and in beneficiary."""
    service = request.app.state.service
    code, count, blocks = await wave_list(service, session, caller, wave_id)
    content = b"".join([block async for block in blocks])
    await audit.record(session, caller, "invitation_wave.list", "wave", count=count, ids_hash=str(wave_id), at=service.clock.now())
    return _csv(content, code)


def _csv(content: bytes, name: str) -> Response:
    return Response(content, media_type="text/csv; charset=utf-8", headers={"content-disposition": f'attachment; filename="{name}.csv"'})


@router.get("/cards/funnel")
async def funnel(request: Request, session: ReadDep, caller: CallerDep) -> dict[str, Any]:
    """Everybody entitled, of the caller's areas, by what they wait for: an account, a card, a visit, nothing any more."""
    return await recipients.funnel(session, request.app.state.service.clock.today(), INVITATIONS_MAX)


@router.get("/cards/waiting")
async def waiting(session: ReadDep, caller: CallerDep) -> dict[str, Any]:
    """Cards that wait to be handed over, by programme and kota, by how often the person was called."""
    return {"items": await cards.waiting(session)}


@router.post("/home-services", status_code=201, dependencies=[allowed("operator")])
async def new_visit(body: NewVisit, request: Request, session: WriteDep, caller: CallerDep) -> dict[str, Any]:
    """The bank is asked to come to the house of somebody who cannot come."""
    at = request.app.state.service.clock.now()
    visit_id = await ask_home_service(session, body.person_id, body.programme, body.reason, by=caller.person, at=at)
    return {"id": str(visit_id), "state": "asked"}


@router.get("/home-services")
async def visits(
    session: WriteDep, reader: ReaderDep, state: Literal["asked", "handed_over", "not_handed_over", ""] = "asked"
) -> dict[str, Any]:
    """Visits of the bank to people of the caller's areas. Audited."""
    items = await cards.visits(session, state)
    await reader.looked("home_service.people", (one["person_id"] for one in items))
    return {"items": items}


@router.get("/home-services/list.csv", dependencies=[allowed("operator")])
async def visits_by_name(request: Request, session: WriteDep, caller: CallerDep) -> Response:
    """Whom the bank visits, by name and address, in the caller's areas. Audited here and in beneficiary."""
    service = request.app.state.service
    count, blocks = await visit_list(service, session, caller)
    content = b"".join([block async for block in blocks])
    await audit.record(session, caller, "home_service.list", "visit", count=count, ids_hash="", at=service.clock.now())
    return _csv(content, "kunjungan")


@router.post("/home-services/{visit_id}/result", dependencies=[allowed("operator")])
async def visit_result(visit_id: UUID, body: VisitResult, request: Request, session: WriteDep, caller: CallerDep) -> dict[str, Any]:
    clock = request.app.state.service.clock
    await visited(
        session, visit_id, body.day, body.result, handed_over=body.card_handed_over, by=caller.person, at=clock.now(), today=clock.today()
    )
    return {"id": str(visit_id), "state": "handed_over" if body.card_handed_over else "not_handed_over"}
