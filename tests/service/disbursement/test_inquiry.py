"""A payment without a definite outcome is asked for at the bank, over a socket; never sent again."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.rsa import generate_private_key
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from ritme import verify
from shared.kernel import failpoints
from shared.kernel.clock import FrozenClock
from tests.service.disbursement.desk import Desk, person
from tests.service.disbursement.paying import TARIFF, Office, account_number
from tests.support.snap_bank import Account, SnapBankSimulator, Transfer, running

FRIDAY = datetime(2025, 9, 26, 3, 0, tzinfo=UTC)
PEOPLE = 6


@pytest.fixture
async def clock() -> FrozenClock:
    return FrozenClock(FRIDAY)


@pytest.fixture
def bank(clock: FrozenClock, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[SnapBankSimulator]:
    """A bank that nobody is connected to yet: ``connect`` names it in the environment."""
    key = generate_private_key(65537, 2048)
    (tmp_path / "snap.pem").write_bytes(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    (tmp_path / "snap.secret").write_text("rahasia\n")
    simulator = SnapBankSimulator("dinsos", b"rahasia", key.public_key(), clock.now)
    monkeypatch.setenv("RITME_SNAP_CLIENT_ID", "dinsos")
    monkeypatch.setenv("RITME_SNAP_CLIENT_SECRET_FILE", str(tmp_path / "snap.secret"))
    monkeypatch.setenv("RITME_SNAP_PRIVATE_KEY_FILE", str(tmp_path / "snap.pem"))
    monkeypatch.setenv("RITME_SNAP_PARTNER_ID", "DINSOS")
    monkeypatch.setenv("RITME_SNAP_PER_SECOND", "500")
    monkeypatch.setenv("RITME_SNAP_AT_ONCE", "4")
    with running(simulator):
        yield simulator


@pytest.fixture
async def office(desk: Desk) -> Office:
    office = Office(desk)
    await office.open_month_with_accounts(range(PEOPLE))
    return office


@pytest.fixture
async def batch(office: Office, desk: Desk, clock: FrozenClock) -> dict[str, Any]:
    """Released, and the bank silent until its results were due: everybody is unknown."""
    batch = await office.released()
    await office.post("operator", f"/batches/{batch['id']}/results-due")
    await desk.settle()
    assert desk.outcomes() == {"unknown": PEOPLE}
    return batch


def connect(bank: SnapBankSimulator, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RITME_SNAP_URL", bank.url)


async def references(office: Office, batch: dict[str, Any]) -> list[str]:
    """Of the payments, by the person's number."""
    by_person = {line["person_id"]: line["reference"] for line in await office.lines(batch)}
    return [by_person[str(person(number))] for number in range(PEOPLE)]


async def meanings(office: Office, batch: dict[str, Any]) -> list[str]:
    """Oldest first."""
    return [one["meaning"] for one in reversed((await office.get(f"/inquiries?batch={batch['code']}"))["items"])]


def verified(desk: Desk) -> dict[int, list[str]]:
    """What ``ritme verify`` finds wrong in this service's own books, by invariant."""
    addresses = {"disbursement": desk.postgres.address("ritme_disbursement", "disbursement_verify")}
    lines = verify.run(addresses, None, (1, 2, 3, 4, 6, 9, 10, 11, 12)).invariants
    return {line.number: list(line.found) for line in lines if not line.ok}


async def test_a_definite_answer_is_applied_and_everything_else_changes_nothing(
    office: Office, desk: Desk, bank: SnapBankSimulator, batch: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    refs = await references(office, batch)
    bank.transfers = {
        refs[0]: Transfer(TARIFF, account_number(0)),
        refs[1]: Transfer(TARIFF, account_number(1), "06", "4031718"),
        refs[2]: Transfer(TARIFF, account_number(2), "06", "4031703"),  # suspected fraud: nobody signed what that means
        refs[3]: Transfer(TARIFF, account_number(3), "03", "2021700"),
        refs[4]: Transfer(TARIFF, account_number(4), "99"),
    }
    connect(bank, monkeypatch)
    await desk.settle()
    assert office.head(0) == ("paid", "")
    assert office.head(1) == ("missed", "account_closed")
    assert [office.head(number)[0] for number in (2, 3, 4, 5)] == ["unknown"] * 4
    items = (await office.get(f"/inquiries?batch={batch['code']}"))["items"]
    assert {one["reference"]: (one["meaning"], one["http"], one["code"], one["table_code"]) for one in items} == {
        refs[0]: ("credited", 200, "2003600", "SNAP S00"),
        refs[1]: ("rejected", 200, "2003600", "SNAP 40318"),
        refs[2]: ("unknown_code", 200, "2003600", "SNAP 40303"),
        refs[3]: ("in_process", 200, "2003600", "SNAP S03"),
        refs[4]: ("unknown_code", 200, "2003600", "SNAP S99"),
        refs[5]: ("not_found", 404, "4043601", ""),
    }
    assert desk.sql("SELECT outcome, settled_on::text FROM payment WHERE reference = %s", refs[0]) == [("credited", "2025-09-25")]
    ((evidence, file_id),) = desk.sql(
        "SELECT e.evidence, i.result_file_id::text FROM entitlement_entry e, inquiry i WHERE e.outcome = 'paid' AND i.meaning = 'credited'"
    )
    assert evidence.startswith(f"result/{file_id}/")
    assert (sorted(bank.asked), bank.unexpected, bank.tokens_given) == (sorted(refs), [], 1)
    assert desk.sql("SELECT person, count FROM audit_entry WHERE operation = 'payment.inquire'") == [("bank_gateway", PEOPLE)]
    assert verified(desk) == {}
    desk.sql_run("DELETE FROM inquiry WHERE meaning = 'rejected'")
    assert verified(desk) == {10: [f"payment {refs[1]}: changed by asking, without an inquiry"]}


@pytest.mark.parametrize(
    ("fault", "meaning"),
    [
        ("202", "in_process"), ("500", "try_later"), ("504", "try_later"), ("reset", "try_later"), ("html", "unreadable"),
        ("wrong_json", "unreadable"), ("2001500", "unreadable"), ("403", "unknown_code"), ("4043611", "unknown_code"),
    ],
)  # fmt: skip
async def test_each_failure_of_the_bank_leaves_the_payments_and_is_asked_again(
    office: Office, desk: Desk, clock: FrozenClock, bank: SnapBankSimulator, batch: dict[str, Any],
    monkeypatch: pytest.MonkeyPatch, fault: str, meaning: str,
) -> None:  # fmt: skip
    refs = await references(office, batch)
    bank.transfers = {ref: Transfer(TARIFF, account_number(number)) for number, ref in enumerate(refs)}
    bank.always = fault
    connect(bank, monkeypatch)
    await desk.settle()
    assert desk.outcomes() == {"unknown": PEOPLE}
    assert await meanings(office, batch) == [meaning] * PEOPLE
    assert await desk.settle() == 0, "it is not asked again before its time"
    bank.always = ""
    clock.move(timedelta(hours=24, seconds=1))
    await desk.settle()
    assert desk.outcomes() == {"paid": PEOPLE}


async def test_a_silent_bank_times_out(
    office: Office, desk: Desk, bank: SnapBankSimulator, batch: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("RITME_SNAP_TIMEOUT_S", "0.1")
    bank.always = "slow"
    connect(bank, monkeypatch)
    await desk.settle()
    assert desk.outcomes() == {"unknown": PEOPLE}
    items = (await office.get(f"/inquiries?batch={batch['code']}"))["items"]
    assert {(one["http"], one["meaning"]) for one in items} == {(0, "try_later")}


async def test_too_many_requests_stops_everybody_for_as_long_as_the_bank_says(
    office: Office, desk: Desk, clock: FrozenClock, bank: SnapBankSimulator, batch: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    refs = await references(office, batch)
    bank.transfers = {ref: Transfer(TARIFF, account_number(number)) for number, ref in enumerate(refs)}
    monkeypatch.setenv("RITME_SNAP_AT_ONCE", "1")
    bank.faults.append("429")
    bank.retry_after = 1_800
    connect(bank, monkeypatch)
    await desk.settle()
    assert len(bank.asked) == 1
    clock.move(timedelta(minutes=29))
    await desk.settle()
    assert len(bank.asked) == 1
    clock.move(timedelta(minutes=1, seconds=1))
    await desk.settle()
    assert desk.outcomes() == {"paid": PEOPLE}
    assert bank.most_at_once == 1


@pytest.mark.parametrize("difference", ["amount", "account", "day"])
async def test_an_answer_about_something_else_is_no_answer(
    office: Office, desk: Desk, bank: SnapBankSimulator, batch: dict[str, Any], monkeypatch: pytest.MonkeyPatch, difference: str
) -> None:
    refs = await references(office, batch)
    wrong = {
        "amount": Transfer(TARIFF + 1, account_number(0)),
        "account": Transfer(TARIFF, account_number(1)),
        "day": Transfer(TARIFF, account_number(0), at="2025-09-28T00:00:00+07:00"),
    }
    bank.transfers = {refs[0]: wrong[difference]}
    connect(bank, monkeypatch)
    await desk.settle()
    (item,) = [one for one in (await office.get(f"/inquiries?batch={batch['code']}"))["items"] if one["reference"] == refs[0]]
    assert item["meaning"] == ("unreadable" if difference == "day" else "differs")
    assert office.head(0) == ("unknown", "awaiting_bank")


async def test_a_wrong_clock_or_key_is_our_mistake_and_stops_the_questions(
    office: Office, desk: Desk, clock: FrozenClock, bank: SnapBankSimulator, batch: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    bank.skew = timedelta(minutes=6)
    connect(bank, monkeypatch)
    await desk.settle()
    assert await meanings(office, batch) == ["our_mistake"]
    assert bank.asked == []
    bank.skew = timedelta(0)
    await desk.settle()
    assert bank.asked == [], "left alone for a quarter of an hour"
    clock.move(timedelta(minutes=16))
    await desk.settle()
    assert len(bank.asked) == PEOPLE


async def test_a_token_that_the_bank_forgot_is_fetched_anew(
    office: Office, desk: Desk, clock: FrozenClock, bank: SnapBankSimulator, batch: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    connect(bank, monkeypatch)
    await desk.settle()
    bank.forget_tokens()
    clock.move(timedelta(minutes=2))
    await desk.settle()
    assert bank.tokens_given == 2
    clock.move(timedelta(minutes=14))  # one minute before it expires
    await desk.settle()
    assert bank.tokens_given == 3
    assert set(await meanings(office, batch)) == {"not_found"}


async def test_a_worker_that_dies_has_changed_nothing_and_asks_again(
    office: Office, desk: Desk, bank: SnapBankSimulator, batch: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    refs = await references(office, batch)
    bank.transfers = {ref: Transfer(TARIFF, account_number(number)) for number, ref in enumerate(refs)}
    connect(bank, monkeypatch)
    failpoints._hits.clear()
    monkeypatch.setenv("FAILPOINT", "disbursement.inquire.before_commit:1:raise")
    with pytest.raises(failpoints.FailpointHit):
        await desk.settle()
    assert desk.outcomes() == {"unknown": PEOPLE}
    assert await meanings(office, batch) == []
    monkeypatch.delenv("FAILPOINT")
    await desk.settle()
    assert desk.outcomes() == {"paid": PEOPLE}
    assert await meanings(office, batch) == ["credited"] * PEOPLE
    assert (len(bank.asked), bank.unexpected) == (2 * PEOPLE, [])


async def test_one_payment_now(
    office: Office, desk: Desk, bank: SnapBankSimulator, batch: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    refs = await references(office, batch)
    connect(bank, monkeypatch)
    await desk.settle()
    bank.transfers = {ref: Transfer(TARIFF, account_number(number)) for number, ref in enumerate(refs)}
    await desk.settle()
    assert desk.outcomes() == {"unknown": PEOPLE}
    payment_id = str(desk.sql("SELECT id FROM payment WHERE reference = %s", refs[3])[0][0])
    path = f"/payments/{payment_id}/inquiry"
    first = await office.post("treasurer", path, status=202)
    assert (await office.post("operator", path, status=202))["request_id"] == first["request_id"]
    await office.post("checker", path, status=403)
    await office.post("jakpus", path, status=403)
    await desk.settle()
    assert desk.outcomes() == {"paid": 1, "unknown": PEOPLE - 1}
    assert office.head(3) == ("paid", "")
    assert (await office.post("operator", path, status=409))["code"] == "illegal-transition"
    await office.post("operator", f"/payments/{batch['id']}/inquiry", status=404)
    items = (await office.get(f"/inquiries?payment={payment_id}"))["items"]
    assert [one["meaning"] for one in items] == ["credited", "not_found"]


async def test_the_bank_s_file_after_the_inquiry_changes_nothing_more(
    office: Office, desk: Desk, bank: SnapBankSimulator, batch: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    refs = await references(office, batch)
    bank.transfers = {ref: Transfer(TARIFF, account_number(number)) for number, ref in enumerate(refs)}
    connect(bank, monkeypatch)
    await desk.settle()
    status, answer = await office.send_results(batch, [await office.row(batch, number) for number in range(PEOPLE)])
    assert (status, answer["applied"], answer["unchanged"]) == (201, 0, PEOPLE)


async def test_accounts_are_looked_at_and_nobody_is_blocked(
    office: Office, desk: Desk, bank: SnapBankSimulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    bank.accounts = {
        account_number(0): Account("BPK. PEMILIK"),
        account_number(1): Account("ORANG LAIN"),
        account_number(2): Account("", "4031518"),
        account_number(3): Account("", "4031509"),
    }
    connect(bank, monkeypatch)
    body = {"month": "2025-09", "programme": "KLJ"}
    assert (await office.post("operator", "/accounts:verify", body, status=202))["asked"] == PEOPLE
    assert (await office.post("treasurer", "/accounts:verify", body, status=202))["asked"] == 0
    await office.post("checker", "/accounts:verify", body, status=403)
    await office.post("operator", "/accounts:verify", {**body, "month": "2025-13"}, status=422)
    bank.faults.append("500")
    await desk.settle()
    batch = await office.compose()
    assert batch["payments"] == PEOPLE
    found = await office.get(f"/batches/{batch['id']}/account-checks")
    assert found["counts"] == {"exists": 1, "name_differs": 1, "closed": 1, "dormant": 1, "not_found": 2}
    assert [one["result"] for one in found["warnings"]].count("not_found") == 2
    assert len(found["warnings"]) == 5
    assert "PEMILIK" not in str(found)
