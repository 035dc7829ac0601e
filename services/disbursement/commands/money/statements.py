"""Lines of the holding account's statement: taken once, matched by reference, and what is left by a person."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Final
from uuid import UUID

from sqlalchemy import Row, text

from services.disbursement.domain.statement import NotTheLine, kind_and_subject
from shared.db.session import WriteSession
from shared.kernel.errors import InvalidInput, NotFound, Refusal

AUTOMATIC: Final = "matching"
_LOOKED_UP_ONE_BY_ONE: Final = 500

OPEN_FROM: Final = "(SELECT coalesce(max(day) + 1, '-infinity') FROM closed_day)"
"""The first day that is not closed: nothing counts from an earlier one any more."""


class StatementOverlaps(Refusal):
    """Another statement came in between: these days are there already, or one is missing."""

    code = "statement-overlaps"


async def lock_days(session: WriteSession, *, exclusive: bool = False) -> None:
    """Until the transaction ends: a day is closed alone, whoever changes what it is made of does so together."""
    function = "pg_advisory_xact_lock" if exclusive else "pg_advisory_xact_lock_shared"
    await session.execute(text(f"SELECT {function}(hashtext('holding/close'))"))


async def take_statement(
    session: WriteSession, import_id: UUID, *, account: str, days: tuple[date, date], balances: tuple[int, int], by: str, at: datetime
) -> None:
    """The staged lines become a statement; raise StatementOverlaps where it does not go on from the last one."""
    await session.execute(text("SELECT pg_advisory_xact_lock(hashtext('holding/statement'))"))
    await lock_days(session)
    last = (await session.execute(text("SELECT * FROM statement ORDER BY to_day DESC LIMIT 1"))).one_or_none()
    if last is not None and ((days[0] - last.to_day).days != 1 or balances[0] != last.closing or account != last.account):
        raise StatementOverlaps("this statement does not go on where the last one ended", last_day=last.to_day.isoformat())
    moved = await session.execute(
        text("""
            WITH gone AS (DELETE FROM statement_staging WHERE import_id = :id RETURNING *),
                 kept AS (INSERT INTO statement_line (statement_id, line, day, reference, amount, words_enc)
                          SELECT import_id, line, day, reference, amount, words_enc FROM gone RETURNING statement_id, line)
            INSERT INTO statement_open (statement_id, line) SELECT statement_id, line FROM kept"""),
        {"id": import_id},
    )
    await session.execute(
        text("""INSERT INTO statement (id, account, from_day, to_day, opening, closing, lines, taken_by, taken_at)
                VALUES (:id, :account, :first, :last, :opening, :closing, :lines, :by, :at)"""),
        {
            "id": import_id, "account": account, "first": days[0], "last": days[1], "opening": balances[0], "closing": balances[1],
            "lines": moved.rowcount, "by": by, "at": at,  # type: ignore[attr-defined]
        },
    )  # fmt: skip


# --- matching by reference --------------------------------------------------------------------------------------------

# Lines that nobody has touched (one whose match was undone waits for a person), by reference and direction; ``so_far``: what
# earlier lines with this reference were for.
_GROUPS: Final = """
    open_lines AS (
        SELECT l.statement_id, l.line, l.day, l.reference, l.amount, sign(l.amount) AS direction
          FROM statement_open o JOIN statement_line l USING (statement_id, line)
         WHERE l.reference <> '' AND NOT EXISTS (
               SELECT FROM statement_match m WHERE m.statement_id = l.statement_id AND m.line = l.line)),
    groups AS (
        SELECT reference, direction, sum(amount) AS total, count(*) AS lines, max(day) AS last_day
          FROM open_lines GROUP BY reference, direction),
    so_far AS (
        SELECT m.kind, m.reference, sum(m.amount) AS amount, sign(l.amount) AS direction
          FROM statement_match m JOIN statement_line l USING (statement_id, line)
         WHERE m.reference IN (SELECT reference FROM groups) GROUP BY 1, 2, 4)"""

# What a reference may stand for, and how many rupiah all its lines in one direction must come to.
_TARGETS: Final = """
    targets AS (
        SELECT 'payment' AS kind, 'batch:' || b.code AS subject, p.reference, -1 AS direction, -p.amount AS amount
          FROM groups g JOIN payment p ON p.reference = g.reference JOIN batch b ON b.id = p.batch_id
         WHERE p.outcome IN ('in_payment', 'unknown', 'credited', 'rejected', 'returned')
        UNION ALL
        SELECT 'payment', 'batch:' || b.code, p.reference, 1, p.amount
          FROM groups g JOIN payment p ON p.reference = g.reference JOIN batch b ON b.id = p.batch_id
         WHERE p.outcome IN ('rejected', 'returned')
        UNION ALL
        SELECT 'sp2d', 'sp2d:' || o.document, o.document, 1, sum(o.amount)
          FROM posting o WHERE o.kind = 'funding' AND o.document IN (SELECT reference FROM groups) GROUP BY o.document
        UNION ALL
        SELECT 'sts', 'sts:' || o.document, o.document, -1, -sum(o.amount)
          FROM posting o WHERE o.kind = 'sts' AND o.document IN (SELECT reference FROM groups) GROUP BY o.document
        UNION ALL
        SELECT 'batch', 'batch:' || o.batch, o.batch, -1, -sum(o.amount)
          FROM posting o WHERE o.kind = 'release' AND o.batch IN (SELECT reference FROM groups) GROUP BY o.batch
        UNION ALL
        SELECT 'batch', 'batch:' || o.batch, o.batch, 1, sum(o.amount)
          FROM posting o WHERE o.kind IN ('rejection', 'late_return') AND o.batch IN (SELECT reference FROM groups) GROUP BY o.batch)"""

_BY_REFERENCE: Final = f"""
    WITH {_GROUPS}, {_TARGETS}
    INSERT INTO statement_match (statement_id, line, subject, kind, reference, amount, counts_from, how, reason, by, at)
    SELECT l.statement_id, l.line, t.subject, t.kind, t.reference, l.amount, greatest(g.last_day, {OPEN_FROM}),
           CASE WHEN g.lines > 1 OR coalesce(s.amount, 0) <> 0 THEN 'split' WHEN t.kind = 'batch' THEN 'group' ELSE 'single' END,
           '', :by, :at
      FROM open_lines l JOIN groups g USING (reference, direction) JOIN targets t USING (reference, direction)
      LEFT JOIN so_far s ON s.kind = t.kind AND s.reference = t.reference AND s.direction = t.direction
     WHERE t.amount = g.total + coalesce(s.amount, 0)"""

# One line for what the bank credited on that day, where it books a batch out as it goes.
_BY_DAY: Final = f"""
    WITH {_GROUPS},
    days AS (
        SELECT o.batch AS reference, o.day, sum(o.amount) AS amount
          FROM posting o WHERE o.kind = 'credit' AND o.batch IN (SELECT reference FROM groups) GROUP BY 1, 2),
    ones AS (
        SELECT l.*, count(*) OVER (PARTITION BY l.reference, l.day) AS on_the_day FROM open_lines l WHERE l.direction = -1)
    INSERT INTO statement_match (statement_id, line, subject, kind, reference, amount, counts_from, how, reason, by, at)
    SELECT l.statement_id, l.line, 'batch:' || l.reference, 'batch', l.reference, l.amount, greatest(l.day, {OPEN_FROM}), 'group', '',
           :by, :at
      FROM ones l JOIN days d ON d.reference = l.reference AND d.day = l.day AND d.amount = -l.amount
     WHERE l.on_the_day = 1 AND NOT EXISTS (
           SELECT FROM statement_match m JOIN statement_line x USING (statement_id, line)
            WHERE m.kind = 'batch' AND m.reference = l.reference AND x.day = l.day AND x.amount < 0)"""

# The bank makes one line of several payments to one account and names one of them (TROUBLES.md O21).
_BY_ACCOUNT: Final = f"""
    WITH {_GROUPS},
    named AS (
        SELECT l.*, p.batch_id, p.number_index FROM open_lines l JOIN groups g USING (reference, direction)
          JOIN payment p ON p.reference = l.reference WHERE l.direction = -1 AND g.lines = 1),
    sharing AS (
        SELECT n.statement_id, n.line, n.day, n.amount AS line_amount, q.reference, q.amount, q.batch_id,
               sum(q.amount) OVER (PARTITION BY n.statement_id, n.line) AS together,
               count(*) OVER (PARTITION BY n.statement_id, n.line) AS payments
          FROM named n JOIN payment q ON q.batch_id = n.batch_id AND q.number_index = n.number_index
         WHERE q.outcome IN ('in_payment', 'unknown', 'credited', 'rejected', 'returned') AND NOT EXISTS (
               SELECT FROM statement_match m WHERE m.kind = 'payment' AND m.reference = q.reference AND m.amount < 0))
    INSERT INTO statement_match (statement_id, line, subject, kind, reference, amount, counts_from, how, reason, by, at)
    SELECT s.statement_id, s.line, 'batch:' || b.code, 'payment', s.reference, -s.amount, greatest(s.day, {OPEN_FROM}), 'group', '',
           :by, :at
      FROM sharing s JOIN batch b ON b.id = s.batch_id
     WHERE s.payments > 1 AND s.together = -s.line_amount"""

_SETTLE: Final = """
    DELETE FROM statement_open o USING statement_line l
     WHERE l.statement_id = o.statement_id AND l.line = o.line AND l.amount = (
           SELECT sum(m.amount) FROM statement_match m WHERE m.statement_id = l.statement_id AND m.line = l.line)"""


async def match_lines(session: WriteSession, *, by: str, at: datetime) -> dict[str, Any]:
    """Match what references tell, all lines at once; returns how many lines each rule matched and how many stay open.

    By reference: one line, several lines that come to the amount together (also over days), or one line for a whole batch.
    A line is matched to its last rupiah or not at all; whoever finds nothing here asks a person.
    """
    await session.execute(text("SELECT pg_advisory_xact_lock(hashtext('holding/match'))"))
    await lock_days(session)
    waiting = await session.scalar(text("SELECT count(*) FROM statement_open"))
    if int(waiting or 0) > _LOOKED_UP_ONE_BY_ONE:
        # Lines loaded a moment ago have no statistics, and the planner would take them for one.
        await session.execute(text("SET LOCAL enable_nestloop = off"))
    matched = 0
    for rule in (_BY_REFERENCE, _BY_DAY, _BY_ACCOUNT):
        await session.execute(text(rule), {"by": AUTOMATIC, "at": at})
        settled = await session.execute(text(_SETTLE))
        matched += int(settled.rowcount)  # type: ignore[attr-defined]
    await session.execute(text("SET LOCAL enable_nestloop = on"))
    still_open = await session.scalar(text("SELECT count(*) FROM statement_open"))
    return {"matched": matched, "open": int(still_open or 0)}


# --- by a person ------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Part:
    """What a part of a line is for: a reference of ours, and rupiah (positive in, negative out)."""

    reference: str
    amount: int


async def match_by_hand(
    session: WriteSession, statement_id: UUID, line: int, parts: Sequence[Part], reason: str, *, by: str, at: datetime
) -> None:
    """A person says what a line is for, where references do not tell. Together the parts are the line, to the rupiah.

    Raise NotTheLine where they are not; UnknownReference for one that names nothing of ours.
    """
    found = await _open_line(session, statement_id, line)
    if sum(part.amount for part in parts) != found.amount or any(part.amount * found.amount <= 0 for part in parts):
        raise NotTheLine(
            "the parts do not come to the line, each in its direction", line=found.amount, parts=sum(part.amount for part in parts)
        )
    for part in parts:
        kind, subject = await _named(session, part.reference)
        await session.execute(
            text(f"""INSERT INTO statement_match (statement_id, line, subject, kind, reference, amount, counts_from, how, reason, by, at)
                     VALUES (:id, :line, :subject, :kind, :reference, :amount, greatest(:day, {OPEN_FROM}), 'by_hand', :reason,
                             :by, :at)"""),
            {
                "id": statement_id, "line": line, "subject": subject, "kind": kind, "reference": part.reference, "amount": part.amount,
                "day": found.day, "reason": reason, "by": by, "at": at,
            },
        )  # fmt: skip
    await session.execute(text("DELETE FROM statement_open WHERE statement_id = :id AND line = :line"), {"id": statement_id, "line": line})


class UnknownReference(InvalidInput):
    """This is no payment, batch, SP2D or STS of ours."""

    code = "unknown-reference"


async def _named(session: WriteSession, reference: str) -> tuple[str, str]:
    found = (
        await session.execute(
            text("""SELECT (SELECT b.code FROM payment p JOIN batch b ON b.id = p.batch_id WHERE p.reference = :r) AS payment_of,
                           EXISTS (SELECT FROM batch WHERE code = :r) AS is_batch,
                           EXISTS (SELECT FROM posting WHERE kind = 'funding' AND document = :r) AS is_sp2d,
                           EXISTS (SELECT FROM posting WHERE kind = 'sts' AND document = :r) AS is_sts"""),
            {"r": reference},
        )
    ).one()
    named = kind_and_subject(reference, payment_of=found.payment_of, is_batch=found.is_batch, is_sp2d=found.is_sp2d, is_sts=found.is_sts)
    if named is None:
        raise UnknownReference("this is no payment, batch, SP2D or STS of ours", reference=reference)
    return named


async def undo_match(session: WriteSession, statement_id: UUID, line: int, reason: str, *, by: str, at: datetime) -> None:
    """A match was wrong: opposite rows take it back, and the line is open again. Raise NotFound where nothing is matched."""
    await lock_days(session)
    undone = await session.execute(
        text(f"""INSERT INTO statement_match (statement_id, line, subject, kind, reference, amount, counts_from, how, reason, by, at)
                 SELECT statement_id, line, subject, kind, reference, -sum(amount), greatest(max(counts_from), {OPEN_FROM}), 'undone',
                        :reason, :by, :at
                   FROM statement_match WHERE statement_id = :id AND line = :line
                  GROUP BY statement_id, line, subject, kind, reference HAVING sum(amount) <> 0"""),
        {"id": statement_id, "line": line, "reason": reason, "by": by, "at": at},
    )
    if not undone.rowcount:  # type: ignore[attr-defined]
        raise NotFound("nothing is matched to such a line", statement=str(statement_id), line=line)
    await session.execute(
        text("INSERT INTO statement_open (statement_id, line) VALUES (:id, :line) ON CONFLICT DO NOTHING"),
        {"id": statement_id, "line": line},
    )


async def _open_line(session: WriteSession, statement_id: UUID, line: int) -> Row[Any]:
    await session.execute(text("SELECT pg_advisory_xact_lock(hashtext('holding/match'))"))
    await lock_days(session)
    found = (
        await session.execute(
            text("""SELECT l.day, l.amount, o.line IS NOT NULL AS open
                      FROM statement_line l LEFT JOIN statement_open o USING (statement_id, line)
                     WHERE l.statement_id = :id AND l.line = :line"""),
            {"id": statement_id, "line": line},
        )
    ).one_or_none()
    if found is None:
        raise NotFound("there is no such line", statement=str(statement_id), line=line)
    if not found.open:
        raise NotTheLine("this line is matched already; undo that first", line=line)
    return found
