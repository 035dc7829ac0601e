"""Gaps: every missed or unknown month has a reason, an owner and a date; back-pay closes the oldest first (TROUBLES.md O2)."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import psycopg
import pytest

from shared.messaging.reactions import ParkedKey
from tests.service.disbursement.desk import TARIFF, Desk, person
from tests.service.disbursement.paying import MONTH, Office

JULY, AUGUST = "2025-07", "2025-08"


async def settle_month(office: Office, month: str, people: dict[int, str], kind: str = "main") -> None:
    """Release what can be paid and let the bank answer with these codes."""
    batch = await office.released(month, kind)
    await office.send_results(batch, [await office.row(batch, number, code) for number, code in people.items()])
    await office.desk.settle()


async def test_owner_and_date_by_reason_and_area(desk: Desk) -> None:
    office = Office(desk)
    await office.open_month(range(3))
    office.give_account(0)
    office.give_account(1, card=False)
    await settle_month(office, MONTH, {0: "03"})

    gaps = await office.get(f"/gaps?month={MONTH}")
    by_person = {gap["person_id"]: gap for gap in gaps["items"]}
    assert {number: by_person[str(person(number))]["owner"] for number in range(3)} == {
        0: "satpel/31.71.01", 1: "sudin/31.71", 2: "bidang-linjamsos",
    }  # fmt: skip
    today = desk.clock.today()
    for gap in gaps["items"]:
        due = date.fromisoformat(gap["due_on"])
        assert today + timedelta(days=4) < due < today + timedelta(days=45)
        assert due.weekday() < 5
        assert gap["overdue"] is False
    detected = office.events(221)
    assert len(detected) == 3
    assert {data["owner"] for _, data in detected} == {"satpel/31.71.01", "sudin/31.71", "bidang-linjamsos"}


async def test_filters_and_areas(desk: Desk) -> None:
    office = Office(desk)
    await office.open_month(range(3))
    office.give_account(0)
    await settle_month(office, MONTH, {0: "00"})
    assert (await office.get(f"/gaps?month={MONTH}&reason=account_closed"))["items"] == []
    assert len((await office.get(f"/gaps?month={MONTH}&reason=cause_not_known"))["items"]) == 2
    assert (await office.get(f"/gaps?month={AUGUST}"))["open"] == 0
    assert (await office.get(f"/gaps?month={MONTH}&area=31.72"))["open"] == 0
    page = await office.get(f"/gaps?month={MONTH}&limit=1")
    rest = await office.get(f"/gaps?month={MONTH}&limit=1&after={page['next']}")
    assert page["items"][0]["id"] != rest["items"][0]["id"]
    elsewhere = await desk.as_("operator", areas=["31.72"]).get(f"/gaps?month={MONTH}")
    assert (elsewhere.json()["open"], elsewhere.json()["items"]) == (0, [])


async def test_o2_the_next_list_carries_the_older_month_first(desk: Desk) -> None:
    """July missed for want of a card; card handed over; August's list carries July too, in one payment."""
    office = Office(desk)
    for number in range(2):
        desk.beneficiary.activate(person(number), from_month=JULY)
    await office.open_month((), JULY, enrol=False)
    office.give_account(0)
    office.give_account(1, card=False)
    await settle_month(office, JULY, {0: "00"})
    assert office.head(1, JULY) == ("missed", "card_not_handed_over")

    office.give_account(1, card=True)
    await office.open_month((), AUGUST, enrol=False)
    batch = await office.compose(AUGUST)
    assert (batch["payments"], batch["allocations"], batch["sum"]) == (2, 3, 3 * TARIFF)
    line = next(line for line in await office.lines(batch) if line["person_id"] == str(person(1)))
    assert ([month["month"] for month in line["months"]], line["amount"]) == ([JULY, AUGUST], 2 * TARIFF)

    signed = await office.sign(batch)
    await office.reserve(signed)
    await office.pay_in(signed)
    released = await office.release(signed)
    assert (await office.get(f"/gaps?month={JULY}"))["open"] == 1
    await office.send_results(released, [await office.row(released, n) for n in range(2)])
    await desk.settle()
    assert office.head(1, JULY) == office.head(1, AUGUST) == ("paid", "")
    assert (await office.get(f"/gaps?month={JULY}"))["open"] == 0
    assert [(v, data["how"]) for v, data in office.events(222)] == [(2, "paid")]


async def test_back_pay_within_the_month_once_the_card_is_there(desk: Desk) -> None:
    office = Office(desk)
    await office.open_month(range(2))
    office.give_account(0)
    office.give_account(1, card=False)
    await settle_month(office, MONTH, {0: "00"})
    assert (await office.compose(kind="back_pay"))["payments"] == 0
    office.give_account(1, card=True)
    await settle_month(office, MONTH, {1: "00"}, kind="back_pay")
    assert office.head(1) == ("paid", "")
    assert (await office.get(f"/gaps?month={MONTH}"))["open"] == 0


async def test_a_rejected_payment_is_tried_again_on_another_account_only(desk: Desk) -> None:
    office = Office(desk)
    await office.open_month(range(1))
    office.give_account(0)
    await settle_month(office, MONTH, {0: "03"})
    assert (await office.compose(kind="retry"))["payments"] == 0
    office.give_account(0, account="7777700000")
    batch = await office.released(kind="retry")
    (line,) = await office.lines(batch)
    await office.send_results(batch, [(line["reference"], "7777700000", TARIFF, "09", "2025-09-30")])
    await desk.settle()

    gaps = await office.get(f"/gaps?month={MONTH}")
    assert gaps["by_reason"] == {"account_dormant": 1}
    assert [(v, data["reason"]) for v, data in office.events(221)] == [(1, "account_closed"), (2, "account_dormant")]
    assert len({gap["id"] for gap in gaps["items"]}) == 1


async def test_a_gap_reopens_under_the_same_id(desk: Desk) -> None:
    office = Office(desk)
    await office.open_month(range(1))
    office.give_account(0)
    batch = await office.released()
    await office.post("operator", f"/batches/{batch['id']}/results-due")
    await desk.settle()
    (unknown,) = (await office.get("/gaps"))["items"]
    await office.send_results(batch, [await office.row(batch, 0)])
    await desk.settle()
    assert (await office.get("/gaps"))["items"] == []
    await office.send_results(batch, [await office.row(batch, 0, "03", "2025-10-09")])
    await desk.settle()

    (again,) = (await office.get("/gaps"))["items"]
    assert (again["id"], again["reason"]) == (unknown["id"], "bank_return")
    versions = desk.sql("SELECT version, type FROM outbox WHERE type IN (221, 222) ORDER BY seq")
    assert versions == [(1, 221), (2, 222), (3, 221)]


async def test_a_gap_is_made_for_what_nobody_announced(desk: Desk) -> None:
    """A month that turned missed by a carry-in, or excluded later, has no event of its own: the entries tell."""
    office = Office(desk)
    await office.open_month(range(2))
    await desk.settle()
    desk.sql_run("UPDATE entitlement_month SET outcome = 'missed', reason = 'left_out' WHERE person_id = %s", person(1))
    await desk.settle()
    assert (await office.get("/gaps"))["open"] == 0  # no entry, no look: the ledger is only changed with its entry
    _entry(desk, "missed", "left_out")
    await desk.settle()
    assert (await office.get("/gaps"))["by_reason"] == {"left_out": 1}
    desk.sql_run("UPDATE entitlement_month SET outcome = 'excluded', reason = 'died' WHERE person_id = %s", person(1))
    _entry(desk, "excluded", "died")
    await desk.settle()
    assert (await office.get("/gaps"))["open"] == 0
    assert [data["how"] for _, data in office.events(222)] == ["excluded"]


def _entry(desk: Desk, outcome: str, reason: str) -> None:
    desk.sql_run(
        """INSERT INTO entitlement_entry (month, programme, person_id, version, outcome, reason, amount, area, at, author, cause)
           SELECT month, programme, person_id, version + 1, %s, %s, amount, area, now(), 'test', 'test'
             FROM entitlement_month WHERE person_id = %s""",
        outcome, reason, person(1),
    )  # fmt: skip


async def test_gaps_are_looked_for_again_while_a_transaction_is_in_flight(desk: Desk) -> None:
    office = Office(desk)
    await office.open_month(range(1))
    with desk_connection(desk) as late:
        late.execute("SELECT pg_current_xact_id()")
        late.execute(
            """INSERT INTO entitlement_entry (month, programme, person_id, version, outcome, reason, amount, area, at, author, cause)
               SELECT month, programme, person_id, 2, 'missed', 'left_out', amount, area, now(), 'late', 'late'
                 FROM entitlement_month"""
        )
        late.execute("UPDATE entitlement_month SET outcome = 'missed', reason = 'left_out'")
        _other_entry(desk)  # a higher number, committed first
        await desk.settle()
        assert (await office.get("/gaps"))["open"] == 0
        late.commit()
    await desk.settle()
    assert (await office.get("/gaps"))["open"] == 1


def desk_connection(desk: Desk) -> psycopg.Connection[Any]:
    return psycopg.connect(desk.postgres.superuser_address("ritme_disbursement").replace("+psycopg", ""))


def _other_entry(desk: Desk) -> None:
    desk.sql_run(
        """INSERT INTO entitlement_entry (month, programme, person_id, version, outcome, reason, amount, area, at, author, cause)
           VALUES (%s, 'KLJ', %s, 1, 'due', '', 1, '31.71.01.1001', now(), 'test', 'test')""",
        MONTH, person(99),
    )  # fmt: skip


async def test_a_parked_person_is_a_gap_until_replayed(desk: Desk) -> None:
    office = Office(desk)
    await office.open_month(range(1))
    on_parked = desk.worker.service.definition.on_parked
    assert on_parked is not None
    for reason, parked in (("version 3 is missing", 1), ("version 3 is missing", 1), ("", 0), ("again", 1)):
        async with desk.worker.service.database.write() as session:
            await on_parked([ParkedKey("beneficiary.person", person(0), reason)], session, desk.worker.service)
        gaps = await office.get(f"/gaps?month={MONTH}")
        assert (gaps["open"], gaps["parked"]) == (0, parked)
    (gap,) = gaps["items"]
    assert (gap["kind"], gap["owner"], gap["area"]) == ("system_parked", "pusdatin", "31.71.01.1001")
    assert [version for version, _ in office.events(221)] == [1, 3]


@pytest.mark.parametrize("kind", ["wave", "main"])
async def test_a_list_withdrawn_after_the_sweep_leaves_nobody_due(desk: Desk, kind: str) -> None:
    """Due is 0 once results are due: who was on a list that is taken back is missed, not forgotten."""
    office = Office(desk)
    await office.open_month(range(2))
    office.give_account(0)
    main = await office.released()
    office.give_account(1)
    wave = await office.compose(kind=kind)
    assert wave["payments"] == 1
    await office.send_results(main, [await office.row(main, 0)])
    await desk.settle()
    assert desk.outcomes() == {"due": 1, "paid": 1}
    await office.post("operator", f"/batches/{wave['id']}/withdrawal", {"reason": "salah daftar"})
    await desk.settle()
    assert desk.outcomes() == {"missed": 1, "paid": 1}
    assert (await office.get("/gaps"))["open"] == 1
