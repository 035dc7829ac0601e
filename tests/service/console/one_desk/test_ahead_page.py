"""The months ahead by a page: money's end, decrees that end, children who age out, missing cards, by programme."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from shared.kernel.clock import FrozenClock
from tests.service.console.around_desk import DeskConsole
from tests.service.disbursement.desk import Desk, person
from tests.service.disbursement.paying import Office

MORNING = datetime(2025, 9, 18, 2, tzinfo=UTC)


@pytest.fixture
async def clock() -> FrozenClock:
    return FrozenClock(MORNING)


@pytest.fixture
async def desk(desk: Desk) -> Desk:
    tell = desk.beneficiary
    tell.ages = [{"programme": "KAJ", "month": "2025-11", "people": 1}]
    tell.budget = []
    for number in (1, 2, 3):
        tell.activate(person(number), to_month="2025-10" if number == 3 else "2026-12")
    tell.activate(person(4), programme="KAJ", to_month="2026-12")
    await desk.told()
    Office(desk).give_account(1)
    return desk


async def test_what_lies_ahead_by_programme_with_people_and_rupiah(console: DeskConsole) -> None:
    leader = await console().enters_as("leader")
    read = await leader.reads("/ke-depan?mulai=2025-09&bulan=3")
    assert "KLJ 2025 : belum ada DPA; 3 orang mulai September 2025, Rp2.400.000" in read
    assert "2 orang KLJ: belum punya rekening (Rp600.000 per bulan)" in read
    assert "SK berakhir untuk 1 orang (Rp300.000 per bulan)" in read
    assert "1 anak melewati usia" in read
    assert "Oktober 2025 3 Rp900.000 0 1 orang, Rp300.000" in read
    assert "November 2025 2 Rp600.000 0 –" in read
    assert "12 bulan ke depan" in await leader.reads("/ke-depan")


async def test_a_neighbour_that_is_silent_is_named_and_its_part_is_not_nought(desk: Desk, console: DeskConsole) -> None:
    desk.beneficiary.ages = desk.beneficiary.budget = None
    read = await (await console().enters_as("leader")).reads("/ke-depan?mulai=2025-09&bulan=3")
    assert "Anggaran sedang tidak dapat ditanyakan" in read
    assert "Usia anak sedang tidak dapat ditanyakan" in read
    assert "September 2025 3 Rp900.000 0 – ?" in read


async def test_an_area_sees_its_people_and_no_budget(console: DeskConsole) -> None:
    read = await (await console().enters_as("jakpus")).reads("/ke-depan?mulai=2025-09&bulan=3")
    assert "di wilayah Anda" in read
    assert "belum ada DPA" not in read
    assert "Anggaran berlaku untuk seluruh dinas" in read


async def test_a_month_or_a_length_that_is_none(console: DeskConsole) -> None:
    leader = await console().enters_as("leader")
    await leader.reads("/ke-depan?mulai=kemarin", status=404)
    await leader.reads("/ke-depan?bulan=7", status=404)
