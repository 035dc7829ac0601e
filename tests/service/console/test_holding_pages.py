"""The treasurer's pages: the holding account, its statement, a day that closes; rows in quarantine; papers."""

from __future__ import annotations

from tests.service.console.conftest import OpenConsole, words

STATEMENT = b"tanggal;rujukan;masuk;keluar;keterangan\n2025-09-18;X9;1.250;;JASA GIRO\n"


async def test_a_statement_is_sent_its_difference_named_and_its_day_closed_by_another(console: OpenConsole) -> None:
    treasurer = await console().enters_as("treasurer")
    assert "Belum ada rekening koran" in await treasurer.reads("/penampungan")
    typed = {"account": "1010101010", "from_day": "2025-09-18", "to_day": "2025-09-18", "opening": "0", "closing": "1.250"}
    page = await treasurer.does("/impor/disbursement/baru/statement", typed, file=("koran.csv", STATEMENT))
    await treasurer.does(f"{page.partition('?')[0]}/simpan")
    shown = await treasurer.http.get("/penampungan")
    assert "Buku Rp0, rekening koran Rp1.250, selisih Rp1.250" in words(shown)
    assert "JASA GIRO" in words(shown)
    subject = shown.text.split('name="pokok" value="')[1].split('"')[0]
    refused = await treasurer.sends("/penampungan/2025-09-18/tutup")
    assert (refused.status_code, "belum semua selisih diberi nama" in words(refused)) == (409, True)
    named = {
        "pokok": subject, "jumlah": "1250", "alasan": "jasa giro, disetor akhir bulan", "penanggung_jawab": "bendahara",
        "tenggat": "2025-09-30",
    }  # fmt: skip
    assert "selesai=beri-nama" in await treasurer.does("/penampungan/2025-09-18/beri-nama", named)
    own = await treasurer.sends("/penampungan/2025-09-18/tutup")
    assert (own.status_code, "Harus orang lain" in words(own)) == (409, True)
    second = await console().enters_as("treasurer2")
    assert "selesai=tutup-hari" in await second.does("/penampungan/2025-09-18/tutup")
    assert "Hari ini sudah ditutup." in await second.reads("/penampungan?hari=2025-09-18")


async def test_what_is_typed_wrong_comes_back(console: OpenConsole) -> None:
    treasurer = await console().enters_as("treasurer")
    line = {"rekening_koran": "01920000-0000-7000-8000-000000000001", "baris": "2", "untuk": "REF abc", "alasan": "surat"}
    assert (await treasurer.sends("/penampungan/2025-09-18/cocokkan", line)).status_code == 422
    assert (await treasurer.sends("/penampungan/2025-09-18/lupa")).status_code == 404
    missing = await treasurer.sends("/penampungan/2025-09-18/cocokkan", line | {"untuk": "REF 1.000"})
    assert missing.status_code == 404


async def test_an_address_that_names_no_day_or_no_month_is_a_page_too(console: OpenConsole) -> None:
    treasurer = await console().enters_as("treasurer")
    for day in ("2025-13", "kemarin", "<b>"):
        assert "Belum ada rekening koran" in await treasurer.reads(f"/penampungan?hari={day}", status=422)
    assert "Belum ada rekening koran" in words(await treasurer.sends("/penampungan/kemarin/tutup"))
    assert "not-found" in await treasurer.reads("/bulan/%00", status=404)
    assert "Isian belum lengkap" in await treasurer.reads("/bulan/%00/ledger.csv", status=422)


async def test_the_desk_of_quarantined_rows_opens_empty_and_for_its_people(console: OpenConsole) -> None:
    assert "Tidak ada baris yang menunggu keputusan" in await (await console().enters_as("operator")).reads("/karantina")
    await (await console().enters_as("checker")).reads("/karantina", status=403)
    decide = {"keputusan": "leave", "bukti": "catatan"}
    operator = await console().enters_as("operator")
    gone = await operator.sends("/karantina/01920000-0000-7000-8000-000000000001/1/putuskan", decide)
    assert gone.status_code == 404


async def test_a_paper_of_nothing_is_a_page_that_says_so(console: OpenConsole) -> None:
    await (await console().enters_as("treasurer")).reads("/bulan/2031-01/berkas/minutes.pdf", status=404)
