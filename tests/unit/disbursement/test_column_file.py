"""The bank's column template: the same lines give the same bytes, and the totals are read back from them."""

from __future__ import annotations

import hashlib
import io
import tempfile
from collections.abc import AsyncIterator, Sequence
from datetime import UTC, datetime
from typing import Any, BinaryIO

import pytest

from services.disbursement.channels.column_file import ColumnFile
from services.disbursement.channels.port import BatchHead, FileDiffers, FileTotals, LineNotWritable, TransferLine, write_and_prove
from services.disbursement.domain.column_template import FIRST, template_body, template_from

LINES = [
    TransferLine("2025-09-M01-000001", "111", "0012345678", "SITI AMINAH", 300_000),
    TransferLine("2025-09-M01-000002", "111", "98765432101234", 'O"NEIL; ANAK DARI\nBUDI', 900_000),
    TransferLine("2025-09-M01-000003", "111", "0012345678", "=SUM(A1)", 300_000),
]
TOTALS = FileTotals(3, 1_500_000, 12_345_678 + 5_432_101_234 + 12_345_678)
HEAD = BatchHead("2025-09-M01", 3, 1_500_000, datetime(2025, 9, 18, 3, tzinfo=UTC))


async def blocks(lines: Sequence[TransferLine], size: int) -> AsyncIterator[Sequence[TransferLine]]:
    for start in range(0, len(lines), size):
        yield lines[start : start + size]


async def written(channel: ColumnFile, lines: Sequence[TransferLine] = LINES, size: int = 2) -> bytes:
    with tempfile.TemporaryFile() as file:
        proof = await write_and_prove(channel, file, HEAD, blocks(lines, size))
        content = read_all(file)
    assert proof.sha256 == hashlib.sha256(content).hexdigest()
    return content


def read_all(file: BinaryIO) -> bytes:
    file.seek(0)
    return file.read()


async def test_bytes_do_not_depend_on_how_the_lines_came() -> None:
    first, second = await written(ColumnFile(), size=1), await written(ColumnFile(), size=5)
    assert first == second
    assert first.split(b"\r\n")[:3] == [
        b"2025-09-M01;000000003;000000000001500000;5456792590",
        b"rujukan;kode_bank;nomor_rekening;nama_pemilik;nominal",
        b"2025-09-M01-000001;111;0012345678;SITI AMINAH;300000",
    ]
    assert ColumnFile().read_back(io.BytesIO(first)) == TOTALS


async def test_the_first_template_as_data_gives_the_same_bytes() -> None:
    assert template_from(template_body(FIRST)) == FIRST
    assert await written(ColumnFile(template_from(template_body(FIRST)))) == await written(ColumnFile())


@pytest.mark.parametrize(
    "change", [(b"300000", b"300001"), (b"0012345678", b"0012345679"), (b"000000003", b"000000004"), (b"300000", b"30000x")]
)
async def test_changed_bytes_are_noticed(change: tuple[bytes, bytes]) -> None:
    content = await written(ColumnFile())
    with pytest.raises(FileDiffers):
        ColumnFile().read_back(io.BytesIO(content.replace(*change, 1)))


ZEROS = {"align": "right", "fill": "0"}
FIXED: dict[str, Any] = {
    "form": "fixed", "newline": "lf", "titles": False, "suffix": "txt", "encoding": "ascii", "allowed": "A-Z0-9 .'-", "upper": True,
    "first": [{"value": "H", "length": 1}, {"field": "batch_code", "length": 14}, {"field": "count", "length": 6, **ZEROS}],
    "columns": [
        {"value": "D", "length": 1},
        {"field": "sequence", "length": 6, **ZEROS},
        {"field": "account_number", "length": 14},
        {"field": "holder", "length": 12, "too_long": "cut"},
        {"field": "amount", "length": 10, **ZEROS},
        {"field": "reference", "length": 20},
    ],
    "last": [{"value": "T", "length": 1}, {"field": "sum", "length": 15, **ZEROS}, {"field": "entry_hash", "length": 10, **ZEROS}],
}  # fmt: skip


def line(holder: str) -> TransferLine:
    return TransferLine("2025-09-M01-000001", "111", "0012345678", holder, 300_000)


async def test_a_file_of_fixed_width_with_its_totals_before_and_after() -> None:
    lines = [line("Siti Nurhaliza Aminah"), TransferLine("2025-09-M01-000002", "111", "98765432101234", "Ançelo D’Souza", 900_000)]
    content = await written(ColumnFile(template_from(FIXED)), lines)
    assert content.decode("ascii").split("\n") == [
        "H2025-09-M01   000002",
        "D0000010012345678    SITI NURHALI00003000002025-09-M01-000001  ",
        "D00000298765432101234ANCELO D'SOU00009000002025-09-M01-000002  ",
        "T0000000012000005444446912",
        "",
    ]
    assert ColumnFile(template_from(FIXED)).read_back(io.BytesIO(content)) == FileTotals(2, 1_200_000, 12_345_678 + 5_432_101_234)
    with pytest.raises(FileDiffers):
        ColumnFile(template_from(FIXED)).read_back(io.BytesIO(content.replace(b"T000000001200000", b"T000000001200001")))
    with pytest.raises(FileDiffers):
        ColumnFile(template_from(FIXED)).read_back(io.BytesIO(content.replace(b"SITI NURHALI", b"SITI")))


async def test_what_the_bank_cannot_read_is_no_question_mark() -> None:
    channel = ColumnFile(template_from(FIXED))
    with pytest.raises(LineNotWritable) as wrong:
        await written(channel, [line("李小龍")])
    assert (wrong.value.reference, wrong.value.field, wrong.value.why) == ("2025-09-M01-000001", "holder", "characters")
    assert "李" not in str(wrong.value)
    long = TransferLine("2025-09-M01-000001", "111", "123456789012345", "A", 1)
    with pytest.raises(LineNotWritable) as wrong:
        await written(channel, [long])
    assert (wrong.value.field, wrong.value.why) == ("account_number", "too-long")
