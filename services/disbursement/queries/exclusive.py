"""The pairs of programmes that exclude one another, with their two names and whom they concerned."""

from __future__ import annotations

from typing import Any

from sqlalchemy import text

from shared.db.session import AnySession


async def pairs(session: AnySession) -> list[dict[str, Any]]:
    """Newest first; ``in_force``: no later line of the same pair has taken its place (it may begin in a month to come)."""
    rows = await session.execute(
        text("""SELECT x.id, x.keeps, x.gives_way, x.from_month, x.holds, x.reason, x.document, x.asked_by, x.asked_at, x.state,
                       x.decided_by, x.decided_at,
                       x.state = 'confirmed' AND NOT EXISTS (
                           SELECT FROM exclusive_programmes later WHERE later.keeps = x.keeps AND later.gives_way = x.gives_way
                              AND later.state = 'confirmed' AND later.from_month > x.from_month) AS in_force
                  FROM exclusive_programmes x ORDER BY x.asked_at DESC, x.id""")
    )
    return [dict(row) for row in rows.mappings()]
