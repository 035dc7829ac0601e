"""A batch is closed by two people and its minutes, once everything of it has a name (CORE.md section 5)."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Final
from uuid import UUID

from sqlalchemy import Row, text

from services.disbursement.commands.lists import batches
from services.disbursement.domain.batch import BatchAction, after
from services.disbursement.domain.stops import Ask, OrderKind, StillOpen
from shared.db.session import AnySession, WriteSession

_OPEN: Final = """
    SELECT (SELECT count(*) FROM payment WHERE batch_id = :id AND outcome IN ('in_payment', 'unknown')) AS unanswered,
           (SELECT count(*) FROM result_row r JOIN result_file f ON f.id = r.file_id
             WHERE f.batch_id = :id AND r.state = 'quarantined' AND NOT EXISTS (
                   SELECT FROM quarantine_decision d WHERE d.file_id = r.file_id AND d.row = r.row AND d.state = 'done')) AS undecided"""


async def _refuse_open(session: AnySession, batch: Row[Any]) -> None:
    """Raise IllegalTransition before results are due, StillOpen with what has no answer or no decision."""
    after(batch.state, BatchAction.CLOSE)
    found = (await session.execute(text(_OPEN), {"id": batch.id})).one()
    if found.unanswered or found.undecided:
        raise StillOpen(
            "payments without an answer must be ended and quarantined rows decided first", unanswered=found.unanswered,
            undecided_rows=found.undecided,
        )  # fmt: skip


async def ask_close(session: WriteSession, batch_id: UUID, minutes: str, reason: str) -> Ask:
    batch = await batches.load_for_update(session, batch_id)
    await _refuse_open(session, batch)
    subject = {"batch_id": str(batch_id), "batch": batch.code}
    return Ask(OrderKind.CLOSE, subject, reason, minutes, person_months=batch.allocations, rupiah=batch.sum)


async def close(session: WriteSession, order: Row[Any], by: str, at: datetime) -> None:
    batch = await batches.load_for_update(session, UUID(order.subject["batch_id"]))
    await _refuse_open(session, batch)
    await batches.move_batch(session, batch, BatchAction.CLOSE)
