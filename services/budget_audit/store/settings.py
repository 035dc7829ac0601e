"""Thresholds as they are in force on a day."""

from __future__ import annotations

from datetime import date

from sqlalchemy import text

from services.budget_audit.domain.thresholds import DEFAULTS, Values
from shared.db.session import AnySession


async def in_force(session: AnySession, on: date) -> Values:
    """The confirmed value of each name that began last, on that day or before; of two from one day, what was decided last."""
    rows = await session.execute(
        text("""SELECT DISTINCT ON (name) name, value FROM detector_setting WHERE state = 'confirmed' AND from_day <= :on
                 ORDER BY name, from_day DESC, decided_at DESC"""),
        {"on": on},
    )
    return {**DEFAULTS, **{row.name: row.value for row in rows}}
