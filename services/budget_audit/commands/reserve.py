"""Budget for batches: the whole amount reserved, or refused; freed when the signatures are void."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from uuid import UUID

from sqlalchemy import text

from services.budget_audit import store
from services.budget_audit.domain.reservation import Made, Refused, Wanted, decide, expires_on
from shared.contracts.budget_audit import ReservationMade, ReservationRefused, ReservedLine
from shared.contracts.disbursement import BatchApproved
from shared.contracts.registry import Event
from shared.db.session import WriteSession
from shared.messaging import outbox


async def approve(session: WriteSession, event: BatchApproved, *, at: datetime, today: date) -> None:
    """A list was approved: its amounts are in holding-to-be, and its budget is reserved whole or refused.

    Approved again after a refusal it is tried again; while a reservation for this list hash stands, nothing changes. A retry
    that is paid from the holding account takes no budget: an SP2D has realised it already.
    """
    batch = await store.lock_batch(session, event.batch_id)
    await session.execute(
        text("UPDATE batch SET code = :code, month = :month, state = 'approved', list_hash = :hash WHERE id = :id"),
        {"id": batch.id, "code": event.code, "month": event.month, "hash": event.list_hash},
    )
    if event.financing == "holding":
        return
    await _list(session, event)
    if await _free(session, batch.id, but=event.list_hash):
        return
    wanted = await _wanted(session, event)
    lines = await store.lock_programme_lines(session, int(event.month[:4]), [one.programme for one in wanted])
    decision = decide(wanted, lines)
    data: Event
    if isinstance(decision, Made):
        data = await _record_made(session, event, decision, at=at, today=today)
    else:
        data = await _record_refused(session, event, decision, at=at)
    await session.execute(text("UPDATE batch SET reservation_version = reservation_version + 1 WHERE id = :id"), {"id": batch.id})
    await outbox.append(session, [outbox.Outgoing(batch.id, batch.reservation_version + 1, data)], at=at)


async def withdraw(session: WriteSession, batch_id: UUID, list_hash: str) -> None:
    """The signatures on this list are void: what is still reserved for it is free again."""
    batch = await store.lock_batch(session, batch_id)
    if batch.list_hash == list_hash:
        await session.execute(text("UPDATE batch SET state = 'withdrawn' WHERE id = :id"), {"id": batch_id})
    await _free(session, batch_id, only=list_hash)


async def _list(session: WriteSession, event: BatchApproved) -> None:
    """Before release the whole list is what is not credited yet."""
    await session.execute(
        text("""INSERT INTO batch_money (batch_id, programme, listed, credited, not_credited)
                SELECT :id, programme, amount, 0, amount
                  FROM unnest(CAST(:programmes AS text[]), CAST(:sums AS bigint[])) AS t(programme, amount)
                ON CONFLICT (batch_id, programme) DO UPDATE SET listed = excluded.listed, not_credited = excluded.not_credited"""),
        {"id": event.batch_id, "programmes": [t.programme for t in event.totals], "sums": [t.sum for t in event.totals]},
    )
    await session.execute(
        text("UPDATE batch_money SET listed = 0, not_credited = 0 WHERE batch_id = :id AND NOT programme = ANY(:programmes)"),
        {"id": event.batch_id, "programmes": [t.programme for t in event.totals]},
    )


async def _free(session: WriteSession, batch_id: UUID, *, only: str = "", but: str = "") -> bool:
    """Free the batch's reservations (``only`` this list hash, or all but ``but``); is one for ``but`` standing?"""
    standing = (
        await session.execute(
            text("SELECT list_hash, state FROM reservation WHERE batch_id = :id AND state IN ('made', 'realised') FOR UPDATE"),
            {"id": batch_id},
        )
    ).all()
    made = {row.list_hash for row in standing if row.state == "made"}
    for list_hash in sorted(made - {but}):
        if only and list_hash != only:
            continue
        lines = (
            await session.execute(
                text("SELECT line_id, remaining FROM reservation_line WHERE batch_id = :id AND list_hash = :hash ORDER BY line_id"),
                {"id": batch_id, "hash": list_hash},
            )
        ).all()
        await store.lock_lines(session, [line.line_id for line in lines])
        for line in lines:
            await store.change_line(session, line.line_id, reserved=-line.remaining)
        parameters = {"id": batch_id, "hash": list_hash}
        await session.execute(text("UPDATE reservation_line SET remaining = 0 WHERE batch_id = :id AND list_hash = :hash"), parameters)
        await session.execute(text("UPDATE reservation SET state = 'freed' WHERE batch_id = :id AND list_hash = :hash"), parameters)
    return bool(but) and any(row.list_hash == but for row in standing)


async def _wanted(session: WriteSession, event: BatchApproved) -> list[Wanted]:
    """What each programme needs; an SP2D may have come before the approval reached this service."""
    released = {
        row.programme: row.amount
        for row in await session.execute(
            text("""SELECT r.programme, CAST(sum(r.amount) AS bigint) AS amount FROM sp2d s JOIN sp2d_row r ON r.sp2d_id = s.id
                     WHERE s.reference = :code GROUP BY r.programme"""),
            {"code": event.code},
        )
    }
    return [Wanted(t.programme, t.sum, released.get(t.programme, 0)) for t in event.totals if t.sum > 0]


async def _record_made(session: WriteSession, event: BatchApproved, made: Made, *, at: datetime, today: date) -> ReservationMade:
    until = expires_on(today)
    state = "made" if any(wanted.open for _, wanted in made.taken) else "realised"
    await _head(session, event, state, requested=sum(w.amount for _, w in made.taken), at=at, until=until)
    for line, wanted in made.taken:
        await store.change_line(session, line.id, reserved=wanted.open)
        await session.execute(
            text("""INSERT INTO reservation_line VALUES (:batch, :hash, :line, :programme, :amount, :remaining)
                    ON CONFLICT (batch_id, list_hash, line_id) DO UPDATE SET amount = excluded.amount, remaining = excluded.remaining"""),
            {
                "batch": event.batch_id, "hash": event.list_hash, "line": line.id, "programme": wanted.programme,
                "amount": wanted.amount, "remaining": wanted.open,
            },
        )  # fmt: skip
    lines = [ReservedLine(line=line.id, programme=w.programme, amount=w.amount) for line, w in made.taken]
    return ReservationMade(batch_id=event.batch_id, list_hash=event.list_hash, lines=lines, expires_on=until.isoformat())


async def _record_refused(session: WriteSession, event: BatchApproved, refused: Refused, *, at: datetime) -> ReservationRefused:
    await _head(
        session, event, "refused", requested=refused.requested, at=at, line=refused.line, available=refused.available
    )  # fmt: skip
    return ReservationRefused(
        batch_id=event.batch_id, list_hash=event.list_hash, line=refused.line, requested=refused.requested, available=refused.available
    )


async def _head(
    session: WriteSession, event: BatchApproved, state: str, *, requested: int, at: datetime,
    line: str = "", available: int = 0, until: date | None = None,
) -> None:  # fmt: skip
    await session.execute(
        text("""INSERT INTO reservation (batch_id, list_hash, state, refused_line, requested, available, expires_on, at)
                VALUES (:batch, :hash, :state, :line, :requested, :available, :until, :at)
                ON CONFLICT (batch_id, list_hash) DO UPDATE SET state = excluded.state, refused_line = excluded.refused_line,
                    requested = excluded.requested, available = excluded.available, expires_on = excluded.expires_on, at = excluded.at"""),
        {
            "batch": event.batch_id, "hash": event.list_hash, "state": state, "line": line, "requested": requested,
            "available": available, "until": until, "at": at,
        },
    )  # fmt: skip


async def realise(session: WriteSession, reference: str, taken: Sequence[tuple[UUID, int]]) -> dict[UUID, int]:
    """An SP2D for a batch takes over what is reserved for it; by line, how much is no longer reserved.

    ``taken``: rupiah by line. Call it under the locks of the batch's and lines' rows, and lower ``reserved`` by the answer.
    """
    freed: dict[UUID, int] = {}
    for line_id, amount in taken:
        left = amount
        rows = (
            await session.execute(
                text("""SELECT l.batch_id, l.list_hash, l.remaining FROM reservation_line l JOIN batch b ON b.id = l.batch_id
                          JOIN reservation r ON r.batch_id = l.batch_id AND r.list_hash = l.list_hash
                         WHERE b.code = :reference AND l.line_id = :line AND r.state = 'made' AND l.remaining > 0
                         ORDER BY l.batch_id, l.list_hash FOR UPDATE OF l, r"""),
                {"reference": reference, "line": line_id},
            )
        ).all()
        for row in rows:
            part = min(left, row.remaining)
            left -= part
            freed[line_id] = freed.get(line_id, 0) + part
            await session.execute(
                text("""UPDATE reservation_line SET remaining = remaining - :part
                         WHERE batch_id = :batch AND list_hash = :hash AND line_id = :line"""),
                {"part": part, "batch": row.batch_id, "hash": row.list_hash, "line": line_id},
            )
    await session.execute(
        text("""UPDATE reservation r SET state = 'realised' FROM batch b
                 WHERE b.id = r.batch_id AND b.code = :reference AND r.state = 'made'
                   AND NOT EXISTS (SELECT FROM reservation_line l WHERE l.batch_id = r.batch_id
                                     AND l.list_hash = r.list_hash AND l.remaining > 0)"""),
        {"reference": reference},
    )
    return freed
