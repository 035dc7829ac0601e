"""Behind the holding account by pages: each person's rupiah, asking the bank, the statement line by line with a match taken back."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.rsa import generate_private_key
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from services.console.pages import balances
from services.disbursement.domain.posting import AGES, OLDEST
from services.disbursement.queries.inquiries import MEANINGS
from shared.kernel.clock import FrozenClock
from tests.service.console.around_desk import DeskConsole
from tests.service.console.conftest import words
from tests.service.disbursement.desk import Desk
from tests.service.disbursement.paying import Office, account_number
from tests.service.disbursement.test_statements import taken
from tests.support.snap_bank import SnapBankSimulator, Transfer, running

FRIDAY = datetime(2025, 9, 26, 3, tzinfo=UTC)


@pytest.fixture
async def clock() -> FrozenClock:
    return FrozenClock(FRIDAY)


@pytest.fixture
async def office(desk: Desk) -> Office:
    office = Office(desk)
    await office.open_month_with_accounts(range(4))
    return office


def test_every_age_and_answer_has_a_word() -> None:
    assert set(balances.AGES) == {*(name for _, name in AGES), OLDEST}
    assert set(balances.MEANINGS) == set(MEANINGS)
    assert set(balances.MEANINGS) > balances.WRONG


async def test_whose_rupiah_lie_in_the_account_by_age(desk: Desk, office: Office, console: DeskConsole) -> None:
    batch = await office.released()
    rows = [await office.row(batch, 0), await office.row(batch, 1, "03"), await office.row(batch, 2, "09")]
    await office.send_results(batch, rows)
    await desk.settle()
    treasurer = await console().enters_as("treasurer")
    assert 'href="/penampungan/orang?umur=0-30"' in (await treasurer.http.get("/penampungan")).text
    read = await treasurer.reads("/penampungan/orang")
    assert "3 baris, Rp900.000" in read
    assert "Tidak dapat dikreditkan Rekening ditutup" in read
    assert "Tidak dapat dikreditkan Rekening pasif" in read
    assert "Menunggu jawaban bank" in read
    assert "belum diputuskan" in read
    assert isinstance(desk.clock, FrozenClock)
    desk.clock.move(timedelta(days=45))
    assert "Tidak ada." in await treasurer.reads("/penampungan/orang?umur=0-30")
    assert "3 baris, Rp900.000" in await treasurer.reads("/penampungan/orang?umur=31-90")
    assert "3 baris" in await treasurer.reads(f"/penampungan/orang?daftar={batch['code']}")
    assert "Tidak ada." in await treasurer.reads("/penampungan/orang?daftar=2025-08-M01")
    await treasurer.reads("/penampungan/orang?umur=lama", status=404)
    assert "3 baris" in await (await console().enters_as("auditor")).reads("/penampungan/orang")
    leader = await console().enters_as("leader")
    assert "/penampungan/orang" not in (await leader.http.get("/penampungan")).text, "who works with sums gets no link to people"
    await leader.reads("/penampungan/orang", status=403)
    purposes = desk.sql("SELECT DISTINCT purpose FROM audit_entry WHERE operation = 'holding.people' ORDER BY 1")
    assert purposes == [("audit",), ("payment",)]


@pytest.fixture
def bank(desk: Desk, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    key = generate_private_key(65537, 2048)
    (tmp_path / "snap.pem").write_bytes(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    (tmp_path / "snap.secret").write_text("rahasia\n")
    simulator = SnapBankSimulator("dinsos", b"rahasia", key.public_key(), desk.clock.now)
    for name, value in (
        ("CLIENT_ID", "dinsos"), ("CLIENT_SECRET_FILE", str(tmp_path / "snap.secret")), ("PARTNER_ID", "DINSOS"),
        ("PRIVATE_KEY_FILE", str(tmp_path / "snap.pem")),
    ):  # fmt: skip
        monkeypatch.setenv(f"RITME_SNAP_{name}", value)
    with running(simulator):
        yield simulator


async def test_the_bank_is_asked_about_one_payment_and_its_answer_is_on_a_page(
    desk: Desk, office: Office, console: DeskConsole, bank: SnapBankSimulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    batch = await office.released()
    await office.post("operator", f"/batches/{batch['id']}/results-due")
    await desk.settle()
    operator = await console().enters_as("operator")
    here = f"/penyaluran/{batch['id']}/pertanyaan"
    assert "Belum ada pertanyaan" in await operator.reads(here)
    assert f'href="{here}"' in (await operator.http.get(f"/penyaluran/{batch['id']}")).text
    listed = (await operator.http.get("/penampungan/orang")).text
    asking = re.search(r'action="(/penampungan/orang/[0-9a-f-]{36}/tanya)"', listed)
    assert asking is not None
    assert await operator.does(asking[1], {"umur": "", "daftar": ""}) == "/penampungan/orang?selesai=tanya-bank"
    lines = await office.lines(batch)
    bank.transfers = {line["reference"]: Transfer(line["amount"], account_number(nth)) for nth, line in enumerate(lines)}
    bank.transfers.pop(lines[3]["reference"])
    monkeypatch.setenv("RITME_SNAP_URL", bank.url)
    await desk.settle()
    read = await operator.reads(here)
    assert "Dikreditkan Bank menyatakan berhasil dikreditkan." in read
    assert "Belum dikenal bank Bank belum mengenal rujukan ini. Bukan berarti gagal; jangan dikirim ulang." in read
    only = await operator.reads(f"{here}?arti=not_found")
    assert lines[3]["reference"] in only
    assert lines[0]["reference"] not in only
    await operator.reads(f"{here}?arti=lupa", status=404)
    ((paid,),) = desk.sql("SELECT id::text FROM payment WHERE reference = %s", lines[0]["reference"])
    decided = await operator.sends(f"/penampungan/orang/{paid}/tanya", {"umur": "", "daftar": ""})
    assert decided.status_code == 409, "what has its outcome is not asked for"
    await (await console().enters_as("jakpus")).reads(here, status=403)
    checker = await console().enters_as("checker")
    assert "Tanya bank sekarang" not in await checker.reads("/penampungan/orang")


async def test_the_statement_line_by_line_and_a_match_taken_back(desk: Desk, office: Office, console: DeskConsole) -> None:
    batch = await office.released()
    rows = [
        "2025-09-18;SP2D-1;1.200.000;;DROPPING DANA",
        f"2025-09-18;{batch['code']};;1.200.000;PENYALURAN",
        "2025-09-18;X9;1.250;;JASA GIRO",
    ]
    shown = await taken(desk, rows, days=("2025-09-18", "2025-09-18"), balance=(0, 1_250))
    treasurer = await console().enters_as("treasurer")
    here = f"/penampungan/koran/{shown['id']}"
    assert f'href="{here}"' in (await treasurer.http.get("/penampungan")).text
    read = await treasurer.reads(here)
    assert "DROPPING DANA SP2D-1 Rp1.200.000 SP2D SP2D-1: Rp1.200.000, menurut rujukan" in read
    assert "JASA GIRO X9 Rp1.250 menunggu orang" in read
    refused = await treasurer.sends(f"{here}/1/batalkan", {"alasan": "x"})
    assert (refused.status_code, "Alasan: paling sedikit 3 huruf" in words(refused)) == (422, True)
    first = re.search(rf'action="({here}/[0-9]+/batalkan)"', (await treasurer.http.get(here)).text)
    assert first is not None
    assert await treasurer.does(first[1], {"alasan": "salah SP2D"}) == f"{here}?selesai=batal-cocok"
    read = await treasurer.reads(here)
    assert "SP2D SP2D-1: −Rp1.200.000, dibatalkan (salah SP2D), Tono, bendahara pengeluaran menunggu orang" in read
    assert await treasurer.does("/penampungan/koran/cocokkan-lagi") == "/penampungan?selesai=cocokkan-lagi"
    await treasurer.reads("/penampungan/koran/01920000-0000-7000-8000-000000000001", status=404)
    auditor = await console().enters_as("auditor")
    assert "Salah cocok?" not in await auditor.reads(here)
