"""The mismatch of fixture P through the pages: found by the system, explained, agreed and closed by three people."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path

from ritme.replay import files
from ritme.replay.budi_mulia import CEILING, DAYS, LINE, MONTH, PANTI, PRICE, REFERENCE, RESIDENTS, SP2D
from tests.service.console.conftest import OpenConsole, Visitor, words
from tests.support.world import World

ROWS: dict[str, Sequence[Sequence[object]]] = {
    "dpa": [(*LINE.key, "Natura", *LINE.owner, CEILING)],
    "contract": [(PANTI, "2025-01-01", "2025-12-31", PRICE)],
    "census": [(PANTI, f"{MONTH}-{day:02d}", RESIDENTS) for day in range(1, DAYS + 1)],
    "sp2d": [("9/SP2D/2025", f"{MONTH}-30", *LINE.key, *LINE.owner, SP2D, REFERENCE)],
}
SUMS = {"dpa": CEILING, "sp2d": SP2D}


async def _bring_in(treasurer: Visitor, second: Visitor, folder: Path) -> None:
    """``second`` saves what two people bring in; the others save as well as they send."""
    for kind, rows in ROWS.items():
        content = files.write(folder, kind, rows)
        typed = {"count": str(len(rows))} | ({"sum": str(SUMS[kind])} if kind in SUMS else {})
        page = await treasurer.does(f"/impor/budget_audit/baru/{kind}", typed, file=_upload(content))
        await second.does(f"{page.partition('?')[0]}/simpan")


def _upload(path: Path) -> tuple[str, bytes]:
    return path.name, path.read_bytes()


async def test_a_mismatch_is_explained_agreed_and_closed_by_three_people(console: OpenConsole, world: World, tmp_path: Path) -> None:
    await _bring_in(await console().enters_as("treasurer"), await console().enters_as("treasurer2"), tmp_path)
    await world.settle()
    head, auditor = await console().enters_as("panti-head"), await console().enters_as("auditor")
    listed = await head.http.get("/temuan")
    assert "Rp5.775.000 Belanja makan berbeda dari hari-orang × harga kontrak" in words(listed)
    found = re.search(r'href="(/temuan/selisih/[0-9a-f-]{36})"', listed.text)
    assert found is not None
    path = found[1]
    read = await head.reads(path)
    for expected in (
        "3.480 hari-orang × 38.500 = 133.980.000",
        "Rp139.755.000",
        "hanya menjelaskan belanja yang lebih rendah",
        "Kepala panti BM1",
    ):
        assert expected in read, expected
    assert "Periksa dan tutup" not in read

    typed = {"jumlah": "9.000.000", "uraian": "Makan keluarga pada tanggal 17.", "bukti": "daftar hadir 17 Sep"}
    refused = await head.sends(f"{path}/jelaskan", typed)
    assert refused.status_code == 422
    assert "Ditulis: Rp9.000.000 Selisih: Rp5.775.000" in words(refused)
    assert "Makan keluarga pada tanggal 17." in refused.text, "what was typed is not lost"
    await head.does(f"{path}/jelaskan", typed | {"jumlah": "3.465.000"})
    assert "Rp2.310.000 belum dijelaskan" in await head.reads(path)

    await auditor.does(
        f"{path}/sepakati", {"penyelesaian": "Setor kembali 60 hari-orang (STS).", "pemilik": f"panti/{PANTI}", "tenggat": "2025-12-31"}
    )
    same = await auditor.sends(f"{path}/tutup", {"bukti": "STS 12/2025"})
    assert same.status_code == 409
    assert "Harus orang lain" in words(same)
    second = await console().enters_as("auditor2")
    await second.does(f"{path}/tutup", {"bukti": "STS 12/2025"})
    read = await second.reads(path)
    for step in (
        "Ditemukan oleh sistem",
        "Dijelaskan oleh Pak Hadi",
        "Penyelesaian disepakati oleh Ayu",
        "Diperiksa dan ditutup oleh Arif",
    ):
        assert step in read, (step, read)
    assert "1 selisih sudah ditutup" in await second.reads("/temuan")
