"""The doors of subscribers, the same for every service that has them."""

from __future__ import annotations

from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Query, Request
from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

from shared import audit
from shared.web.auth import CallerDep, allowed
from shared.web.transactions import CommandRoute, ReadDep, WriteDep
from shared.webhooks import subscribers
from shared.webhooks.sending import Policy

router = APIRouter(route_class=CommandRoute, tags=["webhooks"])
once = APIRouter(tags=["webhooks"])
"""Answers that are given once and kept nowhere: no Idempotency-Key."""

_ROLES = ("operator", "treasurer", "approver")


class _Input(BaseModel):
    model_config = ConfigDict(extra="forbid", str_strip_whitespace=True)


class Proposed(_Input):
    """``document``: the agreement with whoever gets the events. ``from_start``: everything that the bus still keeps comes first."""

    name: str = Field(min_length=2, max_length=80)
    url: str = Field(max_length=500)
    types: list[str] = Field(min_length=1, max_length=100)
    from_start: bool = False
    document: str = Field(min_length=3, max_length=200)


class Decision(_Input):
    confirm: bool


class Resumption(_Input):
    """``skip``: pass over the event that was refused last."""

    skip: bool = False


class Replay(_Input):
    since: AwareDatetime


@router.post("/webhooks", status_code=201, dependencies=[allowed(*_ROLES, whole_agency=True)])
async def proposal(body: Proposed, request: Request, session: WriteDep, caller: CallerDep) -> dict[str, Any]:
    """Propose that a system is told of events; it is once another person has confirmed it and it has its secret."""
    service = request.app.state.service
    said = subscribers.Proposal(body.name, body.url, tuple(body.types), body.from_start, body.document)
    policy = Policy.of(service.settings)
    subscriber_id = await subscribers.propose(session, caller, service.name, said, policy, at=service.clock.now())
    return await subscribers.subscriber(session, subscriber_id)


@router.post("/webhooks/{subscriber_id}/decision", dependencies=[allowed(*_ROLES, whole_agency=True)])
async def decision(subscriber_id: UUID, body: Decision, request: Request, session: WriteDep, caller: CallerDep) -> dict[str, Any]:
    """Confirm what somebody else proposed, or decline it (one's own too)."""
    service = request.app.state.service
    await subscribers.decide(session, caller, service.bus, subscriber_id, confirm=body.confirm, at=service.clock.now())
    return await subscribers.subscriber(session, subscriber_id)


@once.post("/webhooks/{subscriber_id}/secret", dependencies=[allowed(*_ROLES, whole_agency=True)])
async def secret(subscriber_id: UUID, request: Request, session: WriteDep, caller: CallerDep) -> dict[str, Any]:
    """A new signing secret, shown this once, for the receiver; the one before signs beside it for a day."""
    service = request.app.state.service
    at = service.clock.now()
    issued = await subscribers.issue_secret(session, caller, service.cipher, subscriber_id, at=at)
    await audit.record(session, caller, "webhook.secret", "webhook", count=1, ids_hash=str(subscriber_id), at=at)
    shown = await subscribers.subscriber(session, subscriber_id)
    return {"secret": issued, "previous_until": shown["previous_until"]}


@router.post("/webhooks/{subscriber_id}/stop", dependencies=[allowed(*_ROLES, whole_agency=True)])
async def stop(subscriber_id: UUID, request: Request, session: WriteDep, caller: CallerDep) -> dict[str, Any]:
    """Nothing more is sent there, for good."""
    await subscribers.stop(session, caller, subscriber_id, at=request.app.state.service.clock.now())
    return await subscribers.subscriber(session, subscriber_id)


@router.post("/webhooks/{subscriber_id}/resume", dependencies=[allowed(*_ROLES, whole_agency=True)])
async def resume(subscriber_id: UUID, body: Resumption, request: Request, session: WriteDep, caller: CallerDep) -> dict[str, Any]:
    """Try again now, where its system refused or did not answer."""
    await subscribers.resume(session, caller, subscriber_id, skip=body.skip, at=request.app.state.service.clock.now())
    return await subscribers.subscriber(session, subscriber_id)


@router.post("/webhooks/{subscriber_id}/replay", dependencies=[allowed(*_ROLES, whole_agency=True)])
async def replay(subscriber_id: UUID, body: Replay, request: Request, session: WriteDep, caller: CallerDep) -> dict[str, Any]:
    """Send again what was delivered since then, under the ids that it had."""
    count = await subscribers.replay(session, caller, subscriber_id, since=body.since, at=request.app.state.service.clock.now())
    return {**await subscribers.subscriber(session, subscriber_id), "replayed": count}


@router.get("/webhooks", dependencies=[allowed(whole_agency=True)])
async def every(request: Request, session: ReadDep, caller: CallerDep) -> dict[str, Any]:
    """Newest first; ``types``: what a subscriber may want."""
    return {"items": await subscribers.subscribers(session), "types": subscribers.types_of(request.app.state.service.name)}


@router.get("/webhooks/{subscriber_id}", dependencies=[allowed(whole_agency=True)])
async def one(subscriber_id: UUID, session: ReadDep, caller: CallerDep) -> dict[str, Any]:
    return await subscribers.subscriber(session, subscriber_id)


@router.get("/webhooks/{subscriber_id}/deliveries", dependencies=[allowed(whole_agency=True)])
async def deliveries(
    subscriber_id: UUID, session: ReadDep, caller: CallerDep, after: int | None = None, limit: Annotated[int, Query(ge=1, le=1000)] = 100
) -> dict[str, Any]:
    """Each try with its outcome, newest first."""
    items = await subscribers.deliveries(session, subscriber_id, after, limit)
    return {"items": items, "next": items[-1]["id"] if len(items) == limit else None}


router.include_router(once)
