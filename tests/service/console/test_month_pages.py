"""S2, told through the pages: a small month from the decree to its gaps, each person doing their part in a browser."""

from __future__ import annotations

import re
from datetime import timedelta
from pathlib import Path

import httpx

from ritme.replay import cengkareng, files
from shared.kernel.clock import JAKARTA
from tests.service.console.conftest import OpenConsole, Visitor, words
from tests.service.console.paying import MONTH, decree_and_accounts, door, import_file, upload
from tests.support.world import World


async def test_a_month_through_the_pages(console: OpenConsole, world: World, tmp_path: Path) -> None:
    operator, second = await console().enters_as("operator"), await console().enters_as("operator2")
    everybody = await decree_and_accounts(operator, second, world, tmp_path)
    treasurer = await console().enters_as("treasurer")
    line = cengkareng.lines()["KLJ"]
    await import_file(treasurer, "dpa", files.write(tmp_path, "dpa", [(*line.key, "BLT KLJ", *line.owner, 10**9)]), 1, 10**9)
    await door(world, "operator", "/beneficiary/cutoffs", {"programme": "KLJ", "month": MONTH})
    await world.settle()
    await door(world, "operator", f"/disbursement/months/{MONTH}/opening")
    read = await operator.reads(f"/bulan/{MONTH}")
    assert "0 dari 6 yang layak bayar sudah dibayar" in read
    assert "menunggu operator menyusun daftar" in read

    batch = await door(world, "operator", "/disbursement/batches", {"month": MONTH, "kind": "main"})
    path = f"/penyaluran/{batch['id']}"
    await operator.does(f"{path}/ajukan")
    await _signed_by_three(console, world, treasurer, path, tmp_path)

    sent = await world.as_("releaser").get(f"/disbursement/batches/{batch['id']}/bank-file")
    (tmp_path / "bank.csv").write_bytes(sent.content)
    refused_by_bank = everybody[1].account
    files.bank_results(
        tmp_path / "bank.csv", tmp_path / "hasil.csv", day="2025-09-25", code_of=lambda one: "03" if one == refused_by_bank else "00"
    )
    page = await operator.does("/impor/disbursement/baru/results", file=upload(tmp_path / "hasil.csv"))
    assert "5 Diterapkan 1 di antaranya ditolak bank 0 Dikarantina" in await operator.reads(page)
    await world.settle()
    await _the_month_as_it_ends(await console().enters_as("leader"), path)


async def _signed_by_three(console: OpenConsole, world: World, treasurer: Visitor, path: str, folder: Path) -> None:
    checker, approver = await console().enters_as("checker"), await console().enters_as("approver")
    page = await checker.http.get(path)
    assert "5 orang" in words(page)
    seen = re.search(r'name="list_hash" value="([0-9a-f]{64})"', page.text)
    assert seen is not None
    stale = await checker.sends(f"{path}/periksa", {"list_hash": "0" * 64})
    assert stale.status_code == 409
    assert "Daftar sudah berubah sejak Anda melihatnya" in words(stale)
    signed = {"list_hash": seen[1]}
    await checker.does(f"{path}/periksa", signed)
    same = await checker.sends(f"{path}/setujui", signed)
    assert same.status_code in (403, 409)
    await approver.does(f"{path}/setujui", signed)
    await world.settle()
    releaser = await console().enters_as("releaser")
    assert "Kirim ke bank" not in (await releaser.reads(path)).partition("Tanda tangan")[0]
    line = cengkareng.lines()["KLJ"]
    code = (await world.as_("operator").get("/disbursement/batches")).json()["items"][0]["code"]
    sp2d = files.write(folder, "sp2d", [("77/SP2D/2025", "2025-09-22", *line.key, *line.owner, 1_500_000, code)])
    file = (await treasurer.does("/impor/budget_audit/baru/sp2d", {"count": "1", "sum": "1500000"}, file=upload(sp2d))).partition("?")[0]
    alone = await treasurer.sends(f"{file}/simpan")
    assert (alone.status_code, "Harus orang lain" in words(alone)) == (409, True)
    await import_file(treasurer, "sp2d", sp2d, 1, 1_500_000, second=await console().enters_as("treasurer2"))
    await world.settle()
    await releaser.does(f"{path}/kirim", signed)
    assert "Dikirim ke bank, menunggu hasil" in await releaser.reads(path)
    await world.settle()
    assert "Berkas sudah di folder bank" in await releaser.reads(path)
    now = world.clock.now().astimezone(JAKARTA) + timedelta(minutes=1)
    await releaser.does(f"{path}/tanda-terima", {"oleh": "Loket 4", "pukul": now.strftime("%Y-%m-%dT%H:%M")})
    assert "Bank sudah menerima berkas: Loket 4" in await releaser.reads(path)
    assert "Catat tanda terima" not in await releaser.reads(path)


async def _the_month_as_it_ends(leader: Visitor, batch: str) -> None:
    first = await leader.http.get("/")
    assert first.headers["location"] == f"/bulan/{MONTH}"
    read = await leader.reads(f"/bulan/{MONTH}")
    for expected in (
        "4 dari 6 yang layak bayar sudah dibayar; 2 belum",
        "6 Menurut SK = 4 Dibayar + 0 Menunggu Bank + 0 Ditahan + 2 Terlewat + 0 Dikecualikan",
        "SP2D Rp1.500.000", "Dikreditkan Rp1.200.000", "Di rekening penampungan Rp300.000", "Setiap rupiah SP2D dapat dijelaskan.",
        "Kartu belum diserahkan", "Sudin Sosial Jakarta Barat", "Rekening ditutup", "Satpel Kecamatan Cengkareng", "8 tempat menurut SK",
    ):  # fmt: skip
        assert expected in read, (expected, read)
    down = await leader.reads(f"/bulan/{MONTH}/missed?wilayah=31.73.01&alasan=card_not_handed_over")
    assert "1 Terlewat: kartu belum diserahkan" in down
    assert "Sudin Sosial Jakarta Barat" in down
    found = await leader.reads("/temuan")
    assert "Orang 2" in found
    assert "belum ada penanggung jawab" not in found
    assert "Buku penyaluran dan buku anggaran sama." in await leader.reads(f"/bulan/{MONTH}/dana")
    assert "4 dikreditkan" in await leader.reads(batch)
    assert "Unduh buku bulan" not in read, "sums are for the leader, people for whoever works with them"
    assert "Daftar orang dibuka oleh" in down
    assert "Rp300.000" in down
    assert (await leader.http.get(f"/bulan/{MONTH}/ledger.csv")).status_code == 403


class OneIsSilent(httpx.AsyncBaseTransport):
    """Every door answers but one service's: as when its process is down."""

    def __init__(self, doors: httpx.AsyncBaseTransport, silent: str) -> None:
        self._doors, self._silent = doors, silent

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        if request.url.path.startswith(f"/{self._silent}/"):
            raise httpx.ConnectError("connection refused", request=request)
        return await self._doors.handle_async_request(request)


async def test_a_silent_service_empties_its_part_of_the_page_and_says_so(console: OpenConsole, world: World) -> None:
    visitor = await console(transport=OneIsSilent(httpx.ASGITransport(world.house.app()), "budget_audit")).enters_as("leader")
    read = await visitor.reads("/temuan")
    assert "Daftar selisih tidak dapat ditampilkan." in read
    assert "Stok dan kiriman mencukupi semua permintaan." in read
    read = await visitor.reads("/impor")
    assert "Anggaran dan panti tidak dapat ditampilkan" in read


async def test_what_is_not_there_is_said_in_words(console: OpenConsole) -> None:
    visitor = await console().enters_as("leader")
    for path in (
        "/bulan/2031-01",
        "/bulan/2025-09/nonsense",
        "/tidak/ada",
        "/impor/nowhere/x",
        "/penyaluran/01a210a8-f240-7ce8-8632-8ef58aa4d686",
    ):
        assert "Yang dicari tidak ada" in await visitor.reads(path, status=404)
