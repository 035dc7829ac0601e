"""Write-side access: what a command must hold before it changes it. Locks are taken in one order: batches, then lines."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Row, text

from services.budget_audit.domain.ledger import Posting
from services.budget_audit.domain.reservation import CASH_AID_ACCOUNT, Line
from shared.db.session import WriteSession
from shared.kernel.errors import NotFound

_BUCKETS = 64


@dataclass(frozen=True)
class Batch:
    """A locked batch as this service knows it."""

    id: UUID
    code: str
    month: str
    state: str
    list_hash: str
    result_no: int
    reservation_version: int


async def lock_references(session: WriteSession, references: Collection[str]) -> None:
    """Let one transaction at a time record or compare facts about a reference.

    Two facts come on two topics without order, each read by its own transaction: without this, each could look before
    the other is there and both find nothing to compare. A fixed number of buckets keeps PostgreSQL's lock table small.
    """
    numbers = [
        (row.bucket)
        for row in await session.execute(
            text(
                "SELECT DISTINCT mod(abs(hashtext(r)::bigint), :buckets) AS bucket FROM unnest(CAST(:references AS text[])) AS r ORDER BY 1"
            ),
            {"buckets": _BUCKETS, "references": list(references)},
        )
    ]
    for number in numbers:
        await session.execute(text("SELECT pg_advisory_xact_lock(hashtext('budget_audit.reference'), :n)"), {"n": number})


async def lock_batch(session: WriteSession, batch_id: UUID) -> Batch:
    """The batch, made where it is not known yet, locked until the end of the transaction."""
    await session.execute(text("INSERT INTO batch (id, state) VALUES (:id, 'new') ON CONFLICT DO NOTHING"), {"id": batch_id})
    found = await session.execute(text("SELECT * FROM batch WHERE id = :id FOR UPDATE"), {"id": batch_id})
    return Batch(**found.mappings().one())


async def lock_batches_by_code(session: WriteSession, codes: Collection[str]) -> list[Batch]:
    found = await session.execute(text("SELECT * FROM batch WHERE code = ANY(:codes) ORDER BY id FOR UPDATE"), {"codes": list(codes)})
    return [Batch(**row) for row in found.mappings()]


def line_key(row: Any) -> str:
    """The key as SIPD writes it, for people."""
    return "/".join(str(part) for part in (row.year, row.sub_skpd, row.sub_activity, row.account, row.programme or row.panti) if part)


async def lock_programme_lines(session: WriteSession, year: int, programmes: Collection[str]) -> dict[str, Line]:
    """The cash aid line of each programme in that year, by programme, locked in the order of their ids."""
    found = await session.execute(
        text("""SELECT * FROM budget_line WHERE year = :year AND account = :account AND programme = ANY(:programmes)
                 ORDER BY id FOR UPDATE"""),
        {"year": year, "account": CASH_AID_ACCOUNT, "programmes": list(programmes)},
    )
    # A dropped line has no ceiling and answers for its programme only where no other line has come in its place.
    return {row.programme: _line(row) for row in sorted(found, key=lambda row: not row.dropped)}


async def lock_lines(session: WriteSession, ids: Collection[UUID]) -> dict[UUID, Line]:
    found = await session.execute(text("SELECT * FROM budget_line WHERE id = ANY(:ids) ORDER BY id FOR UPDATE"), {"ids": list(ids)})
    return {row.id: _line(row) for row in found}


def _line(row: Any) -> Line:
    return Line(row.id, line_key(row), row.ceiling, row.reserved, row.realised, row.returned)


async def change_line(session: WriteSession, line_id: UUID, *, reserved: int = 0, realised: int = 0, returned: int = 0) -> None:
    """Add to the sums of a locked line; the table's CHECK refuses what would pass its ceiling.

    What a revision left uncovered shrinks with what is freed or comes back, and never grows here.
    """
    await session.execute(
        text("""UPDATE budget_line SET reserved = reserved + :reserved, realised = realised + :realised, returned = returned + :returned,
                       uncovered = least(uncovered, greatest(0, reserved + :reserved + realised + :realised
                                                       - returned - :returned - ceiling))
                 WHERE id = :id"""),
        {"id": line_id, "reserved": reserved, "realised": realised, "returned": returned},
    )


async def post(session: WriteSession, postings: Sequence[Posting | None], *, at: datetime) -> None:
    """Append postings; nothing ever changes one."""
    rows = [
        {
            "at": at, "transaction": p.transaction, "debit": p.debit, "credit": p.credit, "amount": p.amount, "line": p.line_id,
            "batch": p.batch_id, "source": p.source,
        }
        for p in postings
        if p is not None
    ]  # fmt: skip
    if rows:
        await session.execute(
            text("""INSERT INTO posting (at, transaction, debit, credit, amount, line_id, batch_id, source)
                    VALUES (:at, :transaction, :debit, :credit, :amount, :line, :batch, :source)"""),
            rows,
        )


async def mismatch_for_update(session: WriteSession, mismatch_id: UUID) -> Row[Any]:
    found = (await session.execute(text("SELECT * FROM mismatch WHERE id = :id FOR UPDATE"), {"id": mismatch_id})).one_or_none()
    if found is None:
        raise NotFound("there is no such mismatch")
    return found
