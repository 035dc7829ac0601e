"""Documents of the treasury: SP2D and STS, recorded once, posted, and published for whoever waits for them."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Row, text

from services.budget_audit import store
from services.budget_audit.commands import reserve
from services.budget_audit.domain.ledger import TREASURY, Posting, holding, moved, spent
from shared.contracts.budget_audit import Sp2dCorrected, Sp2dRecorded, Sp2dRow, TreasuryReturnRecorded
from shared.db.session import WriteSession
from shared.kernel.errors import Refusal
from shared.kernel.ids import natural_id
from shared.messaging import outbox


class OverCeiling(Refusal):
    """The line has less left than the document takes (RELIABILITY invariant 13)."""

    code = "over-ceiling"


class MoreThanReleased(Refusal):
    """More would go back than was released for the reference."""

    code = "more-than-released"


async def record_sp2d(session: WriteSession, import_id: UUID, *, at: datetime) -> dict[str, int]:
    """Every new SP2D of the staged file: rows, postings, reservations taken over, one event per document."""
    rows = (
        await session.execute(
            text("""SELECT DISTINCT ON (number, line_id) number, date, line_id, programme, amount, reference FROM sp2d_staging
                     WHERE import_id = :id AND NOT known AND NOT EXISTS (SELECT FROM sp2d s WHERE s.number = sp2d_staging.number)
                     ORDER BY number, line_id, line"""),
            {"id": import_id},
        )
    ).all()
    await store.lock_batches_by_code(session, {row.reference for row in rows})
    await store.lock_lines(session, {row.line_id for row in rows})
    documents: dict[str, list[Row[Any]]] = {}
    for row in rows:
        documents.setdefault(row.number, []).append(row)
    for number, of_document in documents.items():
        await _record_sp2d(session, import_id, number, of_document, at=at)
    return {"documents": len(documents), "rows": len(rows)}


async def _record_sp2d(session: WriteSession, import_id: UUID, number: str, rows: list[Row[Any]], *, at: datetime) -> None:
    sp2d_id, first = natural_id("sp2d", number), rows[0]
    await session.execute(
        text("INSERT INTO sp2d VALUES (:id, :number, :date, :reference, :import_id, :at)"),
        {"id": sp2d_id, "number": number, "date": first.date, "reference": first.reference, "import_id": import_id, "at": at},
    )
    freed = await reserve.realise(session, first.reference, [(row.line_id, row.amount) for row in rows])
    postings = []
    for row in rows:
        line = (await store.lock_lines(session, [row.line_id]))[row.line_id]
        free = freed.get(row.line_id, 0)
        if line.available + free < row.amount:
            raise OverCeiling(
                f"SP2D {number} takes {row.amount} from line {line.key}, which has {line.available + free} left; import the DPA first",
                requested=row.amount, available=line.available + free, line=line.key, sp2d=number,
            )  # fmt: skip
        await store.change_line(session, row.line_id, reserved=-free, realised=row.amount)
        await session.execute(
            text("INSERT INTO sp2d_row VALUES (:sp2d, :line, :programme, :amount)"),
            {"sp2d": sp2d_id, "line": row.line_id, "programme": row.programme, "amount": row.amount},
        )
        to = holding(row.programme) if row.programme else spent(line.key)
        postings.append(Posting(f"sp2d/{number}", to, TREASURY, row.amount, row.line_id, source=f"sp2d/{number}"))
    await store.post(session, postings, at=at)
    data = Sp2dRecorded(
        sp2d_number=number,
        date=first.date.isoformat(),
        rows=[Sp2dRow(line=row.line_id, programme=row.programme, amount=row.amount) for row in rows],
        reference=first.reference,
    )
    await outbox.append(session, [outbox.Outgoing(sp2d_id, 1, data)], at=at)


async def correct_sp2d(session: WriteSession, import_id: UUID, *, at: datetime) -> int:
    """Rows of recorded SP2D that a later file brings with another amount: one version more of the document, booked by the difference.

    Returns the number of documents. The difference is taken from what is recorded now, under the lines' locks.
    """
    rows = (
        await session.execute(
            text("SELECT number, line_id, programme, amount FROM sp2d_staging WHERE import_id = :id AND known AND correction <> 0"),
            {"id": import_id},
        )
    ).all()
    await store.lock_lines(session, {row.line_id for row in rows})
    for number in sorted({row.number for row in rows}):
        await _correct_document(session, number, {row.line_id: row.amount for row in rows if row.number == number}, at=at)
    return len({row.number for row in rows})


async def _correct_document(session: WriteSession, number: str, amounts: dict[UUID, int], *, at: datetime) -> None:
    recorded = (
        await session.execute(
            text("""SELECT s.id, s.reference, r.line_id, r.programme, sum(r.amount)::bigint AS amount,
                           (SELECT max(version) FROM sp2d_row x WHERE x.sp2d_id = s.id) AS version
                      FROM sp2d s JOIN sp2d_row r ON r.sp2d_id = s.id WHERE s.number = :number GROUP BY s.id, r.line_id, r.programme
                     ORDER BY r.line_id"""),
            {"number": number},
        )
    ).all()
    version, postings, now = recorded[0].version + 1, [], []
    for row in recorded:
        amount = amounts.get(row.line_id, row.amount)
        now.append(Sp2dRow(line=row.line_id, programme=row.programme, amount=amount))
        change = amount - row.amount
        if not change:
            continue
        line = (await store.lock_lines(session, [row.line_id]))[row.line_id]
        if change > 0 and line.available < change:
            raise OverCeiling(
                f"SP2D {number} takes {change} more from line {line.key}, which has {line.available} left; import the DPA first",
                requested=change, available=line.available, line=line.key, sp2d=number,
            )  # fmt: skip
        if line.realised + change < line.returned:
            raise MoreThanReleased(
                f"SP2D {number} would be less than what went back of it", requested=line.returned, available=line.realised + change
            )
        await store.change_line(session, row.line_id, realised=change)
        await session.execute(
            text("INSERT INTO sp2d_row VALUES (:sp2d, :line, :programme, :amount, :version)"),
            {"sp2d": row.id, "line": row.line_id, "programme": row.programme, "amount": change, "version": version},
        )
        to = holding(row.programme) if row.programme else spent(line.key)
        postings.append(moved(f"sp2d/{number}/{version}", to, TREASURY, change, line_id=row.line_id, source=f"sp2d/{number}"))
    if not postings:
        return  # another file brought the same correction meanwhile
    await store.post(session, postings, at=at)
    data = Sp2dCorrected(sp2d_number=number, rows=now, reference=recorded[0].reference)
    await outbox.append(session, [outbox.Outgoing(recorded[0].id, version, data)], at=at)


async def record_returns(session: WriteSession, import_id: UUID, *, at: datetime) -> dict[str, int]:
    """Every new STS of the staged file, by number and programme: the line gets its money back, a batch's holding is less by it."""
    rows = (
        await session.execute(
            text("""SELECT DISTINCT ON (number, programme) number, date, line_id, programme, amount, reference, batch_id FROM sts_staging
                     WHERE import_id = :id AND NOT known AND NOT EXISTS (SELECT FROM treasury_return t WHERE t.number = sts_staging.number)
                     ORDER BY number, programme, line"""),
            {"id": import_id},
        )
    ).all()
    lines = await store.lock_lines(session, {row.line_id for row in rows})
    returned: dict[UUID, int] = {}
    for row in rows:
        await _check_released(session, row.reference, row.programme, row.amount, row.number)
        returned[row.line_id] = returned.get(row.line_id, 0) + row.amount
        if returned[row.line_id] > (out := lines[row.line_id].realised - lines[row.line_id].returned):
            # A retry of money that was carried over from the year before: this year's line has not paid it.
            raise MoreThanReleased(
                f"STS {row.number} returns {row.amount}; {out} of its budget line is out",
                requested=row.amount,
                available=out,
                sts=row.number,
            )
        return_id = natural_id("sts", row.number, row.programme)
        await session.execute(
            text("""INSERT INTO treasury_return VALUES
                    (:id, :number, :date, :programme, :line, :batch, :reference, :amount, :import_id, :at)"""),
            {
                "id": return_id, "number": row.number, "date": row.date, "programme": row.programme, "line": row.line_id,
                "batch": row.batch_id, "reference": row.reference, "amount": row.amount, "import_id": import_id, "at": at,
            },
        )  # fmt: skip
        await store.change_line(session, row.line_id, returned=row.amount)
        source = holding(row.programme) if row.programme else spent(lines[row.line_id].key)
        posting = Posting(f"sts/{row.number}", TREASURY, source, row.amount, row.line_id, row.batch_id, f"sts/{row.number}")
        await store.post(session, [posting], at=at)
        data = TreasuryReturnRecorded(
            sts_number=row.number, date=row.date.isoformat(), batch_id=row.batch_id, programme=row.programme, amount=row.amount
        )
        await outbox.append(session, [outbox.Outgoing(return_id, 1, data)], at=at)
    return {"documents": len({row.number for row in rows}), "rows": len(rows)}


async def _check_released(session: WriteSession, reference: str, programme: str, amount: int, number: str) -> None:
    left = await session.scalar(
        # What a retry took from the holding account is out on its own list, and no more on the one whose rupiah they were.
        text("""SELECT coalesce((SELECT sum(r.amount) FROM sp2d s JOIN sp2d_row r ON r.sp2d_id = s.id
                                  WHERE s.reference = :reference AND r.programme = :programme), 0)
                     + coalesce((SELECT sum(m.from_holding - m.paid_on) FROM batch b JOIN batch_money m ON m.batch_id = b.id
                                  WHERE b.code = :reference AND m.programme = :programme), 0)
                     - coalesce((SELECT sum(amount) FROM treasury_return WHERE reference = :reference AND programme = :programme), 0)"""),
        {"reference": reference, "programme": programme},
    )
    if amount > int(left or 0):
        raise MoreThanReleased(
            f"STS {number} returns {amount}; {left} of '{reference}' is out", requested=amount, available=int(left or 0), sts=number
        )
