"""What batches tell about their money: where they stand now, cumulative, and the postings that follow."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import text

from services.budget_audit import store
from services.budget_audit.domain.ledger import distributed, holding, moved
from shared.contracts.disbursement import BatchSent, BatchSettled
from shared.db.session import WriteSession


async def sent(session: WriteSession, event: BatchSent) -> None:
    """The file is at the bank; until results come the whole list is still in holding."""
    await store.lock_batch(session, event.batch_id)
    await session.execute(text("UPDATE batch SET state = 'sent' WHERE id = :id"), {"id": event.batch_id})


async def settle(session: WriteSession, event: BatchSettled, *, event_id: str, at: datetime) -> bool:
    """Take the batch's figures; a lower ``result_no`` than the one on record changes nothing (then False)."""
    batch = await store.lock_batch(session, event.batch_id)
    if event.result_no < batch.result_no:
        return False
    await session.execute(
        text("UPDATE batch SET code = :code, month = :month, state = 'settled', result_no = :no WHERE id = :id"),
        {"id": batch.id, "code": event.code, "month": event.month, "no": event.result_no},
    )
    before = {
        row.programme: row.credited
        for row in await session.execute(text("SELECT programme, credited FROM batch_money WHERE batch_id = :id"), {"id": batch.id})
    }
    postings = []
    for total in event.totals:
        # Counted from the lines, state by state: never the list less what is credited.
        not_credited = total.rejected_sum + total.returned_late_sum + total.unknown_sum + total.in_payment_sum
        await session.execute(
            text("""INSERT INTO batch_money (batch_id, programme, listed, credited, not_credited, from_holding, paid_on)
                    VALUES (:batch, :programme, :listed, :credited, :open, :from_holding, :paid_on)
                    ON CONFLICT (batch_id, programme) DO UPDATE SET listed = excluded.listed, credited = excluded.credited,
                        not_credited = excluded.not_credited, from_holding = excluded.from_holding, paid_on = excluded.paid_on"""),
            {
                "batch": batch.id, "programme": total.programme, "listed": total.released_sum, "credited": total.credited_sum,
                "open": not_credited, "from_holding": total.from_holding_sum, "paid_on": total.paid_on_sum,
            },
        )  # fmt: skip
        change = total.credited_sum - before.get(total.programme, 0)
        postings.append(
            moved(
                f"settled/{event.code}/{event.result_no}/{total.programme}", distributed(total.programme), holding(total.programme),
                change, batch_id=batch.id, source=event_id,
            )
        )  # fmt: skip
    # A programme that the newest figures no longer name has nothing any more: kept figures would hide that it is lost.
    gone = sorted(before.keys() - {total.programme for total in event.totals})
    await session.execute(
        text("""UPDATE batch_money SET listed = 0, credited = 0, not_credited = 0, from_holding = 0, paid_on = 0
                 WHERE batch_id = :id AND programme = ANY(:gone)"""),
        {"id": batch.id, "gone": gone},
    )
    postings += [
        moved(
            f"settled/{event.code}/{event.result_no}/{programme}", distributed(programme), holding(programme), -before[programme],
            batch_id=batch.id, source=event_id,
        )
        for programme in gone
    ]  # fmt: skip
    await store.post(session, postings, at=at)
    return True
