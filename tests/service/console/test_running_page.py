"""The operator's steps of a month without a terminal: seal, open, make the list."""

from __future__ import annotations

from pathlib import Path

from services.console import words as office
from services.disbursement.commands.open_month import WORST_FIRST
from tests.service.console.conftest import OpenConsole
from tests.service.console.paying import MONTH, decree_and_accounts, door
from tests.support.world import World

HERE = f"/jalankan/{MONTH}"


def test_every_way_of_not_opening_has_a_word() -> None:
    assert set(office.OPENING_STATES) == {*WORST_FIRST, "seal_on_its_way"}
    assert set(office.BATCH_KIND_HELP) == set(office.BATCH_KINDS)


async def test_from_the_decree_to_a_draft_by_clicking(console: OpenConsole, world: World, tmp_path: Path) -> None:
    operator, second = await console().enters_as("operator"), await console().enters_as("operator2")
    assert "Kunci batas data lebih dahulu" in await operator.reads(HERE)
    await decree_and_accounts(operator, second, world, tmp_path)
    assert "KLJ – – – Kunci KLJ" in await operator.reads(HERE)
    await operator.does(f"{HERE}/kunci", {"program": "KLJ"})
    shown = await operator.reads(HERE)
    assert "KLJ 6 8 Rp1.800.000" in shown
    assert "Buka KLJ" in shown

    early = await operator.sends(f"{HERE}/buka")
    assert "kabarnya belum dibaca di sini. Tunggu sebentar" in early.text, "the worker has not read the seal yet"
    await world.settle()
    await operator.does(f"{HERE}/buka")
    shown = await operator.reads(HERE)
    assert "6 orang layak bayar, 0 ditahan, 0 dikecualikan" in shown
    assert "Semua yang dikunci sudah dibuka" in shown
    page = await operator.does(f"{HERE}/susun", {"jenis": "main", "program": ["KLJ"]})
    assert "Daftar disusun. Periksa isinya, lalu ajukan." in await operator.reads(page)
    assert "2025-09-M01" in await operator.reads(HERE)
    assert f'href="/jalankan/{MONTH}"' in (await operator.http.get(f"/bulan/{MONTH}")).text


async def test_what_cannot_be_done_says_why_and_changes_nothing(console: OpenConsole, world: World, tmp_path: Path) -> None:
    operator, second = await console().enters_as("operator"), await console().enters_as("operator2")
    nobody = await operator.sends(f"{HERE}/kunci", {"program": "KLJ"})
    assert nobody.status_code == 409
    assert "Tidak ada SK yang menyebut orang" in nobody.text
    await decree_and_accounts(operator, second, world, tmp_path)
    await operator.does(f"{HERE}/kunci", {"program": "KLJ"})
    twice = await operator.sends(f"{HERE}/kunci", {"program": "KLJ"})
    assert "Bulan ini sudah melewati batas data." in twice.text

    await world.settle()
    with world.sql("disbursement") as books:  # one person's event never came
        books.execute("DELETE FROM enrolment_history WHERE person_id = (SELECT min(person_id::text)::uuid FROM enrolment_history)")
    refused = await operator.sends(f"{HERE}/buka")
    assert refused.status_code == 409
    assert "Tidak seorang pun dibayar sebelum dipulihkan" in refused.text
    assert "Hanya di kunci batas data: 1 orang; hanya di sini: 0; berbeda isinya: 0." in refused.text
    none = await operator.sends(f"{HERE}/susun", {"jenis": "main"})
    assert "Pilih paling sedikit satu program." in none.text
    assert (await world.as_("operator").get("/disbursement/batches")).json()["items"] == []


async def test_who_does_not_run_months_looks_on(console: OpenConsole, world: World, tmp_path: Path) -> None:
    operator, second = await console().enters_as("operator"), await console().enters_as("operator2")
    await decree_and_accounts(operator, second, world, tmp_path)
    await door(world, "operator", "/beneficiary/cutoffs", {"programme": "KLJ", "month": MONTH})
    leader = await console().enters_as("leader")
    assert "Menunggu operator membuka KLJ" in await leader.reads(HERE)
    assert (await leader.sends(f"{HERE}/buka")).status_code == 403
    assert (await leader.http.get("/jalankan?bulan=2025-10")).headers["location"] == "/jalankan/2025-10"
    assert (await leader.sends("/jalankan/2025-13/buka")).status_code in (403, 422)
