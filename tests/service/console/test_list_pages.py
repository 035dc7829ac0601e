"""S4: what a person sees of a list before their name goes under it, and what two people order about it."""

from __future__ import annotations

import re
from pathlib import Path

from services.console import words as office
from services.disbursement.domain.anomaly import Code
from services.disbursement.domain.batch import ROLE, SIGNERS
from tests.service.console.conftest import OpenConsole, words
from tests.service.console.paying import MONTH, a_draft, door
from tests.support.world import World


def today(world: World) -> str:
    return world.service("disbursement").clock.today().isoformat()


async def threshold(world: World, code: str, **given: int) -> None:
    body = {"code": code, "thresholds": given, "blocks": True, "valid_from": today(world), "reason": "ambang uji"}
    rule = await door(world, "treasurer", "/disbursement/anomaly-rules", body)
    await door(world, "leader", f"/disbursement/anomaly-rules/{rule['id']}/confirmation")


async def limit(world: World, amount: int, *, role: str = "approver", person: str = "", kind: str = "maximum") -> None:
    body = {"kind": kind, "role": role, "person": person, "amount": amount, "valid_from": today(world), "reason": "SK uji"}
    rule = await door(world, "treasurer", "/disbursement/signing-rules", body)
    await door(world, "leader", f"/disbursement/signing-rules/{rule['id']}/confirmation")


def test_every_role_and_anomaly_has_a_word() -> None:
    assert set(office.STEP_ROLES) == set(ROLE.values()) >= set(SIGNERS)
    assert set(office.ANOMALIES) == set(Code)


async def test_what_a_checker_and_an_approver_see_and_do(console: OpenConsole, world: World, tmp_path: Path) -> None:
    path = await a_draft(console, world, tmp_path)
    await threshold(world, "shared_account", people=1)
    operator, checker = await console().enters_as("operator"), await console().enters_as("checker")
    await operator.does(f"{path}/ajukan")

    shown = await operator.reads(path)
    assert "Pemeriksa: batas" in shown, "who is next, and up to which amount"
    assert "Banyak orang pada satu rekening" in shown
    assert "Catat untuk yang dipilih" not in shown, "who made the list does not explain it away"
    compared = await checker.reads(f"{path}/perbandingan")
    assert "Belum ada daftar bulan lalu" in compared
    assert "Menurut SK 6 = di daftar 5 + tidak di daftar 1." in compared
    assert "Kartu belum diserahkan KLJ 1 Rp300.000" in compared
    assert "Masuk: 5 orang" in compared
    assert "Baru disebut SK: penerima lama 5 Rp1.500.000" in compared
    brief = await checker.http.get(f"{path}/perbandingan?ringkas=1", headers={"hx-request": "true"})
    assert "<html" not in brief.text
    assert "5 masuk · Rp1.500.000" in words(brief)

    page = await checker.http.get(path)
    seen = re.search(r'name="list_hash" value="([0-9a-f]{64})"', page.text)
    assert seen is not None
    await checker.does(f"{path}/periksa", {"list_hash": seen[1]})
    approver = await console().enters_as("approver")
    assert "5 kejanggalan belum diberi keterangan" in await approver.reads(path)
    refused = await approver.sends(f"{path}/setujui", {"list_hash": seen[1]})
    assert (refused.status_code, "belum diberi keterangan" in words(refused)) == (409, True)
    findings = re.findall(r'name="temuan" value="([0-9a-f-]{36})"', page.text)
    assert len(findings) == 5
    none = await checker.sends(f"{path}/keterangan", {"list_hash": seen[1], "kode": "shared_account", "keterangan": "KK dilihat"})
    assert (none.status_code, "KK dilihat" in none.text) == (422, True), "what was typed is still there"
    one = {"list_hash": seen[1], "temuan": findings[:1], "keterangan": "rekening orang tua"}
    await checker.does(f"{path}/keterangan", one)
    assert "4 kejanggalan belum diberi keterangan" in await approver.reads(path)
    said = {"list_hash": seen[1], "belum": findings[1:], "semua": "ya", "keterangan": "satu keluarga, KK dilihat"}
    assert (await checker.does(f"{path}/keterangan", said)).endswith("selesai=keterangan")
    read = await approver.reads(path)
    assert "“satu keluarga, KK dilihat” Citra, pemeriksa" in read
    assert "kejanggalan belum diberi keterangan" not in read
    await approver.does(f"{path}/setujui", {"list_hash": seen[1]})
    assert "Disetujui, menunggu anggaran" in await approver.reads(path)


async def test_limits_a_second_approver_and_a_delegate(console: OpenConsole, world: World, tmp_path: Path) -> None:
    path = await a_draft(console, world, tmp_path)
    await limit(world, 1_000_000, person="approver")
    await limit(world, 1_500_000, kind="second_approver")
    handed = {"role": "approver", "to": "auditor", "from_day": today(world), "to_day": today(world), "reason": "cuti"}
    delegation = await door(world, "approver2", "/disbursement/delegations", handed)
    await door(world, "leader", f"/disbursement/delegations/{delegation['id']}/confirmation")
    await (await console().enters_as("operator")).does(f"{path}/ajukan")
    checker = await console().enters_as("checker")
    seen = re.search(r'name="list_hash" value="([0-9a-f]{64})"', (await checker.http.get(path)).text)
    assert seen is not None
    signed = {"list_hash": seen[1]}
    await checker.does(f"{path}/periksa", signed)

    approver = await console().enters_as("approver")
    read = await approver.reads(path)
    assert "Setujui : Jumlah daftar ini melebihi batas tanda tangan Anda." in read
    assert "Diminta: Rp1.500.000. Batas: Rp1.000.000." in read
    assert "2 penyetuju diperlukan untuk jumlah ini" in read
    assert "Agus, kepala bidang Rp1.000.000" in read
    delegate = await console().enters_as("auditor")
    page = await delegate.http.get(path)
    assert "Atas nama Anggraini, kepala dinas." in words(page)
    assert 'name="untuk" value="approver2"' in page.text
    await delegate.does(f"{path}/setujui", signed | {"untuk": "approver2"})
    read = await delegate.reads(path)
    assert "Ayu, auditor atas nama Anggraini, kepala dinas" in read
    assert "seorang lagi belum" in read
    assert "Setujui : Harus orang lain" in read, "nobody is two approvers"
    assert "Setujui : Harus orang lain" in await (await console().enters_as("approver2")).reads(path), "nor by a delegate"


async def test_a_person_is_left_out_by_two_and_the_signatures_are_void(console: OpenConsole, world: World, tmp_path: Path) -> None:
    path = await a_draft(console, world, tmp_path)
    operator, second = await console().enters_as("operator"), await console().enters_as("operator2")
    await operator.does(f"{path}/ajukan")
    lines = (await world.as_("operator").get(f"/disbursement/batches/{path.rpartition('/')[2]}/lines.ndjson")).text.splitlines()
    who = re.search(r'"person_id" : "([0-9a-f-]{36})"', lines[0])
    assert who is not None
    leave = {"orang": who[1], "alasan": "masih diperiksa"}
    await operator.does(f"{path}/keluarkan", leave)
    assert f"{who[1]} : masih diperiksa" in await second.reads(path)
    assert "Setujui, keluarkan" not in await operator.reads(path)
    own = await operator.sends(f"{path}/keluarkan", leave)
    assert (own.status_code, "Harus orang lain" in words(own)) == (409, True)
    await second.does(f"{path}/keluarkan", leave)
    read = await operator.reads(path)
    assert "Tanda tangan batal: orang dikeluarkan dari daftar (1 orang)" in read
    assert "4 orang" in read
    assert "Dikeluarkan oleh dua orang KLJ 1" in await operator.reads(f"{path}/perbandingan")
    nobody = await operator.sends(f"{path}/keluarkan", {"orang": "../x", "alasan": "salah ketik"})
    assert nobody.status_code in (404, 422)


async def test_accounts_and_the_banks_form_are_looked_at(console: OpenConsole, world: World, tmp_path: Path) -> None:
    path = await a_draft(console, world, tmp_path)
    operator = await console().enters_as("operator")
    assert "5 belum ditanyakan" in await operator.reads(path)
    assert (await operator.does(f"{path}/tanya-rekening", {"bulan": MONTH, "program": "KLJ"})).endswith("selesai=tanya-rekening")
    assert "Semua baris muat dalam berkas bank" in await operator.reads(f"{path}/bentuk-berkas")
    await (await console().enters_as("approver")).reads(f"{path}/bentuk-berkas", status=403)
    csv = await operator.http.get(f"{path}/berkas-orang/tidak-masuk.csv")
    assert (len(csv.text.splitlines()), "card_not_handed_over" in csv.text) == (2, True)
    assert len((await operator.http.get(f"{path}/berkas-orang/perbandingan.csv")).text.splitlines()) == 6
    assert (await operator.http.get(f"{path}/berkas-orang/semua.csv")).status_code == 404
    await operator.reads(f"{path}/perbandingan?jenis=semua", status=404)
    down = await operator.reads(f"{path}/perbandingan?wilayah=31.73&jenis=entered")
    assert "Cengkareng" in down
    assert "Keluar:" not in down


async def test_a_list_is_frozen_by_two(console: OpenConsole, world: World, tmp_path: Path) -> None:
    path = await a_draft(console, world, tmp_path)
    checker = await console().enters_as("checker")
    await checker.does(f"{path}/bekukan", {"alasan": "menunggu surat inspektorat"})
    assert "Pembekuan diminta Citra, pemeriksa" in await checker.reads(path)
    read = await (await console().enters_as("releaser")).reads("/perintah")
    assert "menunggu surat inspektorat" in read
