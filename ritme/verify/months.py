"""The ledger of person-months: equal to the seal, complete, and moved by legal steps only (invariants 4 and 9)."""

from __future__ import annotations

from collections.abc import Iterable
from hashlib import sha256
from typing import Any, Final

from ritme.verify.agreed import MOVES, NEEDS_REASON, ONLY_REASON, SAME_OUTCOME, SENT
from ritme.verify.closings import closed_months
from ritme.verify.looking import counted, every, side_by_side
from ritme.verify.report import Invariant
from ritme.verify.snapshots import Snapshot, Sources

Values = tuple[int, int, str]
"""People, rupiah, SHA-256."""

_AS_OF: Final = """
    SELECT DISTINCT ON (person_id) person_id, status, reason, amount FROM {table}
     WHERE programme = %(programme)s AND from_month <= %(month)s AND %(month)s <= to_month AND cutoff_no <= %(cutoff_no)s
     ORDER BY person_id, person_version DESC"""


def sealed_and_complete(look: Sources, line: Invariant) -> None:
    """Seal = own projection = heads, by person; nobody is left without an answer once results are due; closed months."""
    ledger = look["disbursement"]
    for seal in _seals(ledger):
        _one_seal(look, line, seal)
    _after_results(line, ledger)
    _every_open_one_is_owned(look, line)
    closed_months(line, ledger)


def _seals(ledger: Snapshot) -> list[dict[str, Any]]:
    """Of a month that waits its newest seal, of an open one every seal that it was opened by or followed, oldest first."""
    names = (
        "programme", "month", "cutoff_id", "cutoff_no", "count", "sum", "hash", "quota", "state", "due", "held", "excluded", "before",
        "newest",
    )  # fmt: skip
    rows = ledger.rows(
        """SELECT s.programme, s.month, s.cutoff_id, s.cutoff_no, s.count, s.sum, s.hash, s.quota, p.state, p.due, p.held, p.excluded,
                  coalesce(lag(s.cutoff_no) OVER w, 0) AS before, lead(s.seal_no) OVER w IS NULL AS newest
             FROM seal s JOIN programme_month p ON p.programme = s.programme AND p.month = s.month
            WHERE p.state = 'sealed' AND NOT EXISTS (SELECT FROM seal n WHERE n.programme = s.programme AND n.month = s.month
                                                        AND n.seal_no > s.seal_no)
               OR p.state IN ('opened', 'closed') AND s.seal_no <= p.seal_no AND (s.opened_at IS NOT NULL OR s.seal_no = p.seal_no)
           WINDOW w AS (PARTITION BY s.programme, s.month ORDER BY s.seal_no)
            ORDER BY s.programme, s.month, s.seal_no"""
    )
    return [dict(zip(names, row, strict=True)) for row in rows]


def _one_seal(look: Sources, line: Invariant, seal: dict[str, Any]) -> None:
    ledger, opened = look["disbursement"], seal["state"] in ("opened", "closed")
    said: Values = (seal["count"], seal["sum"], seal["hash"])
    own_list = _AS_OF.format(table="enrolment_history")
    if "beneficiary" in look:
        _sealed_side(look["beneficiary"], line, seal, said)
    if not opened:
        return
    name = f"{seal['programme']} {seal['month']}"
    own = values_of(ledger.lines(own_list, seal))
    line.checked += own[0]
    if own != said:
        line.add(f"{name}: the projection of disbursement is {own}, the seal {said}")
        if "beneficiary" in look:
            _name_people(look, line, seal, own_list)
    every(line, ledger, _FIRST_ENTRIES.format(own=own_list, name=name), seal)
    if not seal["newest"]:
        return
    every(line, ledger, _HEADS.format(own=own_list, name=name), seal)
    every(line, ledger, _STOPPED.format(own=own_list, name=name), seal)
    every(
        line,
        ledger,
        f"""SELECT concat_ws(' ', '{name}: opened as', %(due)s, %(held)s, %(excluded)s, 'the list has', a, s, e) FROM (
              SELECT count(*) FILTER (WHERE status = 'active') AS a, count(*) FILTER (WHERE status = 'suspended') AS s,
                     count(*) FILTER (WHERE status = 'ended') AS e FROM ({own_list}) AS own) AS t
             WHERE (a, s, e) <> (%(due)s, %(held)s, %(excluded)s)""",
        seal,
    )


def values_of(blocks: Iterable[bytes]) -> Values:
    """Count, sum and hash of a list, from its own bytes."""
    digest, count, total, rest = sha256(), 0, 0, b""
    for block in blocks:
        digest.update(block)
        *lines, rest = (rest + block).split(b"\n")
        count += len(lines)
        total += sum(int(one[one.rindex(b"\t") + 1 :]) for one in lines)
    return count, total, digest.hexdigest()


def _sealed_side(registry: Snapshot, line: Invariant, seal: dict[str, Any], said: Values) -> None:
    """beneficiary's stored list gives the values of the seal, and its enrolments give the list."""
    name = f"{seal['programme']} {seal['month']}"
    cutoff = registry.rows("SELECT count, sum, hash, cutoff_no, quota FROM cutoff WHERE id = %(cutoff_id)s", seal)
    if cutoff != [(*said, seal["cutoff_no"], seal["quota"])]:
        line.add(f"{name}: beneficiary sealed {cutoff[:1]}, disbursement has {said}")
    lines = values_of(
        registry.lines("SELECT person_id, status, reason, amount FROM cutoff_line WHERE cutoff_id = %(cutoff_id)s ORDER BY person_id", seal)
    )
    line.checked += lines[0]
    if lines != said:
        line.add(f"{name}: the list that beneficiary keeps is {lines}, its seal {said}")
    every(
        line,
        registry,
        f"""WITH own AS MATERIALIZED ({_AS_OF.format(table="enrolment")})
            SELECT concat_ws(' ', '{name}', coalesce(o.person_id, c.person_id) || ': enrolled', coalesce(o.status, 'not'), o.reason,
                             'sealed', coalesce(c.status, 'not'), c.reason, c.amount)
              FROM own o FULL JOIN (SELECT * FROM cutoff_line WHERE cutoff_id = %(cutoff_id)s) AS c ON c.person_id = o.person_id
             WHERE (o.status, o.reason) IS DISTINCT FROM (c.status, c.reason)
                OR c.amount IS DISTINCT FROM (SELECT t.amount FROM tariff t WHERE t.programme = %(programme)s AND t.from_month <= %(month)s
                                                 AND (t.to_month IS NULL OR %(month)s <= t.to_month))""",
        seal,
    )


def _name_people(look: Sources, line: Invariant, seal: dict[str, Any], own_list: str) -> None:
    sealed = "SELECT person_id, status, reason, amount FROM cutoff_line WHERE cutoff_id = %(cutoff_id)s ORDER BY person_id"
    pairs = side_by_side(look["beneficiary"].stream(sealed, seal), look["disbursement"].stream(own_list, seal), 1)
    for there, here in pairs:
        if there != here:
            person = (there or here or ("",))[0]
            line.add(f"{seal['programme']} {seal['month']} {person}: sealed {(there or ())[1:]}, projected {(here or ())[1:]}")


# Nobody more and nobody less than the newest list; a head that a second seal made says so.
_HEADS: Final = """
    WITH own AS MATERIALIZED ({own})
    SELECT concat_ws(' ', '{name}', coalesce(o.person_id, h.person_id) || ': list', coalesce(o.status, 'not on it'), o.reason, o.amount,
                     'head', coalesce(h.cause, 'none'), h.amount)
      FROM own o
      FULL JOIN (SELECT * FROM entitlement_month WHERE month = %(month)s AND programme = %(programme)s) AS h ON h.person_id = o.person_id
     WHERE o.person_id IS NULL OR h.person_id IS NULL OR h.cause NOT IN ('opened', 'second_seal') OR h.amount <> o.amount"""

# Whoever this seal was the first to name: the first entry names the seal and says what it said.
_FIRST_ENTRIES: Final = """
    WITH own AS MATERIALIZED ({own})
    SELECT concat_ws(' ', '{name}', o.person_id || ': list', o.status, o.reason, 'first entry', coalesce(e.outcome, 'none'), e.reason,
                     'by', e.evidence)
      FROM own o
      LEFT JOIN entitlement_entry e
        ON e.month = %(month)s AND e.programme = %(programme)s AND e.person_id = o.person_id AND e.version = 1
     WHERE NOT EXISTS (SELECT FROM enrolment_history b WHERE b.programme = %(programme)s AND b.person_id = o.person_id
                          AND b.from_month <= %(month)s AND %(month)s <= b.to_month AND b.cutoff_no <= %(before)s)
       AND (e.outcome IS DISTINCT FROM CASE o.status WHEN 'active' THEN 'due' WHEN 'suspended' THEN 'held' ELSE 'excluded' END
            OR e.reason IS DISTINCT FROM CASE o.status WHEN 'active' THEN '' ELSE o.reason END
            OR e.evidence IS DISTINCT FROM 'cutoff/' || %(cutoff_id)s)"""

# Whom the newest seal no longer calls active is on a list that lives, paid, held or excluded; unless resumed since.
_STOPPED: Final = """
    WITH own AS MATERIALIZED ({own})
    SELECT concat_ws(' ', '{name}', o.person_id || ': sealed', o.status, o.reason, 'and', h.outcome, h.reason, 'on no list')
      FROM own o JOIN entitlement_month h ON h.month = %(month)s AND h.programme = %(programme)s AND h.person_id = o.person_id
     WHERE o.status <> 'active' AND h.outcome IN ('due', 'missed')
       AND NOT EXISTS (SELECT FROM payment_month a WHERE a.person_id = h.person_id AND a.programme = h.programme
                          AND a.month = h.month AND a.live)
       AND NOT EXISTS (SELECT FROM enrolment_history r WHERE r.programme = %(programme)s AND r.person_id = o.person_id
                          AND r.resumed AND r.from_month <= %(month)s AND r.cutoff_no > %(cutoff_no)s)"""


def _after_results(line: Invariant, ledger: Snapshot) -> None:
    """Once results of the month's main batch were swept, who is still due must be on another list."""
    every(
        line,
        ledger,
        """SELECT concat_ws(' ', h.person_id, h.programme, h.month || ': due after the results of', b.code)
             FROM batch b CROSS JOIN LATERAL jsonb_array_elements_text(b.programmes) AS p(programme)
             JOIN entitlement_month h ON h.month = b.month AND h.programme = p.programme AND h.outcome = 'due'
            WHERE b.kind = 'main' AND b.state IN ('results_in', 'closed') AND NOT EXISTS (
                  SELECT FROM payment_month a WHERE a.person_id = h.person_id AND a.programme = h.programme AND a.month = h.month
                      AND a.live)""",
    )


def _every_open_one_is_owned(look: Sources, line: Invariant) -> None:
    ledger = look["disbursement"]
    every(
        line,
        ledger,
        """SELECT concat_ws(' ', person_id, programme, month || ':', outcome, 'with reason', quote_literal(reason)) FROM entitlement_month
            WHERE (outcome = ANY(%(needs)s)) <> (reason <> '')""",
        {"needs": list(NEEDS_REASON)},
    )
    every(
        line,
        ledger,
        """SELECT concat_ws(' ', 'gap', id || ': open without owner, reason or date') FROM gap
            WHERE state = 'open' AND (owner = '' OR reason = '' OR due_on IS NULL)""",
    )
    if not look.quiesced:
        line.note("not quiesced: person-months were not compared with their gaps")
        return
    every(
        line,
        ledger,
        """SELECT concat_ws(' ', coalesce(h.person_id, g.person_id), coalesce(h.programme, g.programme), coalesce(h.month, g.month) || ':',
                            coalesce(h.outcome, 'no head'), h.reason, 'and gap', coalesce(g.state, 'none'), g.outcome, g.reason)
             FROM entitlement_month h FULL JOIN (SELECT * FROM gap WHERE kind = 'month') AS g
               ON g.person_id = h.person_id AND g.programme = h.programme AND g.month = h.month
            WHERE h.person_id IS NULL
               OR (h.outcome IN ('missed', 'unknown')
                   AND (g.state IS DISTINCT FROM 'open' OR (g.outcome, g.reason) IS DISTINCT FROM (h.outcome, h.reason)))
               OR (h.outcome IN ('paid', 'excluded') AND g.state = 'open')""",
    )


# --- invariant 9 ----------------------------------------------------------------------------------------------------

_CHAIN: Final = """
    WITH chain AS (
        SELECT e.month, e.programme, e.person_id, e.version, e.from_outcome, e.outcome, e.reason, e.amount, e.author, e.cause,
               lag(e.outcome, 1, '') OVER w AS before, lag(e.version, 1, 0) OVER w AS version_before,
               lead(e.version) OVER w IS NULL AS last
          FROM entitlement_entry e WINDOW w AS (PARTITION BY e.month, e.programme, e.person_id ORDER BY e.version)),
    legal(f, t) AS (SELECT * FROM unnest(%(from)s::text[], %(to)s::text[])),
    one_way(f, t, reason) AS (SELECT * FROM unnest(%(one_from)s::text[], %(one_to)s::text[], %(one_reason)s::text[]))
    SELECT concat_ws(' ', c.person_id, c.programme, c.month, 'entry', c.version || ':', nullif(c.from_outcome, ''), 'to', c.outcome,
        c.reason,
                     'after', coalesce(nullif(c.before, ''), 'nothing'), 'entry', c.version_before)
      FROM chain c
      LEFT JOIN legal l ON l.f = c.from_outcome AND l.t = c.outcome
      LEFT JOIN one_way o ON o.f = c.from_outcome AND o.t = c.outcome
     WHERE c.version <> c.version_before + 1 OR c.from_outcome <> c.before OR l.f IS NULL OR c.author = '' OR c.cause = ''
        OR (o.reason IS NOT NULL AND o.reason <> c.reason) OR (c.outcome = ANY(%(needs)s)) <> (c.reason <> '')
        OR (c.from_outcome = c.outcome AND c.reason <> ALL(%(same)s))"""

_LAST: Final = """
    SELECT concat_ws(' ', coalesce(h.person_id, e.person_id), coalesce(h.programme, e.programme), coalesce(h.month, e.month) || ': head',
                     coalesce(h.outcome, 'none'), h.reason, h.version, 'entries', coalesce(e.outcome, 'none'), e.reason, e.version)
      FROM entitlement_month h
      FULL JOIN (SELECT DISTINCT ON (month, programme, person_id) * FROM entitlement_entry
                  ORDER BY month, programme, person_id, version DESC) AS e
        ON e.month = h.month AND e.programme = h.programme AND e.person_id = h.person_id
     WHERE (h.outcome, h.reason, h.version, h.amount) IS DISTINCT FROM (e.outcome, e.reason, e.version, e.amount)"""

_PAYMENTS: Final = """
    SELECT concat_ws(' ', 'payment', p.id || ':', p.outcome, 'after', coalesce(r.credits, 0), 'credits and', coalesce(r.refusals, 0),
                     'rejections')
      FROM payment p JOIN batch b ON b.id = p.batch_id
      LEFT JOIN (SELECT reference, count(*) FILTER (WHERE state = 'applied') AS credits,
                        count(*) FILTER (WHERE state = 'rejected') AS refusals
                   FROM result_row WHERE state IN ('applied', 'rejected') GROUP BY reference) AS r ON r.reference = p.reference
     WHERE coalesce(r.credits, 0) <> (p.outcome IN ('credited', 'returned'))::int
        OR coalesce(r.refusals, 0) <> (p.outcome IN ('rejected', 'returned') AND p.reason <> 'not_executed')::int
        OR (p.outcome IN ('in_payment', 'credited', 'rejected', 'unknown', 'returned')) <> (b.state = ANY(%(sent)s)
            AND p.outcome <> 'withdrawn')
        OR (p.outcome IN ('credited', 'returned')) <> (p.settled_on IS NOT NULL)"""


# What ends or stops without the bank's word is ordered by two people, and the order names it.
_BY_TWO: Final = (
    """SELECT concat_ws(' ', 'payment', p.id || ': not executed, by no order of two people') FROM payment p
        WHERE p.reason = 'not_executed' AND NOT EXISTS (
              SELECT FROM not_executed n JOIN two_person_order o ON o.id = n.order_id AND o.kind = 'not_executed' AND o.state = 'done'
               WHERE n.payment_id = p.id)""",
    """SELECT concat_ws(' ', person_id, programme, month || ':', reason, 'by', cause, 'which is no order of two people')
         FROM entitlement_entry e
        WHERE e.from_outcome <> '' AND e.reason IN ('lapsed_budget_year', 'budget_reopened') AND e.outcome = 'missed'
          AND NOT EXISTS (SELECT FROM two_person_order o
                           WHERE 'order/' || o.id = e.cause AND o.state = 'done' AND o.document = e.evidence
                             AND o.kind = CASE e.reason WHEN 'budget_reopened' THEN 'reopen_year' ELSE 'lapse' END)""",
    """SELECT concat_ws(' ', 'batch', b.code || ': released while frozen by', f.id)
         FROM batch b JOIN stoppage f ON f.frozen_at < b.released_at AND (f.lifted_at IS NULL OR f.lifted_at > b.released_at)
          AND (f.until IS NULL OR f.until >= (b.released_at AT TIME ZONE 'Asia/Jakarta')::date)
        WHERE f.batch_id = b.id OR f.scope = 'programme' AND b.totals @> jsonb_build_array(jsonb_build_object('programme', f.programme))
           OR f.scope = 'person' AND EXISTS (SELECT FROM payment p WHERE p.batch_id = b.id AND p.person_id = f.person_id
                                                AND f.programme IN ('', p.programme) AND p.outcome <> 'withdrawn')""",
)


def legal_chain(look: Sources, line: Invariant) -> None:
    """Entries of each person-month follow one another by the table; a credit is undone only by a return that is linked to it."""
    ledger = look["disbursement"]
    counted(line, ledger, "entitlement_entry")
    needs = {"needs": list(NEEDS_REASON)}
    one = list(zip(*ONLY_REASON, strict=True))
    every(
        line,
        ledger,
        _CHAIN,
        {
            "from": [f for f, _ in MOVES], "to": [t for _, t in MOVES], "one_from": list(one[0]), "one_to": list(one[1]),
            "one_reason": list(one[2]), "same": list(SAME_OUTCOME), **needs,
        },
    )  # fmt: skip
    every(line, ledger, _LAST)
    every(line, ledger, _PAYMENTS, {"sent": list(SENT)})
    for query in _BY_TWO:
        every(line, ledger, query)
