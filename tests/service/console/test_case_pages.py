"""Cases by pages: a hold from its notice to the order, an objection, money that cannot be reached, a claim that is repaid."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import datetime, timedelta

import pytest

from shared.kernel.clock import JAKARTA, FrozenClock
from tests.service.beneficiary.story import Citizen, changed, decreed, sealed
from tests.service.console.around_desk import DeskConsole, console_of
from tests.service.console.conftest import OpenConsole, Visitor, words
from tests.service.disbursement.desk import Desk, nik, open_desk, person
from tests.service.disbursement.files import know
from tests.service.disbursement.paying import MONTH, Office
from tests.support.world import Ground, World


@pytest.fixture
async def desk(ground: Ground) -> AsyncIterator[Desk]:
    async with open_desk(ground, FrozenClock(datetime(2025, 9, 26, 9, tzinfo=JAKARTA))) as opened:
        yield opened


@pytest.fixture
async def at_desk(desk: Desk) -> AsyncIterator[DeskConsole]:
    async with console_of(desk) as opened:
        yield opened


async def paid(desk: Desk, people: int = 1) -> Office:
    office = Office(desk)
    await office.open_month(range(people))
    know(desk, *range(people))
    for number in range(people):
        office.give_account(number)
    batch = await office.released()
    await office.send_results(batch, [await office.row(batch, number) for number in range(people)])
    await desk.settle()
    return office


async def test_a_hold_from_its_notice_to_the_order_of_two_people(console: OpenConsole, world: World) -> None:
    people = [Citizen(1), Citizen(2)]
    await decreed(world, people)
    await changed(world, [(people[0], "tangguhkan", "under_review", "2025-09")])
    await sealed(world)
    await world.settle()
    assert (await world.as_("operator").post("/disbursement/months/2025-09/opening")).status_code == 200
    await world.settle()
    operator, approver = await console().enters_as("operator"), await console().enters_as("approver")
    page = await operator.http.get("/kasus?jenis=hold&kurang=notice")
    assert "Penangguhan: dalam verifikasi" in words(page)
    assert "Satpel Kecamatan Cengkareng" in words(page)
    case = page.text.split('<a href="/kasus/')[1].split('"')[0]
    path = f"/kasus/{case}"
    read = await operator.reads(path)
    assert "Langkah berikut: Kirim pemberitahuan penangguhan" in read
    assert "Orang ini belum diberi tahu" in read
    assert "Contoh Kanari 1" not in read
    assert "Contoh Kanari 1" in words(await operator.sends(f"{path}/orang"))

    today = world.clock.today().isoformat()
    early = await operator.sends(f"{path}/putuskan", {"keputusan": "end", "isi": "belum diberi tahu"})
    assert (early.status_code, "Langkah ini tidak mungkin" in words(early)) == (409, True)
    await operator.does(f"{path}/beri-tahu", {"tanggal": today, "cara": "letter", "dokumen": "Surat 7/2025"})
    assert "Setiap orang yang ditangguhkan sudah diberi tahu" in await operator.reads("/kasus?jenis=hold&kurang=notice")
    runs = await approver.sends(f"{path}/putuskan", {"keputusan": "end", "isi": "tidak ada kabar"})
    assert (runs.status_code, "Tenggat jawaban orang ini belum lewat" in words(runs)) == (409, True)
    assert "tidak ada kabar" in runs.text, "what was typed is not lost"
    await operator.does(f"{path}/tanggapi", {"tanggal": today, "isi": "Saya sudah melapor ke RT 5"})
    await approver.does(f"{path}/putuskan", {"keputusan": "resume", "isi": "Data sudah padan"})
    read = await approver.reads(path)
    assert "Lanjutkan: Data sudah padan" in read
    assert "Terbitkan perintah lanjutkan kepesertaan" in read

    ordered = await operator.does(f"{path}/perintah", {"alasan": "cleared", "bulan": "2025-09", "dokumen": "BA 9/2025"})
    assert "selesai=perintah-menunggu" in ordered
    (order,) = (await world.as_("operator").get("/beneficiary/status-changes", params={"state": "proposed"})).json()["items"]
    own = await operator.sends(f"/kasus/perintah/{order['id']}/sahkan")
    assert own.status_code == 409
    second = await console().enters_as("operator2")
    assert "Lanjutkan KLJ" in await second.reads("/kasus")
    await second.does(f"/kasus/perintah/{order['id']}/sahkan")
    await world.settle()
    read = await second.reads(path)
    assert "Ditutup: dilanjutkan" in read
    assert "Tidak ada kasus terbuka" in await second.reads("/kasus")
    assert "Penangguhan: dalam verifikasi" in await second.reads("/kasus?status=closed")


def _objection(**typed: str) -> dict[str, str]:
    return {
        "orang": nik(0), "program": "KLJ", "bulan": MONTH, "atas": "amount", "tanggal": "2025-09-25", "cara": "visit",
        "isi": "Seharusnya tiga bulan", **typed,
    }  # fmt: skip


async def test_an_objection_by_nik_is_answered_by_somebody_who_did_not_decide(desk: Desk, at_desk: DeskConsole) -> None:
    await paid(desk)
    operator = await at_desk().enters_as("operator")
    unknown = await operator.sends("/kasus/baru/sanggah", _objection(orang=nik(44)))
    assert (unknown.status_code, "Yang dicari tidak ada" in words(unknown)) == (404, True)
    assert "Seharusnya tiga bulan" in unknown.text
    page = await operator.does("/kasus/baru/sanggah", _objection(pemutus="operator2"))
    path = page.partition("?")[0]
    assert "Langkah berikut: Jawab sanggah oleh pejabat yang tidak memutuskan" in await operator.reads(path)
    again = await operator.sends("/kasus/baru/sanggah", _objection())
    assert (again.status_code, "Sudah ada kasus terbuka" in words(again)) == (409, True)
    answer = {"hasil": "rejected", "alasan": "SK menyebut satu bulan", "dokumen": "BA 3"}
    decider = await at_desk().enters_as("operator2")
    assert (await decider.sends(f"{path}/jawab-sanggah", answer)).status_code == 409
    approver = await at_desk().enters_as("approver")
    await approver.does(f"{path}/jawab-sanggah", answer)
    assert "Sanggah ditolak: SK menyebut satu bulan" in await approver.reads(path)
    await operator.does(f"{path}/selesaikan", {"isi": "Surat jawaban diserahkan"})
    assert "Ditutup: sanggah ditolak" in await operator.reads(path)


async def test_money_that_cannot_be_reached_is_a_case_and_many_are_one_cause(desk: Desk, at_desk: DeskConsole) -> None:
    await paid(desk, 10)
    operator = await at_desk().enters_as("operator")
    for number in range(10):
        typed = {"orang": str(person(number)), "program": "KLJ", "bulan": MONTH, "masalah": "card_refused", "isi": "ATM menolak kartu"}
        page = await operator.does("/kasus/baru/akses", typed)
    path = page.partition("?")[0]
    read = await operator.reads("/kasus?jenis=access")
    assert f"10 orang dari {MONTH}-M01: kartu ditolak mesin." in read
    await operator.does(f"{path}/catat", {"isi": "Sudah telepon bank"})
    wrong = await operator.sends(f"{path}/selesaikan", {"hasil": "", "isi": "selesai"})
    assert wrong.status_code == 422
    await operator.does(f"{path}/selesaikan", {"hasil": "solved", "isi": "Kartu baru diterima"})
    read = await operator.reads(path)
    assert "Ditutup: selesai, uang dapat diambil" in read
    assert "Sudah telepon bank" in read
    assert desk.outcomes() == {"paid": 10}
    assert "selesai=kunjungan-dibuka" in await operator.does("/kasus/tidak-ditarik", {"hari": "105"})


async def test_a_claim_is_paid_back_in_parts(desk: Desk, at_desk: DeskConsole) -> None:
    await paid(desk)
    operator, treasurer = await at_desk().enters_as("operator"), await at_desk().enters_as("treasurer")
    typed = {"orang": str(person(0)), "program": "KLJ", "sebab": "died", "meninggal": "2025-08-20", "dokumen": "Akta kematian 12"}
    path = (await operator.does("/kasus/baru/tagihan", typed)).partition("?")[0]
    assert "Rp300.000 sisa" in await treasurer.reads(path)
    await operator.does(f"{path}/sepakati-angsuran", {"angsuran": "2025-10-10 100.000\n2025-11-10 200.000"})
    short = await operator.sends(f"{path}/sepakati-angsuran", {"angsuran": "2025-10-10 seratus"})
    assert (short.status_code, "Angka dari dokumen belum terisi" in words(short)) == (422, True)
    assert "Catat uang kembali" not in await operator.reads(path), "the treasurer receives money"
    slip = {"tanggal": "2025-09-26", "jumlah": "100.000", "dokumen": "STS 5/2025"}
    await treasurer.does(f"{path}/terima-uang", slip)
    assert "Rp200.000 sisa" in await treasurer.reads(path)
    much = await treasurer.sends(f"{path}/terima-uang", slip | {"jumlah": "200.001"})
    assert (much.status_code, "melebihi sisa" in words(much)) == (409, True)
    await treasurer.does(f"{path}/minta-hapus", {"alasan": "Tidak ada ahli waris", "dokumen": "Telaah 4"})
    leader = await at_desk().enters_as("leader")
    await leader.does(f"{path}/putuskan-hapus", {"setuju": "ya"})
    read = await leader.reads(path)
    assert "Ditutup: dihapuskan" in read
    assert "Rp200.000 dihapuskan" in read


async def test_late_cases_stand_apart_and_pages_are_for_whom_they_are(desk: Desk, at_desk: DeskConsole) -> None:
    office = Office(desk)
    desk.beneficiary.activate(person(0))
    desk.beneficiary.suspend(person(0), reason="under_review")
    await office.open_month((), enrol=False)
    await desk.settle()
    operator: Visitor = await at_desk().enters_as("operator")
    assert "Tidak ada kasus yang lewat tenggat" in await operator.reads("/kasus?lewat=1")
    assert isinstance(desk.clock, FrozenClock)
    desk.clock.move(timedelta(days=20))
    assert "Penangguhan: dalam verifikasi" in await operator.reads("/kasus?lewat=1")
    assert "Penangguhan: dalam verifikasi" in await operator.reads("/kasus?pemilik=satpel/31.71.01")
    assert "Tidak ada kasus terbuka" in await operator.reads("/kasus?pemilik=bank-jakarta")
    checker = await at_desk().enters_as("checker")
    (case,) = (await office.get("/cases"))["items"]
    assert "Langkah ini dilakukan orang lain" in await checker.reads(f"/kasus/{case['id']}")
    assert "Catat kasus baru" not in await checker.reads("/kasus")
    refused = await checker.sends(f"/kasus/{case['id']}/catat", {"isi": "mencoba"})
    assert (refused.status_code, "Peran Anda tidak boleh" in words(refused)) == (403, True)
    await checker.reads("/kasus/baru/dongeng", status=404)
    await checker.reads(f"/kasus/{person(9)}", status=404)
    assert (await operator.sends("/kasus/perintah/x/lupakan")).status_code == 404
