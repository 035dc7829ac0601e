"""What the bank sends back, in columns or as a message of ISO 20022: the same decision, row by row."""

from __future__ import annotations

import asyncio
import dataclasses
import hashlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final
from uuid import UUID

from sqlalchemy import text

from services.disbursement.channels.account_fields import number_index
from services.disbursement.commands.bank.apply_results import (
    Answer,
    ResultFileUnreadable,
    TotalsDiffer,
    apply_source,
    staged_row,
)
from services.disbursement.commands.bank.hand_over import note_receipt
from services.disbursement.commands.bank.inbound import note_form, open_results
from services.disbursement.commands.lists.batches import load_by_code
from shared.crypto import FieldCipher
from shared.db.session import WriteSession
from shared.kernel.clock import jakarta_day
from shared.kernel.errors import InvalidInput
from shared.web.auth import Caller

if TYPE_CHECKING:
    from services.disbursement.channels.iso20022.answers import Head, Line

_LINES_AT_ONCE: Final = 5_000
_BATCHES_MAX: Final = 50
"""So many lists may stand in one statement; more is no day of this office."""
_MARKS: Final = (b"<", b"\xef\xbb\xbf<", b"\xff\xfe<", b"\xfe\xff\x00<")
"""How XML begins, with or without a byte order mark."""


class NothingOfOurs(InvalidInput):
    """The message is readable and names no payment of ours: nothing to apply."""

    code = "no-results"


async def apply_bank_file(
    session: WriteSession,
    caller: Caller,
    path: Path,
    name: str,
    *,
    cipher: FieldCipher,
    at: datetime,
    template_id: UUID | None = None,
    trial: bool = False,
) -> list[Answer]:
    """Apply whatever the bank sent, an answer for each list that it is about.

    ``template_id``: of a column file, where it is in another form than today's (an older one; on ``trial``, one that is only proposed).
    Raise what ``open_results`` and ``apply_source`` raise, and NothingOfOurs.
    """  # fmt: skip
    if not await asyncio.to_thread(is_xml, path):
        answers = []
        for source in await open_results(session, path, day=jakarta_day(at), template_id=template_id, trial=trial):
            answer = await apply_source(session, caller, source, name, cipher=cipher, at=at)
            if answer.duplicate_of is None:
                await note_form(session, answer.file_id, source)
            answers.append(answer)
        return answers
    sources, head = await asyncio.to_thread(_open, path)
    if head.batch:
        await _fits_the_original(session, head)
    answers = [await apply_source(session, caller, source, name, cipher=cipher, at=at) for source in sources]
    if head.accepted and head.batch:
        # A report on the file as a whole is the bank's word that it has it.
        batch = await load_by_code(session, head.batch)
        received = min(max(head.at or at, batch.released_at), at)
        await note_receipt(session, batch, received_at=received, received_by="bank", source="status_report", by=caller.person, at=at)
    return answers


def shown(answers: Sequence[Answer]) -> dict[str, Any]:
    """As a door answers: the first list's answer, and those of other lists that the file is about as ``more``."""
    first, *more = [{key: value for key, value in dataclasses.asdict(one).items() if value is not None} for one in answers]
    return {**first, "more": more} if more else first


def is_xml(path: Path) -> bool:
    with path.open("rb") as file:
        return file.read(64).lstrip(b" \t\r\n").startswith(_MARKS)


async def _fits_the_original(session: WriteSession, head: Head) -> None:
    """Count and sum that the report says of our message must be those of the file that went out."""
    file = (
        await session.execute(
            text("SELECT f.count AS lines, f.sum FROM bank_file f JOIN batch b ON b.id = f.batch_id WHERE b.code = :code"),
            {"code": head.batch},
        )
    ).one_or_none()
    if file is None:
        return  # the batch, or its state, will refuse it
    said, sent = {"count": head.count, "sum": head.sum}, {"count": file.lines, "sum": file.sum}
    if any(value is not None and value != sent[key] for key, value in said.items()):
        raise TotalsDiffer("the report is about another message than the one that was sent", announced=said, found=sent)


@dataclass(frozen=True)
class _MessageResults:
    """One list's lines of one message."""

    path: Path
    head: Head
    sha256: str
    batch_code: str
    part: int = 0
    parts: int = 0
    announced: Mapping[str, int] | None = None

    def blocks(self, file_id: UUID, cipher: FieldCipher, latest: date) -> Iterator[tuple[str, int, int]]:
        from services.disbursement.channels.iso20022.answers import read_lines

        rows: list[str] = []
        with self.path.open("rb") as file:
            for line in read_lines(file, self.head):
                if line.batch != self.batch_code:
                    continue
                rows.append(_staged(line, file_id, cipher, latest))
                if len(rows) == _LINES_AT_ONCE:
                    yield "".join(rows), len(rows), 0
                    rows = []
        if rows:
            yield "".join(rows), len(rows), 0


def _staged(line: Line, file_id: UUID, cipher: FieldCipher, latest: date) -> str:
    problem = line.problem or ("unreadable:tanggal:date-future" if line.day and line.day > latest else "")
    return staged_row(
        file_id, line.number, reference=line.reference[:40], index=number_index(cipher, line.account).hex() if line.account else "",
        amount=-1 if line.amount is None else line.amount, code=line.code[:60], day=line.day, problem=problem,
    )  # fmt: skip


def _open(path: Path) -> tuple[list[_MessageResults], Head]:
    """Read the whole message once, before anything is changed: it is sound, and these are its lists. Blocking.

    libxml2 is loaded only where a bank speaks XML.
    """
    from services.disbursement.channels.iso20022.answers import TotalsWrong, read_head, read_lines
    from services.disbursement.channels.iso20022.xml import XmlUnreadable

    try:
        with path.open("rb") as file:
            digest = hashlib.file_digest(file, "sha256").hexdigest()
            head = read_head(file)
            codes = dict.fromkeys([head.batch] if head.batch else [])
            for line in read_lines(file, head):
                if line.batch not in codes and len(codes) >= _BATCHES_MAX:
                    raise XmlUnreadable("the message names too many lists")
                codes[line.batch] = None
    except XmlUnreadable as wrong:
        raise ResultFileUnreadable(str(wrong), problem="xml") from None
    except TotalsWrong as wrong:
        raise TotalsDiffer(str(wrong)) from None
    if not codes:
        raise NothingOfOurs("pesan ini tidak menyebut pembayaran kami")
    # The bytes are known by the first list's file; of each other list, its share of them.
    shares = [digest if nth == 0 else hashlib.sha256(f"{digest}/{code}".encode()).hexdigest() for nth, code in enumerate(codes)]
    return [_MessageResults(path, head, share, code) for code, share in zip(codes, shares, strict=True)], head
