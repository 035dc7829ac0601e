"""Statements of the holding account beside the ledger: lines, and the differences as of a day."""

from __future__ import annotations

from datetime import date
from typing import Any
from uuid import UUID

from sqlalchemy import text

from services.disbursement.domain.statement import shown, unnamed
from services.disbursement.store import as_of_day
from shared.crypto import FieldCipher
from shared.db.session import AnySession


async def day_view(session: AnySession, day: date) -> dict[str, Any]:
    """A day as a door shows it: closed ones as they were closed, open ones as they stand now."""
    closed = (await session.execute(text("SELECT * FROM closed_day WHERE day = :day"), {"day": day})).one_or_none()
    if closed is not None:
        return {
            "day": day, "state": "closed", "book": closed.book, "statement": closed.statement, "difference": closed.statement - closed.book,
            "differences": closed.differences, "unnamed": 0, "closed_by": closed.closed_by, "closed_at": closed.closed_at,
        }  # fmt: skip
    found = await as_of_day(session, day)
    return {
        "day": day, "state": "open", "book": found.book, "statement": found.statement, "difference": found.statement - found.book,
        "differences": [shown(one) for one in found.differences], "unnamed": len(unnamed(found.differences)),
        "closed_by": "", "closed_at": None,
    }  # fmt: skip


async def statements(session: AnySession) -> dict[str, Any]:
    """Every statement, newest first, with its open lines; and up to which day everything is closed."""
    rows = await session.execute(
        text("""SELECT s.*, (SELECT count(*) FROM statement_open o WHERE o.statement_id = s.id) AS open
                  FROM statement s ORDER BY s.to_day DESC LIMIT 400""")
    )
    closed = await session.scalar(text("SELECT max(day) FROM closed_day"))
    return {"items": [dict(row) for row in rows.mappings()], "closed_until": closed}


async def lines(
    session: AnySession, cipher: FieldCipher, statement_id: UUID, *, only_open: bool, after: int, limit: int
) -> list[dict[str, Any]]:
    """Lines of a statement by number, with what they are for and the bank's own words."""
    rows = await session.execute(
        text("""
            SELECT l.line, l.day, l.reference, l.amount, l.words_enc, o.line IS NOT NULL AS open,
                   (SELECT json_agg(json_build_object('kind', m.kind, 'reference', m.reference, 'amount', m.amount, 'how', m.how,
                                                      'reason', m.reason, 'by', m.by) ORDER BY m.id)
                      FROM statement_match m WHERE m.statement_id = l.statement_id AND m.line = l.line) AS matches
              FROM statement_line l LEFT JOIN statement_open o USING (statement_id, line)
             WHERE l.statement_id = :id AND l.line > :after AND (NOT :only_open OR o.line IS NOT NULL)
             ORDER BY l.line LIMIT :limit"""),
        {"id": statement_id, "after": after, "only_open": only_open, "limit": limit},
    )
    return [
        {
            "line": row.line, "day": row.day, "reference": row.reference, "amount": row.amount, "state": "open" if row.open else "matched",
            "words": cipher.decrypt("statement_line", "words_enc", f"{statement_id}/{row.line}", row.words_enc),
            "matches": row.matches or [],
        }
        for row in rows
    ]  # fmt: skip
