"""The panti by unexplained rupiah, and one panti's month on one screen, with what an auditor does about it."""

from __future__ import annotations

import re
from pathlib import Path

from tests.service.console.conftest import OpenConsole, words
from tests.service.console.test_findings_pages import _bring_in
from tests.support.world import World


async def test_a_panti_tells_its_month_and_the_auditor_asks_and_draws(console: OpenConsole, world: World, tmp_path: Path) -> None:
    await _bring_in(await console().enters_as("treasurer"), await console().enters_as("treasurer2"), tmp_path)
    await world.settle()
    auditor = await console().enters_as("auditor")
    listed = await auditor.reads("/panti")
    assert re.search(r"Uang dan kenyataan \d\d panti", listed)
    assert "Semuanya Rp5.775.000" in listed
    assert "Menurut panti" in await auditor.reads("/temuan")

    answer = await auditor.http.get("/panti/bm1")
    read = words(answer)
    for expected in (
        "September 2025", "Selisih belum dijelaskan Rp5.775.000", "Garis: daya tampung 110. 116 penghuni setiap hari.",
        "30 hari di atas daya tampung (abu-abu)", "3.480 × Rp38.500 Rp133.980.000", "SP2D makan untuk bulan ini Rp139.755.000",
        "Pagu 2025 (versi 1)", "BAST bulan ini tidak ada yang tercatat", "Minta Penjelasan", "Ambil Uji Petik", "Sepakati Penyelesaian",
    ):  # fmt: skip
        assert expected in read, expected
    assert answer.text.count('class="above"') == 30, "what is above the capacity is grey, a bar a day"
    assert "bad" not in re.findall(r'<figure class="census">.*?</figure>', answer.text, re.DOTALL)[0]
    head = await console().enters_as("panti-head")
    assert "Minta Penjelasan" not in await head.reads("/panti/BM1?bulan=2025-09")
    empty = await head.reads("/panti/BM2?bulan=2025-08")
    assert "Belum ada hari yang dihitung" in empty
    assert "Tidak ada temuan terbuka." in empty
    await head.reads("/panti/NIHIL", status=404)

    found = re.search(r'href="(/temuan/selisih/[0-9a-f-]{36})#tindak-minta-penjelasan"', answer.text)
    assert found is not None
    path = found[1]
    await auditor.does(f"{path}/minta-penjelasan", {"uraian": "Mohon penjelasan 150 hari-orang"})
    await auditor.does(f"{path}/uji-petik", {"jumlah": "4", "benih": "rapat 7 Okt"})
    read = await auditor.reads(path)
    assert "Penjelasan diminta" in read
    assert "4 dari 33 butir" in read
    assert "Benih rapat 7 Okt" in read
    refused = await auditor.sends(f"{path}/uji-petik", {"jumlah": "400", "benih": ""})
    assert refused.status_code == 422
    await head.does(f"{path}/jelaskan", {"jumlah": "5.775.000", "uraian": "Makan keluarga", "bukti": "daftar hadir"})
    await auditor.does(f"{path}/terima", {"jumlah": "3.465.000", "uraian": "60 tanpa daftar hadir"})
    assert "Rp2.310.000 belum dijelaskan" in await auditor.reads(path)
