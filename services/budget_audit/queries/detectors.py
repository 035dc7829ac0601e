"""Detectors with their thresholds, audits of a year, and a year compared without recording anything."""

from __future__ import annotations

from datetime import date
from typing import Any
from uuid import UUID

from sqlalchemy import Row, text

from services.budget_audit.domain.thresholds import THRESHOLDS
from services.budget_audit.schemas import detectors as schemas
from services.budget_audit.store import settings
from services.budget_audit.store.year import compare
from shared.db.session import AnySession
from shared.kernel.errors import NotFound


async def detectors(session: AnySession, today: date) -> schemas.Detectors:
    rules = await session.execute(text("SELECT code, owner, working_days FROM mismatch_rule ORDER BY code"))
    changes: dict[str, list[schemas.SettingChange]] = {}
    for row in (await session.execute(text("SELECT * FROM detector_setting ORDER BY proposed_at, id"))).mappings():
        changes.setdefault(row["name"], []).append(schemas.SettingChange(**row))
    values = await settings.in_force(session, today)
    return schemas.Detectors(
        waiting=await session.scalar(text("SELECT count(*) FROM to_evaluate")) or 0,
        detectors=[schemas.Detector(**row) for row in rules.mappings()],
        settings=[
            schemas.Setting(
                name=one.name, unit=one.unit, words=one.words, value=values[one.name], source=one.source, changes=changes.get(one.name, [])
            )
            for one in THRESHOLDS
        ],
    )


async def audits(session: AnySession) -> schemas.YearAudits:
    rows = (await session.execute(text("SELECT * FROM year_audit ORDER BY asked_at DESC LIMIT 200"))).all()
    return schemas.YearAudits(items=[_audit(row) for row in rows])


async def audit(session: AnySession, audit_id: UUID) -> schemas.YearAudit:
    row = (await session.execute(text("SELECT * FROM year_audit WHERE id = :id"), {"id": audit_id})).one_or_none()
    if row is None:
        raise NotFound("there is no such audit")
    return _audit(row)


def _audit(row: Row[Any]) -> schemas.YearAudit:
    result = row.result
    return schemas.YearAudit(
        id=row.id, year=row.year, asked_by=row.asked_by, asked_at=row.asked_at, done_at=row.done_at, looked_at=result.get("looked_at", {}),
        not_yet_recorded=result.get("not_yet_recorded"), findings=result.get("findings", {}),
    )  # fmt: skip


async def comparison(session: AnySession, year: int) -> schemas.YearComparison:
    found, differing, _ = await compare(session, year)
    items = [
        schemas.DryFinding(
            code=one.code, subject=one.subject, period=one.period, expected=one.expected, actual=one.actual, difference=one.difference,
            formula=one.formula, ruled_out=list(one.ruled_out),
        )
        for ones in found.values()
        for one in ones
    ]  # fmt: skip
    items.sort(key=lambda one: (-abs(one.difference), one.code, one.subject, one.period))
    return schemas.YearComparison(year=year, differing=sum(len(references) for references in differing.values()), items=items)
