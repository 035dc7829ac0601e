"""What every command on a batch begins and ends with: its row under lock, its list, its place in its stream of events."""

from __future__ import annotations

import hashlib
from collections.abc import AsyncIterator
from datetime import datetime
from typing import Any
from uuid import UUID

import msgspec
from sqlalchemy import Row, text

from services.disbursement.domain.batch import BatchAction, BatchState, Signature, after, list_header
from services.disbursement.domain.mandate import Capacity
from shared.contracts.disbursement import BatchApproved, BatchWithdrawn
from shared.contracts.registry import Event, ProgrammeTotal
from shared.db.session import AnySession, WriteSession, lines_out
from shared.kernel.errors import NotFound
from shared.messaging import outbox

_ON_THE_LIST = "NOT IN (SELECT w.id FROM payment w WHERE w.batch_id = {batch} AND w.outcome = 'withdrawn')"
"""Lines that were taken off or replaced before the list went out stay, and are on no list. They are few: the others need no join."""


async def load_for_update(session: WriteSession, batch_id: UUID) -> Row[Any]:
    """The batch's row, locked until the transaction ends. Raise NotFound."""
    found = (await session.execute(text("SELECT * FROM batch WHERE id = :id FOR UPDATE"), {"id": batch_id})).one_or_none()
    if found is None:
        raise NotFound("there is no such batch", batch=str(batch_id))
    return found


async def load_by_code(session: WriteSession, code: str) -> Row[Any]:
    """The batch with this code, locked until the transaction ends. Raise NotFound."""
    found = (await session.execute(text("SELECT * FROM batch WHERE code = :code FOR UPDATE"), {"code": code})).one_or_none()
    if found is None:
        raise NotFound("there is no such batch", batch=code)
    return found


async def move_batch(session: WriteSession, batch: Row[Any], action: BatchAction) -> BatchState:
    """Put the batch where ``action`` leads; raise IllegalTransition."""
    state = after(batch.state, action)
    await session.execute(text("UPDATE batch SET state = :state WHERE id = :id"), {"state": state.value, "id": batch.id})
    return state


async def publish(session: WriteSession, batch_id: UUID, event: Event, *, at: datetime) -> None:
    """Publish the next event of this batch's stream; its row must be locked."""
    version = await session.scalar(text("UPDATE batch SET version = version + 1 WHERE id = :id RETURNING version"), {"id": batch_id})
    await outbox.append(session, [outbox.Outgoing(batch_id, int(version or 0), event)], at=at)


async def publish_approved(session: WriteSession, batch: Row[Any], *, at: datetime) -> None:
    """Maker, checker and approver have signed this hash: whoever keeps the money may act on it."""
    await publish(
        session,
        batch.id,
        BatchApproved(
            batch_id=batch.id, code=batch.code, month=batch.month, list_hash=batch.list_hash,
            list=f"/disbursement/batches/{batch.id}/list.tsv", totals=msgspec.convert(batch.totals, list[ProgrammeTotal]),
            financing=batch.financing,
        ),
        at=at,
    )  # fmt: skip


async def publish_withdrawn(session: WriteSession, batch: Row[Any], *, at: datetime) -> None:
    await publish(session, batch.id, BatchWithdrawn(batch_id=batch.id, list_hash=batch.list_hash), at=at)


async def signatures_of(session: AnySession, batch_id: UUID) -> list[Signature]:
    """Everybody who ever acted on the batch, void signatures included."""
    rows = await session.execute(
        text("SELECT step, person, void, on_behalf_of FROM batch_signature WHERE batch_id = :id ORDER BY id"), {"id": batch_id}
    )
    return [Signature(*row) for row in rows]


async def sign(
    session: WriteSession, batch_id: UUID, step: str, person: str, list_hash: str, *, at: datetime, acting: Capacity | None = None
) -> None:
    """``acting``: says on whose behalf, and by which delegation."""
    await session.execute(
        text("""INSERT INTO batch_signature (batch_id, step, person, at, list_hash, on_behalf_of, delegation_id)
                VALUES (:id, :step, :person, :at, :hash, :behalf, :delegation)"""),
        {
            "id": batch_id, "step": step, "person": person, "at": at, "hash": list_hash,
            "behalf": acting.on_behalf_of if acting else "", "delegation": acting.delegation_id if acting else None,
        },
    )  # fmt: skip


async def count_lines(session: WriteSession, batch_id: UUID) -> Row[Any]:
    """Payments, allocations, sum and totals by programme as they are now, written into the batch's row."""
    return (
        await session.execute(
            text(f"""
                WITH by_programme AS (
                    SELECT programme, count(*) AS count, sum(amount)::bigint AS sum
                      FROM payment_month WHERE batch_id = :id AND payment_id {_ON_THE_LIST.format(batch=":id")} GROUP BY programme)
                UPDATE batch SET
                    payments = (SELECT count(*) FROM payment p WHERE p.batch_id = :id AND p.outcome <> 'withdrawn'),
                    allocations = (SELECT coalesce(sum(count), 0) FROM by_programme),
                    sum = (SELECT coalesce(sum(sum), 0) FROM by_programme),
                    totals = (SELECT coalesce(jsonb_agg(jsonb_build_object('programme', programme, 'count', count, 'sum', sum)
                                                        ORDER BY programme), '[]') FROM by_programme)
                 WHERE id = :id RETURNING *"""),
            {"id": batch_id},
        )
    ).one()


async def list_bytes(session: AnySession, batch: Row[Any]) -> AsyncIterator[bytes]:
    """The bytes that the list hash covers, block by block (CORE.md section 5)."""
    yield list_header(batch.id, batch.month, batch.kind, batch.allocations, batch.sum, batch.financing)
    async for block in lines_out(
        session,
        f"""SELECT concat_ws(E'\\t', person_id, programme, month, amount, account_ref) || E'\\n' AS line FROM payment_month
             WHERE batch_id = %(batch)s AND payment_id {_ON_THE_LIST.format(batch="%(batch)s")}
             ORDER BY person_id, programme, month""",
        {"batch": batch.id},
    ):
        yield block


async def hash_list(session: AnySession, batch: Row[Any]) -> str:
    """SHA-256 of the list as it stands in the tables now."""
    digest = hashlib.sha256()
    async for block in list_bytes(session, batch):
        digest.update(block)
    return digest.hexdigest()


async def withdraw_lines(session: WriteSession, payment_ids: str, params: dict[str, Any]) -> int:
    """Take payments off their list, before it went out: the months are free for another list. ``payment_ids`` is SQL."""
    taken = await session.execute(
        text(f"""
            WITH off AS (
                UPDATE payment SET outcome = 'withdrawn' WHERE outcome = 'prepared' AND id IN ({payment_ids}) RETURNING id),
            given_back AS (UPDATE repayment r SET live = false FROM off WHERE r.payment_id = off.id)
            UPDATE payment_month a SET live = false FROM off WHERE a.payment_id = off.id"""),
        params,
    )
    return int(taken.rowcount)  # type: ignore[attr-defined]


async def months_of(session: AnySession, batch_id: UUID) -> list[str]:
    """The months that the batch's lines are for; a statement that names them reads no other partition of the ledger."""
    return list(await session.scalars(text("SELECT DISTINCT month FROM payment_month WHERE batch_id = :id"), {"id": batch_id}))


IN_MONTHS = "AND h.month = ANY(CAST(:months AS text[]))"
"""For ``store.move``, with ``months_of`` as ``months``: no cost grows with history."""
