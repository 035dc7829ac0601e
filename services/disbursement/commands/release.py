"""Send a funded batch to the bank: the ledger moves, the file is written and read back, and only then is it there."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import datetime
from pathlib import Path
from typing import Any, Final
from uuid import UUID

from psycopg.rows import tuple_row
from sqlalchemy import Row, text

from services.disbursement.channels.account_fields import open_account
from services.disbursement.channels.column_file import ColumnFile
from services.disbursement.channels.port import BankChannel, FileDiffers, PreparedFile, TransferLine
from services.disbursement.commands import batches
from services.disbursement.commands.compose import changed_accounts
from services.disbursement.commands.post import post
from services.disbursement.commands.sign import ready_to_sign
from services.disbursement.domain.batch import BatchAction, ListHashChanged, Step
from services.disbursement.domain.entitlement import Action
from services.disbursement.store import move
from shared.contracts.disbursement import BatchSent
from shared.crypto import FieldCipher
from shared.db.session import AnySession, WriteSession, raw_connection
from shared.kernel import failpoints
from shared.kernel.errors import Refusal
from shared.kernel.ids import natural_id
from shared.kernel.workdays import add_working_days_to
from shared.web.auth import Caller

RESULTS_DUE_WORKING_DAYS: Final = 3
"""From the real release (CORE.md section 4)."""
_LINES_AT_ONCE: Final = 5_000

channel: Final[BankChannel] = ColumnFile()


class LineNotPayable(Refusal):
    """A line's month is no longer due or missed: take the line off, and sign the list again."""

    code = "line-not-payable"


class BankFileDiffers(Refusal):
    """The file on disk does not say what was approved; nothing went out and nothing changed."""

    code = "bank-file-differs"
    status = 500


def out_folder(data: Path) -> Path:
    """The hand-over folder to the bank."""
    return data / "bank" / "out"


async def transfer_lines(session: AnySession, cipher: FieldCipher, batch_id: UUID) -> AsyncIterator[list[TransferLine]]:
    """The lines of a batch in the order of their numbers, accounts opened, block by block in flat memory."""
    connection = await raw_connection(session)
    async with connection.cursor(name="transfer_lines", row_factory=tuple_row, binary=True) as cursor:
        cursor.itersize = _LINES_AT_ONCE
        await cursor.execute(
            """SELECT reference, bank_code, account_id, number_enc, holder_enc, amount FROM payment
                WHERE batch_id = %s AND outcome <> 'withdrawn' ORDER BY seq""",
            (batch_id,),
        )
        while rows := await cursor.fetchmany(_LINES_AT_ONCE):
            yield [
                TransferLine(reference, bank_code, *open_account(cipher, account_id, number, holder), amount)
                for reference, bank_code, account_id, number, holder, amount in rows
            ]


async def release(
    session: WriteSession, caller: Caller, batch_id: UUID, list_hash: str, *, cipher: FieldCipher, data: Path, at: datetime
) -> PreparedFile:
    """The fourth name. Everything or nothing: heads, entries, payments, file and event become true together.

    The file is put in its place last before the commit. Should the process die between the two, nothing is released, and
    the next release puts the same bytes into the same place.
    """
    batch = await ready_to_sign(session, caller, batch_id, Step.RELEASE, list_hash)
    if people := await changed_accounts(session, batch_id):
        raise ListHashChanged("accounts changed since the list was signed", people=[str(one) for one in people])
    await _move_months(session, batch, caller, at)
    await session.execute(text("UPDATE payment SET outcome = 'in_payment' WHERE batch_id = :id AND outcome = 'prepared'"), {"id": batch_id})
    await post(
        session,
        """SELECT 'release', NULL::date, b.code, t.programme, NULL::uuid, t.sum, b.code
             FROM batch b CROSS JOIN jsonb_to_recordset(b.totals) AS t(programme text, sum bigint) WHERE b.id = :id""",
        {"id": batch_id}, at=at, by=caller.person,
    )  # fmt: skip
    prepared = await _write(session, batch, cipher, out_folder(data))
    file_id = natural_id("bank_file", str(batch_id))
    await _record(session, batch, caller, prepared, file_id=file_id, at=at)
    failpoints.hit("disbursement.release.before_rename")
    channel.hand_over(prepared)
    failpoints.hit("disbursement.release.before_commit")
    return prepared


async def _move_months(session: WriteSession, batch: Row[Any], caller: Caller, at: datetime) -> None:
    moved = await move(
        session,
        Action.RELEASE,
        """SELECT a.month, a.programme, a.person_id, '', p.reference
             FROM payment_month a JOIN payment p ON p.id = a.payment_id WHERE a.batch_id = :batch AND a.live""",
        {"batch": batch.id, "months": await batches.months_of(session, batch.id)},
        at=at, author=caller.person, cause=batch.code, extra_guard=batches.IN_MONTHS,
    )  # fmt: skip
    if moved == batch.allocations:
        return
    people = await session.scalars(
        text("""SELECT DISTINCT a.person_id FROM payment_month a LEFT JOIN entitlement_month h
                    ON h.month = a.month AND h.programme = a.programme AND h.person_id = a.person_id
                 WHERE a.batch_id = :batch AND a.live AND h.outcome IS DISTINCT FROM 'in_payment' LIMIT 50"""),
        {"batch": batch.id},
    )
    raise LineNotPayable(f"{batch.allocations - moved} months of this list are not payable any more", people=[str(one) for one in people])


async def _write(session: WriteSession, batch: Row[Any], cipher: FieldCipher, folder: Path) -> PreparedFile:
    try:
        prepared = await channel.prepare(folder, batch.code, transfer_lines(session, cipher, batch.id))
    except FileDiffers as differs:
        raise BankFileDiffers(str(differs)) from differs
    if (prepared.totals.count, prepared.totals.sum) != (batch.payments, batch.sum):
        prepared.partial.unlink(missing_ok=True)
        raise BankFileDiffers(
            "the file does not have the totals that were approved", approved={"count": batch.payments, "sum": batch.sum},
            file={"count": prepared.totals.count, "sum": prepared.totals.sum},
        )  # fmt: skip
    return prepared


async def _record(session: WriteSession, batch: Row[Any], caller: Caller, prepared: PreparedFile, *, file_id: UUID, at: datetime) -> None:
    totals = prepared.totals
    due_at = add_working_days_to(at, RESULTS_DUE_WORKING_DAYS, frozenset(await batches.holidays(session)))
    await session.execute(
        text("""INSERT INTO bank_file (id, batch_id, name, count, sum, entry_hash, sha256, written_at, by)
                VALUES (:file, :id, :name, :count, :sum, :entries, :sha256, :at, :by)"""),
        {
            "file": file_id, "id": batch.id, "name": prepared.name, "count": totals.count, "sum": totals.sum,
            "entries": totals.entry_hash, "sha256": prepared.sha256, "at": at, "by": caller.person,
        },
    )  # fmt: skip
    await session.execute(
        text("UPDATE batch SET released_at = :at, results_due_at = :due, file_id = :file WHERE id = :id"),
        {"at": at, "due": due_at, "file": file_id, "id": batch.id},
    )
    await batches.sign(session, batch.id, Step.RELEASE.value, caller.person, batch.list_hash, at=at)
    await batches.move_batch(session, batch, BatchAction.RELEASE)
    await batches.publish(
        session,
        batch.id,
        BatchSent(batch_id=batch.id, file_id=file_id, count=totals.count, sum=totals.sum, entry_hash=totals.entry_hash),
        at=at,
    )


async def regenerate(session: WriteSession, batch: Row[Any], *, cipher: FieldCipher, folder: Path, sha256: str) -> PreparedFile:
    """The file of a released batch once more, byte for byte, in a folder of the caller's. Raise BankFileDiffers otherwise."""
    prepared = await channel.prepare(folder, batch.code, transfer_lines(session, cipher, batch.id))
    if prepared.sha256 != sha256:
        prepared.partial.unlink(missing_ok=True)
        raise BankFileDiffers("the lines do not give the bytes that went to the bank", sent=sha256, now=prepared.sha256)
    return prepared
