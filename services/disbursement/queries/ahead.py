"""The months ahead, counted from what beneficiary said so far: who is expected, who falls out, whose card is missing.

Set-based, one pass over the enrolments that reach into the window: nearly everybody has one row there and is counted once
for all its months; the few with several rows are laid out month by month.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

from sqlalchemy import text

from shared.db.session import ReadSession
from shared.kernel.month import Month, months_between, shift

# The row with the highest person_version that covers a month holds in it (CORE.md section 3). One month beyond the window is
# laid out too: whoever is not covered there falls out with the window's last month.
_EXPECTED: Final = """
    WITH own AS MATERIALIZED (
        SELECT programme, person_id, person_version, status, amount, greatest(from_month, :first) AS from_month,
               least(to_month, :beyond) AS to_month, count(*) OVER (PARTITION BY programme, person_id) AS rows
          FROM enrolment_history WHERE to_month >= :first AND from_month <= :beyond),
    months AS (SELECT month FROM unnest(CAST(:months AS text[])) AS m(month)),
    single AS (
        SELECT programme, status, from_month, to_month, count(*) AS people, sum(amount) AS amount
          FROM own WHERE rows = 1 GROUP BY 1, 2, 3, 4),
    laid_out AS MATERIALIZED (
        SELECT DISTINCT ON (o.programme, o.person_id, m.month) o.programme, o.person_id, m.month, o.status, o.amount
          FROM own o JOIN months m ON m.month BETWEEN o.from_month AND o.to_month
         WHERE o.rows > 1 ORDER BY o.programme, o.person_id, m.month, o.person_version DESC),
    followed AS (
        SELECT *, lead(month) OVER (PARTITION BY programme, person_id ORDER BY month) AS next FROM laid_out)
    SELECT month, programme, sum(people) FILTER (WHERE status = 'active')::bigint AS people,
           sum(amount) FILTER (WHERE status = 'active')::bigint AS amount,
           sum(people) FILTER (WHERE status = 'suspended')::bigint AS suspended,
           sum(people) FILTER (WHERE status <> 'ended' AND ends)::bigint AS ends_people,
           sum(amount) FILTER (WHERE status <> 'ended' AND ends)::bigint AS ends_amount
      FROM (SELECT m.month, s.programme, s.status, s.people, s.amount, s.to_month = m.month AS ends
              FROM single s JOIN months m ON m.month BETWEEN s.from_month AND s.to_month
            UNION ALL
            SELECT f.month, f.programme, f.status, 1, f.amount,
                   f.next IS NULL OR f.next > to_char(to_date(f.month, 'YYYY-MM') + interval '1 month', 'YYYY-MM')
              FROM followed f) AS cells
     WHERE month < :beyond GROUP BY 1, 2 ORDER BY 1, 2"""


async def expected(session: ReadSession, first: Month, last: Month) -> list[dict[str, Any]]:
    """By month and programme: people and rupiah expected, suspended ones beside them, and who has no month after this one."""
    beyond = shift(last, 1)
    rows = await session.execute(
        text(_EXPECTED), {"first": first, "beyond": beyond, "months": list(months_between(first, beyond))}
    )  # fmt: skip
    keys = ("people", "amount", "suspended", "ends_people", "ends_amount")
    return [{"month": row["month"], "programme": row["programme"], **{key: int(row[key] or 0) for key in keys}} for row in rows.mappings()]


_LACKING: Final = """
    WITH active AS (
        SELECT person_id, programme, amount FROM (
            SELECT DISTINCT ON (programme, person_id) programme, person_id, status, amount FROM enrolment_history
             WHERE from_month <= :month AND :month <= to_month ORDER BY programme, person_id, person_version DESC) AS held
         WHERE status = 'active')
    SELECT a.programme,
           CASE WHEN k.person_id IS NOT NULL THEN 'card_not_handed_over'
                WHEN EXISTS (SELECT FROM account_opening_line o WHERE o.person_id = a.person_id AND o.programme = a.programme
                                AND o.outcome = 'asked') THEN 'opening_asked'
                ELSE 'no_account' END AS lack,
           count(*) AS people, sum(a.amount)::bigint AS amount
      FROM active a LEFT JOIN account k ON k.person_id = a.person_id AND k.programme = a.programme
     WHERE k.person_id IS NULL OR NOT k.card_handed_over
     GROUP BY 1, 2 ORDER BY 1, 2"""


async def lacking(session: ReadSession, month: Month) -> list[dict[str, Any]]:
    """Who is active in this month and could not be paid today: no account, opening asked for, card not handed over. Rupiah a month."""
    rows = await session.execute(text(_LACKING), {"month": month})
    return [dict(row) for row in rows.mappings()]


async def committed(session: ReadSession, first: Month, last: Month) -> dict[tuple[str, str], int]:
    """Rupiah that the lists of each (programme, month) have reserved or spent already."""
    rows = await session.execute(
        text("""SELECT t.programme, b.month, sum(t.sum)::bigint AS amount
                  FROM batch b, jsonb_to_recordset(b.totals) AS t(programme text, sum bigint)
                 WHERE b.month BETWEEN :first AND :last AND b.state IN ('reserved', 'funded', 'released', 'results_in', 'closed')
                 GROUP BY 1, 2"""),
        {"first": first, "last": last},
    )
    return {(row.programme, row.month): int(row.amount) for row in rows}


def still_needed(items: Sequence[dict[str, Any]], reserved: dict[tuple[str, str], int]) -> dict[str, dict[Month, int]]:
    """What each month still needs, by programme; never less than nothing (a list may carry back-pay)."""
    needs: dict[str, dict[Month, int]] = {}
    for one in items:
        key = (one["programme"], one["month"])
        needs.setdefault(one["programme"], {})[Month(one["month"])] = max(one["amount"] - reserved.get(key, 0), 0)
    return needs
