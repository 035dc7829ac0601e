"""The holding account's statement as the bank's own message: camt.053 of an independent bank, and messages that must not be taken."""

from __future__ import annotations

import json
import re
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest

from shared.kernel.clock import FrozenClock
from tests.service.disbursement.desk import Desk
from tests.service.disbursement.files import commit, problems
from tests.service.disbursement.paying import Office
from tests.service.disbursement.test_handover import folder
from tests.service.disbursement.test_iso20022 import CHANNEL, agree, bank, collect, office, open_accounts

__all__ = ["bank", "office"]

CAMT = "urn:iso:std:iso:20022:tech:xsd:camt.053.001.08"
ACCOUNT = "1010101010"


@pytest.fixture
async def clock() -> FrozenClock:
    return FrozenClock(datetime(2025, 9, 18, 2, tzinfo=UTC))


async def send(desk: Desk, message: bytes, controls: dict[str, Any]) -> httpx.Response:
    files = {"file": ("rekening-koran.xml", message, "application/xml")}
    answer: httpx.Response = await desk.as_("treasurer").post("/imports/statement", files=files, data={"controls": json.dumps(controls)})
    return answer


def balances(message: bytes) -> tuple[int, int]:
    first, last = re.findall(rb'</CdOrPrtry></Tp><Amt Ccy="IDR">([0-9]+)\.00</Amt>', message)
    return int(first), int(last)


async def test_the_statement_of_an_independent_bank_is_matched_line_by_line(
    office: Office, desk: Desk, bank: httpx.AsyncClient, clock: FrozenClock
) -> None:
    iban = await open_accounts(bank)
    await agree(office, "channel", {**CHANNEL, "debtor_account": iban})
    await office.released()
    await desk.settle()
    await bank.post("/payments", content=(folder(desk, "out") / "2025-09-M01.xml").read_bytes())
    await bank.post("/_mock/advance", params={"days": 1})
    clock.move(timedelta(days=1))
    (movements,) = await collect(bank, "camt.054")
    answer = await desk.as_("operator").post("/results", files={"file": ("gerak.xml", movements, "application/xml")})
    assert answer.json()["applied"] == 4, answer.text
    (message,) = [one for one in await collect(bank, "camt.053") if iban.encode() in one and b"2025-09-M01-000001" in one]
    opening, closing = balances(message)
    assert opening - closing == 4 * 300_000
    controls = {"account": iban, "from_day": "2025-09-18", "to_day": "2025-09-18", "opening": opening, "closing": closing}

    wrong = (await send(desk, message, {**controls, "opening": opening - 1, "closing": closing - 1})).json()
    assert not wrong["ready"]
    assert {code for _, _, code in await problems(desk, wrong)} == {"other-statement"}
    sent = (await send(desk, message, controls)).json()
    assert (sent["ready"], sent["rows"], sent["totals"]["out"]) == (True, 4, 1_200_000), sent["not_ready"]
    assert (await send(desk, message, controls)).json()["duplicate_of"] == sent["id"]
    status, taken = await commit(desk, sent, by="treasurer")
    assert (status, taken["result"]) == (200, {"matched": 4, "open": 0})
    lines = (await office.get(f"/statements/{sent['id']}/lines", "treasurer"))["items"]
    assert [(one["amount"], [m["kind"] for m in one["matches"]]) for one in lines] == [(-300_000, ["payment"])] * 4
    shown = await office.get("/statement-days/2025-09-18", "treasurer")
    # The SP2D came into the ledger's holding account and not into this bank's: a difference, like what it held before.
    assert {one["subject"] for one in shown["differences"]} == {"opening", "sp2d:SP2D-1"}


# --- messages by hand ---------------------------------------------------------------------------------------------------


def message(entries: str, *, opening: str = "1000000", closing: str = "400000", currency: str = "IDR", account: str = ACCOUNT) -> bytes:
    return (
        f'<?xml version="1.0"?><Document xmlns="{CAMT}"><BkToCstmrStmt><GrpHdr><MsgId>S</MsgId>'
        f"<CreDtTm>2025-09-18T17:00:00</CreDtTm></GrpHdr>{report(entries, opening, closing, currency, account)}</BkToCstmrStmt></Document>"
    ).encode()


def report(entries: str, opening: str, closing: str, currency: str = "IDR", account: str = ACCOUNT) -> str:
    said = "".join(
        f'<Bal><Tp><CdOrPrtry><Cd>{code}</Cd></CdOrPrtry></Tp><Amt Ccy="{currency}">{amount}</Amt><CdtDbtInd>CRDT</CdtDbtInd></Bal>'
        for code, amount in (("OPBD", opening), ("CLBD", closing))
    )
    return f"<Stmt><Id>1</Id><Acct><Id><Othr><Id>{account}</Id></Othr></Id></Acct>{said}{entries}</Stmt>"


def entry(amount: str, details: str = "", *, side: str = "DBIT", status: str = "BOOK", day: str = "2025-09-18", words: str = "") -> str:
    return (
        f'<Ntry><Amt Ccy="IDR">{amount}</Amt><CdtDbtInd>{side}</CdtDbtInd><Sts><Cd>{status}</Cd></Sts><BookgDt><Dt>{day}</Dt></BookgDt>'
        f"<NtryDtls>{details}</NtryDtls><AddtlNtryInf>{words}</AddtlNtryInf></Ntry>"
    )


def detail(reference: str, amount: str = "") -> str:
    stated = f'<Amt Ccy="IDR">{amount}</Amt>' if amount else ""
    return f"<TxDtls><Refs><EndToEndId>{reference}</EndToEndId></Refs>{stated}</TxDtls>"


CONTROLS = {"account": ACCOUNT, "from_day": "2025-09-18", "to_day": "2025-09-18", "opening": 1_000_000, "closing": 400_000}


@pytest.fixture
async def next_day(desk: Desk, clock: FrozenClock) -> Desk:
    clock.move(timedelta(days=1))
    return desk


async def read(desk: Desk, sent: bytes, controls: dict[str, Any] | None = None) -> list[tuple[str, int]]:
    """Reference and rupiah of each staged line, in order."""
    answer = await send(desk, sent, controls or CONTROLS)
    assert answer.status_code == 201, answer.text
    assert answer.json()["ready"], (answer.json()["not_ready"], await problems(desk, answer.json()))
    rows = desk.sql("SELECT reference, amount FROM statement_staging WHERE import_id = %s ORDER BY line", answer.json()["id"])
    return [(str(reference), int(amount)) for reference, amount in rows]


async def test_a_movement_of_many_payments_is_told_apart_where_the_bank_says_how(next_day: Desk) -> None:
    one, two = "2025-09-M01-000001", "2025-09-M01-000002"
    assert await read(next_day, message(entry("600000", detail(one, "300000") + detail(two, "300000.00")))) == [
        (one, -300_000), (two, -300_000),
    ]  # fmt: skip


async def test_a_movement_of_a_whole_list_is_one_line_with_the_list_s_name(next_day: Desk) -> None:
    whole = "<Btch><MsgId>RITME-2025-09-M01</MsgId><NbOfTxs>2</NbOfTxs></Btch>"
    assert await read(next_day, message(entry("600000", whole))) == [("2025-09-M01", -600_000)]
    # Details whose amounts do not come to the movement are not believed.
    torn = detail("2025-09-M01-000001", "300000") + detail("2025-09-M01-000002", "200000")
    assert await read(next_day, message(entry("600000", torn, words="PKD 2025-09-M01"))) == [("2025-09-M01", -600_000)]


async def test_what_is_not_booked_is_no_line_and_money_that_comes_in_is_positive(next_day: Desk) -> None:
    rows = entry("600000", detail("2025-09-M01-000001")) + entry("5", status="PDNG") + entry("200000", detail("SP2D-9"), side="CRDT")
    assert await read(next_day, message(rows, closing="600000"), {**CONTROLS, "closing": 600_000}) == [
        ("2025-09-M01-000001", -600_000), ("SP2D-9", 200_000),
    ]  # fmt: skip


async def test_days_in_one_message_go_on_from_one_another(next_day: Desk, clock: FrozenClock) -> None:
    clock.move(timedelta(days=1))
    empty, first = report("", "1000000", "400000"), report(entry("600000"), "1000000", "400000")

    def two(opening: str, closing: str) -> bytes:
        second = report(entry("100000", day="2025-09-19"), opening, closing)
        return message("").replace(empty.encode(), f"{first}{second}".encode())

    days = {**CONTROLS, "to_day": "2025-09-19", "closing": 300_000}
    assert [amount for _, amount in await read(next_day, two("400000", "300000"), days)] == [-600_000, -100_000]
    gap = two("500000", "400000")
    refused = await send(next_day, gap, days)
    assert (refused.status_code, refused.json()["code"], refused.json()["reason"]) == (422, "file-refused", "totals")


GOOD = entry("600000", detail("2025-09-M01-000001"))


@pytest.mark.parametrize(
    ("wrong", "reason"),
    [
        (message(GOOD, closing="500000"), "totals"),  # a movement is missing
        (message(GOOD, currency="USD"), "totals"),
        (message(GOOD, opening="1000000.50", closing="400000.50"), "totals"),
        (message("<TxsSummry><TtlNtries><NbOfNtries>2</NbOfNtries></TtlNtries></TxsSummry>" + GOOD), "totals"),
        (message(GOOD)[:-40], "not-a-table"),
        (message(GOOD).replace(b"600000", b"banyak"), "not-a-table"),
        (b'<?xml version="1.0"?><!DOCTYPE d [<!ENTITY a "x">]>' + message(GOOD).split(b"?>", 1)[1], "header-missing"),
    ],
)
async def test_a_message_that_does_not_prove_itself_is_refused_as_a_whole(next_day: Desk, wrong: bytes, reason: str) -> None:
    refused = await send(next_day, wrong, CONTROLS)
    assert (refused.status_code, refused.json()["code"], refused.json()["reason"]) == (422, "file-refused", reason)
    assert next_day.sql("SELECT count(*) FROM statement_staging") == [(0,)]


async def test_a_part_of_a_rupiah_and_a_movement_without_a_day_are_rows_to_mend(next_day: Desk) -> None:
    rows = entry("299999.50") + entry("300000.50").replace("<BookgDt><Dt>2025-09-18</Dt></BookgDt>", "")
    answer = (await send(next_day, message(rows), CONTROLS)).json()
    assert [(row, code) for row, _, code in await problems(next_day, answer)] == [(1, "rupiah"), (2, "missing"), (2, "rupiah")]
    other = (await send(next_day, message(GOOD, account="2020202020"), CONTROLS)).json()
    assert [code for _, _, code in await problems(next_day, other)] == ["other-statement"]
