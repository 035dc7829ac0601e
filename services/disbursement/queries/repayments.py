"""Which returned payment's rupiah a retry from the holding account uses, month by month."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from sqlalchemy import text

from shared.db.session import AnySession


async def repayments(session: AnySession, batch_id: UUID, *, after: str, limit: int) -> dict[str, Any]:
    """What is paid again and from where, of the caller's areas, by reference and month; ``after``: the last one's, with a slash."""
    rows = await session.execute(
        text("""
            SELECT p.reference, r.month, p.person_id, p.programme, r.amount, p.outcome, s.reference AS source_reference,
                   b.code AS source_batch, s.outcome AS source_outcome, s.reason AS source_reason,
                   p.reference || '/' || r.month AS place
              FROM repayment r JOIN payment p ON p.id = r.payment_id JOIN payment s ON s.id = r.source_id JOIN batch b ON b.id = s.batch_id
             WHERE r.batch_id = :id AND r.live AND p.reference || '/' || r.month > :after
             ORDER BY p.reference || '/' || r.month LIMIT :limit"""),
        {"id": batch_id, "after": after, "limit": limit},
    )
    items = [dict(row) for row in rows.mappings()]
    following = items[-1]["place"] if len(items) == limit else None
    for one in items:
        del one["place"]
    return {"items": items, "next": following}
