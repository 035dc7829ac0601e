"""The doors of gaps: who waits and why, answers, handing on, and lawful exclusion by two people."""

from __future__ import annotations

from datetime import date
from typing import Annotated, Any, Literal
from uuid import UUID

from fastapi import APIRouter, Query, Request
from pydantic import BaseModel, ConfigDict, Field

from services.disbursement.api.readers import ReaderDep, ReaderOrSumsDep
from services.disbursement.commands.missed import exclusion, gap_answers
from services.disbursement.queries import gaps as queries
from shared import audit
from shared.web.auth import CallerDep, allowed
from shared.web.transactions import CommandRoute, ReadDep, WriteDep

router = APIRouter(route_class=CommandRoute, tags=["gaps"])

_OWNERS = [allowed("operator", "approver")]


class _Input(BaseModel):
    model_config = ConfigDict(extra="forbid", str_strip_whitespace=True)


class Answer(_Input):
    """What was done or found, and by when the month is expected to be settled."""

    text: str = Field(min_length=3, max_length=1000)
    expected_on: date | None = None


class NewOwner(_Input):
    """``owner``: an office, such as ``sudin/31.71``."""

    owner: str = Field(max_length=60)
    reason: str = Field(min_length=3, max_length=500)


class Exclusion(_Input):
    """A lawful reason, and the document that says so."""

    reason: str = Field(max_length=60)
    document: str = Field(min_length=3, max_length=200)


class Nothing(_Input):
    """An empty body."""


@router.get("/gaps")
async def gaps(
    *, request: Request, session: WriteDep, reader: ReaderOrSumsDep, month: str = "", state: Literal["open", "closed", ""] = "open",
    reason: str = "", area: str = "", programme: str = "", owner: str = "", late: bool = False, after: UUID | None = None,
    limit: Annotated[int, Query(ge=0, le=1000)] = 100,
) -> dict[str, Any]:  # fmt: skip
    """Gaps of the caller's areas: how many are open and why, and the ones asked for with owner and date.

    Whoever reads no lists of people gets the sums alone (``sums_only``), as everybody does with ``limit=0``; an auditor says
    ``purpose=audit`` for the people. Looks at people are audited.
    """
    which = queries.GapFilter(month=month, state=state, reason=reason, area=area, programme=programme, owner=owner, late=late)
    today = request.app.state.service.clock.today()
    sums = await queries.gap_sums(session, which, today)
    if reader is None or not limit:
        return sums | {"items": [], "next": None, "sums_only": True}
    items = await queries.gap_page(session, which, after, limit, today)
    await reader.looked("gap.list", (one["person_id"] for one in items))
    return sums | {"items": items, "next": str(items[-1]["id"]) if len(items) == limit else None, "sums_only": False}


@router.get("/gaps/groups")
async def gap_groups(
    *, request: Request, session: ReadDep, caller: CallerDep, month: str = "", reason: str = "", area: str = "", programme: str = ""
) -> dict[str, Any]:
    """Open gaps by month, reason and office with how many are late: what each office has to do."""
    which = queries.GapFilter(month=month, state="open", reason=reason, area=area, programme=programme)
    return {"items": await queries.groups(session, which, request.app.state.service.clock.today())}


@router.get("/exclusions")
async def exclusions(
    session: WriteDep, reader: ReaderDep, state: Literal["proposed", "confirmed", "refused", ""] = "proposed",
    limit: Annotated[int, Query(ge=1, le=1000)] = 100,
) -> dict[str, Any]:  # fmt: skip
    """Orders to exclude a missed month, of the caller's areas; ``proposed`` ones wait for a second person. Audited."""
    items = await queries.exclusions(session, state, limit)
    await reader.looked("exclusion.list", (one["person_id"] for one in items))
    return {"items": items}


@router.get("/gaps/{gap_id}")
async def one_gap(gap_id: UUID, request: Request, session: WriteDep, reader: ReaderDep) -> dict[str, Any]:
    """One gap with its next step, every answer, and who owned it when. Audited."""
    found = await queries.gap(session, gap_id, request.app.state.service.clock.today())
    await reader.looked("gap.show", [found["person_id"]])
    return found


@router.post("/gaps/{gap_id}/answers", dependencies=_OWNERS)
async def answers(gap_id: UUID, body: Answer, *, request: Request, session: WriteDep, caller: CallerDep) -> dict[str, Any]:
    """Write an answer down; the same words again do not stop the escalation."""
    clock = request.app.state.service.clock
    await gap_answers.answer(session, caller, gap_id, body.text, body.expected_on, at=clock.now())
    return await _shown(request, session, caller, gap_id, "gap.answer")


@router.post("/gaps/{gap_id}/owner", dependencies=_OWNERS)
async def owner(gap_id: UUID, body: NewOwner, *, request: Request, session: WriteDep, caller: CallerDep) -> dict[str, Any]:
    """Hand the gap to another office."""
    clock = request.app.state.service.clock
    await gap_answers.reassign(session, caller, gap_id, body.owner, body.reason, at=clock.now())
    return await _shown(request, session, caller, gap_id, "gap.reassign")


@router.post("/gaps/{gap_id}/exclusion", status_code=201, dependencies=_OWNERS)
async def ask_exclusion(gap_id: UUID, body: Exclusion, *, request: Request, session: WriteDep, caller: CallerDep) -> dict[str, Any]:
    """Ask that a missed month be excluded for a lawful reason; a second person decides."""
    order = await exclusion.ask(session, caller, gap_id, body.reason, body.document, at=request.app.state.service.clock.now())
    return {"order": str(order), **await _shown(request, session, caller, gap_id, "gap.exclusion")}


@router.post("/exclusions/{order_id}/confirmation", dependencies=_OWNERS)
async def confirm_exclusion(order_id: UUID, body: Nothing, *, request: Request, session: WriteDep, caller: CallerDep) -> dict[str, Any]:
    """The second person: the month is excluded; its gap closes."""
    order = await exclusion.confirm(session, caller, order_id, at=request.app.state.service.clock.now())
    return {"order": str(order_id), **await _shown(request, session, caller, order.gap_id, "gap.exclusion")}


@router.post("/exclusions/{order_id}/refusal", dependencies=_OWNERS)
async def refuse_exclusion(order_id: UUID, body: Nothing, *, request: Request, session: WriteDep, caller: CallerDep) -> dict[str, Any]:
    """The second person says no; the month stays missed."""
    order = await exclusion.refuse(session, caller, order_id, at=request.app.state.service.clock.now())
    return {"order": str(order_id), **await _shown(request, session, caller, order.gap_id, "gap.exclusion")}


async def _shown(request: Request, session: WriteDep, caller: CallerDep, gap_id: UUID, operation: str) -> dict[str, Any]:
    """The gap as it stands after the command, which is written into the audit chain."""
    clock = request.app.state.service.clock
    shown = await queries.gap(session, gap_id, clock.today())
    await audit.record(session, caller, operation, "gap", count=1, ids_hash=audit.hash_ids([shown["person_id"]]), at=clock.now())
    return shown
