"""The doors of SPP and SPM: numbers and days of the treasury's papers before the SP2D."""

from __future__ import annotations

from datetime import date
from typing import Any, Literal
from uuid import UUID

from fastapi import APIRouter, Request
from pydantic import BaseModel, ConfigDict, Field

from services.disbursement.commands.money import payment_order
from services.disbursement.queries.payment_order import papers_of_batch
from shared.web.auth import CallerDep, allowed
from shared.web.transactions import CommandRoute, ReadDep, WriteDep

router = APIRouter(route_class=CommandRoute, tags=["treasury papers"])

_TREASURER = [allowed("treasurer", whole_agency=True)]
_VERIFIER = [allowed("treasurer", "checker", whole_agency=True)]


class _Input(BaseModel):
    model_config = ConfigDict(extra="forbid", str_strip_whitespace=True)


class PaymentRequest(_Input):
    """Number and day of the SPP-LS."""

    number: str = Field(min_length=3, max_length=100)
    day: date


class Verification(_Input):
    """``note``: why it goes back, or what was looked at."""

    agreed: bool
    note: str = Field(default="", max_length=300)


class PaymentOrder(_Input):
    """Number and day of the SPM-LS, and who signed it: the budget user or their proxy."""

    number: str = Field(min_length=3, max_length=100)
    day: date
    signer: Literal["PA", "KPA"] = "PA"


@router.get("/batches/{batch_id}/payment-papers", dependencies=[allowed(whole_agency=True)])
async def shown(batch_id: UUID, session: ReadDep, caller: CallerDep) -> dict[str, Any]:
    """SPP, its verification and SPM of the list as it stands, and everything before."""
    return await papers_of_batch(session, batch_id)


@router.post("/batches/{batch_id}/payment-request", status_code=201, dependencies=_TREASURER)
async def request(batch_id: UUID, body: PaymentRequest, request: Request, session: WriteDep, caller: CallerDep) -> dict[str, Any]:
    """The treasurer's SPP-LS for an approved list."""
    at = request.app.state.service.clock.now()
    await payment_order.request(session, batch_id, body.number, body.day, by=caller.person, at=at)
    return await papers_of_batch(session, batch_id)


@router.post("/batches/{batch_id}/payment-request/verification", dependencies=_VERIFIER)
async def verification(batch_id: UUID, body: Verification, request: Request, session: WriteDep, caller: CallerDep) -> dict[str, Any]:
    """Whoever acts for the PPK-SKPD, never the maker of the SPP: complete, or back with a reason."""
    at = request.app.state.service.clock.now()
    await payment_order.verify(session, batch_id, agreed=body.agreed, note=body.note, by=caller.person, at=at)
    return await papers_of_batch(session, batch_id)


@router.post("/batches/{batch_id}/payment-order", status_code=201, dependencies=_TREASURER)
async def order(batch_id: UUID, body: PaymentOrder, request: Request, session: WriteDep, caller: CallerDep) -> dict[str, Any]:
    """The SPM-LS as it was signed. The list still waits for its SP2D."""
    at = request.app.state.service.clock.now()
    await payment_order.order(session, batch_id, body.number, body.day, body.signer, by=caller.person, at=at)
    return await papers_of_batch(session, batch_id)
