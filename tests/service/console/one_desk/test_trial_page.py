"""A result file tried out by a page: what it would do by code and row, and that nothing was done."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

import pytest

from shared.kernel.clock import FrozenClock
from tests.service.console.around_desk import DeskConsole
from tests.service.console.conftest import words
from tests.service.disbursement.desk import Desk
from tests.service.disbursement.paying import Office
from tests.service.disbursement.test_inbound_templates import TITLED

MORNING = datetime(2025, 9, 26, 2, tzinfo=UTC)


@pytest.fixture
async def clock() -> FrozenClock:
    return FrozenClock(MORNING)


@pytest.fixture
async def office(desk: Desk) -> Office:
    office = Office(desk)
    await office.open_month_with_accounts(range(4))
    return office


def file(batch: Mapping[str, Any], rows: Sequence[Sequence[Any]]) -> tuple[str, bytes]:
    first = f"{batch['code']};1;1;{len(rows)};{sum(int(row[2]) for row in rows)}"
    lines = [first, "rujukan;nomor_rekening;nominal;kode;tanggal", *(";".join(map(str, row)) for row in rows), ""]
    return "HASIL-1.csv", "\r\n".join(lines).encode()


async def test_what_a_file_would_do_and_nothing_is_done(desk: Desk, office: Office, console: DeskConsole) -> None:
    batch = await office.released()
    operator = await console().enters_as("operator")
    assert "Tidak ada yang disimpan" in await operator.reads("/bank/coba")
    rows = [await office.row(batch, 0), await office.row(batch, 1, "03"), await office.row(batch, 2, "X7")]
    sent = file(batch, [*rows, ("2025-09-M01-009999", "4000000009", 300_000, "00", "2025-09-25")])
    answer = await operator.sends("/bank/coba", file=sent)
    assert answer.status_code == 200, words(answer)
    read = words(answer)
    assert "Yang akan dilakukan HASIL-1.csv 1 Dikreditkan 1 Ditolak bank 0 Tidak mengubah apa pun 2 Akan dikarantina" in read
    assert f"Daftar {batch['code']} , bagian 1 dari 1: 2 diterapkan, 1 di antaranya ditolak bank, 2 dikarantina" in read
    assert "X7 Belum punya arti: dikarantina – 1" in read
    assert "03 Ditolak bank Rekening ditutup 1" in read
    assert "Kode bank tidak dikenal" in read
    assert desk.outcomes() == {"in_payment": 4}
    assert desk.sql("SELECT count(*) FROM result_file") == [(0,)]


async def test_the_second_person_tries_a_form_that_is_only_proposed(office: Office, console: DeskConsole) -> None:
    batch = await office.released()
    body = {"kind": "template_results", "valid_from": "2025-09-26", "body": TITLED, "document": "Surat bank 7/2025"}
    proposed = await office.post("operator", "/bank/settings", body, status=201)
    approver = await console().enters_as("approver")
    assert "Surat bank 7/2025, mulai 26 Sep 2025 (masih usulan)" in await approver.reads("/bank/coba")
    titles = "Tgl Transaksi|No. Referensi|Kode Respon|Jumlah (Rp)"
    rows = [f"25/09/2025|{batch['code']}-000001|00|300.000,00", f"25/09/2025|{batch['code']}-000002|00|300.000,50"]
    content = "\n".join(["a", "b", titles, *rows]).encode()
    answer = await approver.sends("/bank/coba", {"bentuk": proposed["id"]}, file=("hasil.txt", content))
    read = words(answer)
    assert "1 Dikreditkan" in read, read
    assert "bentuk yang disepakati dengan bank" in read
    assert "5 nominal" in read, "which cell cannot be read"
    assert "Terapkan berkas ini" not in read, "who may try it may not apply it"


async def test_what_is_no_result_file_is_refused_in_words(office: Office, console: DeskConsole) -> None:
    operator = await console().enters_as("operator")
    refused = await operator.sends("/bank/coba", file=("x.csv", b"halo\x00"))
    assert (refused.status_code, "tidak dapat dibaca sebagai hasil bank" in words(refused)) == (422, True)
    nothing = await operator.sends("/bank/coba", {"bentuk": ""})
    assert (nothing.status_code, "Pilih berkas dulu" in words(nothing)) == (422, True)
    strange = await operator.sends("/bank/coba", {"bentuk": "x"}, file=("x.csv", b"a"))
    assert strange.status_code == 422


async def test_whom_the_page_is_for(console: DeskConsole) -> None:
    leader = await console().enters_as("leader")
    assert "Coba berkas lain" not in await leader.reads("/bank/coba")
    assert (await leader.sends("/bank/coba", file=("x.csv", b"a"))).status_code == 403
