"""The way to the bank, whatever its form: lines out, and the proof that the bytes say what was approved."""

from __future__ import annotations

import asyncio
import hashlib
import os
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import BinaryIO, Final, Protocol

_BLOCK: Final = 1 << 20


@dataclass(frozen=True, slots=True)
class TransferLine:
    """One transfer as the bank needs it. Lives in memory only while a file is written."""

    reference: str
    bank_code: str
    account_number: str
    holder: str
    amount: int


@dataclass(frozen=True, slots=True)
class BatchHead:
    """What a file says of its batch: ``count`` and ``sum`` as approved, ``at`` the instant of the release (never the clock's)."""

    code: str
    count: int
    sum: int
    at: datetime


@dataclass(frozen=True, slots=True)
class FileTotals:
    """What a bank file is controlled by: lines, rupiah, entry hash."""

    count: int
    sum: int
    entry_hash: int


@dataclass(frozen=True, slots=True)
class Proof:
    """What was read back from the bytes, and their SHA-256."""

    totals: FileTotals
    sha256: str


class FileDiffers(Exception):
    """The bytes do not say what was approved; nothing may go out."""


class LineNotWritable(Exception):
    """A line cannot be written as the bank reads it: ``reference``, the ``field`` and why (``characters``, ``too-long``)."""

    def __init__(self, reference: str, field: str, why: str) -> None:
        super().__init__(f"{reference}: {field}: {why}")
        self.reference, self.field, self.why = reference, field, why


class BankChannel(Protocol):
    """One adapter per form of file. The same batch gives the same bytes, today and in ten years."""

    @property
    def media_type(self) -> str: ...

    def file_name(self, batch_code: str) -> str: ...

    async def write(self, file: BinaryIO, head: BatchHead, lines: AsyncIterator[Sequence[TransferLine]]) -> FileTotals:
        """Write all lines in flat memory, and answer what was written. Raise LineNotWritable."""
        ...

    def check(self, line: TransferLine) -> None:
        """Raise LineNotWritable where ``write`` would."""
        ...

    def read_back(self, file: BinaryIO) -> FileTotals:
        """The totals, by counting the bytes' lines again; blocking. Raise FileDiffers where the file contradicts itself."""
        ...


async def write_and_prove(channel: BankChannel, file: BinaryIO, head: BatchHead, lines: AsyncIterator[Sequence[TransferLine]]) -> Proof:
    """Write into an empty file, down to the disk, then read it back. Raise FileDiffers, LineNotWritable."""
    written = await channel.write(file, head, lines)
    proof = await asyncio.to_thread(_read_back, channel, file)
    if proof.totals != written:
        raise FileDiffers(f"batch {head.code}: written {written}, read back {proof.totals}")
    return proof


async def write_and_hash(channel: BankChannel, file: BinaryIO, head: BatchHead, lines: AsyncIterator[Sequence[TransferLine]]) -> str:
    """Write into an empty file, down to the disk, and answer its SHA-256: enough where the bytes were proved before."""
    await channel.write(file, head, lines)
    return await asyncio.to_thread(_hash, file)


def _hash(file: BinaryIO) -> str:
    file.flush()
    os.fsync(file.fileno())
    file.seek(0)
    digest = hashlib.sha256()
    while block := file.read(_BLOCK):
        digest.update(block)
    return digest.hexdigest()


def _read_back(channel: BankChannel, file: BinaryIO) -> Proof:
    digest = _hash(file)
    file.seek(0)
    return Proof(channel.read_back(file), digest)


def open_private(path: Path) -> BinaryIO:
    """A new file that only its owner reads: it holds account numbers and names of citizens."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.unlink(missing_ok=True)
    return os.fdopen(os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o600), "w+b")
