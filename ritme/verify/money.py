"""Money: nobody is paid twice, no rupiah is made or lost (invariants 1, 2, 3, 11, 12, 13, 14)."""

from __future__ import annotations

from typing import Final

from ritme.verify import holding
from ritme.verify.agreed import APPEND_ONLY, DELETABLE, EVERYWHERE_APPEND_ONLY
from ritme.verify.looking import counted, differences, every
from ritme.verify.report import Invariant
from ritme.verify.snapshots import Snapshot, Sources

_CREDITED: Final = """
    SELECT a.person_id, a.programme, a.month, sum(a.amount)::bigint AS credited, count(*) AS payments
      FROM payment p JOIN payment_month a ON a.payment_id = p.id
     WHERE p.outcome = 'credited' GROUP BY a.person_id, a.programme, a.month"""


def paid_at_most_once(look: Sources, line: Invariant) -> None:
    """A returned payment counts for nothing: its outcome is no longer credited."""
    ledger = look["disbursement"]
    counted(line, ledger, "entitlement_month")
    every(
        line,
        ledger,
        f"""SELECT concat_ws(' ', coalesce(h.person_id, c.person_id), coalesce(h.programme, c.programme), coalesce(h.month, c.month),
                             coalesce(h.outcome, 'no head') || ':', coalesce(c.credited, 0), 'credited by', coalesce(c.payments, 0),
                             'payments, entitled to', coalesce(h.amount, 0))
              FROM entitlement_month h FULL JOIN ({_CREDITED}) AS c
                ON c.person_id = h.person_id AND c.programme = h.programme AND c.month = h.month
             WHERE coalesce(c.credited, 0) > coalesce(h.amount, 0) OR coalesce(c.payments, 0) > 1
                OR (h.outcome = 'paid') IS DISTINCT FROM (c.credited IS NOT NULL AND c.credited = h.amount)""",
    )


def one_live_allocation(look: Sources, line: Invariant) -> None:
    ledger = look["disbursement"]
    counted(line, ledger, "payment_month")
    every(
        line,
        ledger,
        """SELECT concat_ws(' ', person_id, programme, month || ':', count(*), 'live allocations') FROM payment_month
            WHERE live GROUP BY person_id, programme, month HAVING count(*) > 1""",
    )
    every(
        line,
        ledger,
        """SELECT concat_ws(' ', 'payment', p.id || ':', p.amount, 'rupiah, its months', coalesce(a.amount, 0))
             FROM payment p LEFT JOIN (SELECT payment_id, sum(amount) AS amount FROM payment_month GROUP BY payment_id) AS a
               ON a.payment_id = p.id
            WHERE p.amount IS DISTINCT FROM a.amount""",
    )
    every(
        line,
        ledger,
        """SELECT 'payment_month: no unique index keeps live allocations apart' WHERE NOT EXISTS (
             SELECT FROM pg_index i WHERE i.indrelid = 'payment_month'::regclass AND i.indisunique AND i.indisvalid
                AND pg_get_indexdef(i.indexrelid) LIKE '%(person_id, programme, month) WHERE live')""",
    )


def one_calendar(look: Sources, line: Invariant) -> None:
    """Live allocations are those of payments that may still be, or were, credited; each stands in its payment's batch."""
    ledger = look["disbursement"]
    counted(line, ledger, "programme_month")
    every(
        line,
        ledger,
        """SELECT concat_ws(' ', programme, month || ':', count(*), 'calendars') FROM programme_month
            GROUP BY programme, month HAVING count(*) > 1""",
    )
    every(
        line,
        ledger,
        """SELECT concat_ws(' ', 'payment', p.id, a.month || ':', p.outcome, 'in batch', b.code, b.state,
                             CASE WHEN a.live THEN 'and live' ELSE 'and not live' END)
             FROM payment_month a JOIN payment p ON p.id = a.payment_id LEFT JOIN batch b ON b.id = p.batch_id
            WHERE a.batch_id <> p.batch_id OR b.id IS NULL OR a.person_id <> p.person_id OR a.programme <> p.programme
               OR a.live <> (p.outcome IN ('prepared', 'in_payment', 'credited', 'unknown'))
               OR (a.live AND b.state = 'withdrawn')
               OR (p.outcome = 'prepared') <> (b.state NOT IN ('released', 'results_in', 'closed') AND p.outcome <> 'withdrawn')""",
    )
    every(
        line,
        ledger,
        """SELECT concat_ws(' ', h.person_id, h.programme, h.month || ':', h.outcome, 'without a live allocation')
             FROM entitlement_month h LEFT JOIN payment_month a
               ON a.person_id = h.person_id AND a.programme = h.programme AND a.month = h.month AND a.live
            WHERE h.outcome IN ('in_payment', 'unknown', 'paid') AND a.payment_id IS NULL""",
    )


def unknown_has_no_successor(look: Sources, line: Invariant) -> None:
    ledger = look["disbursement"]
    counted(line, ledger, "payment", "outcome IN ('unknown', 'in_payment')")
    every(
        line,
        ledger,
        """SELECT concat_ws(' ', a.person_id, a.programme, a.month || ': payment', p.id, p.outcome, 'and payment', q.id, q.outcome)
             FROM payment p JOIN payment_month a ON a.payment_id = p.id
             JOIN payment_month b ON b.person_id = a.person_id AND b.programme = a.programme AND b.month = a.month
                                 AND b.payment_id <> a.payment_id
             JOIN payment q ON q.id = b.payment_id AND q.outcome NOT IN ('withdrawn', 'rejected', 'returned')
            WHERE p.outcome IN ('unknown', 'in_payment')""",
    )


def books_balance(look: Sources, line: Invariant) -> None:
    """Postings against the documents they come from, whole rupiah everywhere, and nobody may change what was written."""
    if "budget_audit" in look:
        _postings(look["budget_audit"], line)
    if "disbursement" in look:
        holding.postings_balance(look["disbursement"], line)
        holding.statements_add_up(look["disbursement"], line)
    for service in look.services:
        _whole_rupiah(service, line)
        _unchangeable(service, line)


def _postings(books: Snapshot, line: Invariant) -> None:
    counted(line, books, "posting")
    every(
        line,
        books,
        """SELECT concat_ws(' ', 'posting', id || ':', debit, credit, amount) FROM posting
            WHERE amount <= 0 OR debit = credit OR debit = '' OR credit = ''""",
    )
    every(
        line,
        books,
        """WITH moved AS (
               SELECT account, sum(amount) AS balance FROM (
                   SELECT debit AS account, amount FROM posting UNION ALL SELECT credit, -amount FROM posting) AS m GROUP BY account),
           papers AS (
               SELECT account, sum(amount) AS balance FROM (
                   SELECT 'regional_treasury' AS account, -amount AS amount FROM sp2d_row
                   UNION ALL SELECT 'regional_treasury', amount FROM treasury_return
                   UNION ALL SELECT 'holding/' || programme, amount FROM sp2d_row WHERE programme <> ''
                   UNION ALL SELECT 'holding/' || programme, -amount FROM treasury_return WHERE programme <> ''
                   UNION ALL SELECT 'holding/' || programme, -credited FROM batch_money
                   UNION ALL SELECT 'distributed/' || programme, credited FROM batch_money) AS p GROUP BY account)
           SELECT concat_ws(' ', 'account', coalesce(m.account, p.account) || ': postings', coalesce(m.balance, 0), 'documents',
                            coalesce(p.balance, 0))
             FROM moved m FULL JOIN papers p ON p.account = m.account
            WHERE coalesce(m.account, p.account) NOT LIKE 'spent/%' AND coalesce(m.balance, 0) <> coalesce(p.balance, 0)""",
    )
    every(
        line,
        books,
        """SELECT concat_ws(' ', 'all accounts together:', total) FROM (
             SELECT sum(amount) AS total FROM (SELECT amount FROM posting UNION ALL SELECT -amount FROM posting) AS m) AS t
            WHERE total <> 0""",
    )


def _whole_rupiah(service: Snapshot, line: Invariant) -> None:
    every(
        line,
        service,
        f"""SELECT concat_ws(' ', '{service.name}', table_name || '.' || column_name, 'is', data_type) FROM information_schema.columns
             WHERE table_schema IN ('public', 'part')
               AND (data_type IN ('numeric', 'real', 'double precision', 'money')
                    OR (column_name IN ('amount', 'sum', 'ceiling', 'credited', 'not_credited', 'listed', 'reserved', 'realised',
                                        'returned', 'expected', 'actual', 'difference', 'unit_price', 'price')
                        AND data_type NOT IN ('bigint', 'integer')))""",
    )


_TABLES: Final = (
    """pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace AND n.nspname IN ('public', 'part') AND c.relkind IN ('r', 'p')"""
)


def _unchangeable(service: Snapshot, line: Invariant) -> None:
    """What the roles of a running service may do to rows that are there, as PostgreSQL itself answers."""
    name = service.name
    roles = [f"{name}_api", f"{name}_worker"]
    kept = {**dict.fromkeys(EVERYWHERE_APPEND_ONLY, ()), **APPEND_ONLY.get(name, {})}
    for table, columns in kept.items():
        if not service.has(table):
            continue
        line.checked += 1
        every(
            line,
            service,
            f"""SELECT concat_ws(' ', role, 'may change', '{name}.{table}.' || a.attname) FROM pg_attribute a,
                unnest(%(roles)s::text[]) AS role
                 WHERE a.attrelid = '{table}'::regclass AND a.attnum > 0 AND NOT a.attisdropped
                   AND NOT a.attname = ANY(%(columns)s) AND has_column_privilege(role, a.attrelid, a.attnum, 'UPDATE')""",
            {"roles": roles, "columns": list(columns)},
        )
    every(
        line,
        service,
        f"""SELECT concat_ws(' ', role, 'may take rows from', '{name}.' || c.relname) FROM {_TABLES}, unnest(%(roles)s::text[]) AS role
             WHERE has_table_privilege(role, c.oid, 'TRUNCATE')
                OR (has_table_privilege(role, c.oid, 'DELETE') AND NOT c.relname = ANY(%(queues)s)
                    AND c.relname NOT LIKE '%%\\_staging')""",
        {"roles": roles, "queues": list(DELETABLE)},
    )
    every(
        line,
        service,
        f"""SELECT concat_ws(' ', role, 'reaches the partition', '{name}.' || c.relname, 'beside its parent')
              FROM {_TABLES}, unnest(%(roles)s::text[]) AS role
             WHERE c.relispartition AND has_schema_privilege(role, n.oid, 'USAGE')
               AND has_table_privilege(role, c.oid, 'SELECT, INSERT, UPDATE, DELETE')""",
        {"roles": roles},
    )


def within_the_ceiling(look: Sources, line: Invariant) -> None:
    """Each line's sums against what they are sums of.

    One case passes a ceiling: a revision (DPPA) below what was used. Then ``uncovered`` says how much, exactly, and no more
    than the version that did it left: money may come back to such a line, and none may go out of it.
    """
    books = look["budget_audit"]
    counted(line, books, "budget_line")
    every(
        line,
        books,
        """SELECT concat_ws(' ', 'line', l.id || ':', l.reserved, 'reserved +', l.realised, 'realised -', l.returned, 'returned, ceiling',
                            l.ceiling, 'uncovered', l.uncovered, 'documents say', coalesce(v.reserved, 0), coalesce(s.realised, 0),
                            coalesce(r.returned, 0))
             FROM budget_line l
             LEFT JOIN (SELECT x.line_id, sum(x.remaining) AS reserved FROM reservation_line x
                          JOIN reservation y ON y.batch_id = x.batch_id AND y.list_hash = x.list_hash AND y.state = 'made'
                         GROUP BY x.line_id) AS v ON v.line_id = l.id
             LEFT JOIN (SELECT line_id, sum(amount) AS realised FROM sp2d_row GROUP BY line_id) AS s ON s.line_id = l.id
             LEFT JOIN (SELECT line_id, sum(amount) AS returned FROM treasury_return GROUP BY line_id) AS r ON r.line_id = l.id
            WHERE l.reserved + l.realised - l.returned > l.ceiling + l.uncovered OR l.reserved <> coalesce(v.reserved, 0)
               OR l.realised <> coalesce(s.realised, 0) OR l.returned <> coalesce(r.returned, 0)""",
    )
    every(
        line,
        books,
        """SELECT concat_ws(' ', 'line', l.id || ': ceiling', l.ceiling, 'newest version', v.ceiling) FROM budget_line l
             JOIN LATERAL (SELECT ceiling FROM ceiling_version v WHERE v.line_id = l.id ORDER BY version DESC LIMIT 1) AS v ON true
            WHERE v.ceiling <> l.ceiling""",
    )
    every(
        line,
        books,
        """SELECT concat_ws(' ', 'line', l.id || ': uncovered', l.uncovered, 'of', l.reserved + l.realised - l.returned, 'above', l.ceiling,
                            'and its newest version left', coalesce(v.uncovered, 0))
             FROM budget_line l
             LEFT JOIN LATERAL (SELECT uncovered, dropped FROM ceiling_version v WHERE v.line_id = l.id
                                 ORDER BY version DESC LIMIT 1) AS v ON true
            WHERE l.uncovered > coalesce(v.uncovered, 0) OR l.dropped <> coalesce(v.dropped, false)
               OR l.uncovered <> greatest(0, l.reserved + l.realised - l.returned - l.ceiling)""",
    )


def money_is_somewhere(look: Sources, line: Invariant) -> None:
    """SP2D = credited + returned to treasury + held. Where it is not, a mismatch must say so, with this very difference."""
    books = look["budget_audit"]
    counted(line, books, "batch_money")
    every(
        line,
        books,
        """WITH sp2d_of AS (SELECT s.reference AS code, sum(r.amount) AS amount FROM sp2d s JOIN sp2d_row r ON r.sp2d_id = s.id GROUP BY 1),
                sts_of AS (SELECT reference AS code, sum(amount) AS amount FROM treasury_return GROUP BY 1),
                money AS (SELECT batch_id, sum(credited) AS credited, sum(not_credited) AS open, sum(from_holding) AS from_holding,
                                 sum(paid_on) AS paid_on FROM batch_money GROUP BY 1),
                compared AS (SELECT b.code, coalesce(p.amount, 0) + m.from_holding AS paid_with, m.credited, m.open,
                              coalesce(t.amount, 0) AS returned, m.paid_on
                         FROM batch b JOIN money m ON m.batch_id = b.id LEFT JOIN sp2d_of p ON p.code = b.code
                         LEFT JOIN sts_of t ON t.code = b.code
                        WHERE b.code <> '' AND (p.amount IS NOT NULL OR m.from_holding > 0))
           SELECT concat_ws(' ', 'batch', code || ': SP2D and from holding', paid_with, 'credited', credited, 'returned', returned,
                            'paid on', paid_on, 'held', greatest(open - returned - paid_on, 0),
                            'and no mismatch of', paid_with - credited - greatest(open, returned + paid_on))
             FROM compared
            WHERE paid_with <> credited + greatest(open, returned + paid_on) AND NOT EXISTS (
                  SELECT FROM mismatch x WHERE x.code = 'settled_differs_from_sp2d' AND x.reference = compared.code
                     AND x.difference = paid_with - credited - greatest(open, returned + paid_on))
              AND NOT EXISTS (SELECT FROM to_evaluate e WHERE e.code = 'settled_differs_from_sp2d' AND e.reference = compared.code)""",
    )
    every(
        line,
        books,
        """SELECT concat_ws(' ', 'batch', b.code, m.programme || ': listed', m.listed, 'credited', m.credited, 'not credited',
            m.not_credited)
             FROM batch_money m JOIN batch b ON b.id = m.batch_id WHERE m.listed <> m.credited + m.not_credited""",
    )
    if "disbursement" not in look:
        return
    if not look.quiesced:
        line.note("not quiesced: the two services' figures of each batch were not compared")
        return
    differences(line, *_both_sides(look["disbursement"], books), 2, _name_money)


def _both_sides(ledger: Snapshot, books: Snapshot) -> tuple[list[tuple[object, ...]], list[tuple[object, ...]]]:
    """Of each released batch and programme: the list, credited, not credited; by the payments, and by the other's books."""
    said = ledger.rows(
        """WITH again AS (SELECT r.*, s.batch_id AS taken_from, s.programme FROM repayment r JOIN payment s ON s.id = r.source_id
                            JOIN payment p ON p.id = r.payment_id AND p.outcome <> 'prepared' WHERE r.live)
           SELECT b.id, p.programme, sum(p.amount)::bigint, coalesce(sum(p.amount) FILTER (WHERE p.outcome = 'credited'), 0)::bigint,
                  coalesce((SELECT sum(amount) FROM again g WHERE g.batch_id = b.id AND g.programme = p.programme), 0)::bigint,
                  coalesce((SELECT sum(amount) FROM again g WHERE g.taken_from = b.id AND g.programme = p.programme), 0)::bigint
             FROM payment p JOIN batch b ON b.id = p.batch_id
            WHERE b.state IN ('released', 'results_in', 'closed') AND p.outcome <> 'withdrawn' GROUP BY b.id, p.programme ORDER BY 1, 2"""
    )
    kept = books.rows(
        """SELECT b.id, m.programme, m.listed, m.credited, m.from_holding, m.paid_on FROM batch b JOIN batch_money m ON m.batch_id = b.id
            WHERE b.state IN ('sent', 'settled') AND m.listed > 0 ORDER BY 1, 2"""
    )
    return said, kept


def _name_money(said: tuple[object, ...] | None, kept: tuple[object, ...] | None) -> str:
    batch, programme = (said or kept or ("", ""))[:2]
    return f"batch {batch} {programme}: paid out (listed, credited, taken, given) {(said or ())[2:]}, in the books {(kept or ())[2:]}"
