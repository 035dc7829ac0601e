"""A list's way before its SP2D on its own page: sent back with a reason, SPP, verification by another person, SPM, downloads."""

from __future__ import annotations

import re

import pytest

from tests.service.console.around_desk import DeskConsole
from tests.service.console.conftest import words
from tests.service.disbursement.desk import Desk
from tests.service.disbursement.files import know
from tests.service.disbursement.paying import Office

SPP = {"nomor_spp": "0012/SPP-LS/1.06/2025", "tanggal_spp": "2025-09-17"}
SPM = {"nomor_spm": "0012/SPM-LS/1.06/2025", "tanggal_spm": "2025-09-18", "penandatangan": "KPA"}


@pytest.fixture
async def office(desk: Desk) -> Office:
    know(desk, 1, 2)
    found = Office(desk)
    await found.open_month_with_accounts([1, 2])
    return found


async def test_spp_verification_and_spm_on_the_list_page(office: Office, console: DeskConsole) -> None:
    batch = await office.sign(await office.compose(), "check")
    path = f"/penyaluran/{batch['id']}"
    treasurer, checker = await console().enters_as("treasurer"), await console().enters_as("checker")
    assert "SPP dan SPM" not in await treasurer.reads(path), "there is nothing to ask payment for yet"
    approved = await office.post("approver", f"/batches/{batch['id']}/approval", {"list_hash": batch["list_hash"]})
    assert approved["state"] == "approved"
    assert "Belum ada SPP" in await treasurer.reads(path)
    assert "Menunggu bendahara mencatat SPP." in await checker.reads(path)
    assert "Nomor SPP-LS" not in await checker.reads(path)
    future = await treasurer.sends(f"{path}/spp", {**SPP, "tanggal_spp": "2099-01-01"})
    assert (future.status_code, SPP["nomor_spp"] in future.text) == (422, True)
    assert (await treasurer.does(f"{path}/spp", SPP)).endswith("selesai=spp")
    read = await treasurer.reads(path)
    assert "SPP 0012/SPP-LS/1.06/2025, 17 Sep 2025, Rp600.000" in read
    assert "SPP lengkap Kembalikan SPP" not in read, "the maker does not verify it"
    own = await treasurer.sends(f"{path}/verifikasi-spp", {"lengkap": "ya"})
    assert (own.status_code, "Harus orang lain" in words(own)) == (409, True)

    assert (await checker.does(f"{path}/verifikasi-spp", {"lengkap": "tidak", "catatan": "SPTJM belum ada"})).endswith("verifikasi-spp")
    assert ": SPTJM belum ada." in await treasurer.reads(path)
    await treasurer.does(f"{path}/spp", SPP)
    await checker.does(f"{path}/verifikasi-spp", {"lengkap": "ya", "catatan": "lengkap"})
    await treasurer.does(f"{path}/spm", SPM)
    read = await treasurer.reads(path)
    assert "SPM terbit" in read
    assert "SPM 0012/SPM-LS/1.06/2025, 18 Sep 2025, Rp600.000, ditandatangani KPA" in read
    assert "Menunggu SP2D dari perbendaharaan." in read
    page = (await treasurer.http.get(path)).text
    for href in re.findall(r'href="([^"]+/berkas/sp[pm][^"]*)"', page):
        answer = await treasurer.http.get(href)
        assert (answer.status_code, len(answer.content) > 500) == (200, True), href
    assert len(re.findall(r"/berkas/sp[pm]", page)) == 4


async def test_the_approver_sends_a_list_back_and_its_maker_reads_why(office: Office, console: DeskConsole) -> None:
    batch = await office.sign(await office.compose(), "check")
    path = f"/penyaluran/{batch['id']}"
    approver, operator = await console().enters_as("approver"), await console().enters_as("operator")
    assert "Kembalikan dengan alasan" in await approver.reads(path)
    assert "Kembalikan dengan alasan" not in await operator.reads(path)
    told = {"list_hash": batch["list_hash"], "alasan": "rekening nomor 2 belum dicocokkan"}
    stale = await approver.sends(f"{path}/kembalikan", {**told, "list_hash": "0" * 64})
    assert (stale.status_code, "Daftar sudah berubah" in words(stale)) == (409, True)
    assert (await approver.does(f"{path}/kembalikan", told)).endswith("selesai=kembalikan")
    read = await operator.reads(path)
    assert re.search(r"Tanda tangan batal: dikembalikan [^—]+ — rekening nomor 2 belum dicocokkan", read)
    assert "Ajukan untuk diperiksa" in read
    await operator.does(f"{path}/ajukan")
    assert "Tanda tangan batal" not in await operator.reads(path)
