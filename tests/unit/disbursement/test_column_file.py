"""The bank's column template: the same lines give the same bytes, and the totals are read back from them."""

from __future__ import annotations

import hashlib
from collections.abc import AsyncIterator, Sequence
from pathlib import Path

import pytest

from services.disbursement.channels.column_file import ColumnFile, read_back
from services.disbursement.channels.port import FileDiffers, FileTotals, TransferLine

LINES = [
    TransferLine("2025-09-M01-000001", "111", "0012345678", "SITI AMINAH", 300_000),
    TransferLine("2025-09-M01-000002", "111", "98765432101234", 'O"NEIL; ANAK DARI\nBUDI', 900_000),
    TransferLine("2025-09-M01-000003", "111", "0012345678", "=SUM(A1)", 300_000),
]
TOTALS = FileTotals(3, 1_500_000, 12_345_678 + 5_432_101_234 + 12_345_678)


async def blocks(lines: Sequence[TransferLine], size: int) -> AsyncIterator[Sequence[TransferLine]]:
    for start in range(0, len(lines), size):
        yield lines[start : start + size]


def names(folder: Path) -> list[str]:
    return sorted(each.name for each in folder.iterdir())


async def test_bytes_do_not_depend_on_how_the_lines_came(tmp_path: Path) -> None:
    channel = ColumnFile()
    first = await channel.prepare(tmp_path / "a", "2025-09-M01", blocks(LINES, 1))
    second = await channel.prepare(tmp_path / "b", "2025-09-M01", blocks(LINES, 5))
    assert first.totals == second.totals == TOTALS
    assert first.sha256 == second.sha256 == hashlib.sha256(first.partial.read_bytes()).hexdigest()
    assert first.partial.read_bytes().split(b"\r\n")[:3] == [
        b"2025-09-M01;000000003;000000000001500000;5456792590",
        b"rujukan;kode_bank;nomor_rekening;nama_pemilik;nominal",
        b"2025-09-M01-000001;111;0012345678;SITI AMINAH;300000",
    ]


async def test_it_is_there_whole_or_not_at_all(tmp_path: Path) -> None:
    channel = ColumnFile()
    prepared = await channel.prepare(tmp_path, "2025-09-M01", blocks(LINES, 2))
    assert not (tmp_path / "2025-09-M01.csv").exists()
    place = channel.hand_over(prepared)
    assert read_back(place) == (TOTALS, prepared.sha256)
    assert names(tmp_path) == ["2025-09-M01.csv"]
    assert place.stat().st_mode & 0o077 == 0


async def test_lines_that_break_off_leave_nothing(tmp_path: Path) -> None:
    async def broken() -> AsyncIterator[Sequence[TransferLine]]:
        yield LINES[:1]
        raise ConnectionError

    with pytest.raises(ConnectionError):
        await ColumnFile().prepare(tmp_path, "2025-09-M01", broken())
    assert names(tmp_path) == []


@pytest.mark.parametrize("change", [(b"300000", b"300001"), (b"0012345678", b"0012345679"), (b"000000003", b"000000004")])
async def test_changed_bytes_are_noticed(tmp_path: Path, change: tuple[bytes, bytes]) -> None:
    prepared = await ColumnFile().prepare(tmp_path, "2025-09-M01", blocks(LINES, 2))
    prepared.partial.write_bytes(prepared.partial.read_bytes().replace(*change, 1))
    with pytest.raises(FileDiffers):
        read_back(prepared.partial)
