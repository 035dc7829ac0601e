"""New recipients by a page: accounts asked for, cards called for, a visit at home, each person counted in one place."""

from __future__ import annotations

import re
from datetime import datetime, timedelta

import pytest

from shared.kernel.clock import JAKARTA, FrozenClock
from tests.service.console.around_desk import DeskConsole
from tests.service.console.conftest import words
from tests.service.disbursement.desk import AREA, Desk, nik, person
from tests.service.disbursement.paying import Office
from tests.service.disbursement.test_new_recipients import answered, enrolled, opened, reported

PAGE = "/penerima-baru"
WAVE = {
    "program": "KLJ", "wilayah": "31", "tempat": "Aula Kecamatan Gambir", "hari": "2025-09-15", "jam": "08.00-12.00",
    "paling_banyak": "100",
}  # fmt: skip


@pytest.fixture
async def clock() -> FrozenClock:
    return FrozenClock(datetime(2025, 9, 10, 9, tzinfo=JAKARTA))


async def stands(office: Office) -> dict[str, int]:
    """How many stand where; places where nobody stands are left out."""
    (klj,) = (await office.get("/cards/funnel"))["items"]
    return {place: count for place, count in klj.items() if place != "programme" and count}


async def test_from_no_account_to_the_card_in_hand(desk: Desk, console: DeskConsole) -> None:
    operator = await console().enters_as("operator")
    empty = await operator.reads(PAGE)
    for expected in (
        "Belum ada yang berhak",
        "Belum ada permintaan rekening",
        "Belum ada yang diundang",
        "Tidak ada yang menunggu kunjungan",
    ):
        assert expected in empty, expected

    office = Office(desk)
    await enrolled(desk, 1, 2, 3, 4)
    office.give_account(4)
    assert await stands(office) == {"entitled": 4, "no_account": 3, "ready": 1}
    assert "selesai=rekening-diminta" in await operator.does(f"{PAGE}/rekening", {"program": "KLJ"})
    assert await stands(office) == {"entitled": 4, "asked": 3, "ready": 1}
    again = await operator.sends(f"{PAGE}/rekening", {"program": "KLJ"})
    assert (again.status_code, "sudah punya rekening atau sedang dimintakan" in words(again)) == (409, True)
    (made,) = (await office.get("/account-openings"))["items"]
    file = await operator.http.get(f"{PAGE}/rekening/{made['id']}/berkas.csv")
    assert "attachment" in file.headers["content-disposition"]
    rows = [dict(zip(("rujukan", "nik"), line.split(";"), strict=False)) for line in file.text.splitlines()[1:]]
    assert [row["nik"] for row in rows] == [nik(1), nik(2), nik(3)]

    await answered(desk, opened(rows[0], 1), opened(rows[1], 2), f"{rows[2]['rujukan']};gagal;;;;NIK tidak ditemukan")
    assert await stands(office) == {"entitled": 4, "never_called": 2, "refused_by_bank": 1, "ready": 1}
    past = await operator.sends(f"{PAGE}/undang", WAVE | {"hari": "2025-09-01"})
    assert past.status_code == 422
    assert "Aula Kecamatan Gambir" in past.text, "what was typed is not lost"
    many = await operator.sends(f"{PAGE}/undang", WAVE | {"paling_banyak": "seratus"})
    assert (many.status_code, "Angka dari dokumen belum terisi" in words(many)) == (422, True)
    await operator.does(f"{PAGE}/undang", WAVE)
    assert await stands(office) == {"entitled": 4, "called": 2, "refused_by_bank": 1, "ready": 1}
    (wave,) = (await office.get("/invitation-waves"))["items"]
    named = await operator.http.get(f"{PAGE}/undangan/{wave['id']}/daftar.csv")
    assert named.text.splitlines()[1] == (
        f'Siti Contoh;"Jl. Contoh No. 1; RT 001";{AREA};KLJ;1;Aula Kecamatan Gambir;2025-09-15;08.00-12.00'
    )
    assert desk.sql("SELECT count FROM audit_entry WHERE operation = 'invitation_wave.list'") == [(2,)]

    assert isinstance(desk.clock, FrozenClock)
    desk.clock.move(timedelta(days=6))
    assert "Belum dilaporkan" in await operator.reads(PAGE)
    await reported(desk, f"{nik(1)};KLJ;ya;ya;2025-09-15", f"{nik(2)};KLJ;tidak;tidak;2025-09-15")
    assert await stands(office) == {"entitled": 4, "came_not": 1, "refused_by_bank": 1, "ready": 2}
    assert "Diundang, tidak datang 1" in await operator.reads(PAGE)

    await operator.does(f"{PAGE}/kunjungan", {"orang": nik(2), "program": "KLJ", "alasan": "terbaring sakit"})
    assert await stands(office) == {"entitled": 4, "visit": 1, "refused_by_bank": 1, "ready": 2}
    (visit,) = (await office.get("/home-services"))["items"]
    listed = await operator.http.get(f"{PAGE}/kunjungan/daftar.csv")
    assert "Siti Contoh" in listed.text
    assert "terbaring sakit;2025-09-16" in listed.text
    result = {"hari": "2025-09-16", "kartu": "ya", "hasil": "diterima di rumah"}
    early = await operator.sends(f"{PAGE}/kunjungan/{visit['id']}/hasil", result | {"hari": "2025-09-30"})
    assert (early.status_code, "diterima di rumah" in early.text) == (422, True)
    await operator.does(f"{PAGE}/kunjungan/{visit['id']}/hasil", result)
    assert await stands(office) == {"entitled": 4, "refused_by_bank": 1, "ready": 3}
    assert "1 kunjungan selesai" in await operator.reads(PAGE)


async def test_two_clicks_are_one(desk: Desk, console: DeskConsole) -> None:
    """Two of four are called for a day; the second click does not call the other two to the same place. A new page does."""
    office = Office(desk)
    await enrolled(desk, 1, 2, 3, 4)
    for number in (1, 2, 3, 4):
        office.give_account(number, card=False)
    operator = await console().enters_as("operator")
    page = (await operator.http.get(PAGE)).text
    once = dict(re.findall(r'name="(sekali)" value="([^"]+)"', page))
    assert list(once) == ["sekali"]
    two = WAVE | {"paling_banyak": "2"}
    assert await operator.does(f"{PAGE}/undang", two | once) == await operator.does(f"{PAGE}/undang", two | once)
    assert await stands(office) == {"entitled": 4, "called": 2, "never_called": 2}
    again = dict(re.findall(r'name="(sekali)" value="([^"]+)"', (await operator.http.get(PAGE)).text))
    await operator.does(f"{PAGE}/undang", two | again)
    assert await stands(office) == {"entitled": 4, "called": 4}
    # What was refused is not kept: once the visit can be asked for, the very same form asks for it.
    five = {"orang": str(person(5)), "program": "KLJ", "alasan": "terbaring sakit"} | once
    assert (await operator.sends(f"{PAGE}/kunjungan", five)).status_code == 409
    office.give_account(5, card=False)
    assert await operator.does(f"{PAGE}/kunjungan", five) == await operator.does(f"{PAGE}/kunjungan", five)


async def test_whom_the_page_is_for(desk: Desk, console: DeskConsole) -> None:
    await enrolled(desk, 1)
    city = await console().enters_as("jakpus")
    read = await city.reads(PAGE)
    assert "Minta kunjungan rumah" in read
    assert "Minta rekening kolektif ke bank" not in read, "that is for the whole agency"
    assert (await city.sends(f"{PAGE}/rekening", {"program": "KLJ"})).status_code == 403
    leader = await console().enters_as("leader")
    assert "Minta kunjungan rumah oleh bank" not in await leader.reads(PAGE)
    unknown = await city.sends(f"{PAGE}/kunjungan", {"orang": str(person(77)), "program": "KLJ", "alasan": "terbaring"})
    assert (unknown.status_code, "tidak punya rekening yang kartunya menunggu" in words(unknown)) == (409, True)
    assert (await city.sends(f"{PAGE}/lupakan")).status_code == 404
    await city.reads(f"{PAGE}/undangan/{person(1)}/daftar.csv", status=404)
