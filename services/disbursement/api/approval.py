"""The doors of the table of limits, of delegations, and of the thresholds of anomalies."""

from __future__ import annotations

from datetime import date
from typing import Any
from uuid import UUID

from fastapi import APIRouter, Request
from pydantic import BaseModel, ConfigDict, Field

from services.disbursement.commands.lists import mandates
from services.disbursement.queries import approval
from shared.web.auth import CallerDep, allowed
from shared.web.transactions import CommandRoute, ReadDep, WriteDep

router = APIRouter(route_class=CommandRoute, tags=["approval"])

_PROPOSE = [allowed("operator", "treasurer", "leader", whole_agency=True)]
_CONFIRM = [allowed("treasurer", "leader", whole_agency=True)]
_WHOLE = [allowed(whole_agency=True)]
_HAND_OVER = [allowed("checker", "approver", "releaser", whole_agency=True)]
_CONFIRM_DELEGATION = [allowed("approver", "treasurer", "leader", whole_agency=True)]
_RUPIAH_MAX = 10**15


class _Input(BaseModel):
    model_config = ConfigDict(extra="forbid", str_strip_whitespace=True)


class Nothing(_Input):
    """An empty body."""


class NewRule(_Input):
    """``kind``: maximum (nobody of this role signs for more) or second_approver (from this amount on two sign)."""

    kind: str = "maximum"
    role: str = "approver"
    person: str = Field(default="", max_length=100)
    programme: str = Field(default="", max_length=20, pattern="^[A-Z0-9]*$")
    amount: int = Field(gt=0, le=_RUPIAH_MAX, strict=True)
    valid_from: date
    valid_to: date | None = None
    reason: str = Field(min_length=3, max_length=300)


class NewDelegation(_Input):
    """Both days included."""

    role: str
    to: str = Field(max_length=100)
    from_day: date
    to_day: date
    reason: str = Field(min_length=3, max_length=300)


class NewThresholds(_Input):
    code: str
    thresholds: dict[str, int]
    blocks: bool
    valid_from: date
    reason: str = Field(min_length=3, max_length=300)


class Reason(_Input):
    reason: str = Field(min_length=3, max_length=300)


@router.get("/signing-rules", dependencies=_WHOLE)
async def signing_rules(session: ReadDep, caller: CallerDep) -> dict[str, Any]:
    """Who signs up to how much, since when and until when, and who decided it."""
    return {"items": await approval.signing_rules(session)}


@router.post("/signing-rules", status_code=201, dependencies=_PROPOSE)
async def new_rule(body: NewRule, request: Request, session: WriteDep, caller: CallerDep) -> dict[str, Any]:
    """Propose a line; it holds once another person has confirmed it."""
    rule_id = await mandates.propose_rule(
        session, caller, body.kind, body.role, body.person, body.programme, body.amount, body.valid_from, body.valid_to, body.reason,
        at=request.app.state.service.clock.now(),
    )  # fmt: skip
    return {"id": str(rule_id), "state": "proposed"}


@router.post("/signing-rules/{rule_id}/confirmation", dependencies=_CONFIRM)
async def confirm_rule(rule_id: UUID, body: Nothing, request: Request, session: WriteDep, caller: CallerDep) -> dict[str, Any]:
    await mandates.confirm_rule(session, caller, rule_id, at=request.app.state.service.clock.now())
    return {"id": str(rule_id), "state": "confirmed"}


@router.get("/anomaly-rules", dependencies=_WHOLE)
async def anomaly_rules(session: ReadDep, caller: CallerDep) -> dict[str, Any]:
    """The thresholds of each rule, since when, and whether it blocks an approval."""
    return {"items": await approval.anomaly_rules(session)}


@router.post("/anomaly-rules", status_code=201, dependencies=_PROPOSE)
async def new_thresholds(body: NewThresholds, request: Request, session: WriteDep, caller: CallerDep) -> dict[str, Any]:
    rule_id = await mandates.propose_anomaly_rule(
        session, caller, body.code, body.thresholds, body.blocks, body.valid_from, body.reason, at=request.app.state.service.clock.now()
    )
    return {"id": str(rule_id), "state": "proposed"}


@router.post("/anomaly-rules/{rule_id}/confirmation", dependencies=_CONFIRM)
async def confirm_thresholds(rule_id: UUID, body: Nothing, request: Request, session: WriteDep, caller: CallerDep) -> dict[str, Any]:
    await mandates.confirm_anomaly_rule(session, caller, rule_id, at=request.app.state.service.clock.now())
    return {"id": str(rule_id), "state": "confirmed"}


@router.get("/delegations", dependencies=_WHOLE)
async def delegations(request: Request, session: ReadDep, caller: CallerDep) -> dict[str, Any]:
    """Who stands for whom, in which role, on which days."""
    return {"items": await approval.delegations(session, request.app.state.service.clock.today())}


@router.post("/delegations", status_code=201, dependencies=_HAND_OVER)
async def new_delegation(body: NewDelegation, request: Request, session: WriteDep, caller: CallerDep) -> dict[str, Any]:
    """The caller hands a role of their own to another person."""
    delegation_id = await mandates.propose_delegation(
        session, caller, body.role, body.to, body.from_day, body.to_day, body.reason, at=request.app.state.service.clock.now()
    )
    return {"id": str(delegation_id), "state": "proposed"}


@router.post("/delegations/{delegation_id}/confirmation", dependencies=_CONFIRM_DELEGATION)
async def confirm_delegation(delegation_id: UUID, body: Nothing, request: Request, session: WriteDep, caller: CallerDep) -> dict[str, Any]:
    """A third person agrees."""
    await mandates.confirm_delegation(session, caller, delegation_id, at=request.app.state.service.clock.now())
    return {"id": str(delegation_id), "state": "confirmed"}


@router.post("/delegations/{delegation_id}/revocation", dependencies=_WHOLE)
async def revoke_delegation(delegation_id: UUID, body: Reason, request: Request, session: WriteDep, caller: CallerDep) -> dict[str, Any]:
    """It ends now; what was signed before stays signed."""
    await mandates.revoke_delegation(session, caller, delegation_id, body.reason, at=request.app.state.service.clock.now())
    return {"id": str(delegation_id), "state": "revoked"}
