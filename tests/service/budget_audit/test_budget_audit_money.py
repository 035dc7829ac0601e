"""Reservations, SP2D, STS and the month's money, through files and events."""

from __future__ import annotations

import asyncio

import msgspec
import psycopg
import pytest

from services.budget_audit.commands import reserve
from shared.contracts.disbursement import BatchSettled
from shared.kernel.ids import natural_id
from tests.service.budget_audit.books import BATCH, LIST, Books, approved, pkd_key, settled, sp2d_rows, withdrawn

CREDITED = {"KLJ": 180_000_000, "KPDJ": 21_600_000, "KAJ": 39_000_000}


async def line(books: Books, programme: str) -> dict[str, int]:
    items = (await books.get("/lines?year=2025"))["items"]
    return next(item for item in items if item["programme"] == programme)


async def test_a_batch_is_reserved_whole_and_an_sp2d_takes_the_reservation_over(books: Books) -> None:
    await books.dpa()
    cause = await books.publish(BATCH, approved())
    await books.world.settle()

    (made,) = books.outbox("budget_audit.reservation.made.v1")
    assert (made["key"], made["version"], made["cause"]) == (BATCH, 1, cause)
    assert {row["programme"]: row["amount"] for row in made["lines"]} == LIST
    klj = await line(books, "KLJ")
    assert (klj["reserved"], klj["realised"], klj["available"]) == (182_400_000, 0, 117_600_000)

    await books.bring("sp2d", sp2d_rows())
    klj = await line(books, "KLJ")
    assert (klj["reserved"], klj["realised"], klj["available"]) == (0, 182_400_000, 117_600_000)
    (reservation,) = (await books.get(f"/reservations?batch_id={BATCH}"))["items"]
    assert reservation["state"] == "realised"


async def test_too_little_for_one_programme_refuses_the_whole_and_asking_again_tries_again(books: Books) -> None:
    await books.dpa(ceiling=100_000_000)
    await books.publish(BATCH, approved())
    await books.world.settle()
    (refused,) = books.outbox("budget_audit.reservation.refused.v1")
    assert (refused["requested"], refused["available"]) == (182_400_000, 100_000_000)
    assert [(await line(books, p))["reserved"] for p in LIST] == [0, 0, 0]

    await books.dpa(ceiling=200_000_000)
    await books.publish(BATCH, approved())
    await books.world.settle()
    (made,) = books.outbox("budget_audit.reservation.made.v1")
    assert made["version"] == 2


async def test_no_line_for_a_programme_refuses(books: Books) -> None:
    await books.publish(BATCH, approved())
    await books.world.settle()
    (refused,) = books.outbox("budget_audit.reservation.refused.v1")
    assert (refused["line"], refused["available"]) == ("KAJ", 0)


async def test_void_signatures_free_the_budget_and_a_new_hash_reserves_anew(books: Books) -> None:
    await books.dpa()
    await books.publish(BATCH, approved(), withdrawn())
    await books.world.settle()
    assert (await line(books, "KLJ"))["reserved"] == 0
    less = {**LIST, "KLJ": 182_100_000}
    await books.publish(BATCH, approved("b" * 64, less))
    await books.world.settle()
    assert (await line(books, "KLJ"))["reserved"] == 182_100_000
    made = books.outbox("budget_audit.reservation.made.v1")
    assert [(event["version"], event["list_hash"][0]) for event in made] == [(1, "a"), (2, "b")]


async def test_an_sp2d_that_came_before_the_approval_is_not_counted_twice(books: Books) -> None:
    await books.dpa(ceiling=200_000_000)
    await books.bring("sp2d", sp2d_rows())
    await books.publish(BATCH, approved())
    await books.world.settle()
    klj = await line(books, "KLJ")
    assert (klj["reserved"], klj["realised"], klj["available"]) == (0, 182_400_000, 17_600_000)
    assert books.outbox("budget_audit.reservation.made.v1")
    assert await books.mismatches() == []


async def test_fifty_reservations_at_once_never_pass_the_ceiling(books: Books) -> None:
    await books.dpa(ceiling=30_000_000)
    database = books.world.worker("budget_audit").service.database
    clock = books.world.clock

    async def one(n: int) -> None:
        batch_id = natural_id("batch", f"parallel-{n}")
        event = approved(f"{n:064d}", {"KLJ": 1_000_000}, batch_id, f"2025-09-W{n:02d}")
        async with database.write() as session:
            await reserve.approve(session, event, at=clock.now(), today=clock.today())

    await asyncio.gather(*(one(n) for n in range(50)))
    klj = await line(books, "KLJ")
    assert (klj["reserved"], klj["available"]) == (30_000_000, 0)
    assert len(books.outbox("budget_audit.reservation.made.v1")) == 30
    assert len(books.outbox("budget_audit.reservation.refused.v1")) == 20


async def test_money_of_the_month_balances_through_late_results_and_sts(books: Books) -> None:
    await books.dpa()
    await books.publish(BATCH, approved())
    await books.bring("sp2d", sp2d_rows())
    await books.world.settle()
    before = await books.get("/months/2025-09/money")
    assert (before["sp2d"], before["credited"], before["holding"], before["balanced"]) == (243_000_000, 0, 243_000_000, True)

    await books.publish(BATCH, settled(1, CREDITED, rejected={"KLJ": 1_500_000}))
    await books.world.settle()
    money = await books.get("/months/2025-09/money")
    assert {k: money[k] for k in ("sp2d", "credited", "returned", "holding", "balanced")} == {
        "sp2d": 243_000_000, "credited": 240_600_000, "returned": 0, "holding": 2_400_000, "balanced": True,
    }  # fmt: skip

    sts = {"nomor": "S-1", "tanggal": "2025-10-20", "program": "KLJ", "nilai": 1_500_000, "rujukan": "2025-09-m01"}
    await books.bring("sts", [sts])
    await books.publish(BATCH, settled(2, {**CREDITED, "KLJ": 180_900_000}, rejected={"KLJ": 1_500_000}))
    await books.world.settle()
    money = await books.get("/months/2025-09/money")
    assert (money["credited"], money["returned"], money["holding"], money["balanced"]) == (241_500_000, 1_500_000, 0, True)
    klj = await line(books, "KLJ")
    assert (klj["realised"], klj["returned"]) == (182_400_000, 1_500_000)
    (returned,) = books.outbox("budget_audit.treasury_return.recorded.v1")
    assert (returned["batch_id"], returned["programme"], returned["amount"]) == (str(BATCH), "KLJ", 1_500_000)
    assert await books.mismatches() == []


async def test_postings_balance_and_nobody_changes_them(books: Books) -> None:
    await books.dpa()
    await books.publish(BATCH, approved(), settled(1, CREDITED), settled(2, {**CREDITED, "KLJ": 179_100_000}))
    await books.bring("sp2d", sp2d_rows())
    await books.world.settle()
    with books.world.sql("budget_audit") as connection:
        rows = connection.execute(
            """SELECT account, sum(amount)::bigint FROM (SELECT debit AS account, amount FROM posting
                     UNION ALL SELECT credit, -amount FROM posting) AS p GROUP BY account"""
        ).fetchall()
    balances = {str(account): int(str(amount)) for account, amount in rows}
    assert sum(balances.values()) == 0
    assert balances["distributed/KLJ"] == 179_100_000
    assert balances["holding/KLJ"] == LIST["KLJ"] - 179_100_000
    for role in ("api", "worker"):
        for statement in (
            "UPDATE posting SET amount = 1",
            "DELETE FROM posting",
            "UPDATE sp2d_row SET amount = 1",
            "DELETE FROM mismatch_step",
        ):
            with books.world.sql("budget_audit", role) as connection, pytest.raises(psycopg.errors.InsufficientPrivilege):
                connection.execute(statement.encode())


async def test_an_older_result_does_not_replace_a_newer_one(books: Books) -> None:
    await books.dpa()
    await books.bring("sp2d", sp2d_rows())
    await books.publish(BATCH, approved(), settled(2, CREDITED), settled(1, {}))
    await books.world.settle()
    assert (await books.get("/months/2025-09/money"))["credited"] == 240_600_000


async def test_the_tables_are_those_of_the_migration(books: Books) -> None:
    from services.budget_audit.main import service
    from shared.db import migrate

    migrate.check(books.world.ground.postgres.address("ritme_budget_audit", "budget_audit_owner"), service.migrations, service.metadata)


RETRY = natural_id("batch", "2025-09-R01")


def retried(result_no: int, credited: dict[str, int], rejected: dict[str, int] | None = None) -> BatchSettled:
    """The list R01: 1,500,000 rupiah of KLJ that were paid from the holding account."""
    paid = {"KLJ": 1_500_000}
    return settled(result_no, credited, rejected=rejected, sums=paid, batch=RETRY, code="2025-09-R01", from_holding=paid)


async def test_a_retry_from_the_holding_account_takes_no_budget_and_its_money_is_found_on_both_lists(books: Books) -> None:
    await books.dpa()
    await books.publish(BATCH, approved())
    await books.bring("sp2d", sp2d_rows())
    back = {"KLJ": 1_500_000}
    await books.publish(BATCH, settled(1, {**LIST, "KLJ": LIST["KLJ"] - 1_500_000}, rejected=back))
    await books.world.settle()
    before = await line(books, "KLJ")

    await books.publish(RETRY, approved("c" * 64, back, RETRY, "2025-09-R01", financing="holding"))
    await books.world.settle()
    assert await line(books, "KLJ") == before
    assert len(books.outbox("budget_audit.reservation.made.v1")) == 1
    assert (await books.get("/months/2025-09/money"))["balanced"] is True

    await books.publish(BATCH, settled(2, {**LIST, "KLJ": LIST["KLJ"] - 1_500_000}, rejected=back, paid_on=back))
    await books.publish(RETRY, retried(1, {}), retried(2, {"KLJ": 1_200_000}, {"KLJ": 300_000}))
    await books.world.settle()
    money = await books.get("/months/2025-09/money")
    assert {key: money[key] for key in ("sp2d", "from_holding", "credited", "returned", "paid_on", "holding", "balanced")} == {
        "sp2d": 243_000_000, "from_holding": 1_500_000, "credited": 242_700_000, "returned": 0, "paid_on": 1_500_000,
        "holding": 300_000, "balanced": True,
    }  # fmt: skip
    assert await books.mismatches() == []

    # What failed again goes back from the list that it was on last; from the first one it is out already.
    sts = {"nomor": "S-1", "tanggal": "2025-10-20", "program": "KLJ", "nilai": 300_000}
    wrong = await books.check("sts", [{**sts, "rujukan": "2025-09-R01", "nilai": 1_500_001}])
    refused = await books.commit(wrong)
    assert (refused.status_code, refused.json()["code"], refused.json()["available"]) == (409, "more-than-released", 1_500_000)
    await books.bring("sts", [{**sts, "rujukan": "2025-09-R01"}])
    await books.world.settle()
    money = await books.get("/months/2025-09/money")
    assert (money["returned"], money["holding"], money["balanced"]) == (300_000, 0, True)
    assert await books.mismatches() == []


async def test_last_years_rupiah_do_not_go_back_to_a_line_of_this_year(books: Books) -> None:
    """Carried over, sent again in January, failed again: the line of January has paid nothing, and gets nothing back."""
    await books.dpa()
    await books.bring("dpa", [{**pkd_key("KLJ"), "tahun": 2026, "uraian": "Bantuan sosial uang", "pagu": 300_000_000}])
    january = natural_id("batch", "2026-01-R01")
    failed = {"KLJ": 1_500_000}
    told = settled(1, {}, rejected=failed, sums=failed, batch=january, code="2026-01-R01", from_holding=failed)
    await books.publish(january, msgspec.structs.replace(told, month="2026-01"))
    await books.world.settle()
    row = {"nomor": "S-1", "tanggal": "2026-02-20", "rujukan": "2026-01-R01", "program": "KLJ", "nilai": 1_500_000}
    checked = await books.check("sts", [row])
    refused = await books.as_("treasurer").post(f"/budget_audit/imports/{checked['id']}/commit")
    assert (refused.status_code, refused.json()["code"], refused.json()["available"]) == (409, "more-than-released", 0)


async def test_a_retry_from_holding_that_says_more_than_it_took_is_found(books: Books) -> None:
    await books.publish(
        RETRY, settled(1, {"KLJ": 600_000}, sums={"KLJ": 600_000}, batch=RETRY, code="2025-09-R01", from_holding={"KLJ": 300_000})
    )
    await books.world.settle()
    (found,) = await books.mismatches()
    assert (found["subject"], found["expected"], found["actual"], found["difference"]) == ("2025-09-R01", 600_000, 300_000, -300_000)
