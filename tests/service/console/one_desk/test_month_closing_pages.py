"""The month's last step on its page: what keeps it open, the minutes, the second person, and what came afterwards."""

from __future__ import annotations

from tests.service.console.around_desk import DeskConsole
from tests.service.console.conftest import words
from tests.service.disbursement.paying import MONTH, Office
from tests.service.disbursement.test_month_closing import agreed_with_the_bank, answered, list_closed, office

__all__ = ["office"]

PAGE = f"/bulan/{MONTH}"


async def test_a_month_is_closed_by_its_minutes_and_a_second_person(office: Office, console: DeskConsole) -> None:
    treasurer, approver = await console().enters_as("treasurer"), await console().enters_as("approver")
    batch = await answered(office)
    read = await treasurer.reads(PAGE)
    assert "Belum dapat ditutup: 1 daftar penyaluran belum ditutup: 2025-09-M01" in read
    assert "2 mutasi dana pada hari yang belum ditutup dengan rekening koran (terakhir 19 Sep 2025; rekonsiliasi )" in read
    typed = {"program": "KLJ", "berita_acara": "BA-12/X/2025"}
    early = await treasurer.sends(f"{PAGE}/tutup", typed)
    assert (early.status_code, "Bulan ini belum dapat ditutup" in words(early)) == (409, True)
    await list_closed(office, batch)
    await agreed_with_the_bank(office, batch)
    assert "Siap ditutup: bendahara atau kepala bidang" in await (await console().enters_as("operator")).reads(PAGE)

    assert (await treasurer.does(f"{PAGE}/tutup", typed)).endswith("selesai=minta-perintah")
    assert "Menunggu orang kedua" in await treasurer.reads(PAGE)
    read = await approver.reads("/perintah")
    assert "Penutupan bulan KLJ September 2025 Dibayar 1, Ditahan 1, Terlewat 2" in read
    (order,) = (await office.get("/orders?state=proposed", "approver"))["items"]
    await approver.does(f"/perintah/{order['id']}/setujui")
    read = await approver.reads(PAGE)
    assert "Berita acara BA-12/X/2025" in read
    assert "Bulan ini sudah ditutup." in read
    assert "Nomor berita acara" not in read

    await office.send_results(batch, [await office.row(batch, 1, "09", "2025-10-20")], name="retur.csv")
    await office.desk.settle()
    read = await approver.reads(PAGE)
    assert "Sesudah tutup (angka berita acara tetap): 1 orang, Rp300.000: Dibayar → Terlewat (retur dari bank)" in read
    assert "Belum dapat ditutup lagi: 1 daftar penyaluran belum ditutup" in read
