"""The doors of asking: what the bank was asked and said, one payment now, the accounts of a month."""

from __future__ import annotations

from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Query, Request
from pydantic import BaseModel, ConfigDict, Field

from services.disbursement.commands.bank.check_accounts import request_checks
from services.disbursement.commands.bank.inquire import request_inquiry
from services.disbursement.queries import inquiries as queries
from shared import audit
from shared.web.auth import CallerDep, allowed
from shared.web.transactions import CommandRoute, ReadDep, WriteDep

router = APIRouter(route_class=CommandRoute, tags=["bank"])

_ASKS = [allowed("operator", "treasurer", whole_agency=True)]
_READS = [allowed("operator", "treasurer", "auditor", "leader", whole_agency=True)]


class Accounts(BaseModel):
    """Whose accounts: everybody with an open month of this programme."""

    model_config = ConfigDict(extra="forbid")
    month: str = Field(pattern=r"^20\d\d-(0[1-9]|1[0-2])$")
    programme: str = Field(min_length=2, max_length=20)


@router.get("/inquiries", dependencies=_READS)
async def inquiries(
    *, session: ReadDep, caller: CallerDep, batch: str = "", payment: UUID | None = None, meaning: str = "", before: UUID | None = None,
    limit: Annotated[int, Query(ge=1, le=1000)] = 200,
) -> dict[str, Any]:  # fmt: skip
    """Every question about a payment and what the bank said, newest first."""
    return await queries.inquiries(session, batch=batch, payment=payment, meaning=meaning, before=before, limit=limit)


@router.post("/payments/{payment_id}/inquiry", status_code=202, dependencies=_ASKS)
async def ask_now(payment_id: UUID, *, request: Request, session: WriteDep, caller: CallerDep) -> dict[str, Any]:
    """Ask the bank about one payment before all others; the worker does it within seconds. Nothing is sent again."""
    at = request.app.state.service.clock.now()
    answer = await request_inquiry(session, payment_id, by=caller.person, at=at)
    await audit.record(session, caller, "payment.ask_now", "payment", count=1, ids_hash=audit.hash_ids([payment_id]), at=at)
    return answer


@router.post("/accounts:verify", status_code=202, dependencies=_ASKS)
async def verify_accounts(body: Accounts, *, request: Request, session: WriteDep, caller: CallerDep) -> dict[str, Any]:
    """Have the bank say of each account of a programme month whether it exists and whose it is; nobody is blocked by it."""
    at = request.app.state.service.clock.now()
    answer = await request_checks(session, body.month, body.programme, by=caller.person, at=at)
    await audit.record(session, caller, "account.verify", "payment", count=answer["asked"], ids_hash=answer["request_id"], at=at)
    return answer


@router.get("/batches/{batch_id}/account-checks", dependencies=[allowed(whole_agency=True)])
async def account_checks(batch_id: UUID, session: ReadDep, caller: CallerDep) -> dict[str, Any]:
    """What the bank said of the list's accounts: counts, and those that somebody should look at before signing."""
    return await queries.account_checks(session, batch_id)
