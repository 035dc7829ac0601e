"""The holding account: postings against payments and documents, statements against their own balances (invariants 12 and 14)."""

from __future__ import annotations

from typing import Final

from ritme.verify.looking import counted, every
from ritme.verify.report import Invariant
from ritme.verify.snapshots import Snapshot

_BALANCES: Final = """
    WITH moved AS (
        SELECT batch, programme, account, sum(amount) AS balance FROM (
            SELECT batch, programme, debit AS account, amount FROM posting
            UNION ALL SELECT batch, programme, credit, -amount FROM posting) AS m GROUP BY 1, 2, 3),
    sent AS (
        SELECT b.code AS batch, p.programme, p.outcome, sum(p.amount) AS amount FROM payment p JOIN batch b ON b.id = p.batch_id
         WHERE b.state IN ('released', 'results_in', 'closed') AND p.outcome <> 'withdrawn' GROUP BY 1, 2, 3),
    returned AS (
        SELECT coalesce(b.code, s.batch_id::text) AS batch, s.programme, sum(s.amount) AS amount
          FROM batch_sts s LEFT JOIN batch b ON b.id = s.batch_id GROUP BY 1, 2),
    named AS (SELECT batch, programme, sum(amount) AS amount FROM holding_disposal WHERE state = 'confirmed' AND way = 'sts' GROUP BY 1, 2),
    again AS (
        SELECT b.code AS batch, t.code AS taken_from, s.programme, sum(r.amount) AS amount
          FROM repayment r JOIN batch b ON b.id = r.batch_id JOIN payment s ON s.id = r.source_id JOIN batch t ON t.id = s.batch_id
         WHERE r.live AND b.state IN ('released', 'results_in', 'closed') GROUP BY 1, 2, 3),
    papers AS (
        SELECT batch, programme, account, sum(amount) AS balance FROM (
            SELECT reference AS batch, programme, 'treasury' AS account, -amount AS amount FROM batch_funding
            UNION ALL SELECT reference, programme, 'holding', amount FROM batch_funding
            UNION ALL SELECT batch, programme, 'treasury', amount FROM returned
            UNION ALL SELECT batch, programme, 'sts_due', -amount FROM returned
            UNION ALL SELECT batch, programme, 'sts_due', amount FROM named
            UNION ALL SELECT batch, programme, 'holding', -amount FROM named
            UNION ALL SELECT taken_from, programme, 'holding', -amount FROM again
            UNION ALL SELECT taken_from, programme, 'reissued', amount FROM again
            UNION ALL SELECT batch, programme, 'reissued', -amount FROM again
            UNION ALL SELECT batch, programme, 'holding', amount FROM again
            UNION ALL SELECT batch, programme, 'holding', -amount FROM sent WHERE outcome NOT IN ('rejected', 'returned')
            UNION ALL SELECT batch, programme, 'bank', amount FROM sent WHERE outcome IN ('in_payment', 'unknown')
            UNION ALL SELECT batch, programme, 'distributed', amount FROM sent WHERE outcome = 'credited') AS p GROUP BY 1, 2, 3)
    SELECT concat_ws(' ', 'disbursement', batch, programme, 'account', account || ': postings', coalesce(m.balance, 0),
                     'payments and documents', coalesce(p.balance, 0))
      FROM moved m FULL JOIN papers p USING (batch, programme, account)
     WHERE coalesce(m.balance, 0) <> coalesce(p.balance, 0)"""

# What could not be credited or came back stands under the payment's own name, until it is on its way to Kas Daerah.
_BY_PERSON: Final = """
    SELECT concat_ws(' ', 'disbursement: payment', coalesce(p.id, m.payment_id) || ':', p.outcome, 'of', p.amount, 'holds',
                     coalesce(m.balance, 0))
      FROM (SELECT p.id, p.outcome, p.amount,
                   CASE WHEN p.outcome IN ('rejected', 'returned') THEN p.amount ELSE 0 END - coalesce(d.amount, 0)
                       - coalesce(r.amount, 0) AS holds
              FROM payment p LEFT JOIN (
                   SELECT payment_id, sum(amount) AS amount FROM holding_disposal
                    WHERE state = 'confirmed' AND way = 'sts' AND payment_id IS NOT NULL GROUP BY 1) AS d ON d.payment_id = p.id
              LEFT JOIN (
                   SELECT r.source_id, sum(r.amount) AS amount FROM repayment r JOIN batch b ON b.id = r.batch_id
                    WHERE r.live AND b.state IN ('released', 'results_in', 'closed') GROUP BY 1) AS r ON r.source_id = p.id
             WHERE p.outcome IN ('rejected', 'returned') OR d.amount IS NOT NULL OR r.amount IS NOT NULL) AS p
      FULL JOIN (
           SELECT payment_id, sum(CASE WHEN debit = 'holding' THEN amount WHEN credit = 'holding' THEN -amount ELSE 0 END) AS balance
             FROM posting WHERE payment_id IS NOT NULL GROUP BY 1) AS m ON m.payment_id = p.id
     WHERE coalesce(p.holds, 0) <> coalesce(m.balance, 0)"""


# Every month of a list without an SP2D of its own uses the rupiah of one returned payment of the same person and month, and each
# such month goes out again once. ``reissued`` is 0 over all lists at the end of every day.
_PAID_AGAIN: Final = """
    SELECT concat_ws(' ', 'disbursement: list', b.code, b.financing, 'month', a.month, 'of payment', a.payment_id || ':', a.amount,
                     'is paid with', coalesce(r.amount, 0), 'of', coalesce(s.outcome, 'nothing'), s.id)
      FROM payment_month a JOIN batch b ON b.id = a.batch_id JOIN payment p ON p.id = a.payment_id AND p.outcome <> 'withdrawn'
      LEFT JOIN repayment r ON r.payment_id = a.payment_id AND r.month = a.month AND r.live
      LEFT JOIN payment s ON s.id = r.source_id
      LEFT JOIN payment_month t ON t.payment_id = s.id AND t.month = a.month
     WHERE b.financing = 'holding'
       AND (r.amount IS DISTINCT FROM a.amount OR t.amount IS DISTINCT FROM a.amount
            OR coalesce(s.outcome, '') NOT IN ('rejected', 'returned')
            OR s.person_id <> a.person_id OR s.programme <> a.programme OR r.batch_id <> b.id OR b.kind <> 'retry' OR t.live)
        OR b.financing <> 'holding' AND r.amount IS NOT NULL
    UNION ALL
    SELECT concat_ws(' ', 'disbursement: payment', source_id, 'month', month, 'is paid again', count(*), 'times') FROM repayment
     WHERE live GROUP BY source_id, month HAVING count(*) > 1
    UNION ALL
    SELECT concat_ws(' ', 'disbursement:', day, 'reissued, and on no list:', sum(amount)) FROM (
        SELECT day, amount FROM posting WHERE debit = 'reissued'
        UNION ALL SELECT day, -amount FROM posting WHERE credit = 'reissued') AS m GROUP BY day HAVING sum(amount) <> 0"""


def postings_balance(ledger: Snapshot, line: Invariant) -> None:
    """Every account of every batch and programme, as the postings say and as payments, SP2D and STS say."""
    counted(line, ledger, "posting")
    every(
        line,
        ledger,
        """SELECT concat_ws(' ', 'disbursement: posting', id || ':', debit, credit, amount) FROM posting
            WHERE amount <= 0 OR debit = credit""",
    )
    every(line, ledger, _BALANCES)
    every(line, ledger, _BY_PERSON)
    every(line, ledger, _PAID_AGAIN)


def statements_add_up(ledger: Snapshot, line: Invariant) -> None:
    """Each statement by itself and after the one before; each line matched at most once over; each closed day as it was closed."""
    counted(line, ledger, "statement_line")
    every(
        line,
        ledger,
        """SELECT concat_ws(' ', 'statement', s.from_day, s.to_day || ': opening', s.opening, 'and lines', coalesce(l.sum, 0), 'closing',
                            s.closing, 'the one before', b.closing, b.to_day)
             FROM (SELECT *, lag(id) OVER (ORDER BY from_day) AS before FROM statement) AS s
             LEFT JOIN statement b ON b.id = s.before
             LEFT JOIN (SELECT statement_id, sum(amount) AS sum, count(*) AS count, min(day) AS first, max(day) AS last
                          FROM statement_line GROUP BY statement_id) AS l ON l.statement_id = s.id
            WHERE s.opening + coalesce(l.sum, 0) <> s.closing OR coalesce(l.count, 0) <> s.lines OR l.first < s.from_day
               OR l.last > s.to_day OR s.opening <> coalesce(b.closing, s.opening) OR s.from_day <> coalesce(b.to_day + 1, s.from_day)""",
    )
    every(
        line,
        ledger,
        """SELECT concat_ws(' ', 'statement line', l.statement_id, l.line || ':', l.amount, 'matched to', coalesce(m.amount, 0),
                            CASE WHEN o.line IS NULL THEN 'and not open' ELSE 'and open' END)
             FROM statement_line l LEFT JOIN statement_open o USING (statement_id, line)
             LEFT JOIN (SELECT statement_id, line, sum(amount) AS amount FROM statement_match GROUP BY 1, 2) AS m USING (statement_id, line)
            WHERE (o.line IS NULL) <> (coalesce(m.amount, 0) = l.amount)""",
    )
    every(
        line,
        ledger,
        """SELECT concat_ws(' ', 'payment', p.reference || ': by reference the statement takes out', -sum(m.amount), 'of', p.amount)
             FROM statement_match m JOIN statement_line l USING (statement_id, line) JOIN payment p ON p.reference = m.reference
            WHERE m.kind = 'payment' AND l.amount < 0
            GROUP BY p.reference, p.amount HAVING -sum(m.amount) > p.amount AND bool_and(m.how <> 'by_hand')""",
    )
    every(
        line,
        ledger,
        """SELECT concat_ws(' ', 'closed day', c.day || ': ledger', c.book, 'now', b.book, 'statement', c.statement, 'now', s.statement,
                            'differences', d.sum)
             FROM closed_day c
             CROSS JOIN LATERAL (
                  SELECT coalesce(sum(CASE WHEN debit IN ('holding', 'bank', 'sts_due') THEN amount ELSE 0 END
                                    - CASE WHEN credit IN ('holding', 'bank', 'sts_due') THEN amount ELSE 0 END), 0) AS book
                    FROM posting WHERE day <= c.day) AS b
             CROSS JOIN LATERAL (
                  SELECT (SELECT opening FROM statement ORDER BY from_day LIMIT 1)
                       + coalesce((SELECT sum(amount) FROM statement_line l WHERE l.day <= c.day), 0) AS statement) AS s
             CROSS JOIN LATERAL (
                  SELECT coalesce(sum((one ->> 'difference')::bigint), 0) AS sum, bool_and((one ->> 'named')::boolean) AS named
                    FROM jsonb_array_elements(c.differences) AS one) AS d
            WHERE c.book <> b.book OR c.statement <> s.statement OR c.statement - c.book <> d.sum OR d.named IS FALSE""",
    )


def decided_by_two(ledger: Snapshot, line: Invariant) -> None:
    """What moves money beside the bank's answers, and what closes the books, has two names under it (invariant 7)."""
    every(
        line,
        ledger,
        """SELECT concat_ws(' ', 'quarantined row', row, 'of', file_id || ': accepted by', asked_by, 'alone') FROM quarantine_decision
            WHERE decision = 'accept' AND state = 'done' AND (decided_by IN ('', asked_by) OR result_file_id IS NULL)
           UNION ALL
           SELECT concat_ws(' ', 'holding', batch, programme, payment_id || ': decided by', asked_by, 'alone') FROM holding_disposal
            WHERE state = 'confirmed' AND decided_by IN ('', asked_by)
           UNION ALL
           SELECT concat_ws(' ', 'day', c.day || ': closed by', c.closed_by, 'who named', d.subject) FROM closed_day c
             JOIN statement_difference d ON d.by = c.closed_by AND d.at < c.closed_at AND d.counts_from <= c.day
             JOIN jsonb_array_elements(c.differences) AS one ON one ->> 'subject' = d.subject
                  AND (one ->> 'difference')::bigint = d.amount
            WHERE NOT EXISTS (SELECT FROM statement_difference later WHERE later.subject = d.subject AND later.id > d.id
                                 AND later.at < c.closed_at)""",
    )
