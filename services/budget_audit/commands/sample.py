"""Draw a sample from a finding, write down what was seen at each item, ask a supplier, keep the answer."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from datetime import datetime
from typing import Final
from uuid import UUID

from sqlalchemy import text

from services.budget_audit import store
from services.budget_audit.domain.calendar import days_of
from services.budget_audit.domain.references import panti_month
from services.budget_audit.domain.sample import METHOD, draw
from shared.db.session import WriteSession
from shared.kernel.errors import InvalidInput, NotFound

LARGEST_FILE: Final = 5_000_000
"""Bytes of an attached answer."""


@dataclass(frozen=True)
class Attachment:
    name: str = ""
    content: bytes = b""


async def take(session: WriteSession, mismatch_id: UUID, *, sample_id: UUID, person: str, seed: str, size: int, at: datetime) -> None:
    """Draw from the finding's evidence as it is now; of a month in a panti every day is an item too, since its count is evidence."""
    found = await store.mismatch_for_update(session, mismatch_id)
    population = set(found.evidence)
    if named := panti_month(found.reference):
        population |= {f"sensus/{named.panti}/{day.isoformat()}" for day in days_of(named.month)}
    seed = seed or str(sample_id)
    drawn = draw(population, seed, size)
    await session.execute(
        text("INSERT INTO sample VALUES (:id, :mismatch, :version, :seed, :method, :population, :person, :at)"),
        {
            "id": sample_id, "mismatch": mismatch_id, "version": found.numbers_version, "seed": seed, "method": METHOD,
            "population": json.dumps(sorted(population)), "person": person, "at": at,
        },
    )  # fmt: skip
    await session.execute(
        text("INSERT INTO sample_item VALUES (:id, :position, :item)"),
        [{"id": sample_id, "position": position, "item": item} for position, item in enumerate(drawn, 1)],
    )


async def note(
    session: WriteSession, sample_id: UUID, position: int, *, kind: str, person: str, words: str, supplier: str = "",
    attached: Attachment | None = None, at: datetime,
) -> None:  # fmt: skip
    """Append to an item: what was seen, that a supplier was asked, or what it answered. An answer needs a question to that supplier."""
    known = await session.scalar(
        text("SELECT 1 FROM sample_item WHERE sample_id = :id AND position = :position"), {"id": sample_id, "position": position}
    )
    if known is None:
        raise NotFound("there is no such item in a sample")
    if kind == "supplier_answered" and not await _asked(session, sample_id, position, supplier):
        raise InvalidInput("this supplier was not asked about this item", supplier=supplier)
    attached = attached or Attachment()
    if len(attached.content) > LARGEST_FILE:
        raise InvalidInput("the attached file is too large", bytes=len(attached.content), most=LARGEST_FILE)
    digest = hashlib.sha256(attached.content).hexdigest() if attached.content else ""
    await session.execute(
        text("""INSERT INTO sample_note (sample_id, position, at, person, kind, text, supplier, file_name, file_hash, file)
                VALUES (:id, :position, :at, :person, :kind, :text, :supplier, :name, :hash, :file)"""),
        {
            "id": sample_id, "position": position, "at": at, "person": person, "kind": kind, "text": words, "supplier": supplier,
            "name": attached.name, "hash": digest, "file": attached.content,
        },
    )  # fmt: skip


async def _asked(session: WriteSession, sample_id: UUID, position: int, supplier: str) -> bool:
    found = await session.scalar(
        text("""SELECT 1 FROM sample_note WHERE sample_id = :id AND position = :position AND kind = 'supplier_asked'
                   AND supplier = :supplier LIMIT 1"""),
        {"id": sample_id, "position": position, "supplier": supplier},
    )
    return found is not None
