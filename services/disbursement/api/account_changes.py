"""The doors of changed accounts: propose, look, confirm, cancel, tell the person; and how long a change waits."""

from __future__ import annotations

from datetime import date
from typing import Annotated, Any, Literal
from uuid import UUID

from fastapi import APIRouter, Query, Request
from pydantic import BaseModel, ConfigDict, Field

from services.disbursement.commands.cards import account_changes, cooling_off
from services.disbursement.commands.cards.account_changes import NewAccount
from services.disbursement.queries import account_changes as queries
from shared import audit
from shared.db.session import WriteSession
from shared.web.auth import Caller, CallerDep, allowed
from shared.web.transactions import CommandRoute, ReadDep, WriteDep

router = APIRouter(route_class=CommandRoute, tags=["accounts"])

_ASKS = [allowed("operator")]
_SECOND = [allowed("operator", "checker")]
_READS = [allowed("operator", "checker", "approver", "treasurer", "auditor")]

Words = Annotated[str, Field(min_length=3, max_length=300)]
Number = Annotated[str, Field(pattern=r"^[0-9]{5,34}$")]


class _Input(BaseModel):
    model_config = ConfigDict(extra="forbid", str_strip_whitespace=True)


class NewChange(_Input):
    """``document``: the paper of the bank or of the person that it rests on."""

    person_id: UUID
    programme: Annotated[str, Field(pattern=r"^[A-Z][A-Z0-9]{1,9}$")]
    bank_code: Annotated[str, Field(pattern=r"^[0-9A-Z]{2,12}$")]
    account_number: Number
    holder: Annotated[str, Field(min_length=1, max_length=100, pattern=r"^[^\x00-\x1f]*\S[^\x00-\x1f]*$")]
    card_handed_over: bool
    reason: Words
    document: Words


class Confirmation(_Input):
    """The number once more, as it stands on the paper: two people read it, so that no slip pays somebody else."""

    account_number: Number


class Cancellation(_Input):
    reason: Words


class Told(_Input):
    day: date
    how: Words


class NewRule(_Input):
    working_days: Annotated[int, Field(ge=0, le=30)]
    valid_from: date
    document: Words


class RuleConfirmation(_Input):
    valid_from: date


async def _answer(session: WriteSession, request: Request, caller: Caller, change_id: UUID, what: str) -> dict[str, Any]:
    at = request.app.state.service.clock.now()
    await audit.record(session, caller, f"account_change.{what}", "account", count=1, ids_hash=str(change_id), at=at)
    return await queries.change(session, change_id)


@router.post("/account-changes", status_code=201, dependencies=_ASKS)
async def propose(body: NewChange, *, request: Request, session: WriteDep, caller: CallerDep) -> dict[str, Any]:
    """Ask that a person's account become another one; 409 ``no-account-yet``, ``same-account``, ``account-change-waiting``."""
    service = request.app.state.service
    holder = " ".join(body.holder.split())
    new = NewAccount(body.person_id, body.programme, body.bank_code, body.account_number, holder, body.card_handed_over)
    change_id = await account_changes.propose(
        session, service.cipher, caller, new, reason=body.reason, document=body.document, at=service.clock.now()
    )
    return await _answer(session, request, caller, change_id, "propose")


@router.get("/account-changes", dependencies=_READS)
async def listed(
    *, session: ReadDep, caller: CallerDep, state: Literal["proposed", "waiting", "in_force", "cancelled", ""] = "",
    person: UUID | None = None, told: bool | None = None, before: UUID | None = None,
    limit: Annotated[int, Query(ge=1, le=1000)] = 200,
) -> dict[str, Any]:  # fmt: skip
    """Changes in the caller's areas, newest first. ``state=waiting&told=false``: whom the offices still have to tell."""
    return await queries.changes(session, state=state, person=person, told=told, before=before, limit=limit)


@router.get("/account-changes/{change_id}", dependencies=_SECOND)
async def one(change_id: UUID, *, request: Request, session: WriteDep, caller: CallerDep) -> dict[str, Any]:
    """One change with holder and last digits of the old and the new account, to be compared with the paper. Audited."""
    shown = await _answer(session, request, caller, change_id, "look")
    return shown | await queries.accounts_of(session, request.app.state.service.cipher, change_id)


@router.post("/account-changes/{change_id}/confirmation", dependencies=_SECOND)
async def confirm(change_id: UUID, body: Confirmation, *, request: Request, session: WriteDep, caller: CallerDep) -> dict[str, Any]:
    """The second person: the change holds after the cooling-off; 409 ``four-eyes``, ``other-account-number``."""
    service = request.app.state.service
    await account_changes.confirm(session, service.cipher, caller, change_id, body.account_number, at=service.clock.now())
    return await _answer(session, request, caller, change_id, "confirm")


@router.post("/account-changes/{change_id}/cancellation", dependencies=_SECOND)
async def cancel(change_id: UUID, body: Cancellation, *, request: Request, session: WriteDep, caller: CallerDep) -> dict[str, Any]:
    """Take back what does not hold yet; the account stays as it is."""
    await account_changes.cancel(session, caller, change_id, body.reason, at=request.app.state.service.clock.now())
    return await _answer(session, request, caller, change_id, "cancel")


@router.post("/account-changes/{change_id}/notice", dependencies=_ASKS)
async def notice(change_id: UUID, body: Told, *, request: Request, session: WriteDep, caller: CallerDep) -> dict[str, Any]:
    """Write down that the person was told."""
    await account_changes.note_told(session, caller, change_id, body.day, body.how, at=request.app.state.service.clock.now())
    return await _answer(session, request, caller, change_id, "notice")


@router.get("/account-cooling-off", dependencies=_READS)
async def rules(session: ReadDep, caller: CallerDep) -> dict[str, Any]:
    """How many working days a confirmed change waits, by day."""
    return await queries.rules(session)


@router.post("/account-cooling-off", status_code=201, dependencies=[allowed("operator", "approver", whole_agency=True)])
async def new_rule(body: NewRule, *, request: Request, session: WriteDep, caller: CallerDep) -> dict[str, Any]:
    """Propose another number of days; it counts once a second person confirmed it, for what is confirmed from that day on."""
    at = request.app.state.service.clock.now()
    await cooling_off.ask(session, caller, body.valid_from, body.working_days, body.document, at=at)
    return await queries.rules(session)


@router.post("/account-cooling-off/confirmation", dependencies=[allowed("operator", "approver", whole_agency=True)])
async def confirm_rule(body: RuleConfirmation, *, request: Request, session: WriteDep, caller: CallerDep) -> dict[str, Any]:
    await cooling_off.confirm(session, caller, body.valid_from, at=request.app.state.service.clock.now())
    return await queries.rules(session)
