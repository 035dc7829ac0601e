"""Which form a column file from the bank is in: the published one where it is that, else the one that two people agreed on."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any, Final
from uuid import UUID

from sqlalchemy import text

from services.disbursement.channels.inbound_file import InboundFile
from services.disbursement.commands.bank.apply_results import (
    ResultFileUnreadable,
    ResultSource,
    TotalsDiffer,
    UnknownBatch,
    open_published,
    staged_rows,
)
from services.disbursement.commands.bank.bank_forms import PAYING_BANK, setting_on
from services.disbursement.domain.inbound_template import RESULTS, InboundTemplate, inbound_from
from shared.crypto import FieldCipher
from shared.db.session import AnySession, WriteSession
from shared.kernel.errors import NotFound
from shared.tabular.archive import ZIP_MAGIC
from shared.tabular.columns import Row
from shared.tabular.limits import FileProblem

_ROWS_AT_ONCE: Final = 5_000
_BATCHES_MAX: Final = 50
"""So many lists may stand in one file; more is no day of this office."""


@dataclass(frozen=True)
class Agreed:
    """A template with its setting's id."""

    template: InboundTemplate
    template_id: UUID


async def agreed_on(session: AnySession, direction: str, day: date, bank: str = PAYING_BANK) -> Agreed | None:
    """What two people agreed on that holds on ``day``; None where nothing is: then the published form is the only one."""
    found = await setting_on(session, direction, bank, day)
    return None if found is None else Agreed(inbound_from(direction, found.body), found.id)


async def named(session: AnySession, direction: str, template_id: UUID, *, day: date | None) -> Agreed:
    """The template with this id: agreed and in force by ``day``, or, where that is None (a trial), any that nobody declined.

    Raise NotFound.
    """
    found = (
        await session.execute(
            text("""SELECT id, body FROM bank_setting WHERE id = :id AND kind = :kind AND state <> 'declined'
                       AND (CAST(:day AS date) IS NULL OR (state = 'confirmed' AND valid_from <= :day))"""),
            {"id": template_id, "kind": direction, "day": day},
        )
    ).one_or_none()
    if found is None:
        raise NotFound("there is no such template in force", template=str(template_id))
    return Agreed(inbound_from(direction, found.body), found.id)


@dataclass(frozen=True)
class AgreedResults:
    """One list's rows of a file by an agreed template. ``others``: further lists that the file is about."""

    file: InboundFile
    template_id: UUID
    sha256: str
    batch_code: str
    part: int
    parts: int
    announced: Mapping[str, int] | None
    others: frozenset[str]
    takes_the_rest: bool = True
    """Rows that name no list at all are this one's, so that somebody looks at them."""

    def blocks(self, file_id: UUID, cipher: FieldCipher, latest: date) -> Iterator[tuple[str, int, int]]:
        try:
            for chunk in self.file.chunks(_ROWS_AT_ONCE):
                rows = [row for row in chunk if self._mine(row)] if self.others else chunk
                if rows:
                    block, amount = staged_rows(file_id, rows, cipher, latest)
                    yield block, len(rows), amount
        except FileProblem as problem:
            raise ResultFileUnreadable(problem.message, problem=problem.code, row=problem.row) from None

    def _mine(self, row: Row) -> bool:
        code = list_named(row)
        return code == self.batch_code or (self.takes_the_rest and code not in self.others)


def list_named(row: Row) -> str:
    """``2025-09-M01-000001`` is a payment of ``2025-09-M01``; empty where the reference looks otherwise."""
    code, _, sequence = str(row.values["rujukan"] or "").rpartition("-")
    return code if len(sequence) >= 6 and sequence.isdigit() and code[:4].isdigit() and code[4:5] == "-" else ""


async def open_results(
    session: WriteSession, path: Path, *, day: date, template_id: UUID | None = None, trial: bool = False
) -> list[ResultSource]:
    """What a column file says, list by list; ``template_id``: read it by this template and no other.

    Raise ResultFileUnreadable, UnknownBatch, TotalsDiffer, NotFound.
    """
    if template_id is not None:
        agreed = await named(session, RESULTS, template_id, day=None if trial else day)
        return list(await asyncio.to_thread(_by_template, path, agreed))
    found = await agreed_on(session, RESULTS, day)
    try:
        return [await open_published(path)]
    except ResultFileUnreadable:
        if found is None or await asyncio.to_thread(is_workbook, path):
            raise
    return list(await asyncio.to_thread(_by_template, path, found))


def is_workbook(path: Path) -> bool:
    with path.open("rb") as file:
        return file.read(4) == ZIP_MAGIC


def _by_template(path: Path, agreed: Agreed) -> list[AgreedResults]:
    """Read the whole file once, before anything is changed. Blocking."""
    try:
        file = InboundFile(path, agreed.template)
        said = file.said
        lists, total = _lists(file)
    except FileProblem as problem:
        raise ResultFileUnreadable(problem.message, problem=problem.code, row=problem.row) from None
    part, parts = _part(said, agreed.template)
    announced: dict[str, int] | None = {name: int(said[name]) for name in ("count", "sum") if name in said} or None
    if "batch_code" in said:
        return [AgreedResults(file, agreed.template_id, file.sha256, str(said["batch_code"]), part, parts, announced, frozenset())]
    if not lists:
        raise UnknownBatch("no row of the file names a payment of ours")
    if len(lists) > 1 and announced is not None:
        found = {"count": file.count, "sum": total}
        if any(found[name] != value for name, value in announced.items()):
            raise TotalsDiffer("what the file says of itself does not fit its rows; nothing was applied", announced=announced, found=found)
        announced = None
    # The bytes are known by the first list's file; of each other list, its share of them.
    return [
        AgreedResults(
            file, agreed.template_id, file.sha256 if nth == 0 else hashlib.sha256(f"{file.sha256}/{code}".encode()).hexdigest(),
            code, part, parts, announced, frozenset(lists) - {code}, takes_the_rest=nth == 0,
        )
        for nth, code in enumerate(lists)
    ]  # fmt: skip


def _lists(file: InboundFile) -> tuple[list[str], int]:
    """The lists that its references name, in order, and the file's rupiah."""
    lists: dict[str, None] = {}
    total = 0
    for row in _rows(file):
        total += max(row.values["nominal"] or 0, 0)
        if (code := list_named(row)) and code not in lists:
            if len(lists) >= _BATCHES_MAX:
                raise FileProblem("too-large", "Berkas menyebut terlalu banyak daftar.")
            lists[code] = None
    return list(lists), total


def _rows(file: InboundFile) -> Iterator[Row]:
    for chunk in file.chunks(_ROWS_AT_ONCE):
        yield from chunk


def _part(said: Mapping[str, Any], template: InboundTemplate) -> tuple[int, int]:
    """0 of 0: the bank does not number its parts, and only time says that no more will come."""
    if "part" not in said:
        return (1, 1) if template.whole else (0, 0)
    part, parts = int(said["part"]), int(said["parts"])
    if not 1 <= part <= parts:
        raise ResultFileUnreadable(f"part {part} of {parts} is not possible", problem="preamble-bad")
    return part, parts


async def note_form(session: WriteSession, file_id: UUID, source: ResultSource) -> None:
    """By which template a result file was read; nothing where it was in the published form."""
    if isinstance(source, AgreedResults):
        await session.execute(
            text("INSERT INTO result_file_form (file_id, template_id) VALUES (:file, :template)"),
            {"file": file_id, "template": source.template_id},
        )
