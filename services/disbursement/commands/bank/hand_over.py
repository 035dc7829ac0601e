"""After the release: the file appears in the folder for the bank, and the bank's word that it has it is kept."""

from __future__ import annotations

import asyncio
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, Final
from uuid import UUID

import structlog
from sqlalchemy import Row, text

from services.disbursement.channels.folders import bank_folder, forget_proved, put_in_place, take_proved
from services.disbursement.channels.port import open_private
from services.disbursement.commands.lists import batches
from services.disbursement.commands.lists.release import BankFileDiffers, BankLineNotWritable, write_again
from services.disbursement.domain.batch import SENT
from services.disbursement.domain.handover import RECEIPT_WORKING_HOURS, add_working_hours
from services.disbursement.store import confirmed_holidays
from shared import audit
from shared.crypto import FieldCipher
from shared.db.session import AnySession, WriteSession
from shared.kernel import failpoints
from shared.kernel.errors import IllegalTransition, InvalidInput, Refusal
from shared.web.auth import WHOLE_AGENCY, Caller

log = structlog.get_logger()

BANK_GATEWAY: Final = Caller("bank_gateway", "Gerbang bank", frozenset(), (WHOLE_AGENCY,), "")
"""Not a person: the worker, where it reads and writes the folders that are shared with the bank."""

_AHEAD: Final = timedelta(minutes=5)
"""The bank's clock may be that far ahead of ours."""

_WAITING: Final = text("""
    SELECT f.id, f.batch_id, f.name, f.sha256, f.count AS lines FROM bank_file f
     WHERE NOT EXISTS (SELECT FROM bank_handover h WHERE h.file_id = f.id)
       AND NOT EXISTS (SELECT FROM bank_handover_trouble t WHERE t.file_id = f.id AND t.at > :since)
     ORDER BY f.written_at, f.id LIMIT 1""")
_TRY_AGAIN_AFTER: Final = timedelta(minutes=10)
_BROKEN_OFF_S: Final = 3600.0
"""No release takes that long: bytes that are older belong to one that was broken off."""


class OtherBytes(Refusal):
    """The bank took note of other bytes than those that were handed over."""

    code = "receipt-differs"


class AlreadyReceived(Refusal):
    """The bank's receipt is on record; ``received_at`` and ``received_by`` say whose."""

    code = "already-received"


async def hand_over_next(session: WriteSession, *, cipher: FieldCipher, data: Path, at: datetime) -> int:
    """The oldest released file that is not in the bank's folder yet; 1 if there was one.

    The bytes that the release proved, or the same ones made again from the lines where those are gone, renamed into their
    place. Should the process die before the commit, the next one puts them there again. A file that cannot be made again
    stays out, says why on its batch, and holds up no other.
    """
    file = (await session.execute(_WAITING, {"since": at - _TRY_AGAIN_AFTER})).one_or_none()
    if file is None:
        await asyncio.to_thread(forget_proved, data, at.timestamp() - _BROKEN_OFF_S)
        return 0
    batch = await batches.load_for_update(session, file.batch_id)
    partial = bank_folder(data, "out") / f".{file.name}.partial"
    try:
        if not await asyncio.to_thread(take_proved, data, batch.id, file.sha256, partial):
            with open_private(partial) as content:
                await write_again(session, batch, content, cipher=cipher, sha256=file.sha256)
        failpoints.hit("disbursement.hand_over.before_rename")
        put_in_place(partial, file.sha256)
    except (BankFileDiffers, BankLineNotWritable) as problem:
        log.error("bank.hand_over.refused", batch=batch.code, problem=problem.code)
        await session.execute(
            text("INSERT INTO bank_handover_trouble (file_id, at, problem) VALUES (:file, :at, :problem)"),
            {"file": file.id, "at": at, "problem": problem.code},
        )
        return 1
    finally:
        partial.unlink(missing_ok=True)
    due = add_working_hours(at, RECEIPT_WORKING_HOURS, await confirmed_holidays(session))
    await session.execute(
        text("INSERT INTO bank_handover (file_id, at, receipt_due_at) VALUES (:file, :at, :due)"), {"file": file.id, "at": at, "due": due}
    )
    await audit.record(session, BANK_GATEWAY, "batch.hand_over", "payment", count=file.lines, ids_hash=batch.list_hash, at=at)
    failpoints.hit("disbursement.hand_over.before_commit")
    return 1


LATE: Final = "receipt-late"


async def find_late(session: WriteSession, *, at: datetime) -> int:
    """Files that the bank should have taken note of by now: each is said once, and stays late until the receipt comes."""
    found = await session.execute(
        text("""INSERT INTO bank_handover_trouble (file_id, at, problem)
                SELECT h.file_id, :at, :late FROM bank_handover h
                 WHERE h.receipt_due_at <= :at
                   AND NOT EXISTS (SELECT FROM bank_receipt r WHERE r.file_id = h.file_id)
                   AND NOT EXISTS (SELECT FROM bank_handover_trouble t WHERE t.file_id = h.file_id AND t.problem = :late)"""),
        {"at": at, "late": LATE},
    )
    return int(found.rowcount)  # type: ignore[attr-defined]


async def note_receipt(
    session: WriteSession, batch: Row[Any], *, received_at: datetime, received_by: str, source: str, by: str, at: datetime, sha256: str = ""
) -> bool:
    """The bank has the file; True where that was new. ``batch``: its locked row.

    Raise IllegalTransition before the release, InvalidInput for a time that cannot be, OtherBytes, and AlreadyReceived where
    a person says something else than what is on record.
    """
    if batch.state not in SENT:
        raise IllegalTransition(batch.state, "receipt")
    file = (await session.execute(text("SELECT id, sha256 FROM bank_file WHERE batch_id = :id"), {"id": batch.id})).one()
    if sha256 and sha256 != file.sha256:
        raise OtherBytes("the bank took note of other bytes than those that were handed over", handed_over=file.sha256, received=sha256)
    if received_at < batch.released_at or received_at > at + _AHEAD:
        raise InvalidInput("the file cannot have been received then", received_at=received_at.isoformat())
    before = await receipt_of(session, file.id)
    if before is not None:
        if source == "by_hand" and (before.received_at, before.received_by) != (received_at, received_by):
            raise AlreadyReceived(
                "the receipt is on record already", received_at=before.received_at.isoformat(), received_by=before.received_by
            )
        return False
    await session.execute(
        text("""INSERT INTO bank_receipt (file_id, received_at, received_by, source, noted_at, noted_by)
                VALUES (:file, :received_at, :received_by, :source, :at, :by)"""),
        {"file": file.id, "received_at": received_at, "received_by": received_by, "source": source, "at": at, "by": by},
    )
    return True


async def receipt_of(session: AnySession, file_id: UUID) -> Row[Any] | None:
    return (await session.execute(text("SELECT * FROM bank_receipt WHERE file_id = :file"), {"file": file_id})).one_or_none()
