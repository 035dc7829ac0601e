"""How a list and a year end by pages: payments that the bank never carried out, the minutes, rupiah that stay, months that lapse."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest

from services.console.pages.year_end import by_fate
from tests.service.console.conftest import OpenConsole, Visitor, words
from tests.service.console.paying import a_draft, door, sp2d
from tests.support.world import World


@pytest.fixture
async def silent(console: OpenConsole, world: World, tmp_path: Path) -> str:
    """Five were sent a week ago, and the bank says nothing. The list's page."""
    path = await a_draft(console, world, tmp_path)
    at = f"/disbursement/batches/{path.rpartition('/')[2]}"
    batch = await door(world, "operator", f"{at}/submission")
    signed = {"list_hash": batch["list_hash"]}
    await door(world, "checker", f"{at}/check", signed)
    await door(world, "approver", f"{at}/approval", signed)
    await world.settle()
    await sp2d(world, console, tmp_path, 1_500_000)
    await door(world, "releaser", f"{at}/release", signed)
    with world.sql("disbursement") as behind:
        behind.execute("UPDATE batch SET released_at = released_at - interval '7 days'")
    operator = await console().enters_as("operator")
    await operator.does(f"{path}/jatuh-tempo")
    await world.settle()
    return path


def papers(world: World) -> dict[str, str]:
    today = world.service("disbursement").clock.today()
    days = [(today - timedelta(days=back)).isoformat() for back in (2, 1, 0)]
    return {
        "koran_1": "RK-1", "koran_1_tanggal": days[0], "koran_2": "RK-2", "koran_2_tanggal": days[1], "surat": "B-77/BJ/2025",
        "surat_tanggal": days[2], "alasan": "tidak ada di dua rekening koran", "rujukan": "",
    }  # fmt: skip


async def agrees(world: World, visitor: Visitor, who: str) -> None:
    (waiting,) = (await world.as_(who).get("/disbursement/orders", params={"state": "proposed"})).json()["items"]
    await visitor.does(f"/perintah/{waiting['id']}/setujui")


async def test_silent_payments_end_by_papers_and_the_list_by_its_minutes(console: OpenConsole, world: World, silent: str) -> None:
    operator, treasurer = await console().enters_as("operator"), await console().enters_as("treasurer")
    read = await operator.reads(silent)
    assert "5 pembayaran tanpa jawaban: bank tidak pernah menjalankannya" in read
    assert "Hasil sudah jatuh tempo" not in read
    early = await operator.sends(f"{silent}/tutup", {"berita_acara": "BA-9/X/2025"})
    assert (early.status_code, "Tanpa jawaban bank: 5" in words(early)) == (409, True)
    assert "BA-9/X/2025" in early.text, "what was typed is still there"
    one_paper = await operator.sends(f"{silent}/tidak-dijalankan", papers(world) | {"koran_2": "RK-1"})
    assert (one_paper.status_code, "B-77/BJ/2025" in one_paper.text) == (422, True)
    assert (await operator.does(f"{silent}/tidak-dijalankan", papers(world))).endswith("selesai=minta-perintah")
    assert "Bank tidak pernah menjalankan diminta Oki, operator data" in await operator.reads(silent)
    read = await treasurer.reads("/perintah")
    assert "2025-09-M01: 5 pembayaran (2025-09-M01-000001, 2025-09-M01-000002" in read
    assert "surat bank B-77/BJ/2025" in read
    await agrees(world, treasurer, "treasurer")
    await world.settle()
    assert "Bank menyatakan tidak pernah dijalankan" in await operator.reads("/bulan/2025-09")

    await operator.does(f"{silent}/tutup", {"berita_acara": "BA-9/X/2025"})
    await agrees(world, treasurer, "treasurer")
    read = await operator.reads(silent)
    assert "Ditutup" in read
    assert "Mengakhiri daftar ini" not in read
    assert "Penutupan penyaluran 2025-09-M01" in await operator.reads("/perintah")


async def test_what_stays_of_a_year_is_proposed_decided_and_named(console: OpenConsole, world: World, silent: str) -> None:
    operator, treasurer = await console().enters_as("operator"), await console().enters_as("treasurer")
    await operator.does(f"{silent}/tidak-dijalankan", papers(world))
    await agrees(world, treasurer, "treasurer")
    await world.settle()
    year = world.service("disbursement").clock.today().year
    page = f"/penampungan/tahun/{year}"
    assert (await treasurer.http.get("/penampungan/tahun")).headers["location"] == page
    read = await treasurer.reads(page)
    assert "Rp1.500.000 5 pembayaran belum diputuskan" in read
    short = await treasurer.sends(f"{page}/usul", {"cara": "sts", "dokumen": ""})
    assert short.status_code == 422
    sts = {"cara": "sts", "dokumen": "STS-1", "daftar": ""}
    await treasurer.does(f"{page}/usul", sts)
    assert "STS-1 Disetor kembali (STS) 5 Rp1.500.000 Menunggu orang kedua" in await treasurer.reads(page)
    own = await treasurer.sends(f"{page}/putuskan", {"dokumen": "STS-1", "setuju": "ya"})
    assert (own.status_code, "Harus orang lain" in words(own)) == (409, True)
    second = await console().enters_as("treasurer2")
    await second.does(f"{page}/putuskan", {"dokumen": "STS-1", "setuju": "ya"})
    assert "Disahkan Tono, bendahara pengeluaran, Tari, bendahara pembantu" in await treasurer.reads(page)
    running = await treasurer.sends(f"{page}/tutup", {"dokumen": "BA tutup tahun"})
    assert (running.status_code, "Masih ada dana tanpa keputusan" in words(running)) == (409, True)
    operators = await operator.reads(page)
    assert "Usulkan" not in operators
    await (await console().enters_as("warehouse")).reads("/penampungan/tahun/1900", status=422)


async def test_a_year_lapses_and_a_later_budget_takes_it_up(console: OpenConsole, world: World, silent: str) -> None:
    operator, treasurer = await console().enters_as("operator"), await console().enters_as("treasurer")
    await operator.does(f"{silent}/tidak-dijalankan", papers(world))
    await agrees(world, treasurer, "treasurer")
    await world.settle()
    year = "/penampungan/tahun/2025"
    assert "KLJ Terlewat Bank menyatakan tidak pernah dijalankan 5 Rp1.500.000" in await treasurer.reads(year)
    lapse = {"dokumen": "Pergub 41/2025", "alasan": "tutup tahun anggaran", "program": "KLJ"}
    assert (await operator.sends(f"{year}/berakhir", lapse)).status_code in (403, 422)
    if world.service("disbursement").clock.today().year == 2025:
        running = await treasurer.sends(f"{year}/berakhir", lapse)
        assert (running.status_code, "Pergub 41/2025" in running.text) == (422, True)
        return
    await treasurer.does(f"{year}/berakhir", lapse)
    approver = await console().enters_as("approver")
    assert "Tahun anggaran berakhir tahun 2025, KLJ" in await approver.reads("/perintah")
    await agrees(world, approver, "approver")
    await world.settle()
    read = await treasurer.reads(year)
    assert "Tahun anggaran sudah berakhir 6 Rp1.800.000" in read
    await treasurer.does(f"{year}/ambil-alih", {"dokumen": "DPA 2026", "alasan": "dianggarkan kembali", "program": ""})
    await agrees(world, approver, "approver")
    await world.settle()
    assert "Diambil alih anggaran berikutnya" in await treasurer.reads(year)
    assert (await treasurer.sends(f"{year}/hapus", lapse)).status_code == 404


def test_what_can_lapse_is_counted_apart_from_what_waits() -> None:
    lines = [
        {"outcome": "missed", "reason": "lapsed_budget_year", "person_months": 2, "rupiah": 600_000},
        {"outcome": "missed", "reason": "no_account", "person_months": 3, "rupiah": 900_000},
        {"outcome": "due", "reason": "", "person_months": 1, "rupiah": 300_000},
        {"outcome": "unknown", "reason": "awaiting_bank", "person_months": 4, "rupiah": 1_200_000},
    ]
    assert by_fate(lines) == {
        "lapsed": {"person_months": 2, "rupiah": 600_000}, "due": {"person_months": 4, "rupiah": 1_200_000},
        "waits": {"person_months": 4, "rupiah": 1_200_000},
    }  # fmt: skip
