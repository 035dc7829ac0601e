"""Limits, delegations and thresholds by pages: one proposes, another confirms, and what holds is on the page with its dates."""

from __future__ import annotations

import re
from datetime import timedelta

from tests.service.console.conftest import OpenConsole, words
from tests.support.world import World


def line(page: str, what: str) -> str:
    found = re.search(rf'action="/tanda-tangan/{what}/([0-9a-f-]{{36}})/', page)
    assert found, f"nothing to decide about {what}"
    return found[1]


async def test_a_limit_is_proposed_and_confirmed_by_somebody_it_does_not_bind(console: OpenConsole, world: World) -> None:
    treasurer, leader = await console().enters_as("treasurer"), await console().enters_as("leader")
    day = world.clock.now().date() + timedelta(days=3)
    typed = {
        "jenis": "maximum", "peran": "approver", "orang": "approver", "program": "KLJ", "jumlah": "Rp2.500.000.000",
        "mulai": day.isoformat(), "alasan": "SK Kadis 12/2025",
    }  # fmt: skip
    wrong = await treasurer.sends("/tanda-tangan/batas", typed | {"jumlah": "banyak"})
    assert (wrong.status_code, "SK Kadis 12/2025" in wrong.text) == (422, True), "what was typed is still there"
    past = await treasurer.sends("/tanda-tangan/batas", typed | {"mulai": "2020-01-01"})
    assert (past.status_code, "Isian belum lengkap atau tidak mungkin" in words(past)) == (422, True)
    assert (await treasurer.does("/tanda-tangan/batas", typed)).endswith("selesai=usulkan")
    own = (await treasurer.http.get("/tanda-tangan")).text
    assert "menunggu orang kedua" in own
    assert "/setujui" not in own, "whoever proposed it does not confirm it"
    rule = line((await leader.http.get("/tanda-tangan")).text, "batas")
    refused = await treasurer.sends(f"/tanda-tangan/batas/{rule}/setujui")
    assert (refused.status_code, "Harus orang lain" in words(refused)) == (409, True)
    await leader.does(f"/tanda-tangan/batas/{rule}/setujui")
    read = await treasurer.reads("/tanda-tangan")
    assert "Kepala bidang: Agus, kepala bidang Batas tanda tangan, bagian KLJ Rp2.500.000.000 belum" in read
    assert "Tono, bendahara pengeluaran, disahkan Ibu Lestari, pimpinan" in read


async def test_a_role_is_handed_over_agreed_by_a_third_person_and_taken_back(console: OpenConsole, world: World) -> None:
    approver, leader = await console().enters_as("approver"), await console().enters_as("leader")
    today = world.service("disbursement").clock.today()
    typed = {
        "peran": "approver", "kepada": "approver2", "mulai": today.isoformat(), "sampai": (today + timedelta(days=4)).isoformat(),
        "alasan": "cuti tahunan",
    }  # fmt: skip
    assert "Tidak ada; setiap orang menandatangani sendiri." in await approver.reads("/tanda-tangan")
    herself = await approver.sends("/tanda-tangan/delegasi", typed | {"kepada": "approver"})
    assert (herself.status_code, "cuti tahunan" in herself.text) == (409, True)
    await approver.does("/tanda-tangan/delegasi", typed)
    assert "/setujui" not in (await approver.http.get("/tanda-tangan")).text
    delegation = line((await leader.http.get("/tanda-tangan")).text, "delegasi")
    await leader.does(f"/tanda-tangan/delegasi/{delegation}/setujui")
    read = await approver.reads("/tanda-tangan")
    assert "Kepala bidang Agus, kepala bidang Anggraini, kepala dinas" in read
    assert "Berlaku hari ini cuti tahunan disahkan Ibu Lestari, pimpinan" in read
    operator = await console().enters_as("operator")
    assert "/cabut" not in (await operator.http.get("/tanda-tangan")).text
    stranger = await operator.sends(f"/tanda-tangan/delegasi/{delegation}/cabut", {"alasan": "bukan urusan saya"})
    assert stranger.status_code == 403
    await approver.does(f"/tanda-tangan/delegasi/{delegation}/cabut", {"alasan": "kembali lebih awal"})
    read = await approver.reads("/tanda-tangan")
    assert "Tidak ada; setiap orang menandatangani sendiri." in read
    assert "dicabut Agus, kepala bidang" in read
    assert "kembali lebih awal" in read


async def test_thresholds_change_by_two_people(console: OpenConsole, world: World) -> None:
    operator, treasurer = await console().enters_as("operator"), await console().enters_as("treasurer")
    today = world.service("disbursement").clock.today().isoformat()
    assert "Banyak orang pada satu rekening : mulai 5 orang · menahan persetujuan" in await operator.reads("/tanda-tangan")
    typed = {"kode": "shared_account", "ambang.people": "7", "menahan": "tidak", "mulai": today, "alasan": "keluarga besar"}
    assert (await operator.sends("/tanda-tangan/ambang", typed | {"ambang.people": "0"})).status_code == 422
    await operator.does("/tanda-tangan/ambang", typed)
    rule = line((await treasurer.http.get("/tanda-tangan")).text, "ambang")
    await treasurer.does(f"/tanda-tangan/ambang/{rule}/setujui")
    assert "Banyak orang pada satu rekening : mulai 7 orang · hanya ditunjukkan" in await operator.reads("/tanda-tangan")
    assert (await treasurer.sends(f"/tanda-tangan/lain/{rule}/setujui")).status_code == 404
