"""The doors of what two people order: freezes, the end of unknown, a lapsed budget year, cut-off hours, the closing of a batch."""

from __future__ import annotations

from datetime import date, time
from typing import Annotated, Any, Literal
from uuid import UUID

from fastapi import APIRouter, Path, Request
from pydantic import BaseModel, ConfigDict, Field

from services.disbursement.api.programmes import Programmes
from services.disbursement.commands.bank import not_executed
from services.disbursement.commands.lists import cutoff_hour, freeze, orders
from services.disbursement.commands.months import budget_year, closing
from services.disbursement.domain.stops import Ask, OrderKind, Paper
from services.disbursement.queries import stops as queries
from shared import audit
from shared.db.session import WriteSession
from shared.web.auth import Caller, CallerDep, allowed
from shared.web.transactions import CommandRoute, ReadDep, WriteDep

router = APIRouter(route_class=CommandRoute, tags=["orders of two people"])

_WHOLE = [allowed(whole_agency=True)]
Code = Annotated[str, Field(max_length=16, pattern=r"^[A-Z0-9_*]*$")]
Year = Annotated[int, Path(ge=2000, le=2100)]


class _Input(BaseModel):
    model_config = ConfigDict(extra="forbid", str_strip_whitespace=True)


class _Reasoned(_Input):
    """``document``: number of the letter or minutes it rests on."""

    reason: str = Field(min_length=3, max_length=300)
    document: str = Field(default="", max_length=200)


class NewFreeze(_Reasoned):
    """One of programme, batch and person; a person also in one programme only. ``until``: its last day; absent: until lifted."""

    scope: Literal["programme", "batch", "person"]
    programme: Code = ""
    batch_id: UUID | None = None
    person_id: UUID | None = None
    until: date | None = None


class BankPaper(_Input):
    number: str = Field(min_length=1, max_length=100)
    day: date

    def read(self) -> Paper:
        return Paper(self.number, self.day)


class NotExecuted(_Input):
    """Two closed statements without these payments, the earlier first, and the bank's letter. No reference: all unknown ones."""

    references: list[str] = Field(default_factory=list, max_length=5_000)
    statements: Annotated[list[BankPaper], Field(min_length=2, max_length=2)]
    letter: BankPaper
    reason: str = Field(min_length=3, max_length=300)


class YearEnd(_Input):
    """``document``: the legal path. ``programmes``: all of the year where absent."""

    reason: str = Field(min_length=3, max_length=300)
    document: str = Field(min_length=3, max_length=200)
    programmes: Programmes = None


class Minutes(_Input):
    minutes: str = Field(min_length=3, max_length=200)
    reason: str = Field(default="selesai", min_length=3, max_length=300)


class NewCutoffHour(_Reasoned):
    """``*``: any bank, any programme. ``hour`` in Jakarta."""

    bank_code: Code = "*"
    programme: Code = "*"
    valid_from: date
    hour: time


class Nothing(_Input):
    """An empty body."""


async def _propose(session: WriteSession, request: Request, caller: Caller, ask: Ask) -> dict[str, Any]:
    at = request.app.state.service.clock.now()
    order_id = await orders.propose(session, caller, ask, at=at)
    await audit.record(session, caller, f"order.{ask.kind.value}", "two_people", count=ask.person_months, ids_hash=str(order_id), at=at)
    return await queries.order(session, order_id)


@router.post("/freezes", status_code=201)
async def new_freeze(body: NewFreeze, request: Request, session: WriteDep, caller: CallerDep) -> dict[str, Any]:
    """Ask for a stop; it holds once another person confirms the order."""
    today = request.app.state.service.clock.today()
    ask = await freeze.ask_freeze(
        session, scope=body.scope, programme=body.programme, batch_id=body.batch_id, person_id=body.person_id, reason=body.reason,
        until=body.until, document=body.document, today=today,
    )  # fmt: skip
    return await _propose(session, request, caller, ask)


@router.get("/freezes")
async def all_freezes(request: Request, session: ReadDep, caller: CallerDep, *, active: bool = True) -> dict[str, Any]:
    return {"items": await queries.freezes(session, request.app.state.service.clock.today(), active=active)}


@router.post("/freezes/{freeze_id}/lift", status_code=201)
async def lift(freeze_id: UUID, body: _Reasoned, request: Request, session: WriteDep, caller: CallerDep) -> dict[str, Any]:
    """Ask to let go; two people lift what two people froze."""
    return await _propose(session, request, caller, await freeze.ask_lift(session, freeze_id, body.reason, body.document))


@router.post("/batches/{batch_id}/not-executed", status_code=201, dependencies=_WHOLE)
async def end_of_unknown(batch_id: UUID, body: NotExecuted, request: Request, session: WriteDep, caller: CallerDep) -> dict[str, Any]:
    """``confirmed_not_executed``: the bank never carried these payments out, by its statements and its letter."""
    papers = (body.statements[0].read(), body.statements[1].read(), body.letter.read())
    at = request.app.state.service.clock.now()
    ask = await not_executed.ask_end(session, batch_id, body.references, papers, reason=body.reason, at=at)
    return await _propose(session, request, caller, ask)


@router.post("/batches/{batch_id}/closing", status_code=201, dependencies=_WHOLE)
async def close_batch(batch_id: UUID, body: Minutes, request: Request, session: WriteDep, caller: CallerDep) -> dict[str, Any]:
    """Ask to close; 409 ``not-everything-named`` while a payment has no answer or a quarantined row no decision."""
    return await _propose(session, request, caller, await closing.ask_close(session, batch_id, body.minutes, body.reason))


@router.get("/budget-years/{year}", dependencies=_WHOLE)
async def year(year: Year, session: ReadDep, caller: CallerDep) -> dict[str, Any]:
    """What the year's months still owe, and what has lapsed."""
    return await queries.budget_year(session, year)


@router.post("/budget-years/{year}/lapse", status_code=201, dependencies=_WHOLE)
async def lapse(year: Year, body: YearEnd, request: Request, session: WriteDep, caller: CallerDep) -> dict[str, Any]:
    """Ask that what is due or missed of a year that is over be ``lapsed_budget_year``; each stays a gap with its owner."""
    at = request.app.state.service.clock.now()
    ask = await budget_year.ask_lapse(session, year, body.programmes or [], reason=body.reason, document=body.document, at=at)
    return await _propose(session, request, caller, ask)


@router.post("/budget-years/{year}/reopening", status_code=201, dependencies=_WHOLE)
async def reopening(year: Year, body: YearEnd, request: Request, session: WriteDep, caller: CallerDep) -> dict[str, Any]:
    """Ask that a later budget take the lapsed months up again; they can be on a list then."""
    ask = await budget_year.ask_reopen(session, year, body.programmes or [], reason=body.reason, document=body.document)
    return await _propose(session, request, caller, ask)


@router.post("/bank-cutoff-hours", status_code=201, dependencies=_WHOLE)
async def new_cutoff_hour(body: NewCutoffHour, request: Request, session: WriteDep, caller: CallerDep) -> dict[str, Any]:
    """Ask for another cut-off hour from a day on."""
    ask = cutoff_hour.ask_hour(
        bank_code=body.bank_code, programme=body.programme, valid_from=body.valid_from, hour=body.hour, reason=body.reason,
        document=body.document,
    )  # fmt: skip
    return await _propose(session, request, caller, ask)


@router.get("/bank-cutoff-hours")
async def cutoff_hours(session: ReadDep, caller: CallerDep) -> dict[str, Any]:
    return {"items": await queries.cutoff_hours(session)}


@router.get("/orders")
async def all_orders(
    session: ReadDep, caller: CallerDep, state: Literal["proposed", "done", "cancelled", ""] = "", kind: OrderKind | Literal[""] = ""
) -> dict[str, Any]:
    """Orders of two people in the caller's areas, newest first."""
    return {"items": await queries.orders(session, state, str(kind))}


@router.get("/orders/{order_id}")
async def one_order(order_id: UUID, session: ReadDep, caller: CallerDep) -> dict[str, Any]:
    return await queries.order(session, order_id)


@router.post("/orders/{order_id}/confirmation")
async def confirmation(order_id: UUID, body: Nothing, request: Request, session: WriteDep, caller: CallerDep) -> dict[str, Any]:
    """The second person; 409 ``four-eyes`` for the one who asked, ``order-changed`` where things are no longer as they were."""
    at = request.app.state.service.clock.now()
    done = await orders.confirm(session, caller, order_id, at=at)
    await audit.record(session, caller, f"order.{done.kind}.confirm", "two_people", count=done.person_months, ids_hash=str(order_id), at=at)
    return await queries.order(session, order_id)


@router.post("/orders/{order_id}/cancellation")
async def cancellation(order_id: UUID, body: Nothing, request: Request, session: WriteDep, caller: CallerDep) -> dict[str, Any]:
    at = request.app.state.service.clock.now()
    back = await orders.cancel(session, caller, order_id, at=at)
    await audit.record(session, caller, f"order.{back.kind}.cancel", "two_people", count=back.person_months, ids_hash=str(order_id), at=at)
    return await queries.order(session, order_id)
