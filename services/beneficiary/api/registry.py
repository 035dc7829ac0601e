"""Doors of people, decrees, enrolments and cut-offs."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import asdict
from typing import Annotated, Any, Literal
from uuid import UUID

from fastapi import APIRouter, Query, Request
from fastapi.responses import StreamingResponse

from services.beneficiary.commands.ages import count_last_months
from services.beneficiary.commands.cutoff import LIST, seal_again, seal_cutoff
from services.beneficiary.commands.people import find_person, resolve_people, reveal_people
from services.beneficiary.commands.status import cancel_order, confirm_order, order_changes
from services.beneficiary.domain.enrolment import Change
from services.beneficiary.queries import registry as queries
from services.beneficiary.schemas.registry import (
    CutoffRequest,
    FindRequest,
    MonthText,
    Reason,
    ResolveRequest,
    RevealRequest,
    StatusChanges,
)
from shared import audit
from shared.db.session import copy_out
from shared.kernel.errors import InvalidInput
from shared.kernel.month import Month, shift
from shared.runtime import Service
from shared.web.auth import CallerDep, allowed
from shared.web.transactions import CommandRoute, ReadDep, WriteDep

router = APIRouter(route_class=CommandRoute)
looks = APIRouter()
"""Looks at people. No CommandRoute: it would keep the answer, names in clear, and give it again unaudited, whatever the caller may
see by then."""

OUTLOOK_MAX = 60
"""Months ahead that the ages are counted for."""


def _service(request: Request) -> Service:
    found = request.app.state.service
    assert isinstance(found, Service)
    return found


@router.get("/areas")
async def areas(session: ReadDep, caller: CallerDep, level: str = "", parent: str = "") -> dict[str, Any]:
    """Kemendagri's areas with their dates and successors."""
    return {"items": await queries.areas(session, level, parent)}


@router.get("/programmes")
async def programmes(session: ReadDep, caller: CallerDep) -> list[dict[str, Any]]:
    """Programmes with dated tariffs, rupiah a month."""
    return await queries.programmes(session)


@router.get("/status-reasons")
async def status_reasons(session: ReadDep, caller: CallerDep) -> dict[str, Any]:
    """Lawful reasons by action, with the office's words."""
    return {"items": await queries.status_reasons(session)}


@router.get("/decrees")
async def decrees(session: ReadDep, caller: CallerDep) -> dict[str, Any]:
    """Decrees with count, sum and quota by programme."""
    return {"items": await queries.decrees(session)}


@router.get("/enrolments")
async def enrolments(
    session: ReadDep, caller: CallerDep, *, programme: str = "", status: str = "", area: str = "", after: str = "",
    limit: Annotated[int, Query(ge=1, le=5_000)] = 200,
) -> dict[str, Any]:  # fmt: skip
    """The newest state of each enrolment, of the caller's areas only; no names."""
    return await queries.enrolments(session, programme=programme, status=status, area=area, after=after, limit=limit)


@router.post("/status-changes", status_code=201, dependencies=[allowed("operator")])
async def status_changes(body: StatusChanges, request: Request, session: WriteDep, caller: CallerDep) -> dict[str, Any]:
    """Suspend, resume, end: all items or none. ``proposed`` where a second person must confirm."""
    clock = _service(request).clock
    changes = [Change(i.person_id, i.programme, i.action, i.reason, Month(i.from_month), i.evidence) for i in body.items]
    order = await order_changes(session, changes, author=caller.person, today=clock.today(), at=clock.now())
    return asdict(order)


@router.post("/status-changes/{order_id}/confirmation", status_code=201, dependencies=[allowed("operator")])
async def confirmation(order_id: UUID, request: Request, session: WriteDep, caller: CallerDep) -> dict[str, Any]:
    """The second person; 409 ``four-eyes`` for the one who ordered."""
    clock = _service(request).clock
    return asdict(await confirm_order(session, order_id, author=caller.person, today=clock.today(), at=clock.now()))


@router.get("/status-changes", dependencies=[allowed("operator")])
async def status_orders(session: ReadDep, caller: CallerDep, state: Literal["proposed", "done", "cancelled", ""] = "") -> dict[str, Any]:
    """Orders of the caller's areas, newest first; ``proposed`` ones wait for a second person."""
    return {"items": await queries.status_orders(session, state)}


@router.post("/status-changes/{order_id}/cancellation", dependencies=[allowed("operator")])
async def cancellation(order_id: UUID, body: Reason, request: Request, session: WriteDep, caller: CallerDep) -> dict[str, Any]:
    """Take a proposed order back; nothing of it was applied."""
    at = _service(request).clock.now()
    order, count = await cancel_order(session, order_id, body.reason, author=caller.person, at=at)
    await audit.record(session, caller, "status_order.cancel", "status", count=count, ids_hash=str(order_id), at=at)
    return asdict(order)


@router.post("/cutoffs", status_code=201, dependencies=[allowed("operator", whole_agency=True)])
async def seal(body: CutoffRequest, request: Request, session: WriteDep, caller: CallerDep) -> dict[str, Any]:
    """Cut-off and seal of one programme month; 409 ``already-sealed`` with ``cutoff_id`` where it has one."""
    at = _service(request).clock.now()
    cutoff_id = await seal_cutoff(session, body.programme, Month(body.month), author=caller.person, at=at)
    return await queries.cutoff(session, cutoff_id)


@router.post("/cutoffs/again", status_code=201, dependencies=[allowed("operator", whole_agency=True)])
async def second_seal(body: CutoffRequest, request: Request, session: WriteDep, caller: CallerDep) -> dict[str, Any]:
    """Seal a sealed month once more, with what two people ordered behind its seal; 409 ``nothing-changed`` or ``not-sealed``."""
    at = _service(request).clock.now()
    cutoff_id = await seal_again(session, body.programme, Month(body.month), author=caller.person, at=at)
    return await queries.cutoff(session, cutoff_id)


@router.get("/cutoffs")
async def cutoffs(session: ReadDep, caller: CallerDep, month: str = "") -> dict[str, Any]:
    """Seals, newest month first."""
    return {"items": await queries.cutoffs(session, month)}


@router.get("/cutoffs/{cutoff_id}")
async def cutoff(cutoff_id: UUID, session: ReadDep, caller: CallerDep) -> dict[str, Any]:
    return await queries.cutoff(session, cutoff_id)


@router.get("/cutoffs/{cutoff_id}/list.tsv", dependencies=[allowed(whole_agency=True)])
async def sealed_list(cutoff_id: UUID, request: Request, session: ReadDep, caller: CallerDep) -> StreamingResponse:
    """The sealed list, byte for byte what was hashed."""
    await queries.cutoff(session, cutoff_id)
    return StreamingResponse(_lines(_service(request), caller.areas, cutoff_id), media_type="text/tab-separated-values; charset=us-ascii")


async def _lines(service: Service, areas: tuple[str, ...], cutoff_id: UUID) -> AsyncIterator[bytes]:
    async with service.database.read(areas) as session:  # the request's own transaction ends before the body is sent
        async for block in copy_out(session, LIST, {"cutoff": cutoff_id}):
            yield block


@router.get("/months/{month}/seal")
async def month_seal(month: MonthText, session: ReadDep, caller: CallerDep) -> dict[str, Any]:
    """Seals of a month by programme, and the month's hash."""
    return await queries.month_seal(session, month)


@looks.post("/people:resolve")
async def resolve(body: ResolveRequest, request: Request, session: WriteDep, caller: CallerDep) -> dict[str, Any]:
    """NIKs to person ids, in order, null where unknown in the caller's areas. Audited."""
    service = _service(request)
    ids = await resolve_people(session, service.cipher, caller, body.niks, body.purpose, at=service.clock.now())
    return {"ids": ids}


@looks.post("/people:reveal")
async def reveal(body: RevealRequest, request: Request, session: WriteDep, caller: CallerDep) -> dict[str, Any]:
    """The asked fields of people in the caller's areas. Audited."""
    service = _service(request)
    people = await reveal_people(
        session, service.cipher, caller, body.ids, purpose=body.purpose, fields=body.fields, at=service.clock.now()
    )
    return {"people": people}


@looks.post("/people:find")
async def find(body: FindRequest, request: Request, session: WriteDep, caller: CallerDep) -> dict[str, Any]:
    """One person by NIK with the enrolments. Audited."""
    service = _service(request)
    return await find_person(session, service.cipher, caller, body.nik, body.purpose, at=service.clock.now())


@looks.get("/outlook/ages", dependencies=[allowed("operator", "approver", "treasurer", "leader")])
async def ages(
    request: Request, session: WriteDep, caller: CallerDep, first: Annotated[MonthText, Query(alias="from")], to: MonthText
) -> dict[str, Any]:
    """Who has the last month by age, counted by month and programme; birth dates are read for it. Audited."""
    service = _service(request)
    if not first <= to <= shift(Month(first), OUTLOOK_MAX):
        raise InvalidInput(f"'to' is not before 'from' and at most {OUTLOOK_MAX} months later")
    return await count_last_months(session, service.cipher, caller, Month(first), Month(to), at=service.clock.now())


router.include_router(looks)
