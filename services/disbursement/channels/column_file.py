"""The bank's column template: a CSV file with its totals in the first row, out and back.

Out (`;`, UTF-8, CRLF): first row ``kode_batch;jumlah;nilai;entry_hash`` (its four values, digits padded to a fixed width),
then the header, then a row for each payment in the order of its number. Nothing in it depends on when it was written, so
the same batch gives the same bytes.
"""

from __future__ import annotations

import asyncio
import csv
import hashlib
import io
import os
from collections.abc import AsyncIterator, Sequence
from pathlib import Path
from typing import Final

from services.disbursement.channels.port import FileDiffers, FileTotals, PreparedFile, TransferLine
from services.disbursement.domain.batch import ENTRY_HASH_MODULUS
from shared.tabular.columns import Column, Template, account_number, day, rupiah, text, whole_number

COLUMNS: Final = ("rujukan", "kode_bank", "nomor_rekening", "nama_pemilik", "nominal")

RESULTS: Final = Template(
    name="results",
    title="Hasil penyaluran dari bank",
    preamble=(
        Column("kode_batch", text(40), help="Kode batch, seperti pada berkas yang dikirim", example="2025-09-M01"),
        Column("bagian", whole_number, help="Bagian ke berapa", example="1"),
        Column("jumlah_bagian", whole_number, help="Dari berapa bagian", example="1"),
        Column("jumlah", whole_number, help="Jumlah baris berkas ini", example="804"),
        Column("nilai", rupiah, help="Jumlah nominal berkas ini", example="243000000"),
    ),
    columns=(
        Column("rujukan", text(40), help="Rujukan pembayaran, seperti pada berkas yang dikirim", example="2025-09-M01-000001"),
        Column("nomor_rekening", account_number, help="Nomor rekening yang dikredit", example="1234567890"),
        Column("nominal", rupiah, help="Rupiah", example="300000"),
        Column("kode", text(60), help="Kode atau kata status dari bank", example="00"),
        Column("tanggal", day, help="Hari transaksi", example="2025-09-25"),
    ),
)
"""What comes back: each row on its own (CORE.md sections 5 and 8)."""

_BLOCK: Final = 1 << 20


def _first_row(batch_code: str, totals: FileTotals) -> bytes:
    return f"{batch_code};{totals.count:09d};{totals.sum:018d};{totals.entry_hash:010d}\r\n".encode()


class _Writer:
    """Lines into one file, its first row filled in at the end; blocking, in flat memory."""

    def __init__(self, partial: Path, batch_code: str) -> None:
        partial.parent.mkdir(parents=True, exist_ok=True)
        self._file = partial.open("wb")
        partial.chmod(0o600)  # account numbers and names of citizens
        self._batch_code = batch_code
        self._count = self._sum = self._entries = 0
        self._file.write(_first_row(batch_code, FileTotals(0, 0, 0)))
        self._file.write((";".join(COLUMNS) + "\r\n").encode())

    def add(self, lines: Sequence[TransferLine]) -> None:
        out = io.StringIO(newline="")
        write = csv.writer(out, delimiter=";", lineterminator="\r\n").writerow
        for line in lines:
            write((line.reference, line.bank_code, line.account_number, line.holder, line.amount))
            self._sum += line.amount
            self._entries += int(line.account_number[-10:])
        self._count += len(lines)
        self._file.write(out.getvalue().encode())

    def finish(self) -> FileTotals:
        """Fill in the totals and wait until the bytes are on the disk."""
        totals = FileTotals(self._count, self._sum, self._entries % ENTRY_HASH_MODULUS)
        self._file.seek(0)
        self._file.write(_first_row(self._batch_code, totals))
        self._file.flush()
        os.fsync(self._file.fileno())
        self._file.close()
        return totals

    def abandon(self, partial: Path) -> None:
        self._file.close()
        partial.unlink(missing_ok=True)


def read_back(path: Path) -> tuple[FileTotals, str]:
    """Totals by counting the rows again, and SHA-256, from the bytes on disk. Raise FileDiffers where the first row is another."""
    count = total = entries = 0
    with path.open("rb") as raw:
        digest = hashlib.file_digest(raw, "sha256").hexdigest()
    with path.open(encoding="utf-8", newline="") as rows:
        reader = csv.reader(rows, delimiter=";")
        first, _header = next(reader), next(reader)
        for _reference, _bank, account, _holder, amount in reader:
            count += 1
            total += int(amount)
            entries += int(account[-10:])
    found = FileTotals(count, total, entries % ENTRY_HASH_MODULUS)
    if [int(value) for value in first[1:]] != [found.count, found.sum, found.entry_hash]:
        raise FileDiffers(f"the first row of {path.name} does not fit its rows")
    return found, digest


class ColumnFile:
    """Files by a hand-over folder: an operator or a transfer service takes them from there."""

    def file_name(self, batch_code: str) -> str:
        return f"{batch_code}.csv"

    async def prepare(self, folder: Path, batch_code: str, lines: AsyncIterator[Sequence[TransferLine]]) -> PreparedFile:
        name = self.file_name(batch_code)
        partial = folder / f".{name}.partial"  # one writer at a time: the batch's row is locked
        writer = _Writer(partial, batch_code)
        try:
            async for block in lines:
                writer.add(block)
            written = await asyncio.to_thread(writer.finish)
            found, digest = await asyncio.to_thread(read_back, partial)
            if found != written:
                raise FileDiffers(f"{name}: written {written}, read back {found}")
        except BaseException:
            writer.abandon(partial)
            raise
        return PreparedFile(partial, name, found, digest)

    def hand_over(self, prepared: PreparedFile) -> Path:
        place = prepared.partial.with_name(prepared.name)
        prepared.partial.replace(place)
        if os.name == "posix":  # the name itself must be on the disk too
            folder = os.open(place.parent, os.O_RDONLY)
            try:
                os.fsync(folder)
            finally:
                os.close(folder)
        return place
