"""A panti's book on its pages: opened, written, corrected; whoever left gets the card back by two."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from datetime import timedelta

import pytest

from services.console.figures import day as in_words
from shared.kernel.clock import SystemClock
from tests.service.beneficiary.story import Citizen, decreed
from tests.service.console.conftest import OpenConsole, words
from tests.support.world import Ground, World, open_world

PAGE = "/panti/BM1/buku"


@pytest.fixture
async def world(ground: Ground) -> AsyncIterator[World]:
    async with open_world(ground, names=("beneficiary", "disbursement")) as opened:
        yield opened


def day(of_the_book: int) -> str:
    """The 1st is 18 days ago; the 19th is today."""
    return (SystemClock().today() - timedelta(days=19 - of_the_book)).isoformat()


async def in_force(world: World, citizen: Citizen) -> None:
    """A decree of these years names the citizen."""
    year = SystemClock().today().year
    await decreed(world, [citizen], from_month=f"{year - 1}-01", to_month=f"{year + 1}-12")


async def ids(world: World) -> dict[str, str]:
    """Names on the book to person ids."""
    items = (await world.as_("operator").get("/beneficiary/panti/BM1/residents")).json()["items"]
    return {one["name"]: one["person_id"] for one in items}


async def lines(world: World) -> dict[str, str]:
    """Kind of the newest line of each kind to its id."""
    items = (await world.as_("operator").get("/beneficiary/panti/BM1/entries")).json()["items"]
    return {one["kind"]: one["id"] for one in reversed(items)}


async def test_a_head_opens_the_book_and_writes_in_it(world: World, console: OpenConsole) -> None:
    head = await console().enters_as("panti-head")
    assert "belum dibuka" in await head.reads("/buku")
    empty = await head.reads(PAGE)
    assert "Buka buku harian" in empty
    assert "Catat orang masuk" not in empty
    assert "selesai=buku-dibuka" in await head.does(f"{PAGE}/buka", {"hari": day(1)})
    new = {"nama": "Tanpa nama, laki-laki", "hari": day(2), "jam": "08.30", "alasan": "jangkauan Satpol PP"}
    assert "selesai=baris-dicatat" in await head.does(f"{PAGE}/masuk", new)
    (person,) = (await ids(world)).values()
    leave = {"orang": person, "peristiwa": "leave", "hari": day(17), "rencana": day(18), "alasan": "keluarga"}
    await head.does(f"{PAGE}/catat", leave)
    await world.settle()
    shown = await head.reads(PAGE)
    for expected in (
        "Tanpa nama, laki-laki BM1-00001",
        f"Cuti sejak {in_words(day(17))}",
        "pukul 08.30",
        "Ditulis Pak Hadi, kepala panti",
        in_words(day(18)),
    ):
        assert expected in shown, expected
    assert re.search(r"1 +cuti", shown)
    assert re.search(r"0 +di panti malam ini", shown)


async def test_what_is_refused_comes_back_with_what_was_typed(world: World, console: OpenConsole) -> None:
    head = await console().enters_as("panti-head")
    await head.does(f"{PAGE}/buka", {"hari": day(1)})
    await head.does(f"{PAGE}/masuk", {"nama": "Contoh Melati", "hari": day(2), "alasan": "rujukan"})
    (person,) = (await ids(world)).values()
    answer = await head.sends(f"{PAGE}/catat", {"orang": person, "peristiwa": "return", "hari": day(5), "alasan": "tanda ketikan"})
    assert answer.status_code == 409
    assert "Kode: illegal-transition" in words(answer)
    assert "tanda ketikan" in answer.text
    unknown = await head.sends(f"{PAGE}/masuk", {"nik": "3171 0101 0150 9999", "hari": day(5), "alasan": "rujukan"})
    assert "Belum ada orang dengan NIK ini" in words(unknown)
    wrong = await head.sends(f"{PAGE}/catat", {"orang": person, "peristiwa": "leave", "hari": day(5), "jam": "25.00", "alasan": "keluarga"})
    assert wrong.status_code == 422
    other = await console().enters_as("panti-head2")
    assert "Buku ini milik panti lain" in await other.reads(PAGE)
    assert await other.reads("/panti/XX/buku", status=404)


async def test_a_wrong_line_stays_to_be_seen_with_its_correction(world: World, console: OpenConsole) -> None:
    head = await console().enters_as("panti-head")
    await head.does(f"{PAGE}/buka", {"hari": day(1)})
    await head.does(f"{PAGE}/masuk", {"nama": "Contoh Melati", "hari": day(2), "alasan": "rujukan"})
    entry = (await lines(world))["admission"]
    await head.does(f"{PAGE}/koreksi/{entry}", {"sebab": "salah tanggal", "hari": day(4)})
    shown = await head.reads(PAGE)
    assert "Masuk dibatalkan · Contoh Melati" in shown
    assert f"Pembatalan (masuk {in_words(day(2))})" in shown
    assert f"{in_words(day(4))}: salah tanggal" in shown


async def test_the_card_comes_back_by_two_after_the_panti(world: World, console: OpenConsole) -> None:
    citizen = Citizen(3)
    await in_force(world, citizen)
    operator = await console().enters_as("operator")
    await operator.does(f"{PAGE}/buka", {"hari": day(1)})
    await operator.does(f"{PAGE}/masuk", {"nik": citizen.nik, "hari": day(2), "alasan": "rujukan"})
    assert "Tidak ada yang menunggu" in await operator.reads("/buku")
    (person,) = (await ids(world)).values()
    await operator.does(f"{PAGE}/catat", {"orang": person, "peristiwa": "discharge", "hari": day(10), "alasan": "pulang"})
    assert f"keluar {in_words(day(10))}" in await operator.reads("/buku")
    (case,) = (await world.as_("operator").get("/beneficiary/reopenings")).json()["items"]
    assert "selesai=lanjutan-diusulkan" in await operator.does(f"/buku/lanjutkan/{case['id']}", {"bukti": "BA-9/2025"})
    (order,) = (await world.as_("operator").get("/beneficiary/status-changes", params={"state": "proposed"})).json()["items"]
    second = await console().enters_as("operator2")
    await second.does(f"/kasus/perintah/{order['id']}/sahkan")
    assert "Tidak ada yang menunggu" in await second.reads("/buku")


async def test_somebody_without_nik_is_recognised_by_two(world: World, console: OpenConsole) -> None:
    citizen = Citizen(3)
    await in_force(world, citizen)
    head = await console().enters_as("panti-head")
    await head.does(f"{PAGE}/buka", {"hari": day(1)})
    await head.does(f"{PAGE}/masuk", {"nama": "Tanpa nama", "hari": day(2), "alasan": "jangkauan"})
    (person,) = (await ids(world)).values()
    await head.does(f"{PAGE}/kenali", {"orang": person, "nik": citizen.nik, "bukti": "sidik jari Dukcapil"})
    assert "Orang kedua harus memutuskan" in await head.reads(PAGE)
    (join,) = (await world.as_("operator").get("/beneficiary/person-joins", params={"state": "proposed"})).json()["items"]
    second = await console().enters_as("operator")
    assert "Sahkan" in await second.reads(PAGE)
    await second.does(f"{PAGE}/kenali/{join['id']}", {"putusan": "ya"})
    assert citizen.name in await second.reads(PAGE)
