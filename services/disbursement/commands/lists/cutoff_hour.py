"""The bank's cut-off hour: until when it takes a file for the same day (Asia/Jakarta), by bank and programme, dated."""

from __future__ import annotations

from datetime import date, datetime, time
from typing import Any, Final
from uuid import UUID

from sqlalchemy import Row, text

from services.disbursement.domain.stops import Ask, OrderChanged, OrderKind, counted_from, value_day
from services.disbursement.store import confirmed_holidays
from shared.db.session import WriteSession
from shared.kernel.clock import jakarta_day
from shared.kernel.workdays import add_working_days_to

ANY: Final = "*"


def ask_hour(*, bank_code: str, programme: str, valid_from: date, hour: time, reason: str, document: str) -> Ask:
    subject = {
        "bank_code": bank_code, "programme": programme, "valid_from": valid_from.isoformat(), "hour": hour.strftime("%H:%M"),
    }  # fmt: skip
    return Ask(OrderKind.CUTOFF_HOUR, subject, reason, document)


async def set_hour(session: WriteSession, order: Row[Any], by: str, at: datetime) -> None:
    """A new hour from a day on; a day that has its hour keeps it."""
    result = await session.execute(
        text("""INSERT INTO bank_cutoff_hour (bank_code, programme, valid_from, hour, order_id)
                VALUES (:bank_code, :programme, CAST(:valid_from AS date), :hour, :order) ON CONFLICT DO NOTHING"""),
        {**order.subject, "order": order.id},
    )
    if not result.rowcount:  # type: ignore[attr-defined]
        raise OrderChanged("this day has its hour already", **order.subject)


_HOUR: Final = """
    SELECT min(hours.hour) FROM (SELECT DISTINCT bank_code, programme FROM payment WHERE batch_id = :batch AND outcome <> 'withdrawn') AS p
     CROSS JOIN LATERAL (
           SELECT c.hour FROM bank_cutoff_hour c
            WHERE c.bank_code IN (p.bank_code, '*') AND c.programme IN (p.programme, '*') AND c.valid_from <= :today
            ORDER BY c.bank_code = '*', c.programme = '*', c.valid_from DESC LIMIT 1) AS hours"""


async def release_counts(session: WriteSession, batch_id: UUID, at: datetime, results_days: int) -> tuple[date, datetime]:
    """The value day of a release at ``at``, and when its results are due: so many working days after that day.

    The earliest hour of the banks and programmes on the list decides for all of it.
    """
    hour = await session.scalar(text(_HOUR), {"batch": batch_id, "today": jakarta_day(at)})
    holidays = await confirmed_holidays(session)
    day = value_day(at, hour or "", holidays)
    return day, add_working_days_to(counted_from(at, day), results_days, holidays)
