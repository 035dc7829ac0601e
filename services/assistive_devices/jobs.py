"""Clock work: shelves that a request, a delivery or an order has asked to look at."""

from __future__ import annotations

from sqlalchemy import text

from services.assistive_devices.commands import readiness
from shared.db.session import WriteSession
from shared.messaging.reactions import Context, Job


async def evaluate_asked(session: WriteSession, context: Context) -> int:
    """Take the shelves that were asked for, and say where they run short; returns how many there were."""
    asked = (
        await session.execute(
            text("""DELETE FROM to_evaluate WHERE (kind, place) IN
                    (SELECT kind, place FROM to_evaluate ORDER BY asked_at LIMIT 500 FOR UPDATE SKIP LOCKED)
                    RETURNING kind, place""")
        )
    ).all()
    for row in sorted(asked):
        await readiness.evaluate(session, row.kind, row.place, at=context.clock.now(), today=context.clock.today())
    return len(asked)


jobs = (Job("assistive_devices.evaluate_asked", 1.0, evaluate_asked),)
