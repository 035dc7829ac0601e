"""What a staged budget file would change, against the lines as they stand."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import text

from services.budget_audit.domain.budget import Change, Covers, changed
from services.budget_audit.store import line_key
from shared.db.session import AnySession


@dataclass(frozen=True)
class LineChange:
    """One line of a difference. ``before`` and ``after``: its ceiling, None where it is not in the budget.

    ``used``: reserved + realised - returned now; ``uncovered``: what of it the ceiling after does not cover. All in rupiah.
    """

    line_id: UUID
    key: str
    description: str
    change: Change
    before: int | None
    after: int | None
    used: int
    uncovered: int


STAGED = """
    WITH staged AS (SELECT * FROM dpa_staging WHERE import_id = :id),
         here AS (SELECT l.* FROM budget_line l
                   WHERE l.id IN (SELECT line_id FROM staged)
                      OR (NOT l.dropped AND l.year IN (SELECT year FROM staged)
                          AND (:covers = 'year' OR (:covers = 'sub_skpd' AND l.sub_skpd IN (SELECT sub_skpd FROM staged)))))
    SELECT coalesce(s.line_id, h.id) AS id, coalesce(s.year, h.year) AS year, coalesce(s.sub_skpd, h.sub_skpd) AS sub_skpd,
           coalesce(s.sub_activity, h.sub_activity) AS sub_activity, coalesce(s.account, h.account) AS account,
           coalesce(s.programme, h.programme) AS programme, coalesce(s.panti, h.panti) AS panti,
           coalesce(s.description, h.description) AS description,
           CASE WHEN h.id IS NOT NULL AND NOT h.dropped THEN h.ceiling END AS before, s.ceiling AS after,
           coalesce(h.reserved + h.realised - h.returned, 0) AS used
      FROM staged s FULL JOIN here h ON h.id = s.line_id
     ORDER BY 2, 3, 4, 5, 6, 7"""
"""Every line that the file names or, by what it covers, leaves out."""


async def staged_changes(session: AnySession, import_id: UUID, covers: Covers) -> list[LineChange]:
    """What differs, in the order of the lines' keys; lines that stay as they are are left out."""
    found = await session.execute(text(STAGED), {"id": import_id, "covers": covers.value})
    return changes_of(found)


def changes_of(rows: Iterable[Any]) -> list[LineChange]:
    """Lines with a ceiling ``before`` and ``after`` (None: not there) and what is ``used``; those that stay as they are left out."""
    changes = []
    for row in rows:
        change = changed(row.before, row.after)
        if change is not None:
            left = max(0, row.used - (row.after or 0))
            changes.append(LineChange(row.id, line_key(row), row.description, change, row.before, row.after, row.used, left))
    return changes


async def second_lines(session: AnySession, import_id: UUID, covers: Covers, account: str) -> list[str]:
    """Programmes that would have two lines of cash aid in one year once the file holds."""
    found = await session.scalars(
        text("""WITH staged AS (SELECT * FROM dpa_staging WHERE import_id = :id)
                SELECT programme FROM (
                    SELECT year, programme, line_id AS id FROM staged WHERE programme <> '' AND account = :account
                    UNION
                    SELECT l.year, l.programme, l.id FROM budget_line l
                     WHERE l.programme <> '' AND l.account = :account AND NOT l.dropped AND l.year IN (SELECT year FROM staged)
                       AND NOT (:covers = 'year' OR (:covers = 'sub_skpd' AND l.sub_skpd IN (SELECT sub_skpd FROM staged)))) AS lines
                 GROUP BY year, programme HAVING count(*) > 1 ORDER BY programme"""),
        {"id": import_id, "covers": covers.value, "account": account},
    )
    return list(found)
