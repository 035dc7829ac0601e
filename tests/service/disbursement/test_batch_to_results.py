"""One list from the maker to the last gap, through the doors (CORE.md sections 4 to 6)."""

from __future__ import annotations

import hashlib

import msgspec
import pytest

from shared.contracts.registry import EVENTS
from tests.service.disbursement.desk import Desk, person
from tests.service.disbursement.paying import MONTH, TARIFF, Office, account_number


@pytest.fixture
async def office(desk: Desk) -> Office:
    """Ten people are due; eight have account and card, one an account without card, one nothing on record."""
    office = Office(desk)
    await office.open_month(range(10))
    for number in range(9):
        office.give_account(number, card=number != 8)
    return office


async def test_a_month_from_list_to_gaps(office: Office, desk: Desk) -> None:
    draft = await office.compose()
    assert (draft["code"], draft["state"], draft["payments"], draft["allocations"], draft["sum"]) == (
        "2025-09-M01", "draft", 8, 8, 8 * TARIFF,
    )  # fmt: skip
    assert desk.outcomes() == {"due": 10}

    batch = await office.sign(draft)
    listed = (await desk.as_("checker").get(f"/batches/{batch['id']}/list.tsv")).content
    assert hashlib.sha256(listed).hexdigest() == batch["list_hash"]
    first, *lines = listed.decode().splitlines()
    assert first == f"{batch['id']}\t{MONTH}\tmain\t8\t{8 * TARIFF}"
    assert [line.split("\t")[:4] for line in lines] == [[str(person(n)), "KLJ", MONTH, str(TARIFF)] for n in range(8)]
    assert office.events(202)[0][1]["list_hash"] == batch["list_hash"]

    await office.reserve(batch)
    await office.pay_in(batch)
    released = await office.release(batch)

    assert released["state"] == "released"
    assert released["file"]["count"] == 8
    assert released["file"]["entry_hash"] == sum(int(account_number(n)) for n in range(8)) % 10**10
    assert desk.outcomes() == {"due": 2, "in_payment": 8}
    assert released["handover"]["state"] == "waiting"
    await desk.settle()
    out = desk.api.settings.data / "bank" / "out" / "2025-09-M01.csv"
    assert hashlib.sha256(out.read_bytes()).hexdigest() == released["file"]["sha256"]
    assert await office.bank_file(released) == out.read_bytes()

    rows = [await office.row(batch, n, "03" if n == 5 else "00") for n in range(7)]
    status, answer = await office.send_results(batch, rows)
    assert (status, answer["applied"], answer["rejected"], answer["quarantined"], answer["unchanged"]) == (201, 7, 1, 0, 0)
    assert desk.outcomes() == {"due": 2, "in_payment": 1, "missed": 1, "paid": 6}
    assert (await office.get(f"/gaps?month={MONTH}"))["open"] == 0

    await desk.settle()

    assert desk.outcomes() == {"missed": 3, "paid": 6, "unknown": 1}
    assert [office.head(n) for n in (5, 7, 8, 9)] == [
        ("missed", "account_closed"), ("unknown", "awaiting_bank"), ("missed", "card_not_handed_over"), ("missed", "cause_not_known"),
    ]  # fmt: skip
    gaps = await office.get(f"/gaps?month={MONTH}")
    assert (gaps["open"], gaps["without_owner"], gaps["without_due_date"], gaps["parked"]) == (4, 0, 0, 0)
    assert gaps["by_reason"] == {"account_closed": 1, "awaiting_bank": 1, "card_not_handed_over": 1, "cause_not_known": 1}
    assert {gap["owner"] for gap in gaps["items"]} == {"satpel/31.71.01", "bank-jakarta", "sudin/31.71", "bidang-linjamsos"}
    assert all(gap["due_on"] for gap in gaps["items"])
    assert (await office.get(f"/batches/{batch['id']}"))["state"] == "results_in"
    money = await office.get(f"/months/{MONTH}/money")
    assert {key: money[key] for key in ("sp2d", "credited", "returned", "holding", "balanced")} == {
        "sp2d": 8 * TARIFF, "credited": 6 * TARIFF, "returned": 0, "holding": 2 * TARIFF, "balanced": True,
    }  # fmt: skip
    settled = [data for _, data in office.events(205)]
    assert [data["result_no"] for data in settled] == [1, 2]
    assert settled[-1]["totals"][0] | {"programme": ""} == {
        "programme": "", "released": 8, "released_sum": 8 * TARIFF, "credited": 6, "credited_sum": 6 * TARIFF,
        "rejected": 1, "rejected_sum": TARIFF, "returned_late": 0, "returned_late_sum": 0, "unknown": 1,
        "unknown_sum": TARIFF, "in_payment": 0, "in_payment_sum": 0, "from_holding_sum": 0, "paid_on_sum": 0,
    }  # fmt: skip
    assert await desk.settle() == 0
    for number, data in desk.sql("SELECT type, data FROM outbox ORDER BY seq"):
        msgspec.json.decode(data, type=EVENTS[int(number)], strict=True)  # what SQL wrote has the contract's shape
