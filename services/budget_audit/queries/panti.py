"""Panti, and the month of one."""

from __future__ import annotations

from sqlalchemy import text

from services.budget_audit.domain.calendar import days_of
from services.budget_audit.domain.detectors import food_differs_from_resident_days as food
from services.budget_audit.domain.references import PantiMonth
from services.budget_audit.queries.panti_story import BELONGS, OF_PACE
from services.budget_audit.schemas import panti as schemas
from services.budget_audit.store.facts import counted_by, food_facts
from shared.db.session import AnySession
from shared.kernel.errors import NotFound
from shared.kernel.month import Month


async def panti(session: AnySession) -> schemas.PantiList:
    """The one with the most unexplained rupiah first, then the one that waits longest (USERS.md, auditor, step 1)."""
    found = await session.execute(
        text(f"""SELECT p.code, p.name, p.target, p.capacity, count(m.id) AS mismatches, min(m.detected_at) AS oldest,
                        coalesce(sum(abs(m.difference) - m.explained) FILTER (WHERE NOT m.code = ANY(:pace)), 0)::bigint AS unexplained
                   FROM panti p LEFT JOIN mismatch m ON {BELONGS} AND m.state <> 'closed' AND m.difference <> 0
                  GROUP BY p.code ORDER BY unexplained DESC, oldest, p.name"""),
        {"pace": list(OF_PACE)},
    )
    return schemas.PantiList(items=[schemas.Panti(**row) for row in found.mappings()])


async def panti_month(session: AnySession, code: str, month: Month) -> schemas.PantiMonthView:
    """One panti's month: counts, contract prices, food due, SP2D, and the mismatch where there is one."""
    row = (await session.execute(text("SELECT * FROM panti WHERE code = :code"), {"code": code})).one_or_none()
    if row is None:
        raise NotFound(f"there is no panti '{code}'")
    named = PantiMonth(code, month)
    facts, _ = await food_facts(session, named)
    due = food.food_due(facts)
    sources = await counted_by(session, named)
    days = [
        schemas.PantiDay(
            day=day, residents=facts.residents.get(day), price=facts.prices.get(day), source=sources.get(day),
            over_capacity=facts.residents.get(day, 0) > row.capacity,
        )
        for day in days_of(month)
    ]  # fmt: skip
    prices = {day.price for day in days}
    mismatch_id = await session.scalar(
        text("SELECT id FROM mismatch WHERE code = :code AND reference = :reference"), {"code": food.CODE, "reference": named.reference}
    )
    returned = await session.scalar(
        text("SELECT coalesce(sum(amount), 0)::bigint FROM treasury_return WHERE reference = :reference"), {"reference": named.reference}
    )
    return schemas.PantiMonthView(
        panti=code, name=row.name, month=month, capacity=row.capacity, residents=days, resident_days=sum(facts.residents.values()),
        price=prices.pop() if len(prices) == 1 else None, food_due=due, sp2d=facts.sp2d, returned=returned or 0,
        difference=None if due is None else facts.sp2d - due, mismatch_id=mismatch_id,
    )  # fmt: skip
