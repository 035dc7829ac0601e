"""The doors of programmes that exclude one another: what holds since when, and a change by two people."""

from __future__ import annotations

from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Request
from pydantic import BaseModel, ConfigDict, Field

from services.disbursement.commands.months import exclusive
from services.disbursement.queries import exclusive as queries
from shared import audit
from shared.kernel.month import PATTERN, parse_month
from shared.web.auth import CallerDep, allowed
from shared.web.transactions import CommandRoute, ReadDep, WriteDep

router = APIRouter(route_class=CommandRoute, tags=["months"])

_CHANGES = [allowed("operator", "approver", whole_agency=True)]

Code = Annotated[str, Field(pattern=r"^[A-Z][A-Z0-9]{1,9}$")]


class _Input(BaseModel):
    model_config = ConfigDict(extra="forbid", str_strip_whitespace=True)


class NewPair(_Input):
    """From ``from_month`` on, whoever has ``keeps`` has no month in ``gives_way``; ``holds`` false: from then on both again."""

    keeps: Code
    gives_way: Code
    from_month: Annotated[str, Field(pattern=PATTERN)]
    holds: bool = True
    reason: str = Field(min_length=3, max_length=300)
    document: str = Field(min_length=3, max_length=200)


class Nothing(_Input):
    """An empty body."""


@router.get("/exclusive-programmes")
async def pairs(session: ReadDep, caller: CallerDep) -> dict[str, Any]:
    """Every line that was ever written, newest first; none at all: a person may be in any two programmes."""
    return {"items": await queries.pairs(session)}


@router.post("/exclusive-programmes", status_code=201, dependencies=_CHANGES)
async def new_pair(body: NewPair, request: Request, session: WriteDep, caller: CallerDep) -> dict[str, Any]:
    """Propose a line; a second person confirms it. It counts from a month that is not open yet."""
    at = request.app.state.service.clock.now()
    pair_id = await exclusive.propose(
        session, caller, body.keeps, body.gives_way, parse_month(body.from_month), holds=body.holds, reason=body.reason,
        document=body.document, at=at,
    )  # fmt: skip
    await audit.record(session, caller, "exclusive_programmes.propose", "two_people", count=0, ids_hash=str(pair_id), at=at)
    return await _one(session, pair_id)


@router.post("/exclusive-programmes/{pair_id}/confirmation", dependencies=_CHANGES)
async def confirmation(pair_id: UUID, body: Nothing, *, request: Request, session: WriteDep, caller: CallerDep) -> dict[str, Any]:
    """The second person; the months that are opened from then on follow it."""
    at = request.app.state.service.clock.now()
    await exclusive.confirm(session, caller, pair_id, at=at)
    await audit.record(session, caller, "exclusive_programmes.confirm", "two_people", count=0, ids_hash=str(pair_id), at=at)
    return await _one(session, pair_id)


@router.post("/exclusive-programmes/{pair_id}/refusal", dependencies=_CHANGES)
async def refusal(pair_id: UUID, body: Nothing, *, request: Request, session: WriteDep, caller: CallerDep) -> dict[str, Any]:
    """It never holds."""
    await exclusive.refuse(session, caller, pair_id, at=request.app.state.service.clock.now())
    return await _one(session, pair_id)


async def _one(session: WriteDep, pair_id: UUID) -> dict[str, Any]:
    return next(one for one in await queries.pairs(session) if one["id"] == pair_id)
