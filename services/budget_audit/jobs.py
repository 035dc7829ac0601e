"""Clock work: comparisons that a census or a contract has asked for, and mismatches whose date has passed."""

from __future__ import annotations

from sqlalchemy import text

from services.budget_audit import store
from services.budget_audit.commands import detect, follow_up
from services.budget_audit.store.comparisons import BY_GRAIN
from shared.db.session import WriteSession
from shared.messaging.reactions import Context, Job


async def evaluate_asked(session: WriteSession, context: Context) -> int:
    """Take what was asked, compare it, and return how many there were.

    A count or a contract is no event, so the cause that a mismatch names is the SP2D whose money it makes comparable.
    """
    asked = (
        await session.execute(
            text("""DELETE FROM to_evaluate WHERE (code, reference) IN
                    (SELECT code, reference FROM to_evaluate ORDER BY asked_at LIMIT 500 FOR UPDATE SKIP LOCKED)
                    RETURNING code, reference, cause""")
        )
    ).all()
    await store.lock_references(session, {row.reference for row in asked})
    at, today = context.clock.now(), context.clock.today()
    for row in asked:
        if row.code in BY_GRAIN:
            await detect.evaluate_scope(session, row.code, row.reference, cause=row.cause, at=at, today=today)
            continue
        cause = await session.scalar(
            text("""SELECT e.event_id FROM sp2d s JOIN document_event e ON e.document_id = s.id WHERE s.reference = :r
                     ORDER BY s.at DESC, s.number DESC LIMIT 1"""),
            {"r": row.reference},
        )
        # Without its event here yet there is no cause to name; the reaction to that event will compare.
        if cause is not None:
            await detect.evaluate(session, row.code, row.reference, cause=cause, at=at, today=today)
    return len(asked)


async def escalate_late(session: WriteSession, context: Context) -> int:
    """Tell the office above of mismatches without an answer or solution at their date."""
    return await follow_up.escalate_late(session, at=context.clock.now(), today=context.clock.today())


jobs = (Job("budget_audit.evaluate_asked", 1.0, evaluate_asked), Job("budget_audit.escalate_late", 60.0, escalate_late))
