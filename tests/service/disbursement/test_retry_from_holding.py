"""A retry that is paid from the holding account: no SP2D of its own, and no rupiah twice."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from io import BytesIO
from typing import Any

import pytest
from openpyxl import load_workbook

from shared.kernel.clock import FrozenClock
from tests.service.disbursement.desk import Desk, person
from tests.service.disbursement.paying import MONTH, Office

FROM_HOLDING = {"month": MONTH, "kind": "retry", "financing": "holding"}


@pytest.fixture
def clock() -> FrozenClock:
    return FrozenClock(datetime(2025, 9, 19, 3, tzinfo=UTC))


@pytest.fixture(autouse=True)
async def verified(desk: Desk) -> AsyncIterator[None]:
    """And after the test, whatever it did, ``ritme verify`` holds."""
    yield
    assert desk.broken((1, 2, 3, 7, 8, 9, 12)) == []


async def answered(desk: Desk, clock: FrozenClock) -> tuple[Office, dict[str, Any]]:
    """Three sent: one credited, one could not be, one came back; the accounts of both are corrected."""
    office = Office(desk)
    await office.open_month_with_accounts([1, 2, 3])
    batch = await office.released()
    clock.move(timedelta(days=6))
    await office.send_results(batch, [await office.row(batch, n, code, "2025-09-20") for n, code in ((1, "00"), (2, "03"), (3, "00"))])
    await desk.settle()
    await office.send_results(batch, [await office.row(batch, 3, "09", "2025-09-24")], name="retur.csv")
    await desk.settle()
    for number in (2, 3):
        office.give_account(number, account=f"99900000{number:02d}")
    return office, batch


async def from_holding(office: Office, *, status: int = 201) -> dict[str, Any]:
    return await office.post("operator", "/batches", FROM_HOLDING, status=status)


def balances(desk: Desk) -> dict[str, int]:
    """Every account of the journal that is not 0."""
    return {
        account: int(amount)
        for account, amount in desk.sql(
            """SELECT account, sum(amount) FROM (SELECT debit AS account, amount FROM posting
                                                 UNION ALL SELECT credit, -amount FROM posting) AS m
                GROUP BY account HAVING sum(amount) <> 0"""
        )
    }


async def money(office: Office) -> dict[str, Any]:
    found = await office.get(f"/months/{MONTH}/money")
    return {key: found[key] for key in ("sp2d", "credited", "returned", "holding", "balanced")}


async def test_what_the_bank_sent_back_goes_out_again_without_an_sp2d(desk: Desk, clock: FrozenClock) -> None:
    office, old = await answered(desk, clock)
    draft = await from_holding(office)
    assert (draft["financing"], draft["payments"], draft["sum"]) == ("holding", 2, 600_000)
    signed = await office.sign(draft)
    assert (signed["state"], signed["funding"]) == ("funded", [])
    assert await money(office) == {"sp2d": 900_000, "credited": 300_000, "returned": 0, "holding": 600_000, "balanced": True}
    await office.release(signed)
    assert balances(desk) == {"treasury": -900_000, "bank": 600_000, "distributed": 300_000}
    rows = [(*(await office.row(signed, n))[:1], f"99900000{n:02d}", 300_000, "00", "2025-09-26") for n in (2, 3)]
    clock.move(timedelta(days=2))
    status, answer = await office.send_results(signed, rows, name="hasil-R.csv")
    assert (status, answer["applied"]) == (201, 2)
    await desk.settle()
    assert desk.outcomes() == {"paid": 3}
    assert balances(desk) == {"treasury": -900_000, "distributed": 900_000}
    assert await money(office) == {"sp2d": 900_000, "credited": 900_000, "returned": 0, "holding": 0, "balanced": True}
    shown = await office.get("/holding", "treasurer")
    assert (shown["holding"], shown["unnamed"]) == (0, [])
    # No budget was asked for it, and both sides were told.
    assert [data.get("financing", "sp2d") for _, data in office.events(202)] == ["sp2d", "holding"]
    last = {data["code"]: data["totals"][0] for _, data in office.events(205)}
    assert (last[old["code"]]["credited_sum"], last[old["code"]]["paid_on_sum"]) == (300_000, 600_000)
    assert (last[signed["code"]]["credited_sum"], last[signed["code"]]["from_holding_sum"]) == (600_000, 600_000)
    links = (await office.get(f"/batches/{signed['id']}/repayments"))["items"]
    assert {(one["person_id"], one["month"], one["amount"], one["source_batch"], one["source_outcome"]) for one in links} == {
        (str(person(2)), MONTH, 300_000, old["code"], "rejected"), (str(person(3)), MONTH, 300_000, old["code"], "returned"),
    }  # fmt: skip


async def corrected(office: Office, batch: dict[str, Any], number: int, code: str, day: str) -> tuple[str, str, int, str, str]:
    """The bank's line for somebody whose account was corrected."""
    reference, _, amount, *_ = await office.row(batch, number)
    return (reference, f"99900000{number:02d}", amount, code, day)


async def test_a_retry_that_fails_again_can_be_paid_from_holding_again(desk: Desk, clock: FrozenClock) -> None:
    office, _ = await answered(desk, clock)
    first = await office.release(await office.sign(await from_holding(office)))
    clock.move(timedelta(days=2))
    rows = [await corrected(office, first, 2, "03", "2025-09-26"), await corrected(office, first, 3, "00", "2025-09-26")]
    await office.send_results(first, rows, name="hasil-R1.csv")
    await desk.settle()
    held = (await office.get("/holding/people", "treasurer"))["items"]
    assert [(one["person_id"], one["batch"], one["amount"]) for one in held] == [(str(person(2)), first["code"], 300_000)]
    office.give_account(2, account="8880000002")
    second = await office.release(await office.sign(await from_holding(office)))
    (link,) = (await office.get(f"/batches/{second['id']}/repayments"))["items"]
    assert (link["source_batch"], link["amount"]) == (first["code"], 300_000)
    assert await money(office) == {"sp2d": 900_000, "credited": 600_000, "returned": 0, "holding": 300_000, "balanced": True}
    row = await office.row(second, 2)
    await office.send_results(second, [(row[0], "8880000002", 300_000, "00", "2025-09-27")], name="hasil-R2.csv")
    await desk.settle()
    assert desk.outcomes() == {"paid": 3}
    assert await money(office) == {"sp2d": 900_000, "credited": 900_000, "returned": 0, "holding": 0, "balanced": True}


async def test_only_a_retry_is_paid_from_holding(desk: Desk, clock: FrozenClock) -> None:
    office, _ = await answered(desk, clock)
    for kind in ("main", "wave", "back_pay"):
        refused = await office.post("operator", "/batches", {**FROM_HOLDING, "kind": kind}, status=422)
        assert refused["code"] == "only-a-retry"
    wrong = await office.post("operator", "/batches", {**FROM_HOLDING, "financing": "loan"}, status=422)
    assert wrong["code"] == "request-shape"


async def test_two_lists_do_not_use_the_same_rupiah(desk: Desk, clock: FrozenClock) -> None:
    office, _ = await answered(desk, clock)
    first = await from_holding(office)
    assert (await from_holding(office, status=409))["code"] == "batch-exists"
    await office.post("operator", f"/batches/{first['id']}/withdrawal", {"reason": "disusun ulang"})
    again = await from_holding(office)
    assert again["payments"] == 2


async def test_a_list_by_sp2d_leaves_the_rupiah_in_holding(desk: Desk, clock: FrozenClock) -> None:
    """The treasurer's other way: a new SP2D pays, and the old rupiah go back by an STS."""
    office, _ = await answered(desk, clock)
    again = await office.released(kind="retry")
    assert (again["financing"], (await office.get(f"/batches/{again['id']}/repayments"))["items"]) == ("sp2d", [])
    assert (await office.get("/holding", "treasurer"))["by_account"]["holding"] == 600_000
    # The months are on a list: what lies in holding pays nobody twice.
    assert (await from_holding(office))["payments"] == 0


async def test_a_month_without_money_in_holding_keeps_the_later_ones_waiting(desk: Desk, clock: FrozenClock) -> None:
    """Two was never on a list in August for want of a card; three is due in October. No month overtakes an older one."""
    office = Office(desk)
    await office.open_month([2, 3], "2025-08")
    office.give_account(3)
    august = await office.released("2025-08")
    await office.send_results(august, [await office.row(august, 3, "00", "2025-09-19")], name="agustus.csv")
    await desk.settle()
    await office.open_month([2, 3], MONTH, enrol=False)
    for number in (2, 3):
        office.give_account(number)
    batch = await office.compose(kind="wave")
    assert {(line["person_id"], len(line["months"])) for line in await office.lines(batch)} == {(str(person(2)), 2), (str(person(3)), 1)}
    batch = await office.sign(batch)
    await office.reserve(batch)
    await office.pay_in(batch)
    batch = await office.release(batch)
    clock.move(timedelta(days=2))
    await office.send_results(
        batch, [(await office.row(batch, 2, "03", "2025-09-20")), await office.row(batch, 3, "03", "2025-09-20")], name="september.csv"
    )
    await desk.settle()
    await office.open_month([2, 3], "2025-10", enrol=False)
    for number in (2, 3):
        office.give_account(number, account=f"99900000{number:02d}")
    draft = await office.post("operator", "/batches", {**FROM_HOLDING, "month": "2025-10"}, status=201)
    assert {(line["person_id"], tuple(one["month"] for one in line["months"])) for line in await office.lines(draft)} == {
        (str(person(2)), ("2025-08", MONTH)), (str(person(3)), (MONTH,)),
    }  # fmt: skip
    await office.release(await office.sign(draft))
    assert (await office.get("/holding", "treasurer"))["by_account"] == {"holding": 0, "bank": 900_000, "sts_due": 0}


async def test_a_changed_account_replaces_the_line_and_keeps_its_money(desk: Desk, clock: FrozenClock) -> None:
    office, _ = await answered(desk, clock)
    draft = await from_holding(office)
    office.give_account(2, account="8880000002")
    signed = await office.sign(draft)
    found = desk.sql(
        "SELECT r.live FROM repayment r JOIN payment p ON p.id = r.payment_id WHERE p.person_id = %s ORDER BY r.live", person(2)
    )
    assert found == [(False,), (True,)]
    await office.release(signed)
    assert (await office.get("/holding", "treasurer"))["by_account"] == {"holding": 0, "bank": 600_000, "sts_due": 0}


async def dispose(office: Office, way: str, document: str, *, status: int = 201) -> dict[str, Any]:
    return await office.post("treasurer", "/holding/years/2025/disposals", {"way": way, "document": document}, status=status)


async def decide(office: Office, document: str, *, agreed: bool = True) -> None:
    await office.post("treasurer2", "/holding/years/2025/disposals/decision", {"document": document, "agreed": agreed})


async def test_what_is_on_its_way_back_pays_nobody(desk: Desk, clock: FrozenClock) -> None:
    office, _ = await answered(desk, clock)
    await dispose(office, "sts", "STS-1")
    assert (await from_holding(office))["payments"] == 0
    await decide(office, "STS-1", agreed=False)
    draft = await from_holding(office)
    assert draft["payments"] == 2
    refused = await dispose(office, "sts", "STS-2", status=422)
    assert refused["code"] == "nothing-to-dispose"
    await office.post("operator", f"/batches/{draft['id']}/withdrawal", {"reason": "tidak jadi"})
    assert (await dispose(office, "sts", "STS-2"))["items"] == 2


async def test_what_an_sts_without_names_took_does_not_go_out(desk: Desk, clock: FrozenClock) -> None:
    """The receipt comes before anybody said whose rupiah it returns: two lie there by name, and one of them by right."""
    office, old = await answered(desk, clock)
    signed = await office.sign(await from_holding(office))
    await office.return_to_treasury(old, 300_000)
    refused = await office.release(signed, status=409)
    assert (refused["code"], len(refused["people"])) == ("holding-does-not-cover", 2)
    await office.post("operator", f"/batches/{signed['id']}/withdrawal", {"reason": "sebagian sudah disetor"})
    (three,) = [
        one["payment_id"] for one in (await office.get("/holding/people", "treasurer"))["items"] if one["person_id"] == str(person(3))
    ]
    body = {"way": "sts", "document": "STS-1", "payments": [three]}
    await office.post("treasurer", "/holding/years/2025/disposals", body, status=201)
    await decide(office, "STS-1")
    again = await office.sign(await from_holding(office))
    assert (again["payments"], again["sum"]) == (1, 300_000)
    await office.release(again)
    assert balances(desk) == {"treasury": -600_000, "bank": 300_000, "distributed": 300_000}


async def test_the_year_is_over_and_only_what_was_carried_over_goes_out(desk: Desk, clock: FrozenClock) -> None:
    office, _ = await answered(desk, clock)
    signed = await office.sign(await from_holding(office))
    clock.move(timedelta(days=110))  # in January
    refused = await office.release(signed, status=409)
    assert (refused["code"], len(refused["people"])) == ("holding-does-not-cover", 2)
    await dispose(office, "carried", "BA-CARRY/2025")
    await decide(office, "BA-CARRY/2025")
    await office.release(signed)
    # By the last day of the year the rupiah were there; they have left since, and no STS takes them.
    assert (await dispose(office, "sts", "STS-9", status=422))["code"] == "nothing-to-dispose"
    closed = await office.post("treasurer", "/holding/years/2025/closing", {"document": "BA-1"})
    assert (closed["state"], closed["closed"]["carried"]) == ("closed", 600_000)
    assert (await office.get("/holding", "treasurer"))["by_account"] == {"holding": 0, "bank": 600_000, "sts_due": 0}


async def test_the_financing_is_part_of_what_is_signed(desk: Desk, clock: FrozenClock) -> None:
    office, _ = await answered(desk, clock)
    signed = await office.sign(await from_holding(office))
    answer = await desk.as_("releaser").get(f"/batches/{signed['id']}/list.tsv")
    assert answer.text.split("\n")[0] == f"{signed['id']}\t{MONTH}\tretry+holding\t2\t600000"


@pytest.mark.parametrize("form", ["xlsx", "pdf"])
async def test_the_paper_of_the_month_balances(desk: Desk, clock: FrozenClock, form: str) -> None:
    office, _ = await answered(desk, clock)
    await office.release(await office.sign(await from_holding(office)))
    answer = await desk.as_("treasurer").get(f"/months/{MONTH}/papers/reconciliation.{form}")
    assert answer.status_code == 200
    if form == "xlsx":
        table = load_workbook(BytesIO(answer.content), read_only=True).worksheets[1]
        assert list(table.iter_rows(values_only=True))[-1] == ("Jumlah", 900_000, 600_000, 300_000, 0, 600_000, 600_000, 0)
