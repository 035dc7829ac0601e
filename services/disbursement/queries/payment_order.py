"""SPP and SPM of a list as they were written down."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from sqlalchemy import Row, text

from services.disbursement.domain.payment_order import PaperStep
from services.disbursement.queries.batches import load
from shared.db.session import AnySession


async def papers_of(session: AnySession, batch: Row[Any]) -> dict[str, Any]:
    """``state``: of the list as it stands now; ``history``: everything, earlier lists too, oldest first."""
    rows = await session.execute(
        text("""SELECT step, number, day, amount, signer, note, by, at, list_hash = :hash AS of_this_list FROM payment_paper
                 WHERE batch_id = :id ORDER BY id"""),
        {"id": batch.id, "hash": batch.list_hash},
    )
    history = [dict(row) for row in rows.mappings()]
    current = [one for one in history if one["of_this_list"]]
    last: dict[str, dict[str, Any]] = {one["step"]: one for one in current}
    state = current[-1]["step"] if current else PaperStep.NONE.value
    return {
        "state": state, "request": last.get("requested"), "verification": last.get("verified"), "order": last.get("ordered"),
        "history": history,
    }  # fmt: skip


async def papers_of_batch(session: AnySession, batch_id: UUID) -> dict[str, Any]:
    """Raise NotFound."""
    return await papers_of(session, await load(session, batch_id))
