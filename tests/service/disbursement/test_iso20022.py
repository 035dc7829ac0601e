"""A month through ISO 20022: pain.001 to an independent bank (PyPI ``mock-bank``), its pain.002, camt.054 and camt.053 back."""

from __future__ import annotations

import threading
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest

from shared.kernel.clock import FrozenClock
from tests.service.disbursement.desk import Desk
from tests.service.disbursement.paying import TARIFF, Office, account_number
from tests.service.disbursement.test_handover import folder, handover, names, put

etree = pytest.importorskip("lxml.etree", reason="lxml is not installed")
server = pytest.importorskip("mockbank.server", reason="mock-bank is not installed")

MORNING = datetime(2025, 9, 18, 2, tzinfo=UTC)
PAYER = "NL35MOCK0000000001"
"""mock-bank knows the payer by an IBAN; creditors by account number, under its own clearing code."""
CLEARING = "999999992"
CHANNEL = {"channel": "iso20022", "debtor_name": "Dinas Sosial DKI Jakarta", "debtor_bank": "MOCKNL2A"}


@pytest.fixture
async def clock() -> FrozenClock:
    return FrozenClock(MORNING)


@pytest.fixture
async def office(desk: Desk) -> Office:
    """Five people at the bank that will be sent XML; one whose name no bank's character set holds as it is."""
    office = Office(desk)
    await office.open_month(range(5))
    for number in range(5):
        office.give_account(number, holder="NUR’AINI & Ançelo" if number == 3 else f"PEMILIK {number}", bank=CLEARING)
    return office


@pytest.fixture
async def bank() -> AsyncIterator[httpx.AsyncClient]:
    """The bank, on a socket, its clock on the morning of the release."""
    config = server.Config(port=0, quiet=True, clock="2025-09-18T09:00", timezone="Asia/Jakarta")
    running = server.make_server(config)
    thread = threading.Thread(target=running.serve_forever, daemon=True)
    thread.start()
    try:
        async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{running.server_address[1]}", timeout=30) as client:
            yield client
    finally:
        running.shutdown()
        running.server_close()
        thread.join()


async def open_accounts(bank: httpx.AsyncClient) -> str:
    """The payer's account in rupiah, and person 2's account, which is closed; answers the payer's IBAN."""
    (payer,) = [one for one in (await bank.get("/_mock/accounts")).json() if one["id"] == "ACME"]
    assert (await bank.patch("/_mock/accounts/ACME", json={"currency": "IDR", "balance": 10**12})).is_success
    closed = {"id": "TUTUP", "name": "PEMILIK 2", "iban": "NL14MOCK0000000099", "currency": "IDR", "closed": 1}
    opened = await bank.post("/_mock/accounts", json=closed | {"account_number": account_number(2)})
    if not opened.is_success:
        raise AssertionError(opened.text)
    return str(payer["iban"])


async def agree(office: Office, kind: str, body: dict[str, Any], day: str = "2025-09-18") -> dict[str, Any]:
    proposal = {"kind": kind, "valid_from": day, "body": body, "document": "Berita acara 12/2025"}
    proposed = await office.post("operator", "/bank/settings", proposal, status=201)
    return await office.post("treasurer", f"/bank/settings/{proposed['id']}/decision", {"confirm": True})


async def collect(bank: httpx.AsyncClient, kind: str) -> list[bytes]:
    text = (await bank.get("/_mock/mailbox", params={"raw": "1", "type": kind})).text
    return [f"<?xml{part}".encode() for part in text.split("<?xml") if part.strip()]


async def test_a_month_by_iso_20022(office: Office, desk: Desk, bank: httpx.AsyncClient, clock: FrozenClock) -> None:
    iban = await open_accounts(bank)
    await agree(office, "channel", {**CHANNEL, "debtor_account": iban})
    batch = await office.released()
    assert (batch["file"]["name"], batch["file"]["channel"]) == ("2025-09-M01.xml", "iso20022")
    await desk.settle()
    sent = (folder(desk, "out") / "2025-09-M01.xml").read_bytes()
    assert sent == await office.bank_file(batch)
    assert b"<Nm>NUR'AINI + Ancelo</Nm>" in sent

    judged = await bank.post("/_mock/validate", content=sent)
    assert "0 findings" in judged.text, judged.text
    assert (await bank.post("/payments", content=sent, headers={"content-type": "application/xml"})).status_code == 202
    (report,) = await collect(bank, "pain.002")
    put(desk, "status.xml", report)
    await desk.settle()
    assert desk.outcomes() == {"in_payment": 4, "missed": 1}
    assert office.head(2) == ("missed", "account_closed")
    shown = await handover(office, batch)
    assert (shown["state"], shown["source"]) == ("received", "status_report")

    clock.move(timedelta(days=1))
    assert (await bank.post("/_mock/advance", params={"days": 1})).is_success
    (movements,) = await collect(bank, "camt.054")
    put(desk, "gerak.xml", movements)
    await desk.settle()
    assert desk.outcomes() == {"missed": 1, "paid": 4}

    statements = await collect(bank, "camt.053")
    ours = [one for one in statements if iban.encode() in one and b"2025-09-M01-000001" in one]
    status, answer = await upload(office, ours[0])
    assert (status, answer["applied"], answer["unchanged"], answer["quarantined"]) == (201, 0, 4, 0)
    status, answer = await upload(office, ours[0])
    assert (status, answer["duplicate_of"]) == (200, answer["file_id"])
    assert [one["state"] for one in (await office.get("/bank/inbox"))["items"]] == ["applied", "applied"]
    assert names(desk, "in") == []


async def test_a_late_return_is_the_bank_s_word_too(office: Office, desk: Desk, bank: httpx.AsyncClient, clock: FrozenClock) -> None:
    iban = await open_accounts(bank)
    behaviour = {"behaviour": "return-later", "parameters": {"days": 1, "reason": "AC04"}}
    assert (await bank.patch("/_mock/accounts/ACME", json=behaviour)).is_success
    await agree(office, "channel", {**CHANNEL, "debtor_account": iban})
    batch = await office.released()
    await desk.settle()
    await bank.post("/payments", content=(folder(desk, "out") / "2025-09-M01.xml").read_bytes())
    for day in range(5):
        for nth, message in enumerate(await collect(bank, "camt.054")):
            assert (await upload(office, message, f"{day}-{nth}.xml"))[0] in (200, 201)
        await bank.post("/_mock/advance", params={"days": 1})
        clock.move(timedelta(days=1))
    await desk.settle()
    standing = await office.get(f"/batches/{batch['id']}")
    assert standing["returned_late"] > 0
    assert standing["returned_late"] + standing["credited"] + standing["unknown"] == 5
    assert desk.sql("SELECT DISTINCT reason FROM payment WHERE outcome = 'returned'") == [("bank_return",)]


# --- what must not be taken ---------------------------------------------------------------------------------------------


async def upload(office: Office, content: bytes, name: str = "bank.xml") -> tuple[int, dict[str, Any]]:
    answer = await office.desk.as_("operator").post("/results", files={"file": (name, content, "application/xml")})
    return answer.status_code, answer.json()


def status_report(*payments: tuple[str, str, str], head: str = "<GrpSts>PART</GrpSts>", message: str = "RITME-2025-09-M01") -> bytes:
    """pain.002.001.12 with these payments: reference, status, reason."""
    lines = "".join(
        f"<TxInfAndSts><OrgnlEndToEndId>{reference}</OrgnlEndToEndId><TxSts>{status}</TxSts>"
        + (f"<StsRsnInf><Rsn><Cd>{reason}</Cd></Rsn></StsRsnInf>" if reason else "")
        + "</TxInfAndSts>"
        for reference, status, reason in payments
    )
    told = f"<OrgnlPmtInfAndSts><OrgnlPmtInfId>2025-09-M01</OrgnlPmtInfId>{lines}</OrgnlPmtInfAndSts>" if payments else ""
    return (
        '<?xml version="1.0"?><Document xmlns="urn:iso:std:iso:20022:tech:xsd:pain.002.001.12"><CstmrPmtStsRpt>'
        "<GrpHdr><MsgId>B-1</MsgId><CreDtTm>2025-09-18T09:30:00+07:00</CreDtTm></GrpHdr><OrgnlGrpInfAndSts>"
        f"<OrgnlMsgId>{message}</OrgnlMsgId><OrgnlMsgNmId>pain.001.001.09</OrgnlMsgNmId>{head}</OrgnlGrpInfAndSts>{told}"
        "</CstmrPmtStsRpt></Document>"
    ).encode()


REFERENCE = "2025-09-M01-00000{}"


@pytest.fixture
async def sent(office: Office) -> dict[str, Any]:
    await agree(office, "channel", {**CHANNEL, "debtor_account": PAYER})
    return await office.released()


async def test_an_unknown_code_is_never_failed(office: Office, desk: Desk, sent: dict[str, Any]) -> None:
    one, two, three = (REFERENCE.format(n) for n in (1, 2, 3))
    report = status_report((one, "RJCT", "ZZ99"), (two, "RJCT", "AC04"), (three, "XXXX", ""), (one + "9", "ACCC", ""))
    status, answer = await upload(office, report)
    assert (status, answer["applied"], answer["rejected"], answer["quarantined"]) == (201, 1, 1, 3)
    assert desk.outcomes() == {"in_payment": 4, "missed": 1}
    rows = (await office.get(f"/results/{answer['file_id']}/rows?state=quarantined"))["items"]
    assert [(row["code"], row["problem"]) for row in rows] == [
        ("ISO:RJCT:ZZ99", "unknown_code"), ("ISO:XXXX", "unknown_code"), ("ISO:ACCC", "unknown_payment"),
    ]  # fmt: skip

    agreed = await agree(office, "code", {"code": "iso:rjct:zz99", "outcome": "rejected", "reason": "account_dormant"})
    assert agreed["state"] == "confirmed"
    again = status_report((one, "RJCT", "ZZ99"), head="<GrpSts>PART</GrpSts><StsRsnInf><AddtlInf>ulang</AddtlInf></StsRsnInf>")
    assert (await upload(office, again))[1]["rejected"] == 1
    assert office.head(0) == ("missed", "account_dormant")


async def test_a_file_refused_as_a_whole_makes_nobody_s_month_missed(office: Office, desk: Desk, sent: dict[str, Any]) -> None:
    report = status_report(head="<GrpSts>RJCT</GrpSts><StsRsnInf><Rsn><Cd>FF01</Cd></Rsn></StsRsnInf>")
    status, answer = await upload(office, report)
    assert (status, answer["applied"], answer["quarantined"]) == (201, 0, 1)
    assert desk.outcomes() == {"in_payment": 5}
    (row,) = (await office.get(f"/results/{answer['file_id']}/rows"))["items"]
    assert (row["problem"], row["code"]) == ("whole_file", "ISO:RJCT:FF01")
    assert row["message"]
    assert (await handover(office, sent))["state"] == "waiting"


async def test_messages_that_are_none(office: Office, desk: Desk, sent: dict[str, Any]) -> None:
    good = status_report((REFERENCE.format(1), "ACCC", ""))
    bomb = good.replace(b"<Document", b'<!DOCTYPE Document [<!ENTITY a "x"><!ENTITY b "&a;&a;&a;">]><Document', 1)
    outside = good.replace(b"<Document", b'<!DOCTYPE Document [<!ENTITY a SYSTEM "file:///etc/passwd">]><Document', 1).replace(
        b"B-1", b"&a;"
    )
    for wrong, code in (
        (bomb, "file-unreadable"),
        (outside, "file-unreadable"),
        (good[:-30], "file-unreadable"),
        (good.replace(b"ACCC</TxSts>", b"SEMOGA</TxSts>"), "file-unreadable"),  # five letters: not by ISO's schema
        (good.replace(b"pain.002.001.12", b"pain.008.001.08"), "file-unreadable"),
        (b"<html></html>", "file-unreadable"),
        (status_report((REFERENCE.format(1), "ACCC", ""), message="RITME-2025-07-M01"), "unknown-batch"),
        (good.replace(b"<GrpSts>", b"<OrgnlNbOfTxs>6</OrgnlNbOfTxs><GrpSts>", 1), "totals-differ"),
    ):
        status, answer = await upload(office, wrong)
        assert (status, answer.get("code")) == (422, code), (wrong, answer)
        assert "/root" not in str(answer)
    assert desk.outcomes() == {"in_payment": 5}
    assert desk.sql("SELECT count(*) FROM result_file") == [(0,)]


def statement(entries: str, *, closing: str = "1700000") -> bytes:
    return (
        '<?xml version="1.0"?><Document xmlns="urn:iso:std:iso:20022:tech:xsd:camt.053.001.08"><BkToCstmrStmt><GrpHdr><MsgId>S</MsgId>'
        "<CreDtTm>2025-09-18T17:00:00</CreDtTm></GrpHdr><Stmt><Id>1</Id>"
        '<Bal><Tp><CdOrPrtry><Cd>OPBD</Cd></CdOrPrtry></Tp><Amt Ccy="IDR">2000000</Amt><CdtDbtInd>CRDT</CdtDbtInd></Bal>'
        f'<Bal><Tp><CdOrPrtry><Cd>CLBD</Cd></CdOrPrtry></Tp><Amt Ccy="IDR">{closing}</Amt><CdtDbtInd>CRDT</CdtDbtInd></Bal>'
        f"{entries}</Stmt></BkToCstmrStmt></Document>"
    ).encode()


def entry(reference: str, amount: str, side: str = "DBIT") -> str:
    return (
        f'<Ntry><Amt Ccy="IDR">{amount}</Amt><CdtDbtInd>{side}</CdtDbtInd><Sts><Cd>BOOK</Cd></Sts><BookgDt><Dt>2025-09-18</Dt></BookgDt>'
        f"<NtryDtls><TxDtls><Refs><EndToEndId>{reference}</EndToEndId></Refs></TxDtls></NtryDtls></Ntry>"
    )


async def test_statements(office: Office, desk: Desk, sent: dict[str, Any]) -> None:
    one, two = REFERENCE.format(1), REFERENCE.format(2)
    status, answer = await upload(office, statement(entry(one, str(TARIFF)), closing="1600000"))
    assert (status, answer["code"]) == (422, "totals-differ")  # a statement with a hole in it
    status, answer = await upload(office, statement(entry("NOTPROVIDED", "300000", "CRDT"), closing="2300000"))
    assert (status, answer["code"]) == (422, "no-results")
    movements = [entry(one, "300000.00"), entry(two, "299999.50"), entry("SP2D-9", "500000", "CRDT")]
    status, answer = await upload(office, statement("".join(movements), closing="1900000.50"))
    assert (status, answer["applied"], answer["quarantined"]) == (201, 1, 1)
    assert desk.outcomes() == {"in_payment": 4, "paid": 1}
    (row,) = (await office.get(f"/results/{answer['file_id']}/rows?state=quarantined"))["items"]
    assert row["problem"] == "unreadable:nominal:rupiah"


async def test_a_name_that_no_rule_can_write_stops_the_release(office: Office, desk: Desk) -> None:
    await agree(office, "channel", {**CHANNEL, "debtor_account": PAYER})
    office.give_account(1, holder="李小龍", bank=CLEARING)
    draft = await office.compose()
    assert await office.get(f"/batches/{draft['id']}/bank-file/problems") == {
        "count": 1, "items": [{"reference": REFERENCE.format(2), "field": "holder", "why": "characters"}],
    }  # fmt: skip
    assert desk.sql("SELECT person, count FROM audit_entry WHERE operation = 'batch.bank_file_problems'") == [("operator", 5)]
    batch = await office.sign(draft)
    await office.reserve(batch)
    await office.pay_in(batch)
    refused = await office.release(batch, status=409)
    assert (refused["code"], refused["reference"], refused["field"], refused["why"]) == (
        "bank-line-not-writable", REFERENCE.format(2), "holder", "characters",
    )  # fmt: skip
    assert "李" not in str(refused)
    assert (await office.get(f"/batches/{batch['id']}"))["state"] == "funded"
