"""Spending of a year by line and month, by panti, and on accounts for other people's food."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

from sqlalchemy import text

from services.budget_audit.domain.detectors.cash_plan import LineYear
from services.budget_audit.domain.detectors.unit_cost import PantiCost
from services.budget_audit.domain.detectors.wrong_account import Booked
from services.budget_audit.store import line_key
from services.budget_audit.store.coverage import coverage_of
from services.budget_audit.store.supply_facts import Scope
from shared.db.session import AnySession


async def covered(session: AnySession, year: int) -> tuple[int, int, str]:
    """The months of the year that the treasury's documents cover whole, as a slice, and the last day that they reach.

    A source that begins in March says nothing of January; one that ends on 24 October nothing of October (TROUBLES O12), and
    days between two files that none covers are silence too, whatever came after them.
    """
    found = (
        await session.execute(
            text(
                "SELECT min(date) FILTER (WHERE date <= :last) AS first, max(date) AS last FROM sp2d WHERE date BETWEEN :first AND :after"
            ),
            {**Scope(year).bounds, "after": date(year + 1, 1, 31)},
        )
    ).one()
    if found.first is None:
        return 0, 0, ""
    said = (await coverage_of(session, [year]))[year]
    until = min(max(found.last, said.until or found.last), date(year, 12, 31))
    until = min([until, *(first - timedelta(days=1) for first, _ in said.holes if first > date(year, 1, 1))])
    first = 0 if found.first.month == 1 else found.first.month
    whole = 12 if until == date(year, 12, 31) else (until + timedelta(days=1)).month - 1
    return first, whole, until.isoformat()


LINES = """
SELECT l.*, coalesce(p.months, '{}'::jsonb) AS planned, coalesce(s.months, '{}'::jsonb) AS spent
  FROM budget_line l
  LEFT JOIN (SELECT line_id, jsonb_object_agg(month, planned) AS months FROM cash_plan WHERE left(month, 4) = CAST(:year AS text)
              GROUP BY line_id) p ON p.line_id = l.id
  LEFT JOIN (SELECT line_id, jsonb_object_agg(month, amount) AS months FROM
              (SELECT r.line_id, to_char(d.date, 'YYYY-MM') AS month, sum(r.amount) AS amount
                 FROM sp2d d JOIN sp2d_row r ON r.sp2d_id = d.id WHERE d.date BETWEEN :first AND :last GROUP BY 1, 2) m
              GROUP BY line_id) s ON s.line_id = l.id
 WHERE l.year = :year AND NOT l.dropped AND (CAST(:panti AS text) IS NULL OR l.panti = :panti) ORDER BY l.id
"""

SAVED = """
SELECT c.panti, to_char(c.day, 'YYYY-MM') AS month, sum(c.residents * (f.price - k.price))::bigint AS saved
  FROM (SELECT DISTINCT ON (panti, day) panti, day, residents FROM census_count WHERE day BETWEEN :first AND :last
         ORDER BY panti, day, version DESC) c
  JOIN contract k ON k.panti = c.panti AND c.day BETWEEN k.from_day AND k.to_day
  JOIN food_ceiling f ON c.day BETWEEN f.from_day AND f.to_day AND f.price > k.price
 GROUP BY 1, 2
"""
"""What a tender below the food ceiling saves for the residents that were counted."""


async def line_rows(session: AnySession, year: int, panti: str | None = None) -> list[Any]:
    return list((await session.execute(text(LINES), {**Scope(year).bounds, "panti": panti})).all())


def twelve(year: int, months: dict[str, Any]) -> list[int]:
    return [int(months.get(f"{year}-{n:02d}", 0)) for n in range(1, 13)]


async def line_years(session: AnySession, year: int) -> list[tuple[Any, LineYear]]:
    """Every line of the year, as its row and as its months."""
    first, until, last_day = await covered(session, year)
    food = set(
        await session.scalars(text("SELECT code FROM food_account WHERE from_day <= :last AND to_day >= :first"), Scope(year).bounds)
    )
    saved: dict[str, dict[str, int]] = {}
    for row in await session.execute(text(SAVED), Scope(year).bounds):
        saved.setdefault(row.panti, {})[row.month] = row.saved
    return [
        (
            row,
            LineYear(
                line_key(row), year, row.ceiling, twelve(year, row.planned), twelve(year, row.spent),
                twelve(year, saved.get(row.panti, {}) if row.panti and row.account in food else {}), first, until, last_day,
            ),
        )
        for row in await line_rows(session, year)
    ]  # fmt: skip


async def december_numbers(session: AnySession, year: int, panti: str | None) -> dict[str, list[str]]:
    rows = await session.execute(
        text("""SELECT DISTINCT l.panti, d.number FROM sp2d d JOIN sp2d_row r ON r.sp2d_id = d.id JOIN budget_line l ON l.id = r.line_id
                 WHERE d.date BETWEEN :first AND :last AND l.panti <> '' AND (CAST(:panti AS text) IS NULL OR l.panti = :panti)
                 ORDER BY 1, 2"""),
        {"first": date(year, 12, 1), "last": date(year, 12, 31), "panti": panti},
    )
    found: dict[str, list[str]] = {}
    for row in rows:
        found.setdefault(row.panti, []).append(row.number)
    return found


BOOKED = """
SELECT d.reference, d.number, l.account, sum(r.amount)::bigint AS amount, o.note
  FROM sp2d d JOIN sp2d_row r ON r.sp2d_id = d.id JOIN budget_line l ON l.id = r.line_id
  JOIN food_for_others o ON o.code = l.account AND d.date BETWEEN o.from_day AND o.to_day
 WHERE d.reference ~ '^[A-Z0-9]{2,8}/[0-9]{4}-[0-9]{2}$' AND d.reference LIKE :pattern
 GROUP BY d.id, l.account, o.note HAVING sum(r.amount) > 0
 ORDER BY d.date, d.number, l.account
"""


async def booked(session: AnySession, scope: Scope) -> dict[str, list[Booked]]:
    """SP2D of a panti's month on an account for other people's food, by that month: of one, or of the year."""
    pattern = f"{scope.subject}/{scope.month}" if scope.subject else f"%/{scope.year}-%"
    found: dict[str, list[Booked]] = {}
    for row in await session.execute(text(BOOKED), {"pattern": pattern}):
        found.setdefault(row.reference, []).append(Booked(row.number, row.account, row.amount, row.note))
    return found


COSTS = """
WITH paid AS (
    SELECT d.reference, sum(r.amount) AS amount FROM sp2d d JOIN sp2d_row r ON r.sp2d_id = d.id JOIN budget_line l ON l.id = r.line_id
      JOIN food_account f ON f.code = l.account AND d.date BETWEEN f.from_day AND f.to_day
     WHERE d.reference LIKE :pattern GROUP BY 1),
lived AS (
    SELECT panti, to_char(day, 'YYYY-MM') AS month, sum(residents) AS days, count(*) AS counted FROM
        (SELECT DISTINCT ON (panti, day) panti, day, residents FROM census_count WHERE day BETWEEN :first AND :last
          ORDER BY panti, day, version DESC) c GROUP BY 1, 2)
SELECT p.code, p.target, sum(paid.amount)::bigint AS cost, sum(lived.days)::bigint AS days
  FROM lived JOIN paid ON paid.reference = lived.panti || '/' || lived.month JOIN panti p ON p.code = lived.panti
 WHERE lived.counted = extract(day FROM (to_date(lived.month, 'YYYY-MM') + interval '1 month - 1 day')) GROUP BY 1, 2
"""


async def costs(session: AnySession, year: int) -> list[PantiCost]:
    """Food paid and resident-days, of the months that have both and are counted to the last day."""
    rows = await session.execute(text(COSTS), {**Scope(year).bounds, "pattern": f"%/{year}-%"})
    return [PantiCost(row.code, row.target, row.cost, row.days) for row in rows]
