"""What the bank put into its folder."""

from __future__ import annotations

from typing import Any

from sqlalchemy import text

from shared.db.session import AnySession


async def arrived(session: AnySession, limit: int) -> list[dict[str, Any]]:
    """Newest first; ``answer``: what a result file did, or the problem of a refused one."""
    found = await session.execute(
        text("SELECT id, name, sha256, at, state, answer, moved_at FROM bank_inbox ORDER BY at DESC, id DESC LIMIT :limit"),
        {"limit": limit},
    )
    return [dict(row) for row in found.mappings()]
