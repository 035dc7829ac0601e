"""Release a funded batch: the ledger moves, and the file's bytes are proved. Handing it over comes after the commit (``hand_over``)."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from datetime import date, datetime
from pathlib import Path
from typing import Any, BinaryIO, Final
from uuid import UUID

from psycopg.rows import tuple_row
from sqlalchemy import Row, text

from services.disbursement.channels.account_fields import open_account
from services.disbursement.channels.folders import proved_place
from services.disbursement.channels.forms import FileForm, channel_for
from services.disbursement.channels.port import (
    BatchHead,
    FileDiffers,
    LineNotWritable,
    Proof,
    TransferLine,
    open_private,
    write_and_hash,
    write_and_prove,
)
from services.disbursement.commands.bank.bank_forms import form_of_file, form_on, keep_form
from services.disbursement.commands.lists import batches
from services.disbursement.commands.lists.compose import changed_accounts
from services.disbursement.commands.lists.cutoff_hour import release_counts
from services.disbursement.commands.lists.freeze import refuse_frozen_release
from services.disbursement.commands.lists.repayment import draw, lock_sources, tell_both_sides
from services.disbursement.commands.lists.sign import NAMED_MAX, ready_to_sign
from services.disbursement.commands.money.post import post
from services.disbursement.domain.batch import BatchAction, ListHashChanged, Step
from services.disbursement.domain.entitlement import Action
from services.disbursement.domain.mandate import Capacity
from services.disbursement.store import move
from shared.contracts.disbursement import BatchSent
from shared.crypto import FieldCipher
from shared.db.session import AnySession, Database, WriteSession, raw_connection
from shared.kernel import failpoints
from shared.kernel.clock import jakarta_day
from shared.kernel.errors import Refusal
from shared.kernel.ids import natural_id
from shared.web.auth import Caller

RESULTS_DUE_WORKING_DAYS: Final = 3
"""From the value day of the real release (CORE.md section 4)."""
_LINES_AT_ONCE: Final = 5_000


class LineNotPayable(Refusal):
    """A line's month is no longer due or missed: take the line off, and sign the list again."""

    code = "line-not-payable"


class BankFileDiffers(Refusal):
    """The file on disk does not say what was approved; nothing went out and nothing changed."""

    code = "bank-file-differs"
    status = 500


class BankLineNotWritable(Refusal):
    """The bank's form has no place for a line as it is: ``reference``, ``field`` and why. Nothing went out and nothing changed."""

    code = "bank-line-not-writable"


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
    session: WriteSession, caller: Caller, batch_id: UUID, list_hash: str, *, on_behalf_of: str = "", database: Database,
    cipher: FieldCipher, data: Path, at: datetime,
) -> Proof:  # fmt: skip
    """The fourth name. Everything or nothing: heads, entries, payments, the file's proof and event become true together.

    The bytes are written apart from the folder for the bank, and read back: what is in that folder was released. They are
    written while the ledger is moved, from a second connection of ``database``: the locked batch keeps its lines as they are.
    """
    sources = await lock_sources(session, batch_id)
    batch, acting = await ready_to_sign(session, caller, batch_id, Step.RELEASE, list_hash, on_behalf_of=on_behalf_of, at=at)
    await refuse_frozen_release(session, batch, at)
    if people := await changed_accounts(session, batch_id):
        raise ListHashChanged("accounts changed since the list was signed", people=[str(one) for one in people])
    form = await form_on(session, jakarta_day(at))
    place = proved_place(data, batch_id)
    try:
        with open_private(place) as file:
            booked, proof = await asyncio.gather(
                _book(session, batch, caller, at), _prove(database, caller, batch, form, file, cipher=cipher, at=at), return_exceptions=True
            )
            for outcome in (booked, proof):
                if isinstance(outcome, BaseException):
                    raise outcome
            assert isinstance(proof, Proof)
        failpoints.hit("disbursement.release.proved")
        await _record(session, batch, caller, form, proof, acting=acting, at=at)
        await tell_both_sides(session, batch, sources, at=at)
        failpoints.hit("disbursement.release.before_commit")
    except BaseException:
        place.unlink(missing_ok=True)
        raise
    return proof


async def _prove(
    database: Database, caller: Caller, batch: Row[Any], form: FileForm, file: BinaryIO, *, cipher: FieldCipher, at: datetime
) -> Proof:
    async with database.read(caller.areas) as apart:
        return await write_bank_file(apart, batch, form, file, cipher=cipher, at=at)


async def _book(session: WriteSession, batch: Row[Any], caller: Caller, at: datetime) -> None:
    """The money of a retry is drawn, the months and payments are with the bank, and the release is posted."""
    await draw(session, batch, at=at, by=caller.person)
    await _move_months(session, batch, caller, at)
    await session.execute(text("UPDATE payment SET outcome = 'in_payment' WHERE batch_id = :id AND outcome = 'prepared'"), {"id": batch.id})
    await post(
        session,
        """SELECT 'release', NULL::date, b.code, t.programme, NULL::uuid, t.sum, b.code
             FROM batch b CROSS JOIN jsonb_to_recordset(b.totals) AS t(programme text, sum bigint) WHERE b.id = :id""",
        {"id": batch.id}, at=at, by=caller.person,
    )  # fmt: skip


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


async def write_bank_file(
    session: AnySession, batch: Row[Any], form: FileForm, file: BinaryIO, *, cipher: FieldCipher, at: datetime
) -> Proof:
    """Write a batch's lines into ``file``; ``at`` is the instant of the release. Raise BankFileDiffers, BankLineNotWritable."""
    head = BatchHead(batch.code, batch.payments, batch.sum, at)
    with _refusals():
        proof = await write_and_prove(channel_for(form), file, head, transfer_lines(session, cipher, batch.id))
    if (proof.totals.count, proof.totals.sum) != (batch.payments, batch.sum):
        raise BankFileDiffers(
            "the file does not have the totals that were approved", approved={"count": batch.payments, "sum": batch.sum},
            file={"count": proof.totals.count, "sum": proof.totals.sum},
        )  # fmt: skip
    return proof


@contextmanager
def _refusals() -> Iterator[None]:
    """What the channel says of a line or a file, as the refusal that a door answers."""
    try:
        yield
    except LineNotWritable as line:
        raise BankLineNotWritable(
            "the bank's form has no place for this line as it is", reference=line.reference, field=line.field, why=line.why
        ) from None
    except FileDiffers as differs:
        raise BankFileDiffers(str(differs)) from differs


async def not_writable(session: AnySession, batch: Row[Any], *, cipher: FieldCipher, day: date) -> tuple[int, list[dict[str, str]]]:
    """How many lines the bank's form of ``day`` has no place for, and the first of them: known before anybody signs."""
    channel = channel_for(await form_on(session, day))
    count, named = 0, []
    async for block in transfer_lines(session, cipher, batch.id):
        for line in block:
            try:
                channel.check(line)
            except LineNotWritable as wrong:
                count += 1
                if count <= NAMED_MAX:
                    named.append({"reference": wrong.reference, "field": wrong.field, "why": wrong.why})
    return count, named


async def _record(
    session: WriteSession, batch: Row[Any], caller: Caller, form: FileForm, proof: Proof, *, acting: Capacity, at: datetime
) -> None:
    totals, file_id, channel = proof.totals, natural_id("bank_file", str(batch.id)), channel_for(form)
    value_on, due_at = await release_counts(session, batch.id, at, RESULTS_DUE_WORKING_DAYS)
    await session.execute(
        text("""INSERT INTO bank_file (id, batch_id, name, count, sum, entry_hash, sha256, written_at, by)
                VALUES (:file, :id, :name, :count, :sum, :entries, :sha256, :at, :by)"""),
        {
            "file": file_id, "id": batch.id, "name": channel.file_name(batch.code), "count": totals.count, "sum": totals.sum,
            "entries": totals.entry_hash, "sha256": proof.sha256, "at": at, "by": caller.person,
        },
    )  # fmt: skip
    await keep_form(session, file_id, form, channel.media_type)
    await session.execute(
        text("UPDATE batch SET released_at = :at, value_on = :value_on, results_due_at = :due, file_id = :file WHERE id = :id"),
        {"at": at, "value_on": value_on, "due": due_at, "file": file_id, "id": batch.id},
    )
    await batches.sign(session, batch.id, Step.RELEASE.value, caller.person, batch.list_hash, at=at, acting=acting)
    await batches.move_batch(session, batch, BatchAction.RELEASE)
    await batches.publish(
        session,
        batch.id,
        BatchSent(batch_id=batch.id, file_id=file_id, count=totals.count, sum=totals.sum, entry_hash=totals.entry_hash),
        at=at,
    )


async def write_again(session: AnySession, batch: Row[Any], file: BinaryIO, *, cipher: FieldCipher, sha256: str) -> None:
    """The bytes of a released batch once more, in the form of their day: the very bytes that were proved then.

    Raise BankFileDiffers where they are others, BankLineNotWritable.
    """
    channel = channel_for(await form_of_file(session, batch.file_id))
    head = BatchHead(batch.code, batch.payments, batch.sum, batch.released_at)
    with _refusals():
        now = await write_and_hash(channel, file, head, transfer_lines(session, cipher, batch.id))
    if now != sha256:
        raise BankFileDiffers("the lines do not give the bytes that were released", released=sha256, now=now)
