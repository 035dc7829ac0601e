"""Doors of the daily books: who lives in a panti, day by day."""

from __future__ import annotations

from dataclasses import asdict
from datetime import date, timedelta
from typing import Annotated, Any, Literal
from uuid import UUID

from fastapi import APIRouter, Query, Request

from services.beneficiary.commands import book as commands
from services.beneficiary.commands import cards, joins
from services.beneficiary.domain import panti_access
from services.beneficiary.queries import book as queries
from services.beneficiary.schemas.book import BookLine, BookOpening, Correction, JoinDecision, JoinRequest, ReopeningOrder
from services.beneficiary.store import book
from shared import audit
from shared.db.session import AnySession
from shared.kernel.errors import InvalidInput
from shared.runtime import Service
from shared.web.auth import Caller, CallerDep, allowed
from shared.web.transactions import CommandRoute, ReadDep, WriteDep

router = APIRouter(route_class=CommandRoute)
looks = APIRouter()
"""Looks at people: their answers are kept for nobody."""

WRITERS = ("operator", "panti-head")
READERS = ("operator", "panti-head", "auditor")
DAYS_MAX = 400
PURPOSE = "panti"
"""Of every entry in the audit chain about a book."""


def _service(request: Request) -> Service:
    found = request.app.state.service
    assert isinstance(found, Service)
    return found


async def _fenced(session: AnySession, caller: Caller, code: str, which: Any) -> str:
    """The panti's code, its book open for this transaction. Raise NotYourPanti, NotFound."""
    panti = which(caller.roles, whole_agency=caller.whole_agency)
    code = code.upper()
    commands.require(panti, code)
    await book.panti(session, code)
    await book.open_fence(session, panti)
    return code


@router.get("/panti")
async def panti(session: ReadDep, caller: CallerDep) -> dict[str, Any]:
    """Every panti: places, since when it keeps its book, residents of the last counted day. Over capacity is said, never refused."""
    return {"items": await queries.panti(session)}


@router.post("/panti/{code}/book", status_code=201, dependencies=[allowed(*WRITERS)])
async def open_book(code: str, body: BookOpening, request: Request, session: WriteDep, caller: CallerDep) -> dict[str, Any]:
    """Begin the book on a day; its days are counted from then on. 409 ``book-open``."""
    await commands.open_book(session, caller, code.upper(), body.from_day, at=_service(request).clock.now())
    return {"panti": code.upper(), "from_day": body.from_day}


@router.get("/panti/{code}/census")
async def census(
    code: str, request: Request, session: ReadDep, caller: CallerDep, first: Annotated[date | None, Query(alias="from")] = None,
    to: date | None = None,
) -> dict[str, Any]:  # fmt: skip
    """Residents by day (the last 31 without bounds): the book as it stands, and what was counted and said."""
    last = to or _service(request).clock.today()
    first = first or last - timedelta(days=30)
    if not first <= last <= first + timedelta(days=DAYS_MAX):
        raise InvalidInput(f"'to' is not before 'from' and at most {DAYS_MAX} days later")
    code = await _fenced(session, caller, code, panti_access.counts)
    book_from = await book.opened_on(session, code)
    days = await queries.census(session, code, max(first, book_from), last) if last >= book_from else []
    return {"panti": code, "book_from": book_from, "items": days}


@looks.get("/panti/{code}/residents", dependencies=[allowed(*READERS)])
async def residents(code: str, request: Request, session: WriteDep, caller: CallerDep, day: date | None = None) -> dict[str, Any]:
    """Who is on the book at that day's midnight, by name. Audited."""
    service = _service(request)
    on = day or service.clock.today()
    code = await _fenced(session, caller, code, panti_access.reads)
    found = await queries.residents(session, service.cipher, code, on)
    await _record(session, caller, f"panti.residents({code})", [one["person_id"] for one in found], service)
    return {"panti": code, "day": on, "present": sum(one["state"] == "present" for one in found), "items": found}


@looks.get("/panti/{code}/entries", dependencies=[allowed(*READERS)])
async def entries(
    code: str, request: Request, session: WriteDep, caller: CallerDep, before: Annotated[int, Query(ge=1)] = 2**62,
    limit: Annotated[int, Query(ge=1, le=500)] = 100,
) -> dict[str, Any]:  # fmt: skip
    """The book itself, newest line first, by name. Audited."""
    service = _service(request)
    code = await _fenced(session, caller, code, panti_access.reads)
    found = await queries.lines(session, service.cipher, code, before=before, limit=limit)
    await _record(session, caller, f"panti.entries({code})", [one["person_id"] for one in found["items"]], service)
    return {"panti": code, **found}


@router.post("/panti/{code}/entries", status_code=201, dependencies=[allowed(*WRITERS)])
async def write_line(code: str, body: BookLine, request: Request, session: WriteDep, caller: CallerDep) -> dict[str, Any]:
    """One line. ``held`` and ``reopened`` say what it did to cards; ``number`` is what somebody without NIK is called."""
    service = _service(request)
    at = service.clock.now()
    written = await commands.write_line(
        session, service.cipher, caller, code.upper(), body, today=service.clock.today(), at=at
    )  # fmt: skip
    await _record(session, caller, f"panti.line({body.kind})", [written.person_id], service)
    return asdict(written)


@router.post("/panti-entries/{entry_id}/correction", status_code=201, dependencies=[allowed(*WRITERS)])
async def correct(entry_id: UUID, body: Correction, request: Request, session: WriteDep, caller: CallerDep) -> dict[str, Any]:
    """A counter-line, and the right line instead where there is one; nothing is edited."""
    service = _service(request)
    written = await commands.take_back(session, caller, entry_id, body, today=service.clock.today(), at=service.clock.now())
    await _record(session, caller, "panti.correction", [written.person_id], service)
    return asdict(written)


@router.get("/person-joins", dependencies=[allowed(*WRITERS)])
async def person_joins(session: ReadDep, caller: CallerDep, state: Literal["proposed", "done", "refused", ""] = "") -> dict[str, Any]:
    """Who without NIK was said to be whom; ``proposed`` ones wait for a second person."""
    mine = commands.writes(caller)
    return {"items": [one for one in await queries.joins(session, state) if panti_access.holds(mine, one["panti"])]}


@router.post("/person-joins", status_code=201, dependencies=[allowed(*WRITERS)])
async def propose_join(body: JoinRequest, request: Request, session: WriteDep, caller: CallerDep) -> dict[str, Any]:
    """Say that somebody without NIK is this known person; a second one confirms."""
    service = _service(request)
    join = await joins.propose(session, service.cipher, caller, body.provisional_id, body.nik, body.evidence, at=service.clock.now())
    await _record(session, caller, "panti.join", [body.provisional_id, join.person_id], service)
    return asdict(join)


@router.post("/person-joins/{join_id}/decision", dependencies=[allowed(*WRITERS)])
async def decide_join(join_id: UUID, body: JoinDecision, request: Request, session: WriteDep, caller: CallerDep) -> dict[str, Any]:
    """The second person; 409 ``four-eyes`` for the first, ``illegal-transition`` where the two books cannot be one life."""
    service = _service(request)
    join = await joins.decide(session, caller, join_id, accept=body.accept, today=service.clock.today(), at=service.clock.now())
    await _record(session, caller, "panti.join.decide", [join.person_id], service)
    return asdict(join)


@router.get("/reopenings", dependencies=[allowed("operator")])
async def reopenings(
    session: ReadDep, caller: CallerDep, state: Literal["open", "ordered", "done", "withdrawn", ""] = "open"
) -> dict[str, Any]:
    """Who left a panti and has a card on hold for it: a person looks, orders, and another confirms."""
    return {"items": await queries.reopenings(session, state)}


@router.post("/reopenings/{reopening_id}/order", status_code=201, dependencies=[allowed("operator")])
async def order_resumption(
    reopening_id: UUID, body: ReopeningOrder, request: Request, session: WriteDep, caller: CallerDep
) -> dict[str, Any]:  # fmt: skip
    """Order the resumption from the month of discharge; the second person confirms at ``/status-changes/{id}/confirmation``."""
    clock = _service(request).clock
    order = await cards.order_resumption(
        session, reopening_id, body.evidence, author=caller.person, today=clock.today(), at=clock.now()
    )  # fmt: skip
    await audit.record(session, caller, "reopening.order", "status", count=1, ids_hash=str(reopening_id), at=clock.now())
    return asdict(order)


async def _record(session: Any, caller: Caller, operation: str, people: list[UUID], service: Service) -> None:
    ids = set(people)
    await audit.record(session, caller, operation, PURPOSE, count=len(ids), ids_hash=audit.hash_ids(ids), at=service.clock.now())


router.include_router(looks)
