"""Every detector over a whole year, set by set; what differs from what the events have found is compared again, by itself."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from typing import Any

from sqlalchemy import text

from services.budget_audit import store
from services.budget_audit.commands import ask, detect
from services.budget_audit.domain.detectors import food_differs_from_resident_days as food
from services.budget_audit.domain.detectors import goods_differ_from_sp2d as goods
from services.budget_audit.domain.detectors import settled_differs_from_sp2d as settled
from services.budget_audit.store.year import compare
from shared.db.session import WriteSession

SINGLE: Mapping[str, str] = {
    food.CODE: """SELECT DISTINCT reference FROM sp2d WHERE reference ~ '^[A-Z0-9]{2,8}/[0-9]{4}-[0-9]{2}$'
                     AND reference LIKE '%/' || :year || '-%'""",
    settled.CODE: "SELECT code FROM batch WHERE left(month, 4) = :year AND code <> ''",
    goods.CODE: """SELECT DISTINCT g.reference FROM goods_received g JOIN sp2d s ON s.reference = g.reference
                    WHERE to_char(s.date, 'YYYY') = :year""",
}
"""Detectors that look at one reference at a time, and the references of a year that they may have something to say about."""


async def audit(session: WriteSession, year: int, *, cause: str, at: datetime, today: date) -> dict[str, Any]:
    """What was looked at and found, by code in rupiah. References whose numbers are others go into the queue, where each is compared
    under its lock as after any event: a figure that changes while the year is read is never recorded from an old reading."""
    found, differing, looked = await compare(session, year)
    await ask.these(session, {grain: sorted(references) for grain, references in differing.items()}, cause=cause, at=at)
    for code, references in SINGLE.items():
        names = sorted(await session.scalars(text(references), {"year": str(year)}))
        await store.lock_references(session, names)
        for name in names:
            await detect.evaluate(session, code, name, cause=cause, at=at, today=today)
    single = await session.execute(
        text("""SELECT code, count(*) AS count, sum(abs(difference))::bigint AS rupiah FROM mismatch
                 WHERE code = ANY(:codes) AND left(period, 4) = :year AND difference <> 0 GROUP BY code"""),
        {"codes": list(SINGLE), "year": str(year)},
    )
    by_code = {code: {"count": len(ones), "rupiah": sum(abs(one.difference) for one in ones)} for code, ones in found.items()}
    by_code |= {row.code: {"count": row.count, "rupiah": row.rupiah} for row in single}
    return {
        "looked_at": dict(looked), "not_yet_recorded": sum(len(references) for references in differing.values()),
        "findings": dict(sorted(by_code.items())),
    }  # fmt: skip
