"""What stays in the holding account in December is told to the treasurer, and to the leader once it is late: each once a year."""

from __future__ import annotations

from datetime import date, datetime
from typing import Final

from sqlalchemy import text

from services.disbursement.domain.year_end import STEP
from shared.contracts.disbursement import StepLate, StepNear
from shared.db.session import WriteSession
from shared.kernel.ids import natural_id
from shared.messaging import outbox

EVERY: Final = "*"


async def tell_holding(session: WriteSession, year: int, due_on: date, *, late: bool, at: datetime) -> int:
    """Returns 1 where it is told now, 0 where it was before."""
    kind, role = ("escalation", "leader") if late else ("warning", "treasurer")
    month = f"{year}-12"
    notice = natural_id("step_notice", EVERY, month, STEP, kind)
    new = await session.scalar(
        text("""INSERT INTO step_notice (id, programme, month, step, kind, due_on, role, at)
                VALUES (:id, :programme, :month, :step, :kind, :due, :role, :at) ON CONFLICT DO NOTHING RETURNING id"""),
        {"id": notice, "programme": EVERY, "month": month, "step": STEP, "kind": kind, "due": due_on, "role": role, "at": at},
    )
    if new is None:
        return 0
    event = StepLate if late else StepNear
    data = event(programme=EVERY, month=month, step=STEP, due_on=due_on.isoformat(), role=role)
    await outbox.append(session, [outbox.Outgoing(notice, 1, data)], at=at)
    return 1
