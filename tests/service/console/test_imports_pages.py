"""S3: a file is checked, its problems are read by row and column, mended, and saved by a second person."""

from __future__ import annotations

from typing import Any

from services.console.kinds import KINDS
from tests.service.beneficiary.story import HEADER, Citizen, decree_file, decreed
from tests.service.console.conftest import OpenConsole, words
from tests.support.world import World

NEW = "/impor/beneficiary/baru/decree"
PEOPLE = [Citizen(number) for number in range(1, 5)]
TYPED = {
    "number": "850/2025", "from_month": "2025-09", "to_month": "2025-12", "count": "4", "sum": "Rp1.200.000",
    "KLJ.count": "4", "KLJ.sum": "1.200.000", "KLJ.quota": "5",
}  # fmt: skip


async def test_empty_pages_say_what_to_do_next(console: OpenConsole) -> None:
    visitor = await console().enters_as("operator")
    assert "Belum ada bulan penyaluran" in await visitor.reads("/")
    assert "Tidak ada berkas yang menunggu." in await visitor.reads("/impor")
    assert "Tidak ada orang yang menunggu." in await visitor.reads("/temuan")


async def test_a_file_with_a_bad_row_is_mended_and_saved_by_a_second_person(console: OpenConsole) -> None:
    visitor = await console().enters_as("operator")
    good, bad = PEOPLE[:3], PEOPLE[3]
    wrong = decree_file(good) + bad.row().replace(bad.area, "31.73.01.9999").encode() + b"\r\n"
    page = await visitor.does(NEW, TYPED, file=("lampiran.csv", wrong))
    read = await visitor.reads(page)
    for expected in ("Berkas diperiksa. Belum ada yang disimpan.", "4 Baris", "3 Lolos", "1 Bermasalah", "kode_kelurahan", "beda −1"):
        assert expected in read, (expected, read)
    path = page.partition("?")[0]
    assert "Belum dapat disimpan" in read

    rejected = await visitor.http.get(f"{path}/bermasalah.csv")
    assert rejected.status_code == 200
    assert bad.name in rejected.text
    await visitor.does(f"{path}/perbaikan", file=("perbaikan.csv", f"{HEADER}\r\n{bad.row()}\r\n".encode()))
    assert "4 Lolos" in await visitor.reads(path)

    refused = await visitor.sends(f"{path}/simpan")
    assert refused.status_code == 409
    assert "Harus orang lain" in words(refused)
    assert "four-eyes" in words(refused)

    second = await console().enters_as("operator2")
    assert "Menunggu Anda atau rekan Anda" in await second.reads("/impor")
    await second.does(f"{path}/simpan")
    read = await second.reads(path)
    assert "Disimpan" in read
    assert "Olivia" in read


async def test_a_decree_stands_beside_the_one_that_it_follows(console: OpenConsole, world: World) -> None:
    await decreed(world, PEOPLE[:3], number="50/2025", from_month="2025-01", to_month="2025-08")
    visitor = await console().enters_as("operator")
    page = await visitor.does(NEW, TYPED, file=("lampiran.csv", decree_file([Citizen(5), *PEOPLE[1:]])))
    read = await visitor.reads(page)
    assert "Dibanding SK sebelumnya 50/2025" in read
    assert "KLJ 3 2 1 0 0 4" in read  # before, entered, left, moved, another amount, now
    assert "Hari ini: 0 berkas selesai, 0 menunggu Anda." not in await visitor.reads("/impor")


async def test_what_was_typed_stays_when_a_number_is_none(console: OpenConsole) -> None:
    visitor = await console().enters_as("operator")
    answer = await visitor.sends(NEW, TYPED | {"sum": "satu juta"}, file=("lampiran.csv", decree_file(PEOPLE)))
    assert answer.status_code == 422
    assert "Angka dari dokumen belum terisi dengan benar" in words(answer)
    assert 'value="850/2025"' in answer.text


async def test_a_file_of_another_kind_is_refused_in_words(console: OpenConsole) -> None:
    visitor = await console().enters_as("operator")
    answer = await visitor.sends(NEW, TYPED, file=("lampiran.csv", b"a;b\r\n1;2\r\n"))
    assert answer.status_code == 422
    assert "Berkas ini tidak dapat dibaca sebagai templat yang dipilih." in words(answer)
    assert "Tidak ada berkas yang menunggu." in await visitor.reads("/impor")


async def test_the_same_file_again_leads_to_the_first_check(console: OpenConsole) -> None:
    visitor = await console().enters_as("operator")
    first = await visitor.does(NEW, TYPED, file=("lampiran.csv", decree_file(PEOPLE)))
    again = await visitor.does(NEW, TYPED, file=("nama-lain.csv", decree_file(PEOPLE)))
    assert again.partition("?")[0] == first.partition("?")[0]
    assert "sudah pernah diunggah" in await visitor.reads(again)


async def test_the_wrong_role_reads_a_sentence(console: OpenConsole) -> None:
    visitor = await console().enters_as("auditor")
    answer = await visitor.sends(NEW, TYPED, file=("lampiran.csv", decree_file(PEOPLE)))
    assert answer.status_code == 403
    assert "Peran Anda tidak boleh melakukan ini" in words(answer)


async def test_with_htmx_a_refusal_is_a_fragment_and_success_moves_on(console: OpenConsole) -> None:
    visitor = await console().enters_as("operator")
    visitor.http.headers["hx-request"] = "true"
    refused = await visitor.sends(NEW, TYPED | {"count": "x"}, file=("lampiran.csv", decree_file(PEOPLE)))
    assert "<html" not in refused.text
    assert 'role="alert"' in refused.text
    done = await visitor.sends(NEW, TYPED, file=("lampiran.csv", decree_file(PEOPLE)))
    assert done.status_code == 204
    assert done.headers["hx-redirect"].startswith("/impor/beneficiary/")


async def test_every_kind_of_file_of_every_service_has_its_form_and_template(console: OpenConsole, world: World) -> None:
    visitor = await console().enters_as("operator")
    declared: set[tuple[str, Any]] = set()
    for service in ("beneficiary", "disbursement", "budget_audit", "assistive_devices"):
        answer = await world.as_("operator").get(f"/{service}/imports")
        declared |= {(service, kind) for kind in answer.json()["kinds"]}
    shown = {(kind.service, kind.name) for kind in KINDS}
    assert shown - {("disbursement", "results")} == declared
    for kind in KINDS:
        assert kind.title in await visitor.reads(f"/impor/{kind.service}/baru/{kind.name}")
        for form in ("csv", "xlsx"):
            template = await visitor.http.get(f"/impor/templat/{kind.service}/{kind.name}.{form}")
            assert template.status_code == 200, (kind.name, form, words(template))
            assert "attachment" in template.headers["content-disposition"]
