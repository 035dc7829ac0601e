"""Files that the bank puts into its folder: results and receipts, read once each, decided before they are moved away."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, Final
from uuid import UUID

import msgspec
import structlog
from sqlalchemy import text

from services.disbursement.channels import folders
from services.disbursement.channels.folders import Arrived
from services.disbursement.commands.bank.apply_messages import apply_bank_file, shown
from services.disbursement.commands.bank.hand_over import BANK_GATEWAY, note_receipt
from services.disbursement.commands.lists import batches
from shared import audit
from shared.crypto import FieldCipher
from shared.db.session import WriteSession
from shared.kernel import failpoints
from shared.kernel.errors import InvalidInput, Refusal
from shared.kernel.ids import uuid7

log = structlog.get_logger()

_PATIENCE: Final = timedelta(minutes=15)
"""So long may a file and its checksum differ: it may still be on its way."""


class ChecksumDiffers(InvalidInput):
    """The file is not the one that its checksum file is about, and nobody writes at either any more."""

    code = "checksum-differs"


class UnknownFile(InvalidInput):
    """A receipt for a file that was never handed over."""

    code = "unknown-bank-file"


async def read_inbox(session: WriteSession, *, cipher: FieldCipher, data: Path, at: datetime) -> int:
    """Move away what was decided by a transaction that is over, then decide about the next file; returns how many things it did.

    A file is decided and recorded in one transaction and moved by a later one: a crash between the two moves it again. Nothing
    is read before its checksum file is there and fits.
    """
    moved = await _move_decided(session, data, at)
    if moved:
        return moved
    place = folders.bank_folder(data, "in")
    await asyncio.to_thread(folders.name_readably, place)
    for arrived in await asyncio.to_thread(lambda: list(folders.arrivals(place))):
        if not arrived.receipt and not arrived.whole and at.timestamp() - arrived.written_at < _PATIENCE.total_seconds():
            continue
        await _decide(session, arrived, cipher=cipher, at=at)
        failpoints.hit("disbursement.inbox.before_commit")
        return 1
    return 0


async def _move_decided(session: WriteSession, data: Path, at: datetime) -> int:
    waiting = (await session.execute(text("SELECT id, name, state, answer FROM bank_inbox WHERE moved_at IS NULL ORDER BY at, id"))).all()
    for one in waiting:
        target = folders.bank_folder(data, "refused" if one.state == "refused" else "done")
        source = folders.bank_folder(data, "in") / one.name
        place = await asyncio.to_thread(folders.move_with_checksum, source, target, str(one.id)[:13])
        if one.state == "refused":
            problem = msgspec.json.format(msgspec.json.encode(one.answer), indent=2).decode() + "\n"
            await asyncio.to_thread(folders.write_text, place.with_name(place.name + folders.PROBLEM), problem)
        failpoints.hit("disbursement.inbox.moved")
        await session.execute(text("UPDATE bank_inbox SET moved_at = :at WHERE id = :id"), {"at": at, "id": one.id})
    return len(waiting)


async def _decide(session: WriteSession, arrived: Arrived, *, cipher: FieldCipher, at: datetime) -> None:
    arrival_id = uuid7()
    try:
        async with session.begin_nested():  # a refused file leaves nothing behind, but its refusal
            if not arrived.receipt and not arrived.whole:
                raise ChecksumDiffers("berkas ini bukan berkas yang disebut checksum-nya", file=arrived.sha256, checksum=arrived.announced)
            state, answer = await (_receipt(session, arrived, at) if arrived.receipt else _results(session, arrived, cipher, at))
    except Refusal as refusal:
        state, answer = "refused", {"code": refusal.code, "detail": refusal.detail, "name": arrived.path.name, **refusal.data}
        log.warning("bank.inbox.refused", file=str(arrival_id), code=refusal.code)
    await session.execute(
        text("""INSERT INTO bank_inbox (id, name, sha256, at, state, answer)
                VALUES (:id, :name, :sha256, :at, :state, CAST(:answer AS jsonb))"""),
        {
            "id": arrival_id, "name": arrived.path.name, "sha256": arrived.sha256, "at": at, "state": state,
            "answer": msgspec.json.encode(answer).decode(),
        },
    )  # fmt: skip


async def _results(session: WriteSession, arrived: Arrived, cipher: FieldCipher, at: datetime) -> tuple[str, Mapping[str, Any]]:
    answers = await apply_bank_file(session, BANK_GATEWAY, arrived.path, arrived.path.name, cipher=cipher, at=at)
    for answer in answers:
        if answer.duplicate_of is None:
            rows = answer.applied + answer.quarantined + answer.unchanged
            await audit.record(session, BANK_GATEWAY, "results.apply", "payment", count=rows, ids_hash=str(answer.file_id), at=at)
    state = "duplicate" if all(answer.duplicate_of is not None for answer in answers) else "applied"
    return state, shown(answers)


async def _receipt(session: WriteSession, arrived: Arrived, at: datetime) -> tuple[str, Mapping[str, Any]]:
    """``NAME.receipt`` begins with the SHA-256 that the bank counted; our own checksum file, sent back, will do."""
    name, sha256 = arrived.path.name.removesuffix(folders.RECEIPT), await asyncio.to_thread(folders.first_word, arrived.path)
    batch_id: UUID | None = await session.scalar(text("SELECT batch_id FROM bank_file WHERE name = :name"), {"name": name})
    if batch_id is None:
        raise UnknownFile("tidak ada berkas dengan nama ini yang diserahkan ke bank", file=name)
    batch = await batches.load_for_update(session, batch_id)
    new = await note_receipt(
        session, batch, received_at=at, received_by="bank", source="file", by=BANK_GATEWAY.person, at=at, sha256=sha256 or "-"
    )
    return "receipt", {"batch": batch.code, "new": new}
