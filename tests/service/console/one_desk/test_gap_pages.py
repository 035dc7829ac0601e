"""A missed month by pages: its next step, answers, another office, and lawful exclusion by two people."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest

from shared.kernel.clock import JAKARTA, FrozenClock
from tests.service.console.around_desk import DeskConsole
from tests.service.console.conftest import words
from tests.service.disbursement.desk import Desk, person
from tests.service.disbursement.files import know
from tests.service.disbursement.paying import MONTH, Office

LIST = "/temuan/bulan-belum-dibayar"


@pytest.fixture
async def clock() -> FrozenClock:
    return FrozenClock(datetime(2025, 9, 26, 9, tzinfo=JAKARTA))


async def missed(desk: Desk) -> tuple[Office, str]:
    """Two people of a month: one paid, one rejected because the account is closed; the path of the gap's page."""
    office = Office(desk)
    await office.open_month(range(2))
    know(desk, 0, 1)
    for number in range(2):
        office.give_account(number)
    batch = await office.released()
    await office.send_results(batch, [await office.row(batch, 0), await office.row(batch, 1, "03")])
    await desk.settle()
    (gap,) = (await office.get("/gaps"))["items"]
    return office, f"{LIST}/{gap['id']}"


async def test_a_gap_says_what_is_to_be_done_and_is_answered(desk: Desk, console: DeskConsole) -> None:
    _, path = await missed(desk)
    operator = await console().enters_as("operator")
    listed = await operator.http.get(f"{LIST}?bulan={MONTH}")
    assert f'href="{path}"' in listed.text
    assert "Hubungi penerima, ajukan rekening baru" in words(listed)
    assert "Tidak ada yang terbuka" in await operator.reads(f"{LIST}?lewat=1")
    read = await operator.reads(path)
    for expected in ("Rekening ditutup", "Langkah berikut: Hubungi penerima, ajukan rekening baru", "Belum ada jawaban dari kantor"):
        assert expected in read, (expected, read)

    short = await operator.sends(f"{path}/jawab", {"isi": "x", "perkiraan": "2025-10-10"})
    assert (short.status_code, "Isian belum lengkap" in words(short)) == (422, True)
    past = await operator.sends(f"{path}/jawab", {"isi": "Rekening baru sedang dibuka", "perkiraan": "2025-09-01"})
    assert past.status_code == 422
    assert "Rekening baru sedang dibuka" in past.text, "what was typed is not lost"
    assert (await operator.does(f"{path}/jawab", {"isi": "Rekening baru sedang dibuka", "perkiraan": "2025-10-10"})).startswith(path)
    read = await operator.reads(path)
    assert "Jawaban terakhir, 26 Sep 2025: Rekening baru sedang dibuka Diperkirakan selesai 10 Okt 2025" in read
    checker, leader = await console().enters_as("checker"), await console().enters_as("leader")
    assert "Jawaban dicatat oleh operator atau kepala bidang" in await checker.reads(path)
    assert "Peran Anda tidak boleh" in await leader.reads(path, status=403)
    read = await leader.reads(f"{LIST}?bulan=2025-09")
    assert "Daftar orang dibuka oleh yang menyusun, memeriksa, membayar, dan mengaudit" in read
    assert "Rekening ditutup 1" in read
    auditor = await console().enters_as("auditor")
    assert "Rekening ditutup" in await auditor.reads(path), "an auditor's look is for the audit, and on record as that"
    (purpose,) = desk.sql("SELECT purpose FROM audit_entry WHERE person = 'auditor' AND operation = 'gap.show'")
    assert purpose == ("audit",)


async def test_it_is_handed_on_and_what_is_not_answered_goes_up(desk: Desk, console: DeskConsole) -> None:
    _, path = await missed(desk)
    operator = await console().enters_as("operator")
    await operator.does(f"{path}/alihkan", {"kantor": "sudin/31.71", "alasan": "Satpel tidak punya petugas"})
    read = await operator.reads(path)
    assert "Satpel Kecamatan 31.71.01 → Sudin Sosial 31.71" in read
    assert "Satpel tidak punya petugas" in read
    same = await operator.sends(f"{path}/alihkan", {"kantor": "sudin/31.71", "alasan": "sekali lagi"})
    assert same.status_code == 422
    assert isinstance(desk.clock, FrozenClock)
    desk.clock.move(timedelta(days=16))
    await desk.settle()
    await desk.settle()
    read = await operator.reads(path)
    assert "Sudah naik 1 kali karena 15 hari tanpa jawaban baru" in read
    assert "Sudin Sosial 31.71 → Kepala dinas" in read
    assert "naik 1 kali" in await operator.reads(f"{LIST}?pemilik=kepala-dinas")
    assert "Tidak ada yang terbuka" in await operator.reads(f"{LIST}?pemilik=sudin/31.71")


async def test_two_people_exclude_a_month_for_a_lawful_reason(desk: Desk, console: DeskConsole) -> None:
    office, path = await missed(desk)
    operator, approver = await console().enters_as("operator"), await console().enters_as("approver")
    assert "pengecualian menunggu" not in await approver.reads("/temuan")
    await operator.does(f"{path}/kecualikan", {"alasan": "moved_out", "dokumen": "Surat pindah 12/2025"})
    read = await operator.reads(path)
    assert "Anda yang meminta; orang lain yang memutuskan" in read
    assert "Minta pengecualian menurut aturan" not in read, "one at a time"
    (order,) = (await office.get("/exclusions"))["items"]
    own = await operator.sends(f"{path}/pengecualian/{order['id']}/sahkan")
    assert (own.status_code, "Harus orang lain" in words(own)) == (409, True)
    found = await approver.http.get("/temuan")
    assert "1 pengecualian menunggu orang kedua" in words(found)
    assert f'href="{path}"' in found.text
    assert "selesai=sahkan-pengecualian" in await approver.does(f"{path}/pengecualian/{order['id']}/sahkan")
    await desk.settle()
    read = await approver.reads(path)
    assert "Selesai: dikecualikan" in read
    assert "Pengecualian disahkan" in read
    assert office.head(1) == ("excluded", "moved_out")
    assert (await office.get("/exclusions"))["items"] == []


async def test_a_refused_exclusion_leaves_the_month_missed(desk: Desk, console: DeskConsole) -> None:
    office, path = await missed(desk)
    operator = await console().enters_as("operator")
    wrong = await operator.sends(f"{path}/kecualikan", {"alasan": "bad_luck", "dokumen": "Surat"})
    assert wrong.status_code == 422
    await operator.does(f"{path}/kecualikan", {"alasan": "dead", "dokumen": "Akta 1"})
    (order,) = (await office.get("/exclusions"))["items"]
    second = await console().enters_as("operator2")
    await second.does(f"{path}/pengecualian/{order['id']}/tolak")
    assert "Pengecualian ditolak" in await second.reads(path)
    assert office.head(1)[0] == "missed"
    assert (await second.sends(f"{path}/pengecualian/{order['id']}/lupakan")).status_code == 404
    assert (await second.sends(f"{path}/lupakan")).status_code == 404
    await second.reads(f"{LIST}/{person(7)}", status=404)


async def test_a_name_is_opened_by_whoever_serves_and_only_by_a_form(desk: Desk, console: DeskConsole) -> None:
    _, path = await missed(desk)
    operator = await console().enters_as("operator")
    assert "Siti Contoh" not in await operator.reads(path)
    shown = await operator.sends(f"{path}/orang")
    assert shown.status_code == 200
    assert "Siti Contoh" in words(shown)
    assert "12 Mei 1945" in words(shown)
    assert desk.beneficiary.looked == [("reveal", "counter")]
    assert "Buka nama dan alamat" not in await (await console().enters_as("approver")).reads(path)
