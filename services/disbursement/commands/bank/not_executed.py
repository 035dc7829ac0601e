"""The end of unknown: two closed statements without the payment, the bank's letter, two people (DESIGN.md, "Nothing stays silent")."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.engine import Row

from services.disbursement.commands.bank.settled import publish_settled
from services.disbursement.commands.lists import batches
from services.disbursement.commands.money.post import post
from services.disbursement.domain.batch import BatchState
from services.disbursement.domain.entitlement import Action
from services.disbursement.domain.stops import Ask, OrderChanged, OrderKind, Paper, check_papers
from services.disbursement.store import move
from shared.contracts.disbursement import PaymentReturned
from shared.db.session import WriteSession
from shared.kernel.clock import jakarta_day
from shared.kernel.errors import IllegalTransition, NotFound
from shared.messaging import outbox

REASON: Final = "not_executed"
"""Of the missed month, and of its payment: the bank has confirmed that it was never carried out."""

_UNKNOWN: Final = """
    FROM payment p JOIN payment_month a ON a.payment_id = p.id AND a.live
   WHERE p.batch_id = :batch AND p.outcome = 'unknown' AND p.reference = ANY(CAST(:references AS text[]))"""


async def ask_end(
    session: WriteSession, batch_id: UUID, references: Sequence[str], papers: tuple[Paper, Paper, Paper], *, reason: str, at: datetime
) -> Ask:
    """Of these payments (all unknown ones of the batch where none is named). Raise NotFound, IllegalTransition, InvalidInput."""
    batch = await batches.load_for_update(session, batch_id)
    if batch.state != BatchState.RESULTS_IN:
        raise IllegalTransition(batch.state, "confirm_not_executed")
    first, second, letter = papers
    check_papers(first, second, letter, released_on=jakarta_day(batch.released_at), today=jakarta_day(at))
    known = list(
        await session.scalars(
            text("SELECT reference FROM payment WHERE batch_id = :batch AND outcome = 'unknown' ORDER BY seq"), {"batch": batch_id}
        )
    )
    named = sorted(set(references)) or known
    if strange := sorted(set(named) - set(known)):
        raise NotFound("some of these payments are not unknown in this batch", references=strange[:50])
    if not named:
        raise NotFound("no payment of this batch is unknown", batch=str(batch_id))
    count, total = (
        await session.execute(
            text(f"SELECT count(*), coalesce(sum(a.amount), 0)::bigint {_UNKNOWN}"), {"batch": batch_id, "references": named}
        )
    ).one()
    subject = {
        "batch_id": str(batch_id), "batch": batch.code, "references": named,
        "statements": [{"number": p.number, "day": p.day.isoformat()} for p in (first, second)],
        "letter": {"number": letter.number, "day": letter.day.isoformat()},
    }  # fmt: skip
    return Ask(OrderKind.NOT_EXECUTED, subject, reason, letter.number, person_months=int(count), rupiah=int(total))


async def end_unknown(session: WriteSession, order: Row[Any], by: str, at: datetime) -> None:
    """The months are missed and free for another list, the money is in holding under each person's name.

    The payment counts as one that the bank did not carry out, as a rejected one does: a credit that comes later is against a
    final outcome and is quarantined (``against_final``). Raise OrderChanged where the bank has answered for one of them since.
    """
    batch = await batches.load_for_update(session, UUID(order.subject["batch_id"]))
    params = {
        "batch": batch.id, "references": order.subject["references"], "order": order.id, "document": f"order/{order.id}",
        "reason": REASON, "code": batch.code, "months": await batches.months_of(session, batch.id),
    }  # fmt: skip
    moved = await move(
        session, Action.CONFIRM_NOT_EXECUTED, f"SELECT a.month, a.programme, a.person_id, :reason, :document {_UNKNOWN}", params,
        at=at, author=by, cause=batch.code, extra_guard=batches.IN_MONTHS,
    )  # fmt: skip
    if moved != order.person_months or batch.state != BatchState.RESULTS_IN:
        raise OrderChanged("the bank has answered since this was asked; ask again", asked=order.person_months, unknown=moved)
    ended = "p.batch_id = :batch AND p.outcome = 'unknown' AND p.reference = ANY(CAST(:references AS text[]))"
    await session.execute(text(f"INSERT INTO not_executed (payment_id, order_id) SELECT p.id, :order FROM payment p WHERE {ended}"), params)
    await outbox.append_from(
        session,
        PaymentReturned,
        f"""SELECT p.id, 1, json_build_object(
                       'batch_id', p.batch_id, 'person_id', p.person_id, 'programme', p.programme,
                       'months', (SELECT json_agg(a.month ORDER BY a.month) FROM payment_month a WHERE a.payment_id = p.id),
                       'amount', p.amount, 'reason', CAST(:reason AS text), 'after_credit', false)
              FROM payment p WHERE {ended} ORDER BY p.seq""",
        params,
        at=at,
    )
    await session.execute(
        text(f"UPDATE payment_month SET live = false WHERE payment_id IN (SELECT p.id FROM payment p WHERE {ended})"), params
    )
    await post(
        session,
        "SELECT 'rejection', NULL::date, CAST(:code AS text), programme, id, amount, CAST(:document AS text) FROM changed",
        params, at=at, by=by,
        before=f"""WITH changed AS (UPDATE payment AS p SET outcome = 'rejected', reason = :reason WHERE {ended}
                                    RETURNING p.id, p.programme, p.amount)""",
    )  # fmt: skip
    await publish_settled(session, batch.id, results_due=True, at=at)
