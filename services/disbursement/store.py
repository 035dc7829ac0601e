"""What commands and queries share: the statement that moves person-months (CORE.md section 4), locks, the lists that a list is
compared with, and the holding account's day."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Final, cast
from uuid import UUID

from sqlalchemy import Row, text

from services.disbursement.domain.entitlement import Action, sources, target
from services.disbursement.domain.statement import Day, Difference, NoStatement
from shared.db.session import AnySession, WriteSession


async def move(
    session: WriteSession,
    action: Action,
    select: str,
    params: Mapping[str, Any] | None = None,
    *,
    at: datetime,
    author: str,
    cause: str,
    extra_guard: str = "",
) -> int:
    """Move every head that ``select`` names and that stands where ``action`` may start; returns how many moved.

    ``select`` yields ``month, programme, person_id, reason, evidence`` (each head once; never aggregate inside: repeatable).
    Heads in other outcomes are left alone: a caller that must not miss one compares the number, and asks ``after`` for the
    refusal. ``author`` is a person, or the reaction's name; ``cause`` the event's id, batch code or file id.
    ``extra_guard``: SQL on the locked head ``h`` and the named row ``w``, read again when a rival committed first.
    """
    result = await session.execute(
        text(f"""
            WITH moved AS (
                UPDATE entitlement_month AS h
                   SET outcome = :move_to, reason = w.reason, version = h.version + 1, changed_at = :move_at
                  FROM ({select}) AS w(month, programme, person_id, reason, evidence)
                 WHERE h.month = w.month AND h.programme = w.programme AND h.person_id = w.person_id
                   AND h.outcome = ANY(CAST(:move_from AS text[])) {extra_guard}
                RETURNING h.month, h.programme, h.person_id, h.version, OLD.outcome AS from_outcome, h.outcome, h.reason,
                          h.amount, h.area, w.evidence)
            INSERT INTO entitlement_entry
                   (month, programme, person_id, version, from_outcome, outcome, reason, amount, area, at, author, cause, evidence)
            SELECT month, programme, person_id, version, from_outcome, outcome, reason, amount, area, :move_at, :move_author,
                   :move_cause, evidence
              FROM moved"""),
        {
            **(params or {}), "move_to": target(action).value, "move_from": sources(action), "move_at": at,
            "move_author": author, "move_cause": cause,
        },
    )  # fmt: skip
    return cast("int", result.rowcount)  # type: ignore[attr-defined]


async def lock_programmes(session: WriteSession, programmes: Collection[str], *, exclusive: bool = False) -> None:
    """Until the transaction ends: whoever makes heads (opening, carry-in) alone, whoever follows enrolment events together.

    Either the event's row is seen when the heads are made, or the heads are seen when the event arrives: nothing falls
    between (CORE.md section 7, "every reaction that needs two facts is run by whichever comes second"). Sorted, so that two
    callers never wait for one another. Statements after this one see what was committed before it was granted.
    """
    function = "pg_advisory_xact_lock" if exclusive else "pg_advisory_xact_lock_shared"
    for programme in sorted(programmes):
        await session.execute(text(f"SELECT {function}(hashtext('programme/' || :programme))"), {"programme": programme})


async def confirmed_holidays(session: AnySession) -> frozenset[date]:
    """Days that two people agreed on; a proposal is no holiday."""
    return frozenset(await session.scalars(text("SELECT day FROM holiday")))


# --- the holding account: ledger beside statement ----------------------------------------------------------------------

# Of each subject: what the statement's lines say of it and what the postings say, by value day.
_DIFFERENCES: Final = """
    WITH bank AS (
        SELECT subject, sum(amount) AS amount FROM statement_match WHERE counts_from <= :day GROUP BY subject
        UNION ALL
        SELECT 'line:' || l.statement_id || '/' || l.line, l.amount - coalesce(m.amount, 0)
          FROM statement_line l
          LEFT JOIN LATERAL (SELECT sum(amount) AS amount FROM statement_match m
                              WHERE m.statement_id = l.statement_id AND m.line = l.line AND m.counts_from <= :day) AS m ON true
         WHERE l.day <= :day AND (l.statement_id, l.line) IN (
               SELECT statement_id, line FROM statement_open
               UNION SELECT statement_id, line FROM statement_match WHERE counts_from > :day)
        UNION ALL
        SELECT 'opening', opening FROM (SELECT opening FROM statement ORDER BY from_day LIMIT 1) AS first WHERE opening <> 0),
    book AS (
        SELECT CASE kind WHEN 'funding' THEN 'sp2d:' || document WHEN 'sts' THEN 'sts:' || document ELSE 'batch:' || batch END AS subject,
               sum(CASE kind WHEN 'funding' THEN 1 WHEN 'late_return' THEN 1 WHEN 'credit' THEN -1 WHEN 'sts' THEN -1 ELSE 0 END
                   * CASE WHEN (debit, credit) IN (('holding', 'treasury'), ('bank', 'holding'), ('distributed', 'bank'),
                                                   ('holding', 'bank'), ('holding', 'distributed'), ('sts_due', 'holding'),
                                                   ('treasury', 'sts_due')) THEN amount ELSE -amount END) AS amount,
               sum(CASE WHEN debit = 'bank' THEN amount WHEN credit = 'bank' THEN -amount ELSE 0 END) AS with_bank
          FROM posting WHERE day <= :day GROUP BY 1),
    said AS (
        SELECT DISTINCT ON (subject) subject, amount, reason, owner, due_on, by FROM statement_difference
         WHERE counts_from <= :day ORDER BY subject, id DESC)
    SELECT subject, coalesce(bank.amount, 0)::bigint AS statement, coalesce(book.amount, 0)::bigint AS book,
           said.amount AS named, coalesce(said.reason, '') AS reason, coalesce(said.owner, '') AS owner, said.due_on,
           coalesce(said.by, '') AS by, coalesce(book.with_bank, 0)::bigint AS with_bank
      FROM bank FULL JOIN book USING (subject) LEFT JOIN said USING (subject)
     WHERE coalesce(bank.amount, 0) <> coalesce(book.amount, 0) ORDER BY subject"""


async def as_of_day(session: AnySession, day: date) -> Day:
    """Raise NoStatement where no statement reaches this day."""
    balance = await session.scalar(
        text("""SELECT (SELECT opening FROM statement ORDER BY from_day LIMIT 1)
                     + coalesce((SELECT sum(amount) FROM statement_line WHERE day <= :day), 0)::bigint
                 WHERE EXISTS (SELECT FROM statement WHERE to_day >= :day)
                   AND :day >= (SELECT min(from_day) FROM statement)"""),
        {"day": day},
    )
    if balance is None:
        raise NoStatement(f"there is no statement of the holding account for {day}", day=day.isoformat())
    book = await session.scalar(
        text("""SELECT coalesce(sum(CASE WHEN debit IN ('holding', 'bank', 'sts_due') THEN amount ELSE 0 END
                                  - CASE WHEN credit IN ('holding', 'bank', 'sts_due') THEN amount ELSE 0 END), 0)::bigint
                  FROM posting WHERE day <= :day"""),
        {"day": day},
    )
    rows = await session.execute(text(_DIFFERENCES), {"day": day})
    return Day(day, int(book or 0), int(balance), [Difference(**row) for row in rows.mappings()])


def balance(account: str) -> str:
    """SQL: the sum of the postings ``o`` of one account, debits less credits."""
    return f"sum(CASE WHEN o.debit = '{account}' THEN o.amount WHEN o.credit = '{account}' THEN -o.amount ELSE 0 END)"


HELD: Final = f"""
    SELECT o.payment_id, o.batch, o.programme, 'held' AS standing,
           {balance("holding")}::bigint AS amount,
           min(o.day) AS since
      FROM posting o WHERE o.payment_id IS NOT NULL AND o.day <= :on GROUP BY o.payment_id, o.batch, o.programme
    HAVING {balance("holding")} <> 0
    UNION ALL
    SELECT q.id, b.code, q.programme, 'with_bank', q.amount, (b.released_at AT TIME ZONE 'Asia/Jakarta')::date
      FROM payment q JOIN batch b ON b.id = q.batch_id
     WHERE q.outcome IN ('in_payment', 'unknown') AND (b.released_at AT TIME ZONE 'Asia/Jakarta')::date <= :on"""
"""Every payment whose rupiah are in the holding account at the end of the day ``on``: the bank could not credit it or sent it
back (``held``), or has not answered yet (``with_bank``, which is known as of now only)."""


@dataclass(frozen=True, slots=True)
class Base:
    """What a list is compared with: lists of one month that went to the bank."""

    month: str
    batches: Mapping[UUID, str]
    """Id to code, in the order in which they were made."""


async def base_of(session: AnySession, batch: Row[Any], against: str = "") -> Base | None:
    """The main lists of the last month before the batch's own in which one of its programmes was sent; None where there is none.

    ``against``: a month, or the id or code of one list, instead of the last month's.
    """
    found = (
        await session.execute(
            text("""
                SELECT b.id, b.code, b.month FROM batch b
                 WHERE b.id <> :id AND b.state IN ('released', 'results_in', 'closed')
                   AND CASE WHEN :against = '' THEN b.kind = 'main' AND b.month < :month
                            WHEN length(:against) = 7 THEN b.kind = 'main' AND b.month = :against
                            ELSE :against IN (b.code, b.id::text) END
                   AND EXISTS (SELECT FROM jsonb_array_elements_text(b.programmes) AS p(code)
                                WHERE p.code = ANY(CAST(:programmes AS text[])))
                 ORDER BY b.month DESC, b.composed_at, b.id"""),
            {"id": batch.id, "month": batch.month, "programmes": list(batch.programmes), "against": against},
        )
    ).all()
    return Base(found[0].month, {row.id: row.code for row in found if row.month == found[0].month}) if found else None
