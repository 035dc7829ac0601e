"""The holding account: postings, its statement line by line, and the day that closes."""

from __future__ import annotations

import importlib
from collections.abc import Mapping, Sequence
from typing import Any

import psycopg
import pytest

from tests.service.disbursement.desk import Desk
from tests.service.disbursement.files import commit, problems, send
from tests.service.disbursement.paying import Office, account_number

HEADER = "tanggal;rujukan;masuk;keluar;keterangan"
ACCOUNT = "1010101010"


async def sent_batch(desk: Desk, *people: int) -> tuple[Office, dict[str, Any]]:
    office = Office(desk)
    await office.open_month(people)
    for number in people:
        office.give_account(number)
    return office, await office.released()


def balances(desk: Desk) -> dict[str, int]:
    rows = desk.sql(
        """SELECT account, sum(amount)::bigint FROM (SELECT debit AS account, amount FROM posting
                  UNION ALL SELECT credit, -amount FROM posting) AS m GROUP BY account HAVING sum(amount) <> 0 ORDER BY account"""
    )
    return {account: int(amount) for account, amount in rows}


async def statement(
    desk: Desk, rows: Sequence[str], *, days: tuple[str, str], balance: tuple[int, int], by: str = "treasurer"
) -> dict[str, Any]:
    controls = {"account": ACCOUNT, "from_day": days[0], "to_day": days[1], "opening": balance[0], "closing": balance[1]}
    return await send(desk, "statement", HEADER, rows, controls, by=by)


async def taken(desk: Desk, rows: Sequence[str], *, days: tuple[str, str], balance: tuple[int, int]) -> dict[str, Any]:
    checked = await statement(desk, rows, days=days, balance=balance)
    assert checked["ready"], checked["not_ready"]
    status, shown = await commit(desk, checked, by="treasurer")
    assert status == 200, shown
    return shown


async def day(office: Office, on: str) -> dict[str, Any]:
    return await office.get(f"/statement-days/{on}", "treasurer")


def subjects(shown: Mapping[str, Any]) -> dict[str, int]:
    return {one["subject"]: one["difference"] for one in shown["differences"]}


async def open_lines(office: Office, statement_id: str) -> list[tuple[int, str, int]]:
    found = await office.get(f"/statements/{statement_id}/lines?state=open", "treasurer")
    return [(one["line"], one["reference"], one["amount"]) for one in found["items"]]


# --- postings -----------------------------------------------------------------------------------------------------------


async def test_every_rupiah_of_a_batch_is_posted_where_it_is(desk: Desk) -> None:
    office, batch = await sent_batch(desk, 1, 2, 3, 4)
    assert balances(desk) == {"bank": 1_200_000, "treasury": -1_200_000}
    rows = [await office.row(batch, 1), await office.row(batch, 2), await office.row(batch, 3, "03")]
    await office.send_results(batch, rows)
    assert balances(desk) == {"bank": 300_000, "distributed": 600_000, "holding": 300_000, "treasury": -1_200_000}
    await office.send_results(batch, [await office.row(batch, 2, "03", "2025-09-29")], name="susulan.csv")
    assert balances(desk) == {"bank": 300_000, "distributed": 300_000, "holding": 600_000, "treasury": -1_200_000}
    await office.return_to_treasury(batch, 300_000)
    assert balances(desk)["treasury"] == -900_000
    named = desk.sql("SELECT count(DISTINCT payment_id) FROM posting WHERE debit = 'holding' AND payment_id IS NOT NULL")
    assert named == [(2,)]


async def test_nobody_changes_a_posting_and_a_one_sided_one_is_none(desk: Desk) -> None:
    await sent_batch(desk, 1)
    for role in ("api", "worker"):
        address = desk.postgres.address("ritme_disbursement", f"disbursement_{role}").replace("+psycopg", "")
        with psycopg.connect(address, autocommit=True) as connection:
            for statement_ in (
                "UPDATE posting SET amount = 1",
                "DELETE FROM posting",
                "DELETE FROM statement_line",
                "UPDATE closed_day SET book = 0",
            ):
                with pytest.raises(psycopg.errors.InsufficientPrivilege):
                    connection.execute(statement_)
            with pytest.raises(psycopg.errors.CheckViolation):
                connection.execute(
                    """INSERT INTO posting (at, day, kind, debit, credit, amount, batch, programme, document, by)
                       VALUES (now(), now(), 'credit', 'bank', 'bank', 1, '', '', '', '')"""
                )


async def test_money_that_moved_before_there_were_postings_is_posted_as_the_doors_post_it(desk: Desk) -> None:
    """What the migration makes of payments and documents of a running instance."""
    office, batch = await sent_batch(desk, 1, 2, 3, 4)
    await office.send_results(batch, [await office.row(batch, 1), await office.row(batch, 2), await office.row(batch, 3, "03")])
    await office.send_results(batch, [await office.row(batch, 2, "03", "2025-09-29")], name="susulan.csv")
    await office.return_to_treasury(batch, 300_000)
    told = """SELECT kind, debit, credit, day::text, amount, batch, programme, payment_id FROM posting
               ORDER BY kind, amount, day, payment_id"""
    by_the_doors = [row for row in desk.sql(told) if row[0] != "release"]
    released = desk.sql("SELECT debit, credit, amount, batch, programme FROM posting WHERE kind = 'release'")
    desk.sql_run("TRUNCATE posting")
    migration = importlib.import_module("services.disbursement.migrations.versions.0008_holding")
    for statement_ in migration.earlier_postings():
        desk.sql_run(statement_)
    assert [row for row in desk.sql(told) if row[0] != "release"] == by_the_doors
    assert desk.sql("SELECT debit, credit, amount, batch, programme FROM posting WHERE kind = 'release'") == released


# --- a statement ----------------------------------------------------------------------------------------------------------


async def test_a_month_line_by_line_closes_by_itself(desk: Desk) -> None:
    office, batch = await sent_batch(desk, 1, 2, 3)
    await office.send_results(batch, [await office.row(batch, n, day="2025-09-19") for n in (1, 2, 3)])
    lines = await office.lines(batch)
    rows = ["2025-09-18;SP2D-1;900000;;DROPPING", *(f"2025-09-19;{line['reference']};;300000;TRF" for line in lines)]
    shown = await taken(desk, rows, days=("2025-09-18", "2025-09-19"), balance=(0, 0))
    assert shown["result"] == {"matched": 4, "open": 0}
    first = await day(office, "2025-09-18")
    assert (first["book"], first["statement"], first["differences"]) == (900_000, 900_000, [])
    closed = await office.post("treasurer", "/statement-days/2025-09-19/closing")
    assert (closed["state"], closed["book"], closed["statement"], closed["differences"]) == ("closed", 0, 0, [])


async def test_the_same_statement_again_changes_nothing(desk: Desk) -> None:
    office, _ = await sent_batch(desk, 1)
    rows = ["2025-09-18;SP2D-1;300000;;DROPPING"]
    await taken(desk, rows, days=("2025-09-18", "2025-09-18"), balance=(0, 300_000))
    again = await statement(desk, rows, days=("2025-09-18", "2025-09-18"), balance=(0, 300_000))
    assert again["duplicate_of"] == again["id"]
    assert len((await office.get("/statements", "treasurer"))["items"]) == 1


async def test_a_group_line_and_what_came_back_of_it(desk: Desk) -> None:
    office, batch = await sent_batch(desk, 1, 2, 3)
    code = batch["code"]
    await office.send_results(
        batch,
        [await office.row(batch, 1, day="2025-09-19"), await office.row(batch, 2, day="2025-09-19"), await office.row(batch, 3, "03")],
    )
    (third,) = [one["reference"] for one in await office.lines(batch) if one["outcome"] == "rejected"]
    rows = ["2025-09-18;SP2D-1;900000;;", f"2025-09-19;{code};;900000;PKD", f"2025-09-22;{third};300000;;RETUR"]
    shown = await taken(desk, rows, days=("2025-09-18", "2025-09-22"), balance=(0, 300_000))
    assert shown["result"] == {"matched": 3, "open": 0}
    # Before the return the bank had booked out more than was credited: that is with the bank, and it says so.
    before = await day(office, "2025-09-19")
    assert (before["statement"], before["book"], subjects(before)) == (0, 300_000, {f"batch:{code}": -300_000})
    after = await day(office, "2025-09-22")
    assert (after["statement"], after["book"], after["differences"]) == (300_000, 300_000, [])


async def test_split_lines_are_one_when_they_come_to_the_amount(desk: Desk) -> None:
    office, batch = await sent_batch(desk, 1, 2)
    reference = (await office.lines(batch))[0]["reference"]
    rows = ["2025-09-18;SP2D-1;400000;;", f"2025-09-19;{reference};;100000;"]
    shown = await taken(desk, rows, days=("2025-09-18", "2025-09-19"), balance=(0, 300_000))
    assert shown["result"] == {"matched": 0, "open": 2}
    rows = ["2025-09-20;SP2D-1;200000;;", f"2025-09-20;{reference};;200000;"]
    shown = await taken(desk, rows, days=("2025-09-20", "2025-09-20"), balance=(300_000, 300_000))
    assert shown["result"] == {"matched": 4, "open": 0}
    # On the day before, the parts were still without a payment: what is matched counts from the day that made it whole.
    assert len((await day(office, "2025-09-19"))["differences"]) == 3
    assert subjects(await day(office, "2025-09-20")) == {f"batch:{batch['code']}": -300_000}


async def test_two_children_on_one_account_are_one_line(desk: Desk) -> None:
    office = Office(desk)
    await office.open_month([1, 2, 3])
    for number in (1, 2, 3):
        office.give_account(number, account=account_number(1) if number < 3 else "")
    batch = await office.released()
    lines = {one["person_id"]: one["reference"] for one in await office.lines(batch)}
    rows = [f"2025-09-19;{min(lines.values())};;600000;DUA ANAK"]
    shown = await taken(desk, ["2025-09-18;SP2D-1;900000;;", *rows], days=("2025-09-18", "2025-09-19"), balance=(0, 300_000))
    assert shown["result"] == {"matched": 2, "open": 0}
    found = await office.get(f"/statements/{shown['id']}/lines", "treasurer")
    assert [len(one["matches"]) for one in found["items"]] == [1, 2]
    assert {one["how"] for one in found["items"][1]["matches"]} == {"group"}


async def test_a_person_decides_where_references_do_not_tell_and_may_take_it_back(desk: Desk) -> None:
    office, batch = await sent_batch(desk, 1, 2)
    one, two = (line["reference"] for line in await office.lines(batch))
    rows = ["2025-09-18;SP2D-1;600000;;", "2025-09-19;X9;;600000;SETORAN"]
    shown = await taken(desk, rows, days=("2025-09-18", "2025-09-19"), balance=(0, 0))
    ((line, _, amount),) = await open_lines(office, shown["id"])
    assert amount == -600_000
    door = f"/statements/{shown['id']}/lines/{line}"
    bad = await office.post(
        "operator", f"{door}/match", {"parts": [{"reference": one, "amount": -300_000}], "reason": "surat bank"}, status=422
    )
    assert bad["code"] == "not-the-line"
    parts = [{"reference": one, "amount": -300_000}, {"reference": "NIHIL", "amount": -300_000}]
    assert (await office.post("operator", f"{door}/match", {"parts": parts, "reason": "surat bank"}, status=422))[
        "code"
    ] == "unknown-reference"
    assert len(await open_lines(office, shown["id"])) == 1
    parts[1]["reference"] = two
    await office.post("operator", f"{door}/match", {"parts": parts, "reason": "surat bank 12"})
    assert await open_lines(office, shown["id"]) == []
    assert (await office.post("operator", f"{door}/match", {"parts": parts, "reason": "lagi"}, status=422))["code"] == "not-the-line"
    await office.post("operator", f"{door}/undo", {"reason": "salah baris"})
    assert len(await open_lines(office, shown["id"])) == 1
    assert (await office.post("operator", "/statements/matching"))["matched"] == 0


# --- the day ------------------------------------------------------------------------------------------------------------


async def test_a_day_closes_only_when_every_difference_has_a_name_and_by_another_person(desk: Desk) -> None:
    office, batch = await sent_batch(desk, 1, 2)
    await office.send_results(batch, [await office.row(batch, 1, day="2025-09-19")])
    rows = ["2025-09-18;SP2D-1;600000;;", f"2025-09-19;{batch['code']};;600000;", "2025-09-19;BUNGA;1250;;JASA GIRO"]
    shown = await taken(desk, rows, days=("2025-09-18", "2025-09-19"), balance=(0, 1_250))
    ((line, _, _),) = await open_lines(office, shown["id"])
    refused = await office.post("treasurer", "/statement-days/2025-09-19/closing", status=409)
    assert refused["code"] == "differences-not-named"
    wanted = {f"batch:{batch['code']}": -300_000, f"line:{shown['id']}/{line}": 1_250}
    assert {one["subject"]: one["difference"] for one in refused["differences"]} == wanted
    name = {"reason": "bank belum menjawab", "owner": "bendahara", "due_on": "2025-09-26"}
    door = "/statement-days/2025-09-19/differences"
    wrong = await office.post("treasurer", door, {"subject": f"batch:{batch['code']}", "amount": -1, **name}, status=422)
    assert wrong["code"] == "not-this-difference"
    for subject, amount in wanted.items():
        await office.post("treasurer", door, {"subject": subject, "amount": amount, **name})
    assert (await office.post("treasurer", "/statement-days/2025-09-19/closing", status=409))["code"] == "four-eyes"
    closed = await office.post("treasurer2", "/statement-days/2025-09-19/closing")
    assert (closed["statement"], closed["book"], len(closed["differences"])) == (1_250, 300_000, 2)
    assert all(one["named"] and one["owner"] == "bendahara" for one in closed["differences"])
    again = await office.post("treasurer2", "/statement-days/2025-09-19/closing", status=409)
    assert again["code"] == "day-closed"


async def test_a_closed_day_stays_as_it_was_and_what_comes_late_counts_from_the_next(desk: Desk) -> None:
    office, batch = await sent_batch(desk, 1)
    rows = ["2025-09-18;SP2D-1;300000;;", "2025-09-19;LAIN;5000;;"]
    shown = await taken(desk, rows, days=("2025-09-18", "2025-09-19"), balance=(0, 305_000))
    ((line, _, _),) = await open_lines(office, shown["id"])
    name = {"reason": "belum diketahui", "owner": "operator", "due_on": "2025-09-26"}
    await office.post(
        "operator", "/statement-days/2025-09-19/differences", {"subject": f"line:{shown['id']}/{line}", "amount": 5_000, **name}
    )
    await office.post("treasurer", "/statement-days/2025-09-19/closing")
    # A credit of a closed day is heard now; so is what the open line was for.
    await office.send_results(batch, [await office.row(batch, 1, day="2025-09-19")])
    assert desk.sql("SELECT day::text FROM posting WHERE kind = 'credit'") == [("2025-09-20",)]
    late = await office.post("operator", "/statement-days/2025-09-19/differences", {"subject": "x", "amount": 1, **name}, status=409)
    assert late["code"] == "day-closed"
    await taken(desk, ["2025-09-20;REFUND;;5000;"], days=("2025-09-20", "2025-09-20"), balance=(305_000, 300_000))
    assert (await day(office, "2025-09-19"))["book"] == 300_000
    now = await day(office, "2025-09-20")
    assert (now["book"], now["statement"], now["unnamed"]) == (0, 300_000, 2)
    assert subjects(now)[f"batch:{batch['code']}"] == 300_000


async def test_statements_that_do_not_go_on_are_told_why(desk: Desk) -> None:
    await sent_batch(desk, 1)
    first = ["2025-09-18;SP2D-1;300000;;"]
    wrong = await statement(desk, first, days=("2025-09-18", "2025-09-18"), balance=(0, 1))
    assert not wrong["ready"]
    assert "bukan saldo akhir" in wrong["not_ready"][0]
    status, body = await commit(desk, wrong, by="treasurer")
    assert (status, body["code"]) == (409, "totals-differ")
    await taken(desk, [*first, "2025-09-18;A;1000;;"], days=("2025-09-18", "2025-09-18"), balance=(0, 301_000))
    for days, balance, said in (
        (("2025-09-18", "2025-09-19"), (301_000, 302_000), "sudah ada"),
        (("2025-09-20", "2025-09-20"), (301_000, 302_000), "hilang"),
        (("2025-09-19", "2025-09-19"), (0, 1_000), "sebelumnya"),
    ):
        refused = await statement(desk, [f"{days[1]};B{days[0]};1000;;"], days=days, balance=balance)
        assert said in refused["not_ready"][0], refused["not_ready"]
    missing = await desk.as_("treasurer").get("/statement-days/2025-09-30")
    assert (missing.status_code, missing.json()["code"]) == (409, "no-statement")


async def test_bad_lines_are_named_by_row_and_column(desk: Desk) -> None:
    rows = ["2025-09-18;A;1000;1000;", "2025-09-18;B;;;", "2025-10-18;C;1000;;", "kemarin;D;1000;;", "2025-09-18;E;-5;;"]
    sent = await statement(desk, rows, days=("2025-09-18", "2025-09-18"), balance=(0, 0))
    found = await problems(desk, sent)
    assert [(row, column, code) for row, column, code in found if code != "money-small"] == [
        (2, "masuk", "one-amount"), (3, "masuk", "one-amount"), (4, "tanggal", "day-outside"), (5, "tanggal", "date-unreadable"),
        (6, "masuk", "money-negative"),
    ]  # fmt: skip


@pytest.mark.parametrize(("who", "status"), [("checker", 403), ("jakpus", 403), ("leader", 403), ("operator", 403), ("treasurer", 409)])
async def test_who_may_close_a_day(desk: Desk, who: str, status: int) -> None:
    answer = await desk.as_(who).post("/statement-days/2025-09-19/closing", json={})
    assert answer.status_code == status
