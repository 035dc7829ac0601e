"""The stop button by pages: one person asks, another one agrees, and two let go."""

from __future__ import annotations

from tests.service.beneficiary.story import Citizen, decreed, resolved
from tests.service.console.conftest import OpenConsole, words
from tests.support.world import World


async def test_two_people_freeze_and_two_people_lift(console: OpenConsole, world: World) -> None:
    people = [Citizen(1), Citizen(2)]
    await decreed(world, people)
    await world.settle()
    who = (await resolved(world, people))[0]
    operator, treasurer = await console().enters_as("operator"), await console().enters_as("treasurer")
    assert "Tidak ada yang dibekukan" in await operator.reads("/perintah")

    await operator.does("/perintah/bekukan", {"orang": who, "program": "KLJ", "alasan": "sengketa ahli waris"})
    assert "Setujui" not in await operator.reads("/perintah"), "whoever asked does not agree with themselves"
    read = await treasurer.reads("/perintah")
    assert "Pembekuan Orang KLJ" in read
    assert "sengketa ahli waris" in read
    (waiting,) = (await world.as_("treasurer").get("/disbursement/orders", params={"state": "proposed"})).json()["items"]
    refused = await operator.sends(f"/perintah/{waiting['id']}/setujui")
    assert refused.status_code == 409
    assert "Harus orang lain" in words(refused)
    assert (await treasurer.does(f"/perintah/{waiting['id']}/setujui")).endswith("selesai=setuju-perintah")
    read = await operator.reads("/perintah?selesai=setuju-perintah")
    assert "sampai dicabut" in read

    (frozen,) = (await world.as_("operator").get("/disbursement/freezes")).json()["items"]
    await treasurer.does(f"/perintah/cabut/{frozen['id']}", {"alasan": "sudah jelas"})
    (waiting,) = (await world.as_("operator").get("/disbursement/orders", params={"state": "proposed"})).json()["items"]
    await operator.does(f"/perintah/{waiting['id']}/setujui")
    assert "Tidak ada yang dibekukan" in await operator.reads("/perintah")


async def test_a_form_that_says_too_little_is_answered_in_words(console: OpenConsole, world: World) -> None:
    operator = await console().enters_as("operator")
    answer = await operator.sends("/perintah/bekukan", {"orang": "", "program": "", "alasan": "tanpa sebab"})
    assert answer.status_code == 422
    assert "Isian belum lengkap" in words(answer)
    leader = await console().enters_as("leader")
    assert "Hentikan pembayaran" not in await leader.reads("/perintah")


async def test_a_cut_off_hour_is_asked_for_and_agreed_with(console: OpenConsole, world: World) -> None:
    operator, treasurer = await console().enters_as("operator"), await console().enters_as("treasurer")
    assert "15:00 semua semua 1 Jan 2025" in await operator.reads("/perintah")
    typed = {
        "pukul": "13:30",
        "mulai": "2026-01-02",
        "bank": "111",
        "program": "KLJ",
        "dokumen": "B-9/BJ",
        "alasan": "bank tutup lebih awal",
    }
    wrong = await operator.sends("/perintah/jam-batas", typed | {"pukul": "sore"})
    assert (wrong.status_code, "bank tutup lebih awal" in wrong.text) == (422, True)
    await operator.does("/perintah/jam-batas", typed)
    read = await treasurer.reads("/perintah")
    assert "Jam batas bank pukul 13:30 mulai 2 Jan 2026 bank 111, program KLJ" in read
    (waiting,) = (await world.as_("treasurer").get("/disbursement/orders", params={"state": "proposed"})).json()["items"]
    await treasurer.does(f"/perintah/{waiting['id']}/setujui")
    read = await operator.reads("/perintah")
    assert "13:30 111 KLJ 2 Jan 2026" in read
    assert "diminta Oki, operator data, disetujui Tono, bendahara pengeluaran" in read
