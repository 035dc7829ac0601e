"""The bank by a page: what two people agree on, what was handed over, what came in and what became of it."""

from __future__ import annotations

import json

import pytest

from shared.kernel.clock import FrozenClock
from tests.service.console.around_desk import DeskConsole
from tests.service.console.conftest import words
from tests.service.disbursement.desk import Desk
from tests.service.disbursement.paying import Office
from tests.service.disbursement.test_handover import THURSDAY, put

CODE = {
    "kode": "X7", "hasil": "rejected", "alasan": "account_dormant", "ditarik": "", "catatan": "tutup sementara", "mulai": "2025-09-18",
    "dokumen": "Surat bank 4/2025",
}  # fmt: skip


@pytest.fixture
async def clock() -> FrozenClock:
    return FrozenClock(THURSDAY)


async def test_a_code_has_a_meaning_once_two_people_say_so(desk: Desk, console: DeskConsole) -> None:
    operator, treasurer = await console().enters_as("operator"), await console().enters_as("treasurer")
    assert "X7" not in await operator.reads("/bank")
    wrong = await operator.sends("/bank/kode", CODE | {"alasan": ""})
    assert wrong.status_code == 422
    assert "Pengaturan yang diusulkan tidak dapat dipakai" in words(wrong)
    assert "'reason' is one of" in words(wrong), "what is wrong with it is said"
    assert "tutup sementara" in wrong.text, "what was typed is not lost"
    await operator.does("/bank/kode", CODE)
    read = await operator.reads("/bank")
    assert "X7 berarti ditolak : rekening pasif" in read
    assert "Diusulkan Oki, operator data" in read
    (setting,) = (await Office(desk).get("/bank/settings"))["items"]
    own = await operator.sends(f"/bank/pengaturan/{setting['id']}/sahkan")
    assert (own.status_code, "Harus orang lain" in words(own)) == (409, True)
    assert "selesai=sahkan-pengaturan" in await treasurer.does(f"/bank/pengaturan/{setting['id']}/sahkan")
    read = await treasurer.reads("/bank")
    assert "Menunggu orang kedua" not in read
    assert "X7 Ditolak Rekening pasif 18 Sep 2025 operator, treasurer" in read
    known = await operator.sends("/bank/kode", CODE)
    assert (known.status_code, "sudah punya arti" in words(known)) == (409, True)


async def test_forms_of_files_a_channel_and_a_cap(desk: Desk, console: DeskConsole) -> None:
    operator, treasurer = await console().enters_as("operator"), await console().enters_as("treasurer")
    page = await operator.http.get("/bank")
    assert "rujukan" in page.text, "a proposal begins with the form that holds"
    form = {"jenis": "template_out", "mulai": "2025-09-19", "dokumen": "Surat bank 5/2025"}
    broken = await operator.sends("/bank/bentuk", form | {"isi": "{kolom"})
    assert (broken.status_code, "Bentuk berkas yang diusulkan tidak dapat dipakai" in words(broken)) == (422, True)
    assert "{kolom" in broken.text
    columns = [{"field": "account_number", "title": "REKENING", "length": 12}, {"field": "amount"}]
    lacking = await operator.sends("/bank/bentuk", form | {"isi": json.dumps({"columns": columns})})
    assert "'reference' is missing" in words(lacking)
    await operator.does("/bank/bentuk", form | {"isi": json.dumps({"delimiter": "|", "columns": [*columns, {"field": "reference"}]})})
    assert "3 kolom, dipisah “|”" in await treasurer.reads("/bank")
    (setting,) = (await Office(desk).get("/bank/settings"))["items"]
    await treasurer.does(f"/bank/pengaturan/{setting['id']}/tolak")
    assert "Bentuk berkas ke bank Ditolak" in await treasurer.reads("/bank")

    await treasurer.does("/bank/saluran", {"saluran": "column_file", "mulai": "2025-09-19", "dokumen": "Surat bank 6/2025"})
    assert "Berkas kolom" in await operator.reads("/bank")
    cap = {"kode_bank": "111", "jumlah": "900.000", "mulai": "2025-09-18", "dokumen": "Surat bank 7/2025"}
    assert "Tidak ada batas" in await operator.reads("/bank")
    await operator.does("/bank/batas", cap)
    again = await operator.sends("/bank/batas", cap)
    assert again.status_code == 422
    assert (await operator.sends("/bank/batas/111/2025-09-18/sahkan")).status_code == 409
    await treasurer.does("/bank/batas/111/2025-09-18/sahkan")
    assert "111 Rp900.000 18 Sep 2025" in await operator.reads("/bank")


async def test_files_out_and_in_with_what_became_of_them(desk: Desk, console: DeskConsole) -> None:
    operator = await console().enters_as("operator")
    read = await operator.reads("/bank")
    assert "Belum ada berkas yang dilepas ke bank" in read
    assert "Belum ada berkas dari bank" in read
    office = Office(desk)
    await office.open_month_with_accounts(range(2))
    batch = await office.released()
    assert f"{batch['file']['name']} {batch['code']} 2 Rp600.000 Berkas dilepas" in await operator.reads("/bank")
    await desk.settle()
    assert "ditunggu sampai 19 Sep 2025" in await operator.reads("/bank")
    put(desk, f"{batch['file']['name']}.receipt", f"{batch['file']['sha256']}\n".encode(), checksum=None)
    put(desk, "HASIL.csv", b"halo\x00")
    await desk.settle()
    read = await operator.reads("/bank")
    assert "Bank sudah menerima berkas 2025-09-M01." in read
    assert "HASIL.csv 18 Sep 2025 13.30 Ditolak Berkas ini tidak dapat dibaca sebagai hasil bank" in read
    assert "bank, 18 Sep 2025 13.30" in read


async def test_whom_the_page_is_for(desk: Desk, console: DeskConsole) -> None:
    leader = await console().enters_as("leader")
    assert "Usulkan" not in await leader.reads("/bank")
    assert (await leader.sends("/bank/kode", CODE)).status_code == 403
    await (await console().enters_as("jakpus")).reads("/bank", status=403)
    assert (await leader.sends("/bank/lupakan")).status_code == 404
    assert (await leader.sends("/bank/pengaturan/x/lupakan")).status_code == 404
