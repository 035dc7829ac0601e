"""Where a released batch stands: ``batch.settled``, cumulative, so that the newest one replaces all before it (CORE.md section 6)."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Final
from uuid import UUID

from sqlalchemy import Row, text

from services.disbursement.commands.lists import batches
from services.disbursement.domain.batch import BatchState
from shared.contracts.disbursement import BatchSettled, SettledTotal
from shared.db.session import AnySession, WriteSession
from shared.kernel.errors import IllegalTransition

_STANDING = {
    "credited": "credited", "rejected": "rejected", "returned_late": "returned", "unknown": "unknown", "in_payment": "in_payment",
}  # fmt: skip


DRAWN_BY: Final = """
    SELECT p.programme, r.amount FROM repayment r JOIN payment p ON p.id = r.payment_id
     WHERE r.batch_id = :id AND r.live AND p.outcome <> 'prepared'"""
DRAWN_FROM: Final = """
    SELECT s.programme, r.amount FROM payment s JOIN repayment r ON r.source_id = s.id AND r.live
      JOIN payment p ON p.id = r.payment_id AND p.outcome <> 'prepared'
     WHERE s.batch_id = :id AND s.outcome IN ('rejected', 'returned')"""


async def settled_totals(session: AnySession, batch_id: UUID) -> list[SettledTotal]:
    """By programme, allocations and rupiah; released = credited + rejected + returned_late + unknown + in_payment."""
    parts = ", ".join(
        f"count(*) FILTER (WHERE p.outcome = '{outcome}') AS {name}, "
        f"coalesce(sum(a.amount) FILTER (WHERE p.outcome = '{outcome}'), 0)::bigint AS {name}_sum"
        for name, outcome in _STANDING.items()
    )
    rows = await session.execute(
        text(f"""WITH listed AS (
                     SELECT p.programme, count(*) AS released, sum(a.amount)::bigint AS released_sum, {parts}
                       FROM payment_month a JOIN payment p ON p.id = a.payment_id
                      WHERE a.batch_id = :id AND p.outcome <> 'withdrawn' GROUP BY p.programme),
                 drawn AS (SELECT programme, sum(amount)::bigint AS amount FROM ({DRAWN_BY}) AS d GROUP BY programme),
                 gone AS (SELECT programme, sum(amount)::bigint AS amount FROM ({DRAWN_FROM}) AS g GROUP BY programme)
                 SELECT listed.*, coalesce(drawn.amount, 0) AS from_holding_sum, coalesce(gone.amount, 0) AS paid_on_sum
                   FROM listed LEFT JOIN drawn USING (programme) LEFT JOIN gone USING (programme) ORDER BY programme"""),
        {"id": batch_id},
    )
    return [SettledTotal(**row) for row in rows.mappings()]


async def publish_settled(
    session: WriteSession, batch_id: UUID, *, results_due: bool, at: datetime, file_id: UUID | None = None, part: int = 0, parts: int = 0
) -> None:
    """The batch's row must be locked. Once results are due they stay due."""
    batch = (
        await session.execute(
            text("""UPDATE batch SET result_no = result_no + 1, results_due = results_due OR :due
                     WHERE id = :id RETURNING *"""),
            {"id": batch_id, "due": results_due},
        )
    ).one()
    await batches.publish(
        session,
        batch_id,
        BatchSettled(
            batch_id=batch_id, code=batch.code, month=batch.month, result_no=batch.result_no,
            totals=await settled_totals(session, batch_id), file_id=file_id, part=part, parts=parts,
            results_due=batch.results_due, list=f"/disbursement/batches/{batch_id}/lines.ndjson",
        ),
        at=at,
    )  # fmt: skip


async def declare_results_due(session: WriteSession, batch_id: UUID, *, at: datetime) -> None:
    """An operator's word, or the clock's: no more is to come. The sweep follows in the worker."""
    batch: Row[Any] = await batches.load_for_update(session, batch_id)
    if batch.state != BatchState.RELEASED:
        raise IllegalTransition(batch.state, "declare_results_due")
    if not batch.results_due:
        await publish_settled(session, batch_id, results_due=True, at=at)
