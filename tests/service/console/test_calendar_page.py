"""The calendar as the office reads it: steps and deadlines, announced days by two people, the months ahead."""

from __future__ import annotations

import re
from pathlib import Path

from services.console import words as office
from services.disbursement.domain.calendar import STEPS, Standing
from tests.service.console.conftest import OpenConsole, words
from tests.service.console.paying import MONTH, PEOPLE, decree_and_accounts
from tests.support.world import World

PAGE = f"/kalender?bulan={MONTH}"
ANNOUNCED = {
    "jenis": "announcement", "bulan": MONTH, "program": "KLJ", "kelompok": "existing", "tanggal": "2025-09-12",
    "dasar": "Siaran pers 3/2025",
}  # fmt: skip


def test_every_step_and_standing_has_a_word() -> None:
    assert set(office.CALENDAR_STEPS) == set(STEPS)
    assert set(office.CALENDAR_STATES) == set(Standing)


async def test_a_month_with_its_deadlines_and_a_day_that_two_people_announce(console: OpenConsole, world: World, tmp_path: Path) -> None:
    operator, second = await console().enters_as("operator"), await console().enters_as("operator2")
    await decree_and_accounts(operator, second, world, tmp_path)
    await world.settle()
    read = await operator.reads(PAGE)
    assert "Batas data dikunci 10 Sep 2025" in read
    assert "Terlambat" in read
    assert "Tidak ada usulan." in read

    assert await operator.does("/kalender/usulan", ANNOUNCED) == f"{PAGE}&selesai=usulkan"
    shown = await operator.http.get(PAGE)
    assert "Tanggal pencairan diumumkan · KLJ · September 2025 · Penerima lama · 12 Sep 2025" in words(shown)
    found = re.search(r'action="(/kalender/usulan/[0-9a-f-]{36})/setujui"', shown.text)
    assert found is not None
    refused = await operator.sends(f"{found[1]}/setujui", {"bulan": MONTH})
    assert refused.status_code == 409
    assert "Harus orang lain" in words(refused)
    assert await second.does(f"{found[1]}/setujui", {"bulan": MONTH}) == f"{PAGE}&selesai=setujui-usulan"
    assert "Penerima lama 12 Sep 2025 belum 0" in await second.reads(PAGE)


async def test_a_refused_proposal_keeps_what_was_typed(console: OpenConsole, world: World) -> None:
    operator = await console().enters_as("operator")
    saturday = await operator.sends("/kalender/usulan", ANNOUNCED | {"tanggal": "2025-09-13"})
    assert saturday.status_code == 422
    assert "libur atau akhir pekan" in words(saturday)
    assert 'value="2025-09-13"' in saturday.text
    holiday = {"jenis": "holiday_added", "bulan": MONTH, "tanggal": "2027-06-15", "nama": "Libur daerah", "golongan": "libur_nasional"}
    assert (await operator.sends("/kalender/usulan", holiday)).status_code == 422  # without the paper
    await operator.does("/kalender/usulan", holiday | {"dasar": "SE Sekda 9/2027"})
    assert "Hari libur ditambah · 15 Jun 2027 · Libur daerah" in await operator.reads(PAGE)
    shown = (await operator.http.get(PAGE)).text
    found = re.search(r'action="(/kalender/usulan/[0-9a-f-]{36})/tarik"', shown)
    assert found is not None
    await operator.does(f"{found[1]}/tarik", {"bulan": MONTH})
    assert "Tidak ada usulan." in await operator.reads(PAGE)
    await operator.reads(f"{found[1].rpartition('/')[0]}/x", status=404)


async def test_a_steps_deadline_is_changed_by_two_people_and_the_rules_are_on_the_page(console: OpenConsole, world: World) -> None:
    operator, approver = await console().enters_as("operator"), await console().enters_as("approver")
    ahead = "2099-01"
    page = f"/kalender?bulan={ahead}"
    assert "Hari libur 2025" in await operator.reads(PAGE)
    assert "17 Agu 2025" in await operator.reads(PAGE)
    assert "Daftar diperiksa semua" in await operator.reads(page)
    step = {
        "jenis": "step", "bulan": ahead, "langkah": "checked", "program": "KAJ", "mulai": ahead, "hari_kerja": "17", "ingatkan": "3",
        "pelaksana": "checker", "naik": "approver", "dasar": "Notula 8/2098",
    }  # fmt: skip
    wrong = await operator.sends("/kalender/usulan", step | {"hari_kerja": "tujuh belas"})
    assert (wrong.status_code, 'value="Notula 8/2098"' in wrong.text) == (422, True)
    far = await operator.sends("/kalender/usulan", step | {"hari_kerja": "61"})
    assert (far.status_code, "Hari kerja ke-: paling banyak 60" in words(far)) == (422, True)
    await operator.does("/kalender/usulan", step)
    shown = (await approver.http.get(page)).text
    found = re.search(r'action="(/kalender/usulan/[0-9a-f-]{36})/setujui"', shown)
    assert found is not None
    await approver.does(f"{found[1]}/setujui", {"bulan": ahead})
    read = await approver.reads(page)
    assert "Daftar diperiksa KAJ 17 Pemeriksa Kepala Bidang, diingatkan 3 hari sebelumnya Januari 2099" in read
    assert "Daftar diperiksa KAJ 17" not in await approver.reads(PAGE), "what was due in an older month stays as it was"


async def test_who_may_not_change_the_calendar_reads_it(console: OpenConsole, world: World, tmp_path: Path) -> None:
    operator, second = await console().enters_as("operator"), await console().enters_as("operator2")
    await decree_and_accounts(operator, second, world, tmp_path)
    leader = await console().enters_as("leader")
    read = await leader.reads(PAGE)
    assert "Umumkan tanggal pencairan" not in read
    assert "12 bulan ke depan" in read
    answer = await world.as_("leader").get(f"/disbursement/outlook?from={MONTH}&months=4")
    assert [month["people"] for month in answer.json()["months"]] == [PEOPLE] * 4
    assert answer.json()["silent"] == []
