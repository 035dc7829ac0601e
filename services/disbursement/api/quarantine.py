"""The doors of the quarantine desk."""

from __future__ import annotations

from datetime import date
from typing import Annotated, Any, Literal
from uuid import UUID

from fastapi import APIRouter, Query, Request
from pydantic import BaseModel, ConfigDict, Field

from services.disbursement.commands.money import quarantine as commands
from services.disbursement.queries import quarantine as queries
from shared import audit
from shared.web.auth import CallerDep, allowed
from shared.web.transactions import CommandRoute, ReadDep, WriteDep

router = APIRouter(route_class=CommandRoute, tags=["quarantine"])

_DESK = [allowed("operator", "treasurer", whole_agency=True)]


class _Input(BaseModel):
    model_config = ConfigDict(extra="forbid", str_strip_whitespace=True)


class RowDecision(_Input):
    """``accept`` with the payment's reference, the bank's code and the day where the row does not say them itself."""

    decision: Literal["accept", "reject", "leave"]
    evidence: str = Field(min_length=3, max_length=300)
    reference: str = Field(default="", max_length=60)
    code: str = Field(default="", max_length=60)
    settled_on: date | None = None


class Confirmation(_Input):
    agreed: bool


@router.get("/quarantine", dependencies=[allowed("operator", "treasurer", "auditor", "leader", whole_agency=True)])
async def quarantined(
    *, session: ReadDep, caller: CallerDep, state: Literal["open", "proposed", "done", ""] = "open", batch: str = "", after: str = "",
    limit: Annotated[int, Query(ge=1, le=1000)] = 200,
) -> dict[str, Any]:  # fmt: skip
    """Rows that took no effect, why, and what was decided of them."""
    return await queries.quarantine(session, state=state, batch=batch, after=after, limit=limit)


@router.post("/quarantine/{file_id}/{row}/decision", dependencies=_DESK)
async def decision(file_id: UUID, row: int, body: RowDecision, *, request: Request, session: WriteDep, caller: CallerDep) -> dict[str, Any]:
    """Accept (a second person confirms), reject, or leave with a note."""
    at = request.app.state.service.clock.now()
    given = commands.Decision(body.decision, body.evidence, body.reference, body.code, body.settled_on)
    state = await commands.decide_row(session, file_id, row, given, by=caller.person, at=at)
    await audit.record(session, caller, f"quarantine.{body.decision}", "payment", count=1, ids_hash=f"{file_id}/{row}", at=at)
    return {"file_id": str(file_id), "row": row, "state": state}


@router.post("/quarantine/{file_id}/{row}/confirmation", dependencies=_DESK)
async def confirmation(
    file_id: UUID, row: int, body: Confirmation, *, request: Request, session: WriteDep, caller: CallerDep
) -> dict[str, Any]:
    """The second person: agreed, the row takes effect now; not agreed, it is open again."""
    at = request.app.state.service.clock.now()
    state = await commands.confirm(session, file_id, row, agreed=body.agreed, by=caller.person, at=at)
    await audit.record(session, caller, "quarantine.confirm", "payment", count=1, ids_hash=f"{file_id}/{row}", at=at)
    return {"file_id": str(file_id), "row": row, "state": state}
