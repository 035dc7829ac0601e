"""How far a month has come, from cut-off to results: what is done, what is now, what waits."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from typing import Any, Final

from sqlalchemy import text

from services.disbursement.domain.handover import Handover
from services.disbursement.queries.batches import handover
from shared.db.session import ReadSession

STEPS: Final = (
    "sealed", "opened", "composed", "submitted", "checked", "approved", "reserved", "funded", "released", "results_in", "closed",
)  # fmt: skip
"""In the order of the office's month (DESIGN.md, "The month, as the office lives it"); from ``composed`` on: the main batch."""


async def month_steps(session: ReadSession, month: str, states: Collection[str]) -> list[dict[str, Any]]:
    """Each step as ``done`` (with the time it was), ``now`` or ``waiting``; nothing for a month from before Ritme."""
    if set(states) == {"carried_in"}:
        return []
    done = await _done(session, month, states)
    steps: list[dict[str, Any]] = []
    now_given = False
    for step in STEPS:
        if step in done and not now_given:
            steps.append({"step": step, "state": "done", "at": done[step]})
            if step == "released":
                steps[-1] |= await _bank_has_it(session, month)
        else:
            steps.append({"step": step, "state": "waiting" if now_given else "now"})
            now_given = True
    return steps


async def _done(session: ReadSession, month: str, states: Collection[str]) -> dict[str, datetime | None]:
    done: dict[str, datetime | None] = {}
    sealed = await session.scalar(text("SELECT max(arrived_at) FROM seal WHERE month = :month"), {"month": month})
    if sealed is not None:
        done["sealed"] = sealed
    if set(states) <= {"opened", "closed", "carried_in"}:
        done["opened"] = await session.scalar(text("SELECT max(opened_at) FROM programme_month WHERE month = :month"), {"month": month})
    if set(states) == {"closed"}:
        done["closed"] = await session.scalar(text("SELECT max(closed_at) FROM month_closing WHERE month = :month"), {"month": month})
    batch = (
        await session.execute(
            text("""SELECT id, state, list_hash, composed_at, released_at FROM batch
                     WHERE month = :month AND kind = 'main' AND state <> 'withdrawn' ORDER BY composed_at DESC LIMIT 1"""),
            {"month": month},
        )
    ).one_or_none()
    if batch is None:
        return done
    done["composed"] = batch.composed_at
    signed = await session.execute(
        text("SELECT step, max(at) AS at FROM batch_signature WHERE batch_id = :batch AND NOT void GROUP BY step"),
        {"batch": batch.id},
    )
    names = {"submit": "submitted", "check": "checked", "approve": "approved"}
    done |= {names[one.step]: one.at for one in signed if one.step in names}
    reserved = await session.scalar(
        text("SELECT at FROM batch_reservation WHERE batch_id = :batch AND list_hash = :hash AND state = 'made'"),
        {"batch": batch.id, "hash": batch.list_hash},
    )
    if reserved is not None:
        done["reserved"] = reserved
    if batch.state in ("funded", "released", "results_in", "closed"):
        done["funded"] = None  # the SP2D has a day, not an instant
    if batch.released_at is not None:
        done["released"] = batch.released_at
    if batch.state in ("results_in", "closed"):
        done["results_in"] = None
    return done


async def _bank_has_it(session: ReadSession, month: str) -> dict[str, Any]:
    """Where the file of the main batch stands (``handover``), and whether the bank's receipt is late."""
    batch_id = await session.scalar(
        text("""SELECT id FROM batch WHERE month = :month AND kind = 'main' AND state <> 'withdrawn' ORDER BY composed_at DESC LIMIT 1"""),
        {"month": month},
    )
    standing = await handover(session, batch_id) if batch_id is not None else None
    return {"handover": standing["state"], "late": standing["state"] == Handover.LATE} if standing is not None else {}
