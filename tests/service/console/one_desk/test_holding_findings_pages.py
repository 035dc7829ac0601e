"""What stays in the holding account in December: on the page of findings, and on the page of its year."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from shared.kernel.clock import FrozenClock
from tests.service.console.around_desk import DeskConsole
from tests.service.disbursement.desk import Desk
from tests.service.disbursement.test_holding import answered


@pytest.fixture
def clock() -> FrozenClock:
    return FrozenClock(datetime(2025, 9, 19, 3, tzinfo=UTC))


async def test_o1_the_page_of_findings_names_what_stays(desk: Desk, console: DeskConsole, clock: FrozenClock) -> None:
    await answered(desk, clock)
    treasurer, part = await console().enters_as("treasurer"), await console().enters_as("jakpus")
    assert "tertinggal di rekening penampungan" not in await treasurer.reads("/temuan")
    clock.move(datetime(2025, 12, 20, 3, tzinfo=UTC) - clock.now())
    read = await treasurer.reads("/temuan")
    assert "Dana 2025 yang tertinggal di rekening penampungan Rp900.000 Bendahara Pengeluaran 19 Des 2025 lewat tenggat" in read
    assert "1 orang , Rp300.000, 31-90 hari 2 orang , Rp600.000, >90 hari" in read
    leader = await console().enters_as("leader")
    assert "1 orang, Rp300.000, 31-90 hari" in await leader.reads("/temuan"), "sums, and no way to the people"
    assert "tertinggal di rekening penampungan" not in await part.reads("/temuan"), "a finding of the whole agency"
    assert (await treasurer.reads("/penampungan/orang?umur=%3E90")).count("Rp300.000") == 2
    clock.move(timedelta(days=20))
    assert "3 pembayaran belum diputuskan" in await treasurer.reads("/penampungan/tahun/2025")
