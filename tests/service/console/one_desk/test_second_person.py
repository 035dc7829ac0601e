"""What waits for a second person stands in one place, whatever page it was proposed on; one's own is not among it."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from shared.kernel.clock import FrozenClock
from tests.service.console.around_desk import DeskConsole
from tests.service.disbursement.desk import Desk, person
from tests.service.disbursement.paying import Office

MORNING = datetime(2025, 9, 18, 2, tzinfo=UTC)


@pytest.fixture
async def clock() -> FrozenClock:
    return FrozenClock(MORNING)


async def test_what_others_proposed_is_found_from_one_page(desk: Desk, console: DeskConsole) -> None:
    office = Office(desk)
    await office.open_month(range(2))
    operator, second = await console().enters_as("operator"), await console().enters_as("operator2")
    assert "Usulan rekan" not in await second.reads("/perintah")
    for number in range(2):
        office.give_account(number)
        change = {
            "person_id": str(person(number)), "programme": "KLJ", "bank_code": "111", "account_number": f"70000000{number:02d}",
            "holder": "PEMILIK", "card_handed_over": True, "reason": "kartu hilang", "document": "surat 1",
        }  # fmt: skip
        await office.post("operator", "/account-changes", change, status=201)
    rule = {"working_days": 5, "valid_from": "2025-09-18", "document": "SK 3/2025"}
    await office.post("operator", "/account-cooling-off", rule, status=201)
    cap = {"bank_code": "111", "max_amount": 900_000, "valid_from": "2025-09-18", "document": "Surat bank 7/2025"}
    await office.post("operator", "/bank-caps", cap, status=201)
    holiday = {"kind": "holiday_added", "day": "2027-06-15", "name": "Libur daerah", "sort": "libur_nasional", "source": "SE 9/2027"}
    await office.post("operator", "/calendar/changes", holiday, status=201)
    webhook = {"name": "Portal", "url": "https://contoh.example/", "types": ["disbursement.month.opened.v1"], "document": "PKS 1"}
    await office.post("operator", "/webhooks", webhook, status=201)
    limit = {
        "kind": "maximum", "role": "approver", "person": "", "programme": "", "amount": 1_000_000, "valid_from": "2025-09-18",
        "valid_to": None, "reason": "SK 12/2025",
    }  # fmt: skip
    await office.post("operator", "/signing-rules", limit, status=201)

    read = await second.reads("/perintah")
    assert "Usulan rekan yang dapat Anda putuskan di halaman lain 2 perubahan rekening 1 masa tenang perubahan rekening" in read
    assert "1 usulan kalender 1 batas sekali transfer 1 sistem lain yang diberi tahu" in read
    assert "batas tanda tangan" not in read.split("Usulan rekan")[1].split("Sedang dibekukan")[0], "an operator does not decide it"
    assert "Usulan rekan" not in await operator.reads("/perintah"), "one's own is not among it"
    assert "1 batas tanda tangan" in await (await console().enters_as("leader")).reads("/perintah")
    assert "2 perubahan rekening Sedang dibekukan" in await (await console().enters_as("checker")).reads("/perintah")


async def test_an_area_is_shown_what_its_people_decide(desk: Desk, console: DeskConsole) -> None:
    office = Office(desk)
    rule = {"working_days": 5, "valid_from": "2025-09-18", "document": "SK 3/2025"}
    await office.post("operator", "/account-cooling-off", rule, status=201)
    assert "Usulan rekan" not in await (await console().enters_as("jakpus")).reads("/perintah")
