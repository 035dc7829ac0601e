"""A saved file is taken back from its own page, by two people; what rests on it is said there."""

from __future__ import annotations

from tests.service.beneficiary.story import Citizen, changed, decreed, sealed
from tests.service.console.conftest import OpenConsole, words
from tests.support.world import World

PEOPLE = [Citizen(n) for n in range(1, 4)]
PAPER = {"alasan": "berkas kecamatan lain", "dokumen": "ND 14/2025"}


async def test_a_wrong_file_is_taken_back_by_two(console: OpenConsole, world: World) -> None:
    await decreed(world, PEOPLE)
    await sealed(world, month="2025-08")
    wrong = await changed(world, [(one, "tangguhkan", "sanggah", "2025-09") for one in PEOPLE[:2]])
    path = f"/impor/beneficiary/{wrong['id']}"
    operator, second = await console().enters_as("operator"), await console().enters_as("operator2")
    assert "Belum ada yang bergantung pada berkas ini" in await operator.reads(path)
    short = await operator.sends(f"{path}/minta-batal", PAPER | {"dokumen": ""})
    assert (short.status_code, "berkas kecamatan lain" in short.text) == (422, True), "what was typed is not lost"
    assert (await operator.does(f"{path}/minta-batal", PAPER)).endswith("?selesai=minta-batal")
    read = await operator.reads(path)
    assert "Anda yang meminta; orang lain yang mengesahkan" in read
    alone = await operator.sends(f"{path}/sahkan-batal")
    assert (alone.status_code, "Harus orang lain" in words(alone)) == (409, True)
    assert "1 pembatalan berkas" in await second.reads("/perintah")
    assert "berkas kecamatan lain , dokumen ND 14/2025" in await second.reads(path)
    await second.does(f"{path}/sahkan-batal")
    read = await second.reads(path)
    assert "2 perubahan ditarik kembali" in read
    assert "Dibatalkan" in read
    assert (await second.sends(f"{path}/lupakan-batal")).status_code == 404
    checker = await console().enters_as("checker")
    assert "Minta pembatalan" not in await checker.reads(path)


async def test_the_page_says_what_rests_on_a_file(console: OpenConsole, world: World) -> None:
    decree = await decreed(world, PEOPLE)
    file = await changed(world, [(PEOPLE[0], "tangguhkan", "sanggah", "2025-09")])
    operator = await console().enters_as("operator")
    path = f"/impor/beneficiary/{file['id']}"
    assert "Minta pembatalan" in await operator.reads(path)
    await sealed(world)
    read = await operator.reads(path)
    assert "KLJ September 2025 sudah dikunci dengan berkas ini" in read
    assert "Minta pembatalan" not in read
    late = await operator.sends(f"{path}/minta-batal", PAPER)
    assert (late.status_code, "tidak dapat dibatalkan lagi" in words(late)) == (409, True)
    assert "Batalkan impor" not in await operator.reads(f"/impor/beneficiary/{decree['id']}"), "a decree is not taken back"
