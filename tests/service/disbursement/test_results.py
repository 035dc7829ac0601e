"""What the bank answers, row by row (CORE.md section 5, Result rows; TROUBLES.md O7)."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import Any

import psycopg
import pytest

from shared.kernel import failpoints
from shared.kernel.clock import FrozenClock, SystemClock
from tests.service.disbursement.desk import Desk, open_desk, person
from tests.service.disbursement.paying import MONTH, TARIFF, Office, account_number
from tests.support.world import Ground


@pytest.fixture
async def office(desk: Desk) -> Office:
    office = Office(desk)
    await office.open_month_with_accounts(range(5))
    return office


def counts(answer: dict[str, Any]) -> tuple[int, int, int, int]:
    return answer["applied"], answer["rejected"], answer["quarantined"], answer["unchanged"]


async def problems(office: Office, answer: dict[str, Any]) -> list[str]:
    rows = (await office.get(f"/results/{answer['file_id']}/rows?state=quarantined"))["items"]
    assert all(row["message"] for row in rows)
    return [row["problem"] for row in rows]


async def test_two_parts_in_any_order(office: Office, desk: Desk) -> None:
    batch = await office.released()
    _, second = await office.send_results(batch, [await office.row(batch, n) for n in (3, 4)], part=2, parts=2)
    await desk.settle()
    assert counts(second) == (2, 0, 0, 0)
    assert desk.outcomes() == {"in_payment": 3, "paid": 2}
    assert (await office.get(f"/batches/{batch['id']}"))["results_due"] is False

    await office.send_results(batch, [await office.row(batch, n) for n in (0, 1)], part=1, parts=2)
    assert (await office.get(f"/batches/{batch['id']}"))["results_due"] is True
    await desk.settle()
    assert desk.outcomes() == {"paid": 4, "unknown": 1}
    settled = [(data["result_no"], data["part"], data["results_due"]) for _, data in office.events(205)]
    assert settled == [(1, 2, False), (2, 1, True), (3, 0, True)]


async def test_the_same_bytes_under_another_name_change_nothing(office: Office, desk: Desk) -> None:
    batch = await office.released()
    rows = [await office.row(batch, n) for n in range(4)]
    status, first = await office.send_results(batch, rows)
    again_status, again = await office.send_results(batch, rows, name="lain.csv")
    assert (status, again_status) == (201, 200)
    assert "duplicate_of" not in first
    assert again["duplicate_of"] == again["file_id"] == first["file_id"]
    assert desk.sql("SELECT count(*) FROM result_file") == [(1,)]
    assert len(office.events(205)) == 1


async def test_the_same_outcome_again_has_no_effect(office: Office, desk: Desk) -> None:
    batch = await office.released()
    await office.send_results(batch, [await office.row(batch, 0), await office.row(batch, 1, "03")], parts=2)
    _, again = await office.send_results(batch, [await office.row(batch, 0), await office.row(batch, 1, "09")], part=2, parts=2)
    assert counts(again) == (0, 0, 0, 2)
    assert office.head(1) == ("missed", "account_closed")
    assert len(office.events(211)) == 1


async def test_each_kind_of_quarantine_and_the_rest_applied(office: Office, desk: Desk) -> None:
    batch = await office.released()
    good = await office.row(batch, 4)
    amount = await office.row(batch, 0)
    account = await office.row(batch, 1)
    word = await office.row(batch, 2, "BERES")
    stranger = ("2025-09-M01-000099", account_number(3), TARIFF, "00", "2025-09-25")
    unreadable = (*(await office.row(batch, 3))[:4], "kemarin")
    other_amount, other_account = (*amount[:2], TARIFF - 1, *amount[3:]), (account[0], account_number(4), *account[2:])
    _, answer = await office.send_results(batch, [other_amount, other_account, word, stranger, unreadable, good])
    assert counts(answer) == (1, 0, 5, 0)
    found = await problems(office, answer)
    assert found[:4] == ["changed_amount", "changed_account", "unknown_code", "unknown_payment"]
    assert found[4].startswith("unreadable:tanggal")
    assert desk.outcomes() == {"in_payment": 4, "paid": 1}
    await desk.settle()
    assert desk.outcomes() == {"paid": 1, "unknown": 4}
    assert desk.sql("SELECT count(*) FROM payment_month WHERE live") == [(5,)]


async def test_o7_words_of_the_banks(office: Office, desk: Desk) -> None:
    batch = await office.released()
    words = ("SUDAH TRANSAKSI", "tidak transaksi", "GAGAL BUREKOL", "SI", "ENTAH")
    _, answer = await office.send_results(batch, [await office.row(batch, n, word) for n, word in enumerate(words)])
    assert counts(answer) == (3, 1, 1, 1)
    assert await problems(office, answer) == ["unknown_code"]
    assert [office.head(n) for n in range(5)] == [
        ("paid", ""), ("paid", ""), ("missed", "no_account"), ("in_payment", ""), ("in_payment", ""),
    ]  # fmt: skip
    drawn = desk.sql("SELECT withdrawn_on IS NOT NULL FROM payment WHERE outcome = 'credited' ORDER BY seq")
    assert drawn == [(True,), (False,)]
    _, later = await office.send_results(batch, [await office.row(batch, 1, "SUDAH TRANSAKSI", "2025-10-01")], part=2, parts=2)
    assert counts(later) == (0, 0, 0, 1)
    assert desk.sql("SELECT settled_on::text, withdrawn_on::text FROM payment WHERE seq = 2") == [("2025-09-25", "2025-10-01")]


async def test_a_late_return_of_a_credited_payment(office: Office, desk: Desk) -> None:
    batch = await office.released()
    await office.send_results(batch, [await office.row(batch, n) for n in range(5)])
    await desk.settle()
    assert (await office.get(f"/batches/{batch['id']}"))["state"] == "results_in"

    status, answer = await office.send_results(batch, [await office.row(batch, 2, "03", "2025-10-03")])
    assert (status, counts(answer)) == (201, (1, 1, 0, 0))
    assert office.head(2) == ("missed", "bank_return")
    entries = desk.sql("SELECT from_outcome, outcome FROM entitlement_entry WHERE person_id = %s ORDER BY version", person(2))
    assert entries == [("", "due"), ("due", "in_payment"), ("in_payment", "paid"), ("paid", "missed")]
    (payment,) = desk.sql("SELECT outcome, settled_on::text FROM payment WHERE person_id = %s", person(2))
    assert payment == ("returned", "2025-09-25")
    ((version, returned),) = office.events(211)
    assert (version, returned["after_credit"], returned["reason"], returned["months"]) == (1, True, "bank_return", [MONTH])
    await desk.settle()
    gaps = await office.get(f"/gaps?month={MONTH}")
    assert gaps["by_reason"] == {"bank_return": 1}
    assert (await office.get(f"/months/{MONTH}/money"))["holding"] == TARIFF
    assert office.events(205)[-1][1]["totals"][0]["returned_late"] == 1


async def test_an_outcome_against_a_final_one_is_quarantined(office: Office, desk: Desk) -> None:
    batch = await office.released()
    credit, rejection = await office.row(batch, 0), await office.row(batch, 0, "03")
    _, both = await office.send_results(batch, [credit, await office.row(batch, 1, "03")], parts=4)
    assert counts(both) == (2, 1, 0, 0)
    _, late = await office.send_results(batch, [await office.row(batch, 1), rejection, credit], part=3, parts=4)
    assert counts(late) == (0, 0, 3, 0)
    _, later = await office.send_results(
        batch, [await office.row(batch, 1), await office.row(batch, 0, "03", "2025-09-24")], part=2, parts=4
    )
    assert counts(later) == (0, 0, 2, 0)
    assert await problems(office, later) == ["against_final", "against_final"]
    assert (office.head(0), office.head(1)) == (("paid", ""), ("missed", "account_closed"))


@pytest.mark.parametrize("order", [("SI", "00"), ("00", "SI"), ("SI", "SI", "00"), ("SI", "00", "00")])
async def test_pending_beside_a_credit_is_only_what_was_said_on_the_way(office: Office, desk: Desk, order: tuple[str, ...]) -> None:
    batch = await office.released()
    _, answer = await office.send_results(batch, [await office.row(batch, 0, code) for code in order])
    assert counts(answer) == (1, 0, 0, len(order) - 1)
    assert office.head(0) == ("paid", "")
    await desk.settle()
    assert desk.outcomes() == {"paid": 1, "unknown": 4}


async def test_pending_before_a_rejection_leaves_the_rejection(office: Office) -> None:
    batch = await office.released()
    _, answer = await office.send_results(batch, [await office.row(batch, 0, code) for code in ("SI", "03", "09")])
    assert counts(answer) == (1, 1, 0, 2)
    assert office.head(0) == ("missed", "account_closed")


@pytest.mark.parametrize("order", [("00", "03"), ("03", "00"), ("SI", "03", "00")])
async def test_credited_and_rejected_in_one_file_go_both_to_a_person(office: Office, desk: Desk, order: tuple[str, ...]) -> None:
    """Whichever we believed: as paid nobody would look again, as rejected the next list would pay a second time."""
    batch = await office.released()
    rows = [await office.row(batch, 0, code) for code in order]
    _, answer = await office.send_results(batch, [*rows, await office.row(batch, 1)])
    assert counts(answer) == (1, 0, 2, len(order) - 2)
    assert await problems(office, answer) == ["against_final", "against_final"]
    await desk.settle()
    assert (office.head(0), office.head(1)) == (("unknown", "awaiting_bank"), ("paid", ""))
    assert (await office.compose(kind="retry"))["payments"] == 0
    file = answer["file_id"]
    row = next(one["row"] for one in (await office.get("/quarantine"))["items"] if one["code"] == "00")
    body = {"decision": "accept", "evidence": "surat bank 14/IX"}
    await office.post("operator", f"/quarantine/{file}/{row}/decision", body)
    await office.post("treasurer", f"/quarantine/{file}/{row}/confirmation", {"agreed": True})
    assert office.head(0) == ("paid", "")


async def test_a_file_whose_totals_do_not_fit_is_refused_whole(office: Office, desk: Desk) -> None:
    batch = await office.released()
    rows = [await office.row(batch, n) for n in range(5)]
    for wrong in ({"count": 6}, {"total": 5 * TARIFF + 1}):
        status, problem = await office.send_results(batch, rows, **wrong)  # type: ignore[arg-type]
        assert (status, problem["code"]) == (422, "totals-differ")
        assert problem["found"] == {"count": 5, "sum": 5 * TARIFF}
        assert problem["announced"] != problem["found"]
    assert desk.outcomes() == {"in_payment": 5}
    assert desk.sql("SELECT count(*) FROM result_row") == [(0,)]
    assert desk.sql("SELECT count(*) FROM result_staging") == [(0,)]


async def test_files_that_are_refused_as_a_whole(office: Office) -> None:
    draft = await office.compose()
    status, problem = await office.send_results(draft, [await office.row(draft, 0)])
    assert (status, problem["code"]) == (409, "illegal-transition")
    status, problem = await office.send_results({"code": "2025-09-M77"}, [("a", "1234567890", TARIFF, "00", "2025-09-25")])
    assert (status, problem["code"]) == (422, "unknown-batch")
    status, problem = await office.send_results(draft, [await office.row(draft, 0)], part=3, parts=2)
    assert status in (409, 422)
    answer = await office.desk.as_("operator").post("/results", files={"file": ("x.csv", b"bukan;hasil\n1;2\n")})
    assert (answer.status_code, answer.json()["code"]) == (422, "file-unreadable")


async def test_a_file_without_rows_is_not_the_last_part(office: Office, desk: Desk) -> None:
    """It would close the month for everybody the bank has not answered for."""
    batch = await office.released()
    status, problem = await office.send_results(batch, [])
    assert (status, problem["code"], problem["problem"]) == (422, "file-unreadable", "empty")
    await desk.settle()
    assert desk.outcomes() == {"in_payment": 5}


async def test_a_day_that_has_not_come_is_none_of_the_banks(office: Office, desk: Desk) -> None:
    """Credited in 2099, a payment could be returned by no later line."""
    batch = await office.released()
    _, answer = await office.send_results(batch, [await office.row(batch, 0, day="2099-01-01"), await office.row(batch, 1)])
    assert counts(answer) == (1, 0, 1, 0)
    assert await problems(office, answer) == ["unreadable:tanggal:date-future"]
    assert office.head(0)[0] != "paid"


async def test_unknown_stays_live_and_a_late_line_ends_it(office: Office, desk: Desk) -> None:
    batch = await office.released()
    await office.send_results(batch, [await office.row(batch, n) for n in range(3)])
    await desk.settle()
    assert office.head(3) == office.head(4) == ("unknown", "awaiting_bank")
    assert (await office.compose(kind="retry"))["payments"] == 0

    await office.send_results(batch, [await office.row(batch, 3), await office.row(batch, 4, "14")])
    await desk.settle()
    assert (office.head(3), office.head(4)) == (("paid", ""), ("missed", "name_mismatch"))
    gaps = await office.get(f"/gaps?month={MONTH}")
    assert gaps["by_reason"] == {"name_mismatch": 1}
    closed = await office.get(f"/gaps?month={MONTH}&state=closed")
    assert [(gap["person_id"], gap["how"]) for gap in closed["items"]] == [(str(person(3)), "paid")]


async def test_an_operator_declares_that_no_more_is_to_come(office: Office, desk: Desk) -> None:
    batch = await office.released()
    await office.send_results(batch, [await office.row(batch, 0)], parts=2)
    await desk.settle()
    assert desk.outcomes() == {"in_payment": 4, "paid": 1}
    shown = await office.post("operator", f"/batches/{batch['id']}/results-due")
    assert (shown["results_due"], shown["state"]) == (True, "released")
    await desk.settle()
    assert desk.outcomes() == {"paid": 1, "unknown": 4}
    assert (await office.post("operator", f"/batches/{batch['id']}/results-due", status=409))["code"] == "illegal-transition"


async def test_a_file_that_dies_before_the_commit_left_nothing(office: Office, desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    batch = await office.released()
    rows = [await office.row(batch, n) for n in range(5)]
    failpoints._hits.clear()
    monkeypatch.setenv("FAILPOINT", "disbursement.results.before_commit:1:raise")
    with pytest.raises(failpoints.FailpointHit):
        await office.send_results(batch, rows)
    assert desk.outcomes() == {"in_payment": 5}
    monkeypatch.delenv("FAILPOINT")
    status, answer = await office.send_results(batch, rows)
    assert (status, counts(answer)) == (201, (5, 0, 0, 0))


async def test_three_working_days_of_silence_are_an_answer(ground: Ground) -> None:
    clock = FrozenClock(SystemClock().now())
    async with open_desk(ground, clock) as desk:
        office = Office(desk)
        await office.open_month(range(3))
        for number in range(2):
            office.give_account(number)
        await office.released()
        clock.move(timedelta(days=2, hours=23))
        await desk.settle()
        assert desk.outcomes() == {"due": 1, "in_payment": 2}
        clock.move(timedelta(days=12))  # over any week-end and holiday
        await desk.settle()
        assert desk.outcomes() == {"missed": 1, "unknown": 2}
        assert [data["result_no"] for _, data in office.events(205)] == [1, 2]
        assert (await office.get(f"/gaps?month={MONTH}"))["open"] == 3


async def test_o21_one_account_for_two_children_and_one_returned(desk: Desk) -> None:
    """Each child has a payment of its own; the reference tells whose came back."""
    office = Office(desk)
    await office.open_month(range(2), programme="KAJ")
    shared_account = "4077777777"
    for number in range(2):
        office.give_account(number, account=shared_account, programme="KAJ")
    batch = await office.released()
    references = {line["person_id"]: line["reference"] for line in await office.lines(batch)}
    rows = [(references[str(person(n))], shared_account, TARIFF, code, "2025-09-25") for n, code in ((0, "00"), (1, "09"))]
    _, answer = await office.send_results(batch, rows)
    assert counts(answer) == (2, 1, 0, 0)
    assert (office.head(0), office.head(1)) == (("paid", ""), ("missed", "account_dormant"))


async def test_one_line_for_two_children_is_left_to_a_person(desk: Desk) -> None:
    office = Office(desk)
    await office.open_month(range(2), programme="KAJ")
    for number in range(2):
        office.give_account(number, account="4077777777", programme="KAJ")
    batch = await office.released()
    lines = await office.lines(batch)
    _, answer = await office.send_results(batch, [(lines[0]["reference"], "4077777777", 2 * TARIFF, "00", "2025-09-25")])
    assert await problems(office, answer) == ["changed_amount"]
    assert desk.outcomes() == {"in_payment": 2}


async def test_the_same_bytes_sent_at_the_same_time_apply_once(office: Office, desk: Desk) -> None:
    batch = await office.released()
    rows = [await office.row(batch, n) for n in range(5)]
    answers = await asyncio.gather(*[office.send_results(batch, rows, name=f"{n}.csv") for n in range(4)])
    assert sorted(status for status, _ in answers) == [200, 200, 200, 201]
    assert len({answer["file_id"] for _, answer in answers}) == 1
    assert desk.sql("SELECT count(*) FROM entitlement_entry WHERE outcome = 'paid'") == [(5,)]
    assert len(office.events(205)) == 1


async def test_a_withdrawal_beside_the_sweep_leaves_nobody_due(desk: Desk) -> None:
    """The sweep sees the month on a list, the withdrawal sees no sweep: without a lock each leaves it to the other."""
    office = Office(desk)
    await office.open_month(range(3))
    for number in (0, 1):
        office.give_account(number)
    main = await office.released()
    office.give_account(2)
    second = await office.compose()
    assert second["payments"] == 1
    with psycopg.connect(desk.postgres.superuser_address("ritme_disbursement").replace("+psycopg", "")) as sweeping:
        sweeping.execute("UPDATE batch SET state = 'results_in', results_due = true WHERE id = %s", (main["id"],))
        withdrawing = asyncio.create_task(office.post("operator", f"/batches/{second['id']}/withdrawal", {"reason": "ganti bulan"}))
        waiting = False
        while not waiting and not withdrawing.done():
            waiting = bool(desk.sql("SELECT 1 FROM pg_locks WHERE NOT granted"))
            await asyncio.sleep(0)
        sweeping.commit()
    await withdrawing
    assert office.head(2)[0] == "missed"
