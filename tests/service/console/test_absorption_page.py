"""The page of absorption: what is planned and spent, silent where the source is, and the monthly report to take along."""

from __future__ import annotations

from tests.service.console.conftest import OpenConsole
from tests.service.console.test_budget_page import dpa


async def test_absorption_says_that_nothing_is_known_before_the_first_sp2d(console: OpenConsole) -> None:
    treasurer = await console().enters_as("treasurer")
    assert "Belum ada DPA untuk tahun 2025" in await treasurer.reads("/anggaran/2025/serapan")
    typed = {"document": "dpa", "number": "DPA/1", "covers": "year", "count": "1", "sum": "400000000"}
    page = await treasurer.does("/impor/budget_audit/baru/dpa", typed, file=dpa(("0043", "Natura", 400_000_000)))
    await treasurer.does(f"{page.partition('?')[0]}/simpan")
    shown = await treasurer.reads("/anggaran/2025/serapan?bulan=2025-03&menurut=account")
    for said in ("Maret 2025", "5.1.02.01.01.0043", "400.000.000", "belum dapat dihitung", "belum ada berkas", "Laporan bulanan (PDF)"):
        assert said in shown, said
    assert '"/anggaran/2025/serapan"' in (await treasurer.http.get("/anggaran/2025")).text
    await treasurer.reads("/anggaran/2025/serapan?bulan=2025-13", status=422)
