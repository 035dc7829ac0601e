"""Two programmes at once: the rule by two people, as its page says it."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from shared.kernel.clock import FrozenClock
from tests.service.console.around_desk import DeskConsole
from tests.service.console.conftest import words
from tests.service.disbursement.desk import Desk, person
from tests.service.disbursement.paying import Office

PAGE = "/program-ganda"
TYPED = {
    "didahulukan": "KLJ", "mengalah": "KPDJ", "mulai": "2025-10", "berlaku": "ya", "alasan": "satu orang satu bantuan",
    "dokumen": "Kepgub 99/2025",
}  # fmt: skip


@pytest.fixture
async def clock() -> FrozenClock:
    return FrozenClock(datetime(2025, 9, 18, 2, tzinfo=UTC))


async def test_a_rule_is_proposed_confirmed_and_ended(desk: Desk, console: DeskConsole) -> None:
    office = Office(desk)
    desk.beneficiary.activate(person(1), programme="KPDJ", from_month="2025-09")
    desk.beneficiary.seal("KPDJ")
    await office.open_month([1])
    operator, approver = await console().enters_as("operator"), await console().enters_as("approver")
    assert "satu orang boleh menerima dua program" in await operator.reads(PAGE)
    refused = await operator.sends(f"{PAGE}/usulkan", TYPED | {"mengalah": "KLJ"})
    assert (refused.status_code, "satu orang satu bantuan" in refused.text) == (422, True)
    await operator.does(f"{PAGE}/usulkan", TYPED)
    read = await operator.reads(PAGE)
    assert "KLJ didahulukan, KPDJ mengalah mulai Oktober 2025" in read
    assert "Tarik usulan" in read
    assert "1 aturan dua program" in await approver.reads("/perintah")
    (pair,) = (await office.get("/exclusive-programmes"))["items"]
    alone = await operator.sends(f"{PAGE}/{pair['id']}/sahkan")
    assert (alone.status_code, "Harus orang lain" in words(alone)) == (409, True)
    await approver.does(f"{PAGE}/{pair['id']}/sahkan")
    assert "Aturan yang disahkan KLJ didahulukan" in await approver.reads(PAGE)
    circle = await approver.sends(f"{PAGE}/usulkan", TYPED | {"didahulukan": "KPDJ", "mengalah": "KLJ"})
    assert (circle.status_code, "sudah saling mengalah" in words(circle)) == (409, True)
    await approver.does(f"{PAGE}/usulkan", TYPED | {"mulai": "2026-01", "berlaku": "tidak"})
    assert "KLJ dan KPDJ boleh bersamaan mulai Januari 2026" in await approver.reads(PAGE)
    (ends,) = (one for one in (await office.get("/exclusive-programmes"))["items"] if one["state"] == "proposed")
    await operator.does(f"{PAGE}/{ends['id']}/tolak")
    assert "Ditolak" in await operator.reads(PAGE)
    assert (await operator.sends(f"{PAGE}/{ends['id']}/lupakan")).status_code == 404


async def test_whoever_does_not_decide_reads(console: DeskConsole) -> None:
    leader = await console().enters_as("leader")
    assert "Usulkan aturan" not in await leader.reads(PAGE)
    assert (await leader.sends(f"{PAGE}/usulkan", TYPED)).status_code == 403
    city = await console().enters_as("jakpus")
    assert "Usulkan aturan" not in await city.reads(PAGE)
