"""What a panti's page tells beside its census: budget, plan, spending, minutes, prices, and what is open."""

from __future__ import annotations

from datetime import date
from typing import Any, Final

from sqlalchemy import text

from services.budget_audit.domain.calendar import days_of
from services.budget_audit.schemas import panti_story as schemas
from services.budget_audit.store.coverage import data_until
from shared.db.session import AnySession
from shared.kernel.errors import NotFound
from shared.kernel.month import Month

OF_PACE: Final = ("plan_deviation_month", "plan_deviation_to_date", "slow_absorption")
"""Codes that say how fast money goes, not that money is unexplained: they are listed, and no rupiah of theirs is summed."""

BELONGS: Final = """(p.code IN (m.subject, split_part(m.reference, '/', 1), regexp_replace(m.subject, '^.*/', ''))
    OR EXISTS (SELECT FROM supply_item i WHERE i.contract = m.subject AND p.code = ANY(i.panti)))"""
"""A finding ``m`` is a panti's (``p``) by its name, by its budget line, or by a contract that feeds it."""


async def story(session: AnySession, code: str, month: Month, today: date) -> schemas.PantiStory:
    if await session.scalar(text("SELECT code FROM panti WHERE code = :code"), {"code": code}) is None:
        raise NotFound(f"there is no panti '{code}'")
    days = days_of(month)
    given: dict[str, Any] = {
        "code": code, "year": int(month[:4]), "month": month, "january": f"{month[:4]}-01", "first": days[0], "last": days[-1],
        "new_year": days[0].replace(month=1), "pace": list(OF_PACE), "today": today,
    }  # fmt: skip
    budget = (await session.execute(text(_BUDGET), given)).mappings().one()
    version = (
        await session.execute(
            text("SELECT version, document, number FROM budget_version WHERE year = :year ORDER BY version DESC LIMIT 1"), given
        )
    ).one_or_none()
    handed = await session.execute(text(_HANDED), given)
    prices = await session.execute(text(_PRICES), given)
    findings = await session.execute(text(_FINDINGS), given)
    months = await session.scalars(text(_MONTHS), given)
    return schemas.PantiStory(
        panti=code, month=month, budget_version=version.version if version else None,
        budget_document=" ".join(part for part in (version.document.upper(), version.number) if part) if version else "",
        **budget, money_until=await data_until(session, int(month[:4])), handovers=[schemas.HandedOver(**row) for row in handed.mappings()],
        prices=[schemas.ComparedPrice(**row) for row in prices.mappings()],
        findings=[schemas.PantiFinding(**row) for row in findings.mappings()], months=list(months),
    )  # fmt: skip


_BUDGET: Final = """
WITH line AS (SELECT id, ceiling FROM budget_line WHERE panti = :code AND year = :year),
     out AS (SELECT s.date AS day, r.amount FROM sp2d_row r JOIN sp2d s ON s.id = r.sp2d_id WHERE r.line_id IN (SELECT id FROM line)
             UNION ALL SELECT t.date, -t.amount FROM treasury_return t WHERE t.line_id IN (SELECT id FROM line)),
     plan AS (SELECT month, planned FROM cash_plan WHERE line_id IN (SELECT id FROM line))
SELECT (SELECT coalesce(sum(ceiling), 0)::bigint FROM line) AS ceiling,
       (SELECT coalesce(sum(planned), 0)::bigint FROM plan WHERE month = :month) AS planned,
       (SELECT coalesce(sum(planned), 0)::bigint FROM plan WHERE month BETWEEN :january AND :month) AS planned_to_date,
       (SELECT coalesce(sum(amount), 0)::bigint FROM out WHERE day BETWEEN :first AND :last) AS spent,
       (SELECT coalesce(sum(amount), 0)::bigint FROM out WHERE day BETWEEN :new_year AND :last) AS spent_to_date
"""
_HANDED: Final = """
SELECT number, day, contract, count(*) AS lines, sum(amount)::bigint AS amount FROM handover
 WHERE panti = :code AND day BETWEEN :first AND :last GROUP BY number, day, contract ORDER BY day, number LIMIT 500
"""
_PRICES: Final = """
SELECT i.contract, i.item, i.unit, i.price, s.price AS standard_price
  FROM supply_item i LEFT JOIN standard_price s ON s.year = extract(year FROM i.from_day) AND s.item = i.item AND s.unit = i.unit
 WHERE :code = ANY(i.panti) AND i.from_day <= :last AND i.to_day >= :first
 ORDER BY i.price > coalesce(s.price, i.price) DESC, i.contract, i.item LIMIT 500
"""
_FINDINGS: Final = f"""
SELECT m.id, m.code, m.subject, m.period, m.difference, abs(m.difference) - m.explained AS open, NOT m.code = ANY(:pace) AS of_money,
       m.state, m.due_on, m.state <> 'closed' AND m.due_on < :today AS overdue
  FROM mismatch m JOIN panti p ON p.code = :code
 WHERE {BELONGS} AND m.period IN (:month, left(:month, 4))
 ORDER BY m.state = 'closed', NOT m.code = ANY(:pace) DESC, abs(m.difference) - m.explained DESC, m.id LIMIT 200
"""
_MONTHS: Final = """
SELECT DISTINCT month FROM (
    SELECT to_char(day, 'YYYY-MM') AS month FROM census_count WHERE panti = :code
    UNION SELECT split_part(reference, '/', 2) FROM sp2d WHERE split_part(reference, '/', 1) = :code) AS known
 WHERE month ~ '^[0-9]{4}-[0-9]{2}$' ORDER BY month DESC LIMIT 36
"""
