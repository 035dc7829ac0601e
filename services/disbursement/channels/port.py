"""The way to the bank, whatever its form: lines out, and the proof that the bytes say what was approved."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol


@dataclass(frozen=True, slots=True)
class TransferLine:
    """One transfer as the bank needs it. Lives in memory only while a file is written."""

    reference: str
    bank_code: str
    account_number: str
    holder: str
    amount: int


@dataclass(frozen=True, slots=True)
class FileTotals:
    """What a bank file is controlled by: lines, rupiah, entry hash."""

    count: int
    sum: int
    entry_hash: int


@dataclass(frozen=True, slots=True)
class PreparedFile:
    """A complete file that is not in its place yet, with what was read back from its bytes."""

    partial: Path
    name: str
    totals: FileTotals
    sha256: str


class FileDiffers(Exception):
    """The bytes on disk do not say what was approved; nothing may go out."""


class BankChannel(Protocol):
    """One adapter per bank's way. The same batch gives the same bytes, today and in ten years."""

    async def prepare(self, folder: Path, batch_code: str, lines: AsyncIterator[Sequence[TransferLine]]) -> PreparedFile:
        """Write all lines beside their place, down to the disk, and read count, sum and entry hash back from the bytes.

        Raise FileDiffers where the bytes read back are not what was written.
        """
        ...

    def hand_over(self, prepared: PreparedFile) -> Path:
        """Put the file into its place: from now on it is there, whole. Doing it again puts the same bytes there."""
        ...
