"""Mismatches with their history."""

from __future__ import annotations

from datetime import date
from typing import Any
from uuid import UUID

from sqlalchemy import Row, text

from services.budget_audit.domain.mismatch import open_amount
from services.budget_audit.schemas import mismatches as schemas
from shared.db.session import AnySession
from shared.kernel.errors import NotFound


async def mismatches(session: AnySession, *, year: int | None, state: str, code: str, today: date) -> schemas.Mismatches:
    """The worst first: open ones by rupiah."""
    found = (
        await session.execute(
            text("""SELECT * FROM mismatch WHERE (CAST(:year AS text) IS NULL OR left(period, 4) = :year)
                       AND :state IN ('', state) AND :code IN ('', code)
                     ORDER BY state = 'closed', abs(difference) - explained DESC, id LIMIT 1000"""),
            {"year": None if year is None else str(year), "state": state, "code": code},
        )
    ).all()
    return schemas.Mismatches(items=await _with_history(session, found, today))


async def mismatch(session: AnySession, mismatch_id: UUID, today: date) -> schemas.Mismatch:
    found = (await session.execute(text("SELECT * FROM mismatch WHERE id = :id"), {"id": mismatch_id})).all()
    if not found:
        raise NotFound("there is no such mismatch")
    return (await _with_history(session, found, today))[0]


async def _with_history(session: AnySession, found: Any, today: date) -> list[schemas.Mismatch]:
    steps: dict[UUID, list[schemas.HistoryStep]] = {}
    for step in await session.execute(
        text("SELECT * FROM mismatch_step WHERE mismatch_id = ANY(:ids) ORDER BY id"), {"ids": [row.id for row in found]}
    ):
        fields = {name: getattr(step, name) for name in schemas.HistoryStep.model_fields}
        steps.setdefault(step.mismatch_id, []).append(schemas.HistoryStep(**fields))
    return [_mismatch(row, steps.get(row.id, []), today) for row in found]


def _mismatch(row: Row[Any], history: list[schemas.HistoryStep], today: date) -> schemas.Mismatch:
    computed = {
        "open": open_amount(row.difference, row.explained),
        "overdue": row.state != "closed" and row.due_on < today,
        "history": history,
    }
    stored = {name: getattr(row, name) for name in schemas.Mismatch.model_fields if name not in computed}
    return schemas.Mismatch(**stored, **computed)
