"""The one statement that writes postings, in the transaction of the fact that moves the money."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import text

from services.disbursement.domain.posting import MOVES
from shared.db.session import WriteSession
from shared.kernel.clock import jakarta_day


async def post(
    session: WriteSession, select: str, params: Mapping[str, Any] | None = None, *, at: datetime, by: str, before: str = ""
) -> None:
    """Post what ``select`` names: ``kind, day, batch, programme, payment_id, amount, document`` (amount 0: nothing).

    ``day`` is the value day, today in Jakarta where it is null. A day that was closed takes nothing more, so what is heard
    late is posted on the first open day; the closing itself waits for us. ``before``: a WITH clause that ``select`` reads.
    A negative amount (a correction of an SP2D) is posted the other way round.
    """
    await session.execute(text("SELECT pg_advisory_xact_lock_shared(hashtext('holding/close'))"))
    await session.execute(
        text(f"""
            {before}
            INSERT INTO posting (at, day, kind, debit, credit, amount, batch, programme, payment_id, document, by)
            SELECT :post_at, greatest(coalesce(s.day, :post_today), (SELECT coalesce(max(day) + 1, '-infinity') FROM closed_day)), s.kind,
                   CASE WHEN s.amount > 0 THEN m.debit ELSE m.credit END, CASE WHEN s.amount > 0 THEN m.credit ELSE m.debit END,
                   abs(s.amount), s.batch, s.programme, s.payment_id, s.document, :post_by
              FROM ({select}) AS s(kind, day, batch, programme, payment_id, amount, document)
              JOIN unnest(CAST(:post_kinds AS text[]), CAST(:post_debits AS text[]), CAST(:post_credits AS text[]))
                   AS m(kind, debit, credit) ON m.kind = s.kind
             WHERE s.amount <> 0"""),
        {
            **(params or {}), "post_at": at, "post_today": jakarta_day(at), "post_by": by,
            "post_kinds": [kind.value for kind in MOVES], "post_debits": [debit.value for debit, _ in MOVES.values()],
            "post_credits": [credit.value for _, credit in MOVES.values()],
        },
    )  # fmt: skip
