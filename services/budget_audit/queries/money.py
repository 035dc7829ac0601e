"""A month's money from this service's own books."""

from __future__ import annotations

from typing import Final

from sqlalchemy import text

from services.budget_audit.schemas import money as schemas
from shared.db.session import AnySession
from shared.kernel.month import Month


async def month_money(session: AnySession, month: Month) -> schemas.MonthMoney:
    """Of the month's batches that have an SP2D or were paid from the holding account: a list without money has nothing in holding."""
    found = await session.execute(
        text("""
            WITH batches AS (SELECT b.id, b.code FROM batch b
                              WHERE b.month = :month AND (EXISTS (SELECT FROM sp2d s WHERE s.reference = b.code)
                                     OR EXISTS (SELECT FROM batch_money m WHERE m.batch_id = b.id AND m.from_holding > 0))),
                 paid AS (SELECT b.id, r.programme, sum(r.amount) AS sp2d FROM batches b JOIN sp2d s ON s.reference = b.code
                            JOIN sp2d_row r ON r.sp2d_id = s.id GROUP BY 1, 2),
                 settled AS (SELECT b.id, m.programme, m.credited, m.not_credited, m.from_holding, m.paid_on
                              FROM batches b JOIN batch_money m ON m.batch_id = b.id),
                 back AS (SELECT b.id, t.programme, sum(t.amount) AS returned FROM batches b
                            JOIN treasury_return t ON t.reference = b.code GROUP BY 1, 2)
            SELECT programme, coalesce(sum(sp2d), 0)::bigint AS sp2d, coalesce(sum(from_holding), 0)::bigint AS from_holding,
                   coalesce(sum(credited), 0)::bigint AS credited, coalesce(sum(returned), 0)::bigint AS returned,
                   coalesce(sum(paid_on), 0)::bigint AS paid_on,
                   sum(greatest(coalesce(not_credited, 0) - coalesce(returned, 0) - coalesce(paid_on, 0), 0))::bigint AS holding
              FROM paid FULL JOIN settled USING (id, programme) FULL JOIN back USING (id, programme)
             GROUP BY programme ORDER BY programme"""),
        {"month": month},
    )
    by_programme = {row.programme: _money(*(getattr(row, key) for key in _KEYS)) for row in found}
    every = by_programme.values()
    total = _money(*(sum(getattr(m, key) for m in every) for key in _KEYS))
    balanced = all(m.balanced for m in every)
    return schemas.MonthMoney(**total.model_dump() | {"balanced": balanced}, month=month, by_programme=by_programme)


_KEYS: Final = ("sp2d", "from_holding", "credited", "returned", "paid_on", "holding")


def _money(sp2d: int, from_holding: int, credited: int, returned: int, paid_on: int, holding: int) -> schemas.Money:
    balanced = sp2d + from_holding == credited + returned + paid_on + holding
    return schemas.Money(
        sp2d=sp2d, from_holding=from_holding, credited=credited, returned=returned, paid_on=paid_on, holding=holding, balanced=balanced
    )
