"""Close a programme's month: asked with the number of the minutes, confirmed by another person while everything still holds.

It is closed by people, not by itself: the minutes carry the equation of the month and are signed (DESIGN.md, The month, as the
office lives it). A late return, a second seal or back-pay goes its way afterwards; a second closing then counts it too.
"""

from __future__ import annotations

import json
from datetime import datetime
from typing import Any, Final

from sqlalchemy import Row, text

from services.disbursement.domain.month_closing import refuse_unfinished
from services.disbursement.domain.stops import Ask, OrderChanged, OrderKind
from services.disbursement.store import entries_since_closing, month_now
from shared.contracts.disbursement import MonthClosed
from shared.db.session import WriteSession
from shared.kernel.errors import NotFound
from shared.kernel.ids import natural_id
from shared.kernel.month import Month
from shared.messaging import outbox
from shared.messaging.outbox import Outgoing

_NUMBERS: Final = """
    SELECT outcome, count(*) AS people, sum(amount)::bigint AS rupiah FROM entitlement_month
     WHERE month = :month AND programme = :programme GROUP BY outcome ORDER BY outcome"""


async def _numbers(session: WriteSession, key: dict[str, str]) -> dict[str, dict[str, int]]:
    rows = await session.execute(text(_NUMBERS), key)
    return {row.outcome: {"people": int(row.people), "rupiah": int(row.rupiah)} for row in rows}


async def _refuse_unfinished(session: WriteSession, programme: str, month: Month) -> None:
    now = await month_now(session, programme, month)
    if now is None:
        raise NotFound(f"{programme} has no month {month}", programme=programme, month=month)
    news = await entries_since_closing(session, programme, month)
    refuse_unfinished(now, programme=programme, month=month, news=news)


async def ask_close(session: WriteSession, programme: str, month: Month, minutes: str, reason: str) -> Ask:
    """Raise NotFound, IllegalTransition, MonthNotFinished."""
    await _refuse_unfinished(session, programme, month)
    numbers = await _numbers(session, {"programme": programme, "month": month})
    return Ask(
        OrderKind.CLOSE_MONTH, {"programme": programme, "month": month, "numbers": numbers}, reason, minutes,
        person_months=sum(one["people"] for one in numbers.values()), rupiah=numbers.get("paid", {}).get("rupiah", 0),
    )  # fmt: skip


async def close(session: WriteSession, order: Row[Any], by: str, at: datetime) -> None:
    """Raise OrderChanged where the numbers are not those of the minutes any more, MonthNotFinished where something lacks now."""
    programme, month = order.subject["programme"], Month(order.subject["month"])
    key = {"programme": programme, "month": month}
    await session.execute(text("SELECT hold_entries()"))
    version = await session.scalar(
        text("SELECT version FROM programme_month WHERE programme = :programme AND month = :month FOR UPDATE"), key
    )
    await _refuse_unfinished(session, programme, month)
    numbers = await _numbers(session, key)
    if numbers != order.subject["numbers"]:
        raise OrderChanged("the month's numbers are not those of the minutes any more; ask again", **key)
    closing_no = await session.scalar(
        text("""INSERT INTO month_closing (programme, month, closing_no, order_id, seal_no, entry_id, numbers, minutes, asked_by,
                                           closed_by, closed_at)
                SELECT pm.programme, pm.month,
                       1 + (SELECT count(*) FROM month_closing c WHERE c.programme = pm.programme AND c.month = pm.month),
                       :order_id, pm.seal_no,
                       coalesce((SELECT e.id FROM entitlement_entry e WHERE e.month = pm.month ORDER BY e.id DESC LIMIT 1), 0),
                       CAST(:numbers AS jsonb), :minutes, :asked_by, :by, :at
                  FROM programme_month pm WHERE pm.programme = :programme AND pm.month = :month RETURNING closing_no"""),
        {
            **key, "order_id": order.id, "numbers": json.dumps(numbers), "minutes": order.document, "asked_by": order.asked_by, "by": by,
            "at": at,
        },
    )  # fmt: skip
    await session.execute(
        text("""UPDATE programme_month SET state = 'closed', version = version + 1 WHERE programme = :programme AND month = :month"""), key
    )
    people = {outcome: one["people"] for outcome, one in numbers.items()}
    closed = MonthClosed(
        programme=programme, month=month, closing_no=int(closing_no or 1), paid=people.get("paid", 0), unknown=people.get("unknown", 0),
        held=people.get("held", 0), missed=people.get("missed", 0), excluded=people.get("excluded", 0),
    )  # fmt: skip
    await outbox.append(session, [Outgoing(natural_id("programme_month", programme, month), int(version or 0) + 1, closed)], at=at)
