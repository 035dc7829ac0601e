"""Files on their way to the bank, and the bank's codes in force: what somebody at the bank's counter asks about."""

from __future__ import annotations

from typing import Any

from sqlalchemy import text

from services.disbursement.domain.handover import Handover, handover_state
from shared.db.session import AnySession


async def handovers(session: AnySession, limit: int) -> list[dict[str, Any]]:
    """Released files, newest first, each with where it stands and whose receipt it has."""
    found = await session.execute(
        text("""SELECT f.name, f.count, f.sum, f.sha256, f.written_at, b.id AS batch_id, b.code AS batch, b.month,
                       h.at AS handed_over_at, h.receipt_due_at, r.received_at, r.received_by, r.source, t.problem
                  FROM bank_file f JOIN batch b ON b.id = f.batch_id
                  LEFT JOIN bank_handover h ON h.file_id = f.id LEFT JOIN bank_receipt r ON r.file_id = f.id
                  LEFT JOIN LATERAL (SELECT problem FROM bank_handover_trouble WHERE file_id = f.id ORDER BY id DESC LIMIT 1) AS t ON true
                 ORDER BY f.written_at DESC, f.id DESC LIMIT :limit"""),
        {"limit": limit},
    )
    items = []
    for row in found.mappings():
        shown = dict(row)
        problem = shown.pop("problem")
        state = handover_state(row["handed_over_at"], row["received_at"], late=problem == "receipt-late")
        items.append({**shown, "state": state.value, "problem": problem if state in (Handover.WAITING, Handover.LATE) else None})
    return items


async def codes(session: AnySession) -> list[dict[str, Any]]:
    """Every code of the bank that has a meaning, and who signed it."""
    found = await session.execute(
        text("SELECT code, outcome, reason, withdrawn, valid_from, signed_by, note FROM bank_code ORDER BY outcome, code")
    )
    return [dict(row) for row in found.mappings()]
