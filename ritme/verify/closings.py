"""Closed months (invariant 4): each closing is what the entries up to it say, signed by two people, with nobody left open."""

from __future__ import annotations

from typing import Any, Final

from ritme.verify.looking import every
from ritme.verify.report import Invariant
from ritme.verify.snapshots import Snapshot

_SIGNED: Final = """
    SELECT concat_ws(' ', c.programme, c.month || ': closing', c.closing_no, 'by', c.asked_by, 'and', c.closed_by, 'is not what order',
                     coalesce(o.id::text, 'none'), o.kind, o.state, 'says')
      FROM month_closing c LEFT JOIN two_person_order o ON o.id = c.order_id
     WHERE o.kind IS DISTINCT FROM 'close_month' OR o.state <> 'done' OR o.asked_by <> c.asked_by OR o.confirmed_by <> c.closed_by
        OR c.asked_by = c.closed_by OR o.document <> c.minutes
        OR o.subject ->> 'programme' <> c.programme OR o.subject ->> 'month' <> c.month"""

_STATE: Final = """
    SELECT concat_ws(' ', coalesce(p.programme, c.programme), coalesce(p.month, c.month) || ':', coalesce(p.state, 'no month'), 'with',
                     coalesce(c.count, 0), 'closings, the last numbered', coalesce(c.last, 0))
      FROM programme_month p
      FULL JOIN (SELECT programme, month, count(*) AS count, max(closing_no) AS last FROM month_closing GROUP BY 1, 2) AS c
        ON c.programme = p.programme AND c.month = p.month
     WHERE (p.state IS NOT DISTINCT FROM 'closed') <> (c.count IS NOT NULL) OR c.count <> c.last"""

_AT_CLOSING: Final = """
    SELECT DISTINCT ON (person_id) person_id, outcome, amount FROM entitlement_entry
     WHERE month = %(month)s AND programme = %(programme)s AND id <= %(entry_id)s ORDER BY person_id, version DESC"""

# Gaps and holds are kept for good, so whoever had one then has one, open or closed, now.
_WITHOUT_OWNER: Final = """
    WITH stood AS MATERIALIZED ({at_closing})
    SELECT concat_ws(' ', t.person_id, '{name}: closed as', t.outcome, 'without owner') FROM stood t
     WHERE t.outcome IN ('due', 'in_payment')
        OR t.outcome IN ('missed', 'unknown') AND NOT EXISTS (
           SELECT FROM gap g WHERE g.person_id = t.person_id AND g.programme = %(programme)s AND g.month = %(month)s AND g.owner <> '')
        OR t.outcome = 'held' AND NOT EXISTS (
           SELECT FROM case_file c WHERE c.person_id = t.person_id AND c.programme = %(programme)s AND c.kind = 'hold'
               AND %(month)s BETWEEN c.from_month AND c.to_month)"""


def closed_months(line: Invariant, ledger: Snapshot) -> None:
    every(line, ledger, _SIGNED)
    every(line, ledger, _STATE)
    rows = ledger.rows(
        """SELECT c.programme, c.month, c.closing_no, c.entry_id, c.numbers, coalesce(s.count, -1) FROM month_closing c
             LEFT JOIN seal s ON s.programme = c.programme AND s.month = c.month AND s.seal_no = c.seal_no ORDER BY 2, 1, 3"""
    )
    for programme, month, closing_no, entry_id, numbers, sealed in rows:
        _one_closing(line, ledger, f"{programme} {month} closing {closing_no}", numbers, sealed, _key(programme, month, entry_id))


def _key(programme: str, month: str, entry_id: int) -> dict[str, Any]:
    return {"programme": programme, "month": month, "entry_id": entry_id}


def _one_closing(line: Invariant, ledger: Snapshot, name: str, numbers: dict[str, Any], sealed: int, key: dict[str, Any]) -> None:
    counted = {
        outcome: {"people": int(people), "rupiah": int(rupiah)}
        for outcome, people, rupiah in ledger.rows(
            f"SELECT outcome, count(*), sum(amount)::bigint FROM ({_AT_CLOSING}) AS t GROUP BY outcome", key
        )
    }
    everybody = sum(one["people"] for one in counted.values())
    line.checked += everybody
    if counted != numbers:
        line.add(f"{name}: signed as {numbers}, the entries up to it say {counted}")
    if everybody != sealed:
        line.add(f"{name}: {everybody} people, the seal has {sealed}")
    every(line, ledger, _WITHOUT_OWNER.format(at_closing=_AT_CLOSING, name=name), key)
