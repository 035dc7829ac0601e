"""Money for a batch: reservation, SP2D, STS. No order is promised between them, so whoever comes second decides."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Final
from uuid import UUID

import msgspec
from sqlalchemy import text

from services.disbursement.commands.lists import batches
from services.disbursement.commands.money.post import post
from services.disbursement.domain.batch import BatchAction, BatchState, covered
from shared.db.session import WriteSession

CODE_PATTERN: Final = r"^[0-9]{4}-(0[1-9]|1[0-2])-[A-Z][0-9]{2,}$"
"""An SP2D's reference that is a batch code; others are panti or deliveries (CORE.md section 8)."""


AUTHOR: Final = "reaction/budget"


@dataclass(frozen=True)
class Reservation:
    """What budget_audit answered for one list hash; ``refusal`` where nothing is reserved."""

    batch_id: UUID
    list_hash: str
    lines: list[dict[str, Any]]
    refusal: dict[str, Any] | None = None


@dataclass(frozen=True)
class Sp2dLine:
    """One row of an SP2D that names a batch."""

    sp2d_id: UUID
    row: int
    reference: str
    programme: str
    amount: int
    sp2d_number: str
    day: date


@dataclass(frozen=True)
class Sts:
    """Money of a batch that went back to Kas Daerah."""

    return_id: UUID
    batch_id: UUID
    programme: str
    amount: int
    sts_number: str
    day: date


async def take_reservations(session: WriteSession, answers: Sequence[Reservation], *, at: datetime) -> None:
    """Approved becomes reserved or refused, for the list hash that was approved; an answer for another list is kept, no more."""
    for answer in answers:
        await session.execute(
            text("""INSERT INTO batch_reservation (batch_id, list_hash, state, lines, at)
                    VALUES (:id, :hash, :state, CAST(:lines AS jsonb), :at)
                    ON CONFLICT (batch_id, list_hash) DO UPDATE SET state = excluded.state, lines = excluded.lines, at = excluded.at"""),
            {
                "id": answer.batch_id, "hash": answer.list_hash, "state": "refused" if answer.refusal else "made", "at": at,
                "lines": msgspec.json.encode(answer.lines).decode(),
            },
        )  # fmt: skip
        known = await session.scalar(text("SELECT id FROM batch WHERE id = :id"), {"id": answer.batch_id})
        if known is None:
            continue
        batch = await batches.load_for_update(session, answer.batch_id)
        if batch.list_hash != answer.list_hash or batch.state != BatchState.APPROVED:
            continue
        if answer.refusal is None:
            await batches.move_batch(session, batch, BatchAction.RESERVE)
            await fund(session, [batch.code])
        else:
            await batches.move_batch(session, batch, BatchAction.REFUSE)
            await session.execute(
                text("UPDATE batch SET refused = CAST(:refused AS jsonb) WHERE id = :id"),
                {"refused": msgspec.json.encode(answer.refusal).decode(), "id": batch.id},
            )


async def take_sp2d(session: WriteSession, lines: Sequence[Sp2dLine], *, at: datetime) -> None:
    """Keep the rows whose reference is a batch code, and post them; a batch that they cover is funded."""
    await post(
        session,
        "SELECT 'funding', date, reference, programme, NULL::uuid, amount, sp2d_number FROM kept",
        {
            "ids": [line.sp2d_id for line in lines], "rows": [line.row for line in lines],
            "references": [line.reference for line in lines], "programmes": [line.programme for line in lines],
            "amounts": [line.amount for line in lines], "numbers": [line.sp2d_number for line in lines],
            "days": [line.day for line in lines], "pattern": CODE_PATTERN,
        },
        at=at,
        by=AUTHOR,
        before="""
            WITH kept AS (
                INSERT INTO batch_funding (sp2d_id, row, reference, programme, amount, sp2d_number, date)
                SELECT * FROM unnest(CAST(:ids AS uuid[]), CAST(:rows AS int[]), CAST(:references AS text[]), CAST(:programmes AS text[]),
                                     CAST(:amounts AS bigint[]), CAST(:numbers AS text[]), CAST(:days AS date[]))
                         AS f(sp2d_id, row, reference, programme, amount, sp2d_number, date)
                 WHERE f.reference ~ :pattern
                ON CONFLICT DO NOTHING RETURNING *)""",
    )  # fmt: skip
    await fund(session, {line.reference for line in lines})


async def fund(session: WriteSession, codes: Collection[str]) -> None:
    """Reserved batches whose SP2D rows reach their sum in every programme are funded."""
    ids = await session.scalars(text("SELECT id FROM batch WHERE code = ANY(CAST(:codes AS text[])) ORDER BY id"), {"codes": sorted(codes)})
    for batch_id in list(ids):
        batch = await batches.load_for_update(session, batch_id)
        if batch.state != BatchState.RESERVED:
            continue
        rows = await session.execute(
            text("SELECT programme, sum(amount)::bigint AS amount FROM batch_funding WHERE reference = :code GROUP BY programme"),
            {"code": batch.code},
        )
        funding = {row.programme: int(row.amount) for row in rows}
        if covered(((total["programme"], total["sum"]) for total in batch.totals), funding):
            await batches.move_batch(session, batch, BatchAction.FUND)


async def take_sts(session: WriteSession, receipts: Sequence[Sts], *, at: datetime) -> None:
    """Keep what went back, and post it; the holding account of the batch is that much smaller."""
    for sts in receipts:
        await post(
            session,
            """SELECT 'sts', k.date, coalesce(b.code, k.batch_id::text), k.programme, NULL::uuid, k.amount, k.sts_number
                 FROM kept k LEFT JOIN batch b ON b.id = k.batch_id""",
            {
                "id": sts.return_id, "batch": sts.batch_id, "programme": sts.programme, "amount": sts.amount,
                "number": sts.sts_number, "sts_day": sts.day,
            },
            at=at,
            by=AUTHOR,
            before="""
                WITH kept AS (
                    INSERT INTO batch_sts (return_id, batch_id, programme, amount, sts_number, date)
                    VALUES (:id, :batch, :programme, :amount, :number, :sts_day) ON CONFLICT DO NOTHING RETURNING *)""",
        )  # fmt: skip
