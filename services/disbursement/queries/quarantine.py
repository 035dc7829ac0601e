"""Quarantined rows of all files, with their problem and what was decided of them."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from sqlalchemy import text

from services.disbursement.queries.batches import MESSAGES
from shared.db.session import AnySession
from shared.kernel.errors import InvalidInput


async def quarantine(session: AnySession, *, state: str, batch: str, after: str, limit: int) -> dict[str, Any]:
    """One page by file and row. ``state``: open (nobody decided, or left with a note), proposed, done, or all where empty."""
    last_file, last_row = _cursor(after)
    rows = await session.execute(
        text("""
            SELECT r.file_id, r.row, f.name, b.code AS batch, f.received_at, r.reference, r.amount, r.code, r.settled_on, r.problem,
                   coalesce(d.state, 'open') AS state, coalesce(d.decision, '') AS decision, coalesce(d.asked_by, '') AS asked_by,
                   coalesce(d.decided_by, '') AS decided_by, coalesce(d.evidence, '') AS evidence,
                   (SELECT q.evidence FROM quarantine_decision q WHERE q.file_id = r.file_id AND q.row = r.row AND q.state = 'left'
                     ORDER BY q.id DESC LIMIT 1) AS note,
                   p.outcome AS payment_outcome, p.amount AS payment_amount
              FROM result_row r JOIN result_file f ON f.id = r.file_id JOIN batch b ON b.id = f.batch_id
              LEFT JOIN quarantine_decision d ON d.file_id = r.file_id AND d.row = r.row AND d.state IN ('proposed', 'done')
              LEFT JOIN payment p ON p.reference = r.reference AND p.outcome <> 'withdrawn'
             WHERE r.state = 'quarantined' AND :state IN ('', coalesce(d.state, 'open')) AND :batch IN ('', b.code, b.id::text)
               AND (r.file_id, r.row) > (CAST(:last_file AS uuid), :last_row)
             ORDER BY r.file_id, r.row LIMIT :limit"""),
        {"state": state, "batch": batch, "last_file": last_file, "last_row": last_row, "limit": limit},
    )
    items = [{**row, "message": MESSAGES.get(row["problem"].split(":")[0], "")} for row in rows.mappings()]
    following = f"{items[-1]['file_id']}.{items[-1]['row']}" if len(items) == limit else None
    return {"items": items, "next": following}


def _cursor(after: str) -> tuple[str, int]:
    if not after:
        return str(UUID(int=0)), 0
    file, _, row = after.partition(".")
    try:
        return str(UUID(file)), int(row)
    except ValueError:
        raise InvalidInput("'after' is the 'next' of the page before") from None
