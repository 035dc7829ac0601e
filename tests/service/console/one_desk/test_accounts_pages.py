"""A person's account becomes another one, by pages: proposed, read again by a second person, told, in force, or taken back."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from services.console.pages import accounts
from services.disbursement.domain.account_change import State
from shared.kernel.clock import FrozenClock
from tests.service.console.around_desk import DeskConsole
from tests.service.console.conftest import Visitor, words
from tests.service.disbursement.desk import Desk, nik, person
from tests.service.disbursement.paying import Office, account_number

THURSDAY = datetime(2025, 9, 4, 3, tzinfo=UTC)
"""Friday the 5th is a holiday (Maulid), so three working days later is Wednesday the 10th."""
NEW = "7000000017"


@pytest.fixture
async def clock() -> FrozenClock:
    return FrozenClock(THURSDAY)


@pytest.fixture
async def desk(desk: Desk) -> Desk:
    office = Office(desk)
    await office.open_month(range(3))
    for number in range(3):
        office.give_account(number)
        desk.beneficiary.niks[nik(number)] = person(number)
    return desk


def asked(**other: str) -> dict[str, str]:
    return {
        "orang": nik(1), "program": "KLJ", "kode_bank": "111", "nomor": "700.0000-017", "pemilik": "PEMILIK", "kartu": "ya",
        "alasan": "kartu hilang", "dokumen": "Surat bank 12/2025", **other,
    }  # fmt: skip


async def proposed(operator: Visitor) -> str:
    """The page of a new proposal."""
    to = await operator.does("/rekening/usulkan", asked())
    assert to.endswith("?selesai=usulkan")
    return to.partition("?")[0]


def test_every_state_has_a_word() -> None:
    assert set(accounts.STATES) == set(State)


async def test_two_people_read_the_paper_and_the_account_changes_after_its_days(desk: Desk, console: DeskConsole) -> None:
    operator, second = await console().enters_as("operator"), await console().enters_as("operator2")
    assert "Menunggu orang kedua Tidak ada." in await operator.reads("/rekening")
    page = await proposed(operator)
    own = await operator.reads(page)
    assert "Rekening sekarang Bank 111, berakhir 0001 PEMILIK" in own
    assert "Rekening baru Bank 111, berakhir 0017 PEMILIK" in own
    assert "Anda sendiri yang mengusulkan" in own
    assert NEW not in own
    assert account_number(1) not in own
    assert "Sahkan perubahan" not in own
    refused = await operator.sends(f"{page}/sahkan", {"nomor": NEW})
    assert (refused.status_code, "Harus orang lain" in words(refused)) == (409, True)

    wrong = await second.sends(f"{page}/sahkan", {"nomor": "7000000018"})
    assert (wrong.status_code, "Nomor rekening tidak sama dengan yang diusulkan" in words(wrong)) == (409, True)
    assert "7000000018" not in wrong.text, "what was misread is read again from the paper"
    assert await second.does(f"{page}/sahkan", {"nomor": "7000 0000 17"}) == f"{page}?selesai=sahkan-rekening"
    read = await second.reads("/rekening")
    assert "10 Sep 2025" in read
    assert "belum Satpel Kecamatan" in read, "the office that tells the person is named"
    assert desk.sql("SELECT count(*) FROM account_change WHERE state = 'waiting'") == [(1,)]

    assert "kartu hilang" in await operator.reads("/rekening?keadaan=waiting&belum=1")
    told = words(await operator.sends(f"{page}/orang"))
    assert "Nama Siti Contoh" in told
    assert ("reveal", "counter") in desk.beneficiary.looked
    early = await operator.sends(f"{page}/beri-tahu", {"hari": "2025-09-03", "cara": "telepon kepada anaknya"})
    assert (early.status_code, "telepon kepada anaknya" in early.text) == (422, True), "what was typed is still there"
    await operator.does(f"{page}/beri-tahu", {"hari": "2025-09-04", "cara": "kunjungan ke rumah"})
    assert "Penerima diberi tahu 4 Sep 2025, kunjungan ke rumah" in await operator.reads(page)
    assert "kartu hilang" not in await operator.reads("/rekening?keadaan=waiting&belum=1")
    assert isinstance(desk.clock, FrozenClock)
    desk.clock.move(timedelta(days=6))
    await desk.settle()
    assert "Berlaku sejak 10 Sep 2025" in await operator.reads(page)
    assert "kartu hilang" in await operator.reads("/rekening?keadaan=in_force")
    assert "kartu hilang" not in await operator.reads("/rekening")


async def test_a_change_is_taken_back_with_its_reason(console: DeskConsole) -> None:
    operator, checker = await console().enters_as("operator"), await console().enters_as("checker")
    page = await proposed(operator)
    assert (await checker.sends(f"{page}/batalkan", {"alasan": "x"})).status_code == 422
    await checker.does(f"{page}/batalkan", {"alasan": "penerima menolak"})
    read = await checker.reads(page)
    assert "Citra, pemeriksa" in read
    assert "penerima menolak" in read
    assert "Batalkan perubahan" not in read
    assert "penerima menolak" in await operator.reads("/rekening?keadaan=cancelled")


async def test_a_refused_proposal_keeps_what_was_typed(console: DeskConsole) -> None:
    operator = await console().enters_as("operator")
    same = await operator.sends("/rekening/usulkan", asked(nomor=account_number(1)))
    assert (same.status_code, "memang sudah yang itu" in words(same), "Surat bank 12/2025" in same.text) == (409, True, True)
    nobody = await operator.sends("/rekening/usulkan", asked(orang=nik(7)))
    assert (nobody.status_code, "di luar wilayah tugas Anda" in words(nobody)) == (404, True)
    letters = await operator.sends("/rekening/usulkan", asked(nomor="bukan nomor"))
    assert letters.status_code == 422
    await proposed(operator)
    again = await operator.sends("/rekening/usulkan", asked(nomor="7000000099"))
    assert (again.status_code, "sedang dalam perubahan lain" in words(again)) == (409, True)
    await operator.reads("/rekening?keadaan=lupa", status=404)
    assert (await operator.sends("/rekening/x/lupakan")).status_code == 404


async def test_the_days_of_the_cooling_off_are_set_by_two_people(console: DeskConsole) -> None:
    operator, approver = await console().enters_as("operator"), await console().enters_as("approver")
    assert "setelah 3 hari kerja : anggapan" in await operator.reads("/rekening")
    typed: dict[str, Any] = {"hari_kerja": "5", "mulai": "2025-09-04", "dokumen": "SK Kadis 3/2025"}
    assert (await operator.sends("/rekening/masa-tenang", typed | {"hari_kerja": "31"})).status_code == 422
    await operator.does("/rekening/masa-tenang", typed)
    own = await operator.http.get("/rekening")
    assert "menunggu orang kedua" in own.text
    assert not re.search(r'action="/rekening/masa-tenang/[^"]*/sahkan"', own.text)
    refused = await operator.sends("/rekening/masa-tenang/2025-09-04/sahkan")
    assert refused.status_code == 409
    await approver.does("/rekening/masa-tenang/2025-09-04/sahkan")
    assert "setelah 5 hari kerja , menurut SK Kadis 3/2025" in await operator.reads("/rekening")


async def test_whom_the_pages_are_for(console: DeskConsole) -> None:
    operator = await console().enters_as("operator")
    page = await proposed(operator)
    treasurer = await console().enters_as("treasurer")
    shown = await treasurer.http.get("/rekening")
    assert "Surat bank 12/2025" in words(shown)
    assert page not in shown.text, "who may not look at it gets no link to it"
    assert "Usulkan rekening lain" not in words(shown)
    assert "Buka nama dan alamat" not in await (await console().enters_as("checker")).reads(page)
    await treasurer.reads(page, status=403)
    await (await console().enters_as("leader")).reads("/rekening", status=403)
    elsewhere = await console().enters_as("jakpus")
    assert "Usulkan masa tenang lain" not in await elsewhere.reads("/rekening")
