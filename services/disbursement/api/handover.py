"""The doors of the hand-over: the bank's receipt, and what came into the folder from the bank."""

from __future__ import annotations

from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Query, Request
from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

from services.disbursement.commands.bank import hand_over
from services.disbursement.commands.lists.batches import load_for_update
from services.disbursement.queries import batches, handovers, inbox
from shared.web.auth import CallerDep, allowed
from shared.web.transactions import CommandRoute, ReadDep, WriteDep

router = APIRouter(route_class=CommandRoute, tags=["bank"])


class Receipt(BaseModel):
    """What the bank said: who took the file there, and when. ``sha256``: as on its receipt, where it names one."""

    model_config = ConfigDict(extra="forbid", str_strip_whitespace=True)
    received_at: AwareDatetime
    received_by: str = Field(min_length=2, max_length=120)
    sha256: str = Field(default="", pattern="^([0-9a-f]{64})?$")


@router.post("/batches/{batch_id}/receipt", dependencies=[allowed("operator", "releaser", "treasurer", whole_agency=True)])
async def receipt(batch_id: UUID, body: Receipt, request: Request, session: WriteDep, caller: CallerDep) -> dict[str, Any]:
    """By hand: a stamped letter, a call. The same once more changes nothing."""
    await hand_over.note_receipt(
        session, await load_for_update(session, batch_id), received_at=body.received_at, received_by=body.received_by, source="by_hand",
        by=caller.person, at=request.app.state.service.clock.now(), sha256=body.sha256,
    )  # fmt: skip
    return await batches.batch_view(session, batch_id)


@router.get("/bank/inbox", dependencies=[allowed(whole_agency=True)])
async def bank_inbox(session: ReadDep, caller: CallerDep, limit: Annotated[int, Query(ge=1, le=500)] = 100) -> dict[str, Any]:
    """Files that the bank put into its folder, newest first, with what each did or why it was refused."""
    return {"items": await inbox.arrived(session, limit)}


@router.get("/bank/handovers", dependencies=[allowed(whole_agency=True)])
async def handed_over(session: ReadDep, caller: CallerDep, limit: Annotated[int, Query(ge=1, le=500)] = 100) -> dict[str, Any]:
    """Released files, newest first: waiting, handed over, late, or received by whom and when."""
    return {"items": await handovers.handovers(session, limit)}


@router.get("/bank/codes", dependencies=[allowed(whole_agency=True)])
async def bank_codes(session: ReadDep, caller: CallerDep) -> dict[str, Any]:
    """The bank's codes that have a meaning. Any other code is asked about, and never read as a failure."""
    return {"items": await handovers.codes(session)}
