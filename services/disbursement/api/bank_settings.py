"""The doors of what is agreed with the bank: channel, column template, codes."""

from __future__ import annotations

from datetime import date
from typing import Any, Literal
from uuid import UUID

from fastapi import APIRouter, Request
from pydantic import BaseModel, ConfigDict, Field

from services.disbursement.commands.bank import bank_settings
from services.disbursement.commands.bank.bank_forms import PAYING_BANK
from services.disbursement.domain.column_template import FIRST, template_body
from shared.web.auth import CallerDep, allowed
from shared.web.transactions import CommandRoute, ReadDep, WriteDep

router = APIRouter(route_class=CommandRoute, tags=["bank"])


class _Input(BaseModel):
    model_config = ConfigDict(extra="forbid", str_strip_whitespace=True)


class Proposal(_Input):
    """``document``: the bank's letter or the minutes that this rests on. ``body``: by its kind."""

    kind: Literal["template_out", "template_results", "template_statement", "channel", "code"]
    bank: str = Field(default=PAYING_BANK, min_length=1, max_length=20)
    valid_from: date
    body: dict[str, Any]
    document: str = Field(min_length=3, max_length=200)


class Decision(_Input):
    confirm: bool


@router.post("/bank/settings", status_code=201, dependencies=[allowed("operator", "treasurer", whole_agency=True)])
async def proposal(body: Proposal, request: Request, session: WriteDep, caller: CallerDep) -> dict[str, Any]:
    """Propose; it holds once another person has confirmed it, from its day on."""
    setting_id = await bank_settings.propose(
        session, caller, body.kind, body.bank, body.valid_from, body.body, body.document, at=request.app.state.service.clock.now()
    )
    return (await bank_settings.settings(session, "", setting_id))[0]


@router.post("/bank/settings/{setting_id}/decision", dependencies=[allowed("operator", "treasurer", "approver", whole_agency=True)])
async def decision(setting_id: UUID, body: Decision, request: Request, session: WriteDep, caller: CallerDep) -> dict[str, Any]:
    """Confirm what somebody else proposed, or decline it (one's own too)."""
    await bank_settings.decide(session, caller, setting_id, confirm=body.confirm, at=request.app.state.service.clock.now())
    return (await bank_settings.settings(session, "", setting_id))[0]


@router.get("/bank/settings", dependencies=[allowed(whole_agency=True)])
async def all_settings(session: ReadDep, caller: CallerDep, kind: str = "") -> dict[str, Any]:
    """Newest first; ``first_template``: what holds for column files where no template was agreed."""
    return {"items": await bank_settings.settings(session, kind), "first_template": template_body(FIRST)}
