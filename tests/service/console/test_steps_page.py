"""The operator's month by pages: data cut-off, opening, a list; and a decree that reaches behind the seal."""

from __future__ import annotations

from pathlib import Path

from services.console import words as office
from services.disbursement.commands.months.open_month import WORST_FIRST
from tests.service.console.conftest import OpenConsole, words
from tests.service.console.paying import MONTH, decree_and_accounts, door
from tests.support.world import World


def test_every_reason_not_to_open_has_a_word() -> None:
    assert set(office.OPENINGS) == set(WORST_FIRST)


async def test_a_month_is_sealed_opened_and_listed(console: OpenConsole, world: World, tmp_path: Path) -> None:
    operator, second = await console().enters_as("operator"), await console().enters_as("operator2")
    assert "Belum ada kunci batas data yang sampai di penyaluran." in await operator.reads(f"/langkah?bulan={MONTH}")
    await decree_and_accounts(operator, second, world, tmp_path)
    leader = await console().enters_as("leader")
    assert "Kunci KLJ" not in await leader.reads(f"/langkah?bulan={MONTH}")
    klj = {"bulan": MONTH, "program": "KLJ"}
    assert (await leader.sends("/langkah/batas-data", klj)).status_code == 403
    early = await operator.sends("/langkah/kunci-ulang", klj)
    assert (early.status_code, "belum dikunci" in words(early)) == (409, True)
    assert (await operator.does("/langkah/batas-data", klj)).endswith("selesai=batas-data")
    again = await operator.sends("/langkah/batas-data", klj)
    assert (again.status_code, "sudah melewati batas data" in words(again)) == (409, True)
    await world.settle()
    assert "KLJ 6 Rp1.800.000" in await operator.reads(f"/langkah?bulan={MONTH}")
    await operator.does("/langkah/buka-bulan", {"bulan": MONTH})
    read = await operator.reads(f"/langkah?bulan={MONTH}")
    assert "6 layak bayar, 0 ditahan, 0 dikecualikan" in read
    page = await operator.does("/langkah/susun", {"bulan": MONTH, "jenis": "main"})
    assert page.startswith("/penyaluran/")
    assert "5 orang" in await operator.reads(page)
    assert "2025-09-M01 Penyaluran utama Draf" in await operator.reads(f"/langkah?bulan={MONTH}")
    held = await operator.sends("/langkah/susun", {"bulan": MONTH, "jenis": "main", "dana": "holding"})
    assert held.status_code == 422, "only a retry is paid with rupiah that came back"
    nobody = await operator.sends("/langkah/susun", klj | {"jenis": "lain"})
    assert nobody.status_code == 422

    # Nothing reaches behind the seal: sealing again would be a lie.
    same = await operator.sends("/langkah/kunci-ulang", klj)
    assert (same.status_code, "tidak perlu dikunci ulang" in words(same)) == (409, True)


async def test_what_is_not_sealed_is_not_opened_and_says_so(console: OpenConsole, world: World, tmp_path: Path) -> None:
    operator, second = await console().enters_as("operator"), await console().enters_as("operator2")
    await decree_and_accounts(operator, second, world, tmp_path)
    closed = await operator.sends("/langkah/buka-bulan", {"bulan": MONTH})
    assert (closed.status_code, "Batas data bulan ini belum dikunci" in words(closed)) == (409, True)
    await operator.reads("/langkah?bulan=besok", status=404)
    assert (await operator.sends("/langkah/batas-data", {"program": "KLJ"})).status_code == 422
    assert (await operator.sends("/langkah/lupa", {"bulan": MONTH})).status_code == 404
    await door(world, "operator", "/beneficiary/cutoffs", {"programme": "KLJ", "month": "2025-10"})
    assert "Langkah operator" in await operator.reads("/langkah")
