"""Official figures by pages: frozen under a name with whom they count, counted again, taken away as a file; and the month's proof."""

from __future__ import annotations

import io
import zipfile
from datetime import datetime, timedelta

import pytest

from shared.kernel.clock import JAKARTA, FrozenClock
from tests.service.console.around_desk import DeskConsole
from tests.service.console.conftest import words
from tests.service.disbursement.desk import Desk, person
from tests.service.disbursement.paying import MONTH, Office

NAME = "Siaran pers 12/2025: dibuka"
TYPED = {"nama": NAME, "bulan": MONTH, "program": "", "wilayah": "", "kelompok": "", "per": "", "catatan": ""}


@pytest.fixture
async def clock() -> FrozenClock:
    return FrozenClock(datetime(2025, 9, 20, 9, tzinfo=JAKARTA))


@pytest.fixture
async def desk(desk: Desk, clock: FrozenClock) -> Desk:
    office = Office(desk)
    for number in (1, 2, 3):
        desk.beneficiary.activate(person(number), cohort="new" if number == 3 else "existing")
    desk.beneficiary.suspend(person(2))
    await office.open_month([], enrol=False)
    clock.move(timedelta(seconds=1))
    return desk


async def test_a_figure_is_frozen_counted_again_and_taken_away(console: DeskConsole) -> None:
    operator, leader = await console().enters_as("operator"), await console().enters_as("leader")
    assert "Belum ada angka yang ditetapkan" in await operator.reads("/angka-resmi")
    to = await operator.does("/angka-resmi", TYPED)
    assert to == "/angka-resmi/satu?nama=Siaran+pers+12%2F2025%3A+dibuka&selesai=angka-ditetapkan"
    read = await leader.reads(to)
    assert "September 2025: semua program, seluruh Jakarta, penerima lama dan baru" in read
    assert "3 Orang Rp900.000" in read
    assert "Ditahan" in read
    assert "Sama." not in read
    assert "Sama. Dihitung ulang dari buku" in await leader.reads(f"{to}&hitung=1")
    file = await operator.http.get("/angka-resmi/angka.csv", params={"nama": NAME})
    assert file.headers["content-type"].startswith("text/csv")
    lines = file.content.decode("utf-8-sig").split("\r\n")
    assert lines[0] == f"Angka resmi;{NAME}"
    assert lines[-2] == "Jumlah;;3;900000"
    sheet = await leader.http.get("/angka-resmi/lembar.pdf", params={"nama": NAME})
    assert (sheet.status_code, sheet.headers["content-type"], sheet.content[:5]) == (200, "application/pdf", b"%PDF-")
    assert (await leader.http.get("/angka-resmi/lembar.docx", params={"nama": NAME})).status_code == 404
    new = TYPED | {"nama": "=Penerima baru", "program": "KLJ", "kelompok": "new"}
    to = await leader.does("/angka-resmi", new)
    assert "KLJ, seluruh Jakarta, penerima baru" in await operator.reads(to)
    file = await operator.http.get("/angka-resmi/angka.csv", params={"nama": "=Penerima baru"})
    assert file.content.decode("utf-8-sig").startswith("Angka resmi;'=Penerima baru"), "no spreadsheet runs a name"
    read = await operator.reads(f"/angka-resmi?bulan={MONTH}")
    assert f"{NAME} September 2025 semua program, seluruh Jakarta, penerima lama dan baru 3 Rp900.000 Oki, operator data" in read
    assert "Belum ada angka" in await operator.reads("/angka-resmi?bulan=2025-08")


async def test_a_name_is_given_once_and_a_refusal_keeps_what_was_typed(console: DeskConsole) -> None:
    operator = await console().enters_as("operator")
    await operator.does("/angka-resmi", TYPED)
    again = await operator.sends("/angka-resmi", TYPED | {"catatan": "kedua kalinya"})
    assert (again.status_code, "Angka yang sudah diumumkan tidak diganti" in words(again)) == (409, True)
    assert 'value="kedua kalinya"' in again.text
    tomorrow = await operator.sends("/angka-resmi", TYPED | {"nama": "Besok", "per": "2025-09-21"})
    assert tomorrow.status_code == 422
    unknown = await operator.sends("/angka-resmi", TYPED | {"nama": "Oktober", "bulan": "2025-10"})
    assert unknown.status_code == 404
    await operator.reads("/angka-resmi/satu?nama=tidak%20ada", status=404)


async def test_who_does_not_freeze_reads(console: DeskConsole) -> None:
    checker = await console().enters_as("checker")
    assert "Tetapkan angka resmi" not in await checker.reads("/angka-resmi")
    assert (await checker.sends("/angka-resmi", TYPED)).status_code == 403
    elsewhere = await console().enters_as("jakpus")
    assert "Tetapkan angka resmi" not in await elsewhere.reads("/angka-resmi")
    assert "bukti kelengkapan" not in await elsewhere.reads(f"/bulan/{MONTH}")
    assert (await elsewhere.http.get(f"/bulan/{MONTH}/bukti.zip")).status_code == 403


async def test_the_proof_is_on_the_months_page(console: DeskConsole) -> None:
    leader = await console().enters_as("leader")
    assert "Unduh bukti kelengkapan (ZIP)" not in await leader.reads(f"/bulan/{MONTH}"), "it says of each person what became of them"
    assert (await leader.http.get(f"/bulan/{MONTH}/bukti.zip")).status_code == 403
    auditor = await console().enters_as("auditor")
    assert "Unduh bukti kelengkapan (ZIP)" in await auditor.reads(f"/bulan/{MONTH}")
    file = await auditor.http.get(f"/bulan/{MONTH}/bukti.zip")
    assert file.headers["content-disposition"] == f'attachment; filename="proof-{MONTH}.zip"'
    assert "manifest.json" in zipfile.ZipFile(io.BytesIO(file.content)).namelist()
