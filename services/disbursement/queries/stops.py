"""Orders of two people, freezes, cut-off hours, and what a budget year still owes, as they are shown."""

from __future__ import annotations

from datetime import date
from typing import Any
from uuid import UUID

from sqlalchemy import text

from shared.db.session import AnySession
from shared.kernel.errors import NotFound

_ORDER = """SELECT id, kind, state, subject, reason, document, person_months, rupiah, asked_by, asked_at, confirmed_by, confirmed_at,
                   cancelled_by, cancelled_at FROM two_person_order"""


async def order(session: AnySession, order_id: UUID) -> dict[str, Any]:
    found = (await session.execute(text(f"{_ORDER} WHERE id = :id"), {"id": order_id})).mappings().one_or_none()
    if found is None:
        raise NotFound("there is no such order", order=str(order_id))
    return dict(found)


async def orders(session: AnySession, state: str, kind: str) -> list[dict[str, Any]]:
    """The newest 200 of the caller's areas."""
    rows = await session.execute(
        text(f"{_ORDER} WHERE :state IN ('', state) AND :kind IN ('', kind) ORDER BY asked_at DESC, id LIMIT 200"),
        {"state": state, "kind": kind},
    )
    return [dict(row) for row in rows.mappings()]


async def freezes(session: AnySession, today: date, *, active: bool) -> list[dict[str, Any]]:
    """Freezes of the caller's areas; ``holds``: today."""
    rows = await session.execute(
        text("""SELECT * FROM (
                    SELECT id, scope, programme, batch_id, person_id, reason, until, frozen_at, lifted_at,
                           lifted_at IS NULL AND (until IS NULL OR until >= :today) AS holds FROM stoppage) AS f
                 WHERE holds OR NOT :active ORDER BY frozen_at DESC LIMIT 500"""),
        {"today": today, "active": active},
    )
    return [dict(row) for row in rows.mappings()]


async def cutoff_hours(session: AnySession) -> list[dict[str, Any]]:
    rows = await session.execute(text("SELECT * FROM bank_cutoff_hour ORDER BY bank_code, programme, valid_from DESC"))
    return [dict(row) for row in rows.mappings()]


async def budget_year(session: AnySession, year: int) -> dict[str, Any]:
    """Person-months of the year that are neither paid nor excluded, by programme, outcome and reason, with their rupiah."""
    months = list(
        await session.scalars(text("SELECT DISTINCT month FROM programme_month WHERE left(month, 4) = :year"), {"year": str(year)})
    )
    rows = await session.execute(
        text("""SELECT programme, outcome, reason, count(*) AS person_months, sum(amount)::bigint AS rupiah FROM entitlement_month
                 WHERE month = ANY(CAST(:months AS text[])) AND outcome NOT IN ('paid', 'excluded')
                 GROUP BY 1, 2, 3 ORDER BY 1, 2, 3"""),
        {"months": months},
    )
    return {"year": year, "months": sorted(months), "open": [dict(row) for row in rows.mappings()]}
