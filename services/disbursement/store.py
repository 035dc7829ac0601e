"""What commands and queries share: the statement that moves person-months (CORE.md section 4), locks, the lists that a list is
compared with, the holding account's day, and what a month's closing goes by."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Final, cast
from uuid import UUID

from sqlalchemy import Row, text

from services.disbursement.domain.entitlement import Action, sources, target
from services.disbursement.domain.month_closing import MonthNow
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


POSTED_BY: Final = """(o.day <= :on OR o.kind = 'release' AND EXISTS (
        SELECT FROM posting a WHERE a.batch = o.batch AND a.programme = o.programme AND a.kind IN ('credit', 'rejection')
           AND a.day <= :on))"""
"""Whether a posting ``o`` counts at the end of the day ``on``. A release whose answers of the bank are of earlier days than itself (a month
that was entered later than it happened) counts with the first of them: nobody is paid from a list that was not sent."""

_SENT_ON: Final = "least((b.released_at AT TIME ZONE 'Asia/Jakarta')::date, answered.day)"

HELD: Final = f"""
    SELECT o.payment_id, o.batch, o.programme, 'held' AS standing,
           {balance("holding")}::bigint AS amount,
           min(o.day) AS since
      FROM posting o WHERE o.payment_id IS NOT NULL AND o.day <= :on GROUP BY o.payment_id, o.batch, o.programme
    HAVING {balance("holding")} <> 0
    UNION ALL
    SELECT q.id, b.code, q.programme, 'with_bank', q.amount, {_SENT_ON}
      FROM payment q JOIN batch b ON b.id = q.batch_id
      LEFT JOIN (SELECT batch, programme, min(day) AS day FROM posting WHERE kind IN ('credit', 'rejection') GROUP BY 1, 2) AS answered
        ON answered.batch = b.code AND answered.programme = q.programme
     WHERE q.outcome IN ('in_payment', 'unknown') AND {_SENT_ON} <= :on"""
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


# --- the month's last step ------------------------------------------------------------------------------------------------

# Who lacks an owner: missed or unknown without an open gap, held without an open hold. Joins that are hashed: a look per person
# would be slow on a month of a million. Money: the kinds of posting that a statement of the holding account shows.
_MONTH_NOW: Final = """
    SELECT pm.state, coalesce(pm.seal_no, 0) AS seal_no,
           coalesce((SELECT max(s.seal_no) FROM seal s WHERE s.programme = pm.programme AND s.month = pm.month), 0) AS newest_seal_no,
           coalesce((SELECT s.count FROM seal s WHERE s.programme = pm.programme AND s.month = pm.month AND s.seal_no = pm.seal_no), 0)
               AS sealed,
           (SELECT count(*) FROM unreconciled u WHERE u.programme = pm.programme AND u.month = pm.month) AS unreconciled,
           heads.*, money.*, (SELECT max(day) FROM closed_day) AS closed_until,
           ARRAY(SELECT b.code FROM batch b WHERE b.month = pm.month AND b.programmes @> to_jsonb(pm.programme)
                    AND b.state NOT IN ('closed', 'withdrawn') ORDER BY b.code) AS open_lists
      FROM programme_month pm
     CROSS JOIN (
           SELECT count(*) AS heads, count(*) FILTER (WHERE h.outcome = 'due') AS due,
                  count(*) FILTER (WHERE h.outcome = 'in_payment') AS in_payment,
                  count(*) FILTER (WHERE h.outcome IN ('missed', 'unknown') AND g.person_id IS NULL
                                      OR h.outcome = 'held' AND c.person_id IS NULL) AS without_owner
             FROM entitlement_month h
             LEFT JOIN gap g ON g.month = h.month AND g.programme = h.programme AND g.person_id = h.person_id AND g.kind = 'month'
              AND g.state = 'open' AND g.owner <> ''
             LEFT JOIN (SELECT DISTINCT person_id, programme FROM case_file
                         WHERE kind = 'hold' AND state <> 'closed' AND :month BETWEEN from_month AND to_month) AS c
               ON c.programme = h.programme AND c.person_id = h.person_id
            WHERE h.month = :month AND h.programme = :programme) AS heads
     CROSS JOIN (
           SELECT count(*) AS postings, max(o.day) AS last_posting FROM batch b JOIN posting o ON o.batch = b.code
            WHERE b.month = :month AND o.programme = :programme AND o.kind IN ('funding', 'credit', 'late_return', 'sts')
              AND o.day > coalesce((SELECT max(day) FROM closed_day), DATE '0001-01-01')) AS money
     WHERE pm.month = :month AND pm.programme = :programme"""


async def month_now(session: AnySession, programme: str, month: str) -> MonthNow | None:
    """What the closing of a programme's month goes by, from the session's areas: the whole agency, or it means nothing."""
    await session.execute(text("SET LOCAL enable_nestloop = off"))
    row = (await session.execute(text(_MONTH_NOW), {"programme": programme, "month": month})).mappings().one_or_none()
    await session.execute(text("SET LOCAL enable_nestloop = on"))
    return MonthNow(**row) if row is not None else None


async def entries_since_closing(session: AnySession, programme: str, month: str) -> int:
    """Entries of the programme's month after its last closing; 0 also where it was never closed."""
    return int(
        await session.scalar(
            text("""SELECT count(*) FROM entitlement_entry e
                     WHERE e.month = :month AND e.programme = :programme
                       AND e.id > (SELECT max(c.entry_id) FROM month_closing c WHERE c.month = :month AND c.programme = :programme)"""),
            {"programme": programme, "month": month},
        )
        or 0
    )
