"""Count the days of the panti as their books say, when a day is over and when a book says something else later."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime, timedelta
from typing import Any, Final
from uuid import UUID

from sqlalchemy import Row, text

from services.beneficiary.store.book import COUNT
from shared.contracts.beneficiary import PantiDayCounted
from shared.db.session import WriteSession
from shared.messaging import outbox
from shared.messaging.outbox import Outgoing

DAYS_MAX: Final = 400
"""Days of one panti that are closed in one go: a book that is opened far back is caught up with in a few."""


async def count_days(session: WriteSession, *, today: date, at: datetime) -> int:
    """Close what is over and recount what changed; returns how many days were said anew.

    One transaction; the panti's row is locked before its nights are read, so a line that is being written is either in this
    count or asks for the next one.
    """
    books = await session.execute(
        text("""SELECT p.code, b.from_day, a.from_day AS asked, (SELECT max(day) FROM census_day c WHERE c.panti = p.code) AS counted
                  FROM panti p JOIN panti_book b ON b.panti = p.code LEFT JOIN census_ask a ON a.panti = p.code ORDER BY p.code""")
    )
    said = 0
    for row in books.all():
        over = today - timedelta(days=1)
        next_day = row.counted + timedelta(days=1) if row.counted else row.from_day
        if row.asked is not None or next_day <= over:
            said += await _count(session, row, min(over, next_day + timedelta(days=DAYS_MAX)), next_day, at)
    return said


async def _count(session: WriteSession, book: Row[Any], last: date, next_day: date, at: datetime) -> int:
    version, panti_id = await _lock(session, book.code)
    await session.execute(text("DELETE FROM census_ask WHERE panti = :panti"), {"panti": book.code})
    first = max(book.from_day, min(next_day, book.asked or next_day))
    if first > last:
        return 0
    new = (
        await session.execute(
            text(f"""
                INSERT INTO census_day (panti, day, version, residents, on_leave, fled, counted_at)
                SELECT :panti, n.day, coalesce(c.version, 0) + 1, n.residents, n.on_leave, n.fled, :at FROM ({COUNT}) n
                  LEFT JOIN LATERAL (SELECT * FROM census_day c WHERE c.panti = :panti AND c.day = n.day
                                      ORDER BY c.version DESC LIMIT 1) c ON true
                 WHERE (c.residents, c.on_leave, c.fled) IS DISTINCT FROM (n.residents, n.on_leave, n.fled)
                RETURNING day, version, residents"""),
            {"panti": book.code, "first": first, "last": last, "at": at},
        )
    ).all()
    await _tell(session, panti_id, book.code, version, sorted(new, key=lambda row: row.day), at)
    return len(new)


async def _lock(session: WriteSession, code: str) -> tuple[int, UUID]:
    row = (await session.execute(text("SELECT id, stream_version FROM panti WHERE code = :code FOR UPDATE"), {"code": code})).one()
    return row.stream_version, row.id


async def _tell(session: WriteSession, panti_id: UUID, code: str, version: int, days: Sequence[Row[Any]], at: datetime) -> None:
    if not days:
        return
    events = [
        Outgoing(panti_id, version + n, PantiDayCounted(panti=code, day=row.day.isoformat(), residents=row.residents, count_no=row.version))
        for n, row in enumerate(days, 1)
    ]
    await session.execute(
        text("UPDATE panti SET stream_version = stream_version + :n WHERE code = :code"), {"n": len(events), "code": code}
    )
    await outbox.append(session, events, at=at)
