"""The table of limits, who stands for whom, the thresholds, and what is odd on a list."""

from __future__ import annotations

from datetime import date
from typing import Any
from uuid import UUID

from sqlalchemy import text

from services.disbursement.queries.batches import load
from shared.db.session import AnySession


async def signing_rules(session: AnySession) -> list[dict[str, Any]]:
    """Every line ever proposed, newest first; ``state``: proposed or confirmed."""
    rows = await session.execute(
        text("""SELECT *, CASE WHEN confirmed_by = '' THEN 'proposed' ELSE 'confirmed' END AS state FROM signing_rule
                 ORDER BY proposed_at DESC, id DESC LIMIT 500""")
    )
    return [dict(row) for row in rows.mappings()]


async def anomaly_rules(session: AnySession) -> list[dict[str, Any]]:
    rows = await session.execute(
        text("""SELECT *, CASE WHEN confirmed_by = '' THEN 'proposed' ELSE 'confirmed' END AS state FROM anomaly_rule
                 ORDER BY code, valid_from DESC, proposed_at DESC, id DESC LIMIT 500""")
    )
    return [dict(row) for row in rows.mappings()]


async def delegations(session: AnySession, today: date) -> list[dict[str, Any]]:
    """Newest first; ``state``: proposed, confirmed, holds, over or revoked."""
    rows = await session.execute(
        text("""SELECT *, CASE WHEN revoked_by <> '' THEN 'revoked' WHEN to_day < :today THEN 'over' WHEN confirmed_by = '' THEN 'proposed'
                               WHEN from_day <= :today THEN 'holds' ELSE 'confirmed' END AS state
                  FROM delegation ORDER BY proposed_at DESC, id DESC LIMIT 500"""),
        {"today": today},
    )
    return [dict(row) for row in rows.mappings()]


async def anomalies(session: AnySession, batch_id: UUID) -> dict[str, Any]:
    """What is odd on the list as it is, what was said about it, and how much still blocks.

    A draft has none: it is looked at when it is submitted. Of the people those of the reader's areas are named.
    """
    batch = await load(session, batch_id)
    found = (
        await session.execute(
            text("""SELECT finding_id, code, subject, people, amount, numbers, person_ids, thresholds, blocks, at FROM batch_anomaly
                     WHERE batch_id = :id AND list_hash = :hash ORDER BY blocks DESC, code, people DESC, subject, finding_id"""),
            {"id": batch_id, "hash": batch.list_hash},
        )
    ).mappings()
    items = [dict(row) for row in found]
    named = sorted({person for item in items for person in item["person_ids"]})
    mine = set(
        await session.scalars(
            text("""SELECT DISTINCT person_id::text FROM payment
                     WHERE batch_id = :id AND outcome <> 'withdrawn' AND person_id = ANY(CAST(:people AS uuid[]))"""),
            {"id": batch_id, "people": named},
        )
    )
    words: dict[UUID, list[dict[str, Any]]] = {}
    said = await session.execute(
        text("SELECT finding_id, role, person, on_behalf_of, word, at FROM batch_anomaly_word WHERE batch_id = :id ORDER BY id"),
        {"id": batch_id},
    )
    for row in said.mappings():
        words.setdefault(row["finding_id"], []).append({key: row[key] for key in ("role", "person", "on_behalf_of", "word", "at")})
    for item in items:
        item["person_ids"] = [person for person in item["person_ids"] if person in mine]
        item["words"] = words.get(item["finding_id"], [])
        item["open"] = item["blocks"] and not item["words"]
    return {"list_hash": batch.list_hash, "open": sum(item["open"] for item in items), "items": items}
