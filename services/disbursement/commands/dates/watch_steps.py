"""A step that is near or late is told to a role, each once; whoever is told is written down for good."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import Final

from sqlalchemy import text

from services.disbursement.domain.calendar import Deadline, Standing, standing
from shared.contracts.disbursement import StepLate, StepNear
from shared.db.session import WriteSession
from shared.kernel.clock import jakarta_day
from shared.kernel.ids import natural_id
from shared.kernel.month import Month, month_of, shift
from shared.messaging import outbox

WATCHED: Final = range(-2, 2)
"""Months beside the present one. A month that is replayed years later is late by its name, and nobody is called because of it."""


def watched(at: datetime) -> list[Month]:
    """The months whose steps are looked at now."""
    this_month = month_of(jakarta_day(at))
    return [shift(this_month, offset) for offset in WATCHED]


async def tell_steps(
    session: WriteSession, month: Month, plan: Mapping[str, Sequence[Deadline]], reached: Mapping[str, Mapping[str, date | None]], *,
    at: datetime,
) -> int:  # fmt: skip
    """One warning and one escalation per step that is not ``reached``, by today's ``plan``; returns how many were told now."""
    today = jakarta_day(at)
    told = 0
    for programme, deadlines in plan.items():
        for deadline in deadlines:
            stands = standing(deadline, done=deadline.rule.step in reached[programme], done_on=None, today=today)
            if stands in (Standing.SOON, Standing.LATE):
                told += await _tell(session, programme, month, deadline, late=stands is Standing.LATE, at=at)
    return told


async def _tell(session: WriteSession, programme: str, month: Month, deadline: Deadline, *, late: bool, at: datetime) -> int:
    kind = "escalation" if late else "warning"
    rule = deadline.rule
    role = rule.escalate_to if late else rule.role
    notice = natural_id("step_notice", programme, month, rule.step, kind)
    new = await session.scalar(
        text("""INSERT INTO step_notice (id, programme, month, step, kind, due_on, role, at)
                VALUES (:id, :programme, :month, :step, :kind, :due, :role, :at) ON CONFLICT DO NOTHING RETURNING id"""),
        {
            "id": notice, "programme": programme, "month": month, "step": rule.step, "kind": kind, "due": deadline.due_on,
            "role": role, "at": at,
        },
    )  # fmt: skip
    if new is None:
        return 0
    event = StepLate if late else StepNear
    data = event(programme=programme, month=month, step=rule.step, due_on=deadline.due_on.isoformat(), role=role)
    await outbox.append(session, [outbox.Outgoing(notice, 1, data)], at=at)
    return 1
