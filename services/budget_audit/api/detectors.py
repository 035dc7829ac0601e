"""Doors of the detectors: what they look for, their thresholds (two people), and a whole year at once."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query, Request
from sqlalchemy import text

from services.budget_audit.commands import settings as commands
from services.budget_audit.queries import detectors as queries
from services.budget_audit.schemas import detectors as schemas
from shared.contracts.budget_audit import YearAuditAsked
from shared.kernel.ids import uuid7
from shared.messaging import outbox
from shared.web.auth import CallerDep, allowed
from shared.web.transactions import CommandRoute, ReadDep, WriteDep

router = APIRouter(route_class=CommandRoute)

_AUDITORS = [allowed("auditor", whole_agency=True)]
"""Thresholds and audits of a year concern every panti; two different auditors propose and confirm."""


@router.get("/detectors")
async def detectors(request: Request, session: ReadDep, caller: CallerDep) -> schemas.Detectors:
    """Reason codes with who answers, and thresholds as in force today with every change."""
    return await queries.detectors(session, request.app.state.service.clock.today())


@router.post("/detectors/settings", status_code=201, dependencies=_AUDITORS)
async def propose(body: schemas.SettingProposal, request: Request, session: WriteDep, caller: CallerDep) -> schemas.Detectors:
    """Propose a threshold from a day on; it changes nothing until another person confirms it. 409 ``setting-pending``."""
    clock = request.app.state.service.clock
    await commands.propose(session, body.name, body.value, body.from_day, body.source, by=caller.person, at=clock.now())
    return await queries.detectors(session, clock.today())


@router.post("/detectors/settings/{change_id}/confirmation", status_code=201, dependencies=_AUDITORS)
async def confirm(change_id: UUID, request: Request, session: WriteDep, caller: CallerDep) -> schemas.Detectors:
    """The second person; 409 ``four-eyes`` for whoever proposed."""
    clock = request.app.state.service.clock
    await commands.confirm(session, change_id, by=caller.person, at=clock.now())
    return await queries.detectors(session, clock.today())


@router.post("/detectors/settings/{change_id}/withdrawal", status_code=201, dependencies=_AUDITORS)
async def withdraw(change_id: UUID, request: Request, session: WriteDep, caller: CallerDep) -> schemas.Detectors:
    clock = request.app.state.service.clock
    await commands.withdraw(session, change_id, by=caller.person, at=clock.now())
    return await queries.detectors(session, clock.today())


@router.post("/audits", status_code=202, dependencies=_AUDITORS)
async def ask(body: schemas.AuditAsked, request: Request, session: WriteDep, caller: CallerDep) -> schemas.YearAudit:
    """Every detector over the whole year, by the worker; findings come as mismatches, the sum at ``GET /audits/{id}``."""
    audit_id, at = uuid7(), request.app.state.service.clock.now()
    await session.execute(
        text("INSERT INTO year_audit (id, year, asked_by, asked_at) VALUES (:id, :year, :by, :at)"),
        {"id": audit_id, "year": body.year, "by": caller.person, "at": at},
    )
    await outbox.append(session, [outbox.Outgoing(audit_id, 1, YearAuditAsked(year=body.year))], at=at)
    return await queries.audit(session, audit_id)


@router.get("/audits")
async def audits(session: ReadDep, caller: CallerDep) -> schemas.YearAudits:
    """Audits of a year, the newest first."""
    return await queries.audits(session)


@router.get("/audits/comparison", dependencies=_AUDITORS)
async def comparison(session: ReadDep, caller: CallerDep, year: Annotated[int, Query(ge=2015, le=2100)]) -> schemas.YearComparison:
    """What the year shows when it is read at once, and how many references the record says otherwise of; nothing is recorded."""
    return await queries.comparison(session, year)


@router.get("/audits/{audit_id}")
async def audit(audit_id: UUID, session: ReadDep, caller: CallerDep) -> schemas.YearAudit:
    return await queries.audit(session, audit_id)
