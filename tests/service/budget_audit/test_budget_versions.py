"""A budget year's documents are versions that stay; one below what is spent is in force, shown, and closed to further use (O13)."""

from __future__ import annotations

from typing import Any

import psycopg
import pytest

from shared.kernel.ids import natural_id
from tests.service.budget_audit.books import BATCH, LIST, Books, approved, food_key, pkd_key, sp2d_rows

OFFICE = {**food_key("", "5.1.02.01.01.0024"), "kode_sub_skpd": "1.06.0.00.0.00.01.0000", "kode_sub_giat": "1.06.01.1.01.0001"}
"""Stationery of the agency itself."""


def line(key: dict[str, Any], ceiling: int) -> dict[str, Any]:
    return {**key, "uraian": "Pos", "pagu": ceiling}


def spent(key: dict[str, Any], amount: int, number: str, reference: str = "BM1/2025-09") -> list[dict[str, Any]]:
    return [{"nomor": number, "tanggal": "2025-10-06", **key, "nilai": amount, "rujukan": reference}]


async def lines(books: Books) -> dict[tuple[str, str], dict[str, Any]]:
    return {(one["account"], one["panti"] or one["programme"]): one for one in (await books.get("/lines?year=2025"))["items"]}


FOOD, STATIONERY = ("5.1.02.01.01.0043", "BM1"), ("5.1.02.01.01.0024", "")


async def o13(books: Books) -> dict[str, Any]:
    """Line of 400 m, 310 m spent; another with 12 m spent. The DPPA brings 250 m for the first and nothing for the second."""
    await books.bring("dpa", [line(food_key(), 400_000_000), line(OFFICE, 20_000_000)], document="dpa", number="DPA/1/2025", covers="year")
    await books.bring("sp2d", spent(food_key(), 310_000_000, "0001") + spent(OFFICE, 12_000_000, "0002", "KERTAS-1"))
    return await books.bring(
        "dpa", [line(food_key(), 250_000_000), line(food_key("BM2"), 5_000_000)], document="dppa", number="DPPA/1/2025", dated="2025-10-20",
        covers="year",
    )  # fmt: skip


async def test_a_revision_below_what_is_spent_holds_and_is_a_finding(books: Books) -> None:
    committed = await o13(books)
    assert committed["result"] == {"lines": 2, "ceilings_changed": 3, "version": 2, "added": 1, "dropped": 1, "raised": 0, "lowered": 1}
    now = await lines(books)
    assert (now[FOOD]["ceiling"], now[FOOD]["available"], now[FOOD]["uncovered"]) == (250_000_000, -60_000_000, 60_000_000)
    gone = now[STATIONERY]
    assert (gone["ceiling"], gone["dropped"], gone["realised"], gone["available"]) == (0, True, 12_000_000, -12_000_000)

    await books.world.settle()
    found = {one["code"]: one for one in await books.mismatches(year=2025)}
    assert found.keys() == {"over_ceiling", "line_dropped_with_spending"}
    over = found["over_ceiling"]
    assert (over["expected"], over["actual"], over["difference"]) == (250_000_000, 310_000_000, 60_000_000)
    assert (over["subject"], over["period"]) == (now[FOOD]["key"], "2025")
    assert over["evidence"][0] == "dpa/2025/2"
    assert "sp2d/0001" in over["evidence"]
    assert "pagu 250.000.000" in over["formula"]
    assert "tidak tertutup 60.000.000" in over["formula"]
    dropped = found["line_dropped_with_spending"]
    assert (dropped["expected"], dropped["actual"]) == (0, 12_000_000)
    (event,) = books.outbox("budget_audit.budget.revised.v1")[1:]
    assert (event["budget_version"], event["version"], event["uncovered"], event["document"]) == (2, 2, 72_000_000, "dppa")
    assert over["owner"] == "bendahara-pengeluaran"


async def test_what_a_revision_left_uncovered_takes_nothing_more(books: Books) -> None:
    await o13(books)
    for key, number in ((food_key(), "0003"), (OFFICE, "0004")):
        view = await books.check("sp2d", spent(key, 1, number))
        assert any("melebihi sisa pagu" in words for words in view["not_ready"])
        refused = await books.as_("treasurer").post(f"/budget_audit/imports/{view['id']}/commit")
        assert refused.status_code == 409


async def test_no_reservation_on_a_line_below_what_is_reserved(books: Books) -> None:
    await books.dpa(ceiling=400_000_000)
    await books.publish(BATCH, approved())
    await books.world.settle()
    await books.bring("dpa", [line(pkd_key("KLJ"), 100_000_000)])
    await books.world.settle()
    (found,) = await books.mismatches()
    assert (found["code"], found["expected"], found["actual"]) == ("over_ceiling", 100_000_000, LIST["KLJ"])
    assert "bila dilepas, yang tidak tertutup menjadi 0" in found["ruled_out"][0]

    second = natural_id("batch", "2025-09-M02")
    await books.publish(second, approved("b" * 64, {"KLJ": 300_000}, second, "2025-09-M02"))
    await books.world.settle()
    (refusal,) = (await books.get(f"/reservations?batch_id={second}"))["items"]
    assert (refusal["state"], refusal["available"]) == ("refused", 100_000_000 - LIST["KLJ"])


async def test_money_that_comes_back_covers_and_heals(books: Books) -> None:
    await o13(books)
    await books.world.settle()
    sts = {"nomor": "S-1", "tanggal": "2025-11-02", "program": "", "nilai": 20_000_000, "rujukan": "BM1/2025-09"}
    await books.bring("sts", [sts])
    await books.world.settle()
    assert (await lines(books))[FOOD]["uncovered"] == 40_000_000
    over = (await books.mismatches(code="over_ceiling"))[0]
    assert (over["difference"], over["state"]) == (40_000_000, "detected")

    await books.bring("sts", [{**sts, "nomor": "S-2", "nilai": 40_000_000}])
    await books.world.settle()
    assert ((await lines(books))[FOOD]["uncovered"], (await lines(books))[FOOD]["available"]) == (0, 0)
    over = (await books.mismatches(code="over_ceiling"))[0]
    assert (over["difference"], over["state"]) == (0, "explained")
    assert over["history"][-1]["event_id"] != over["caused_by_event"]  # the STS did it, not the revision


async def test_a_later_revision_covers_again_and_heals(books: Books) -> None:
    await o13(books)
    await books.world.settle()
    await books.bring("dpa", [line(food_key(), 310_000_000), line(OFFICE, 12_000_000)], document="pergeseran")
    await books.world.settle()
    now = await lines(books)
    assert (now[FOOD]["available"], now[STATIONERY]["dropped"], now[STATIONERY]["available"]) == (0, False, 0)
    assert {one["difference"] for one in await books.mismatches()} == {0}
    assert len(books.outbox("budget_audit.budget.revised.v1")) == 3


async def test_the_dry_run_shows_what_a_file_would_change(books: Books) -> None:
    await books.bring("dpa", [line(food_key(), 400_000_000), line(OFFICE, 20_000_000), line(food_key("BM3"), 7_000_000)])
    await books.bring("sp2d", spent(food_key(), 310_000_000, "0001"))
    rows = [line(food_key(), 250_000_000), line(food_key("BM2"), 5_000_000), line(food_key("BM3"), 9_000_000)]
    view = await books.check("dpa", rows, covers="year")
    assert (view["totals"]["added"], view["totals"]["dropped"], view["totals"]["raised"], view["totals"]["lowered"]) == (1, 1, 1, 1)
    assert (2, "pagu", "below-committed") in await books.problems(view["id"])
    shown = await books.get(f"/imports/{view['id']}/budget-difference")
    assert (shown["first"], shown["second"], shown["uncovered"], shown["difference"]) == (1, None, 60_000_000, -163_000_000)
    assert [(one["change"], one["before"], one["after"], one["difference"]) for one in shown["items"]] == [
        ("lowered", 400_000_000, 250_000_000, -150_000_000), ("dropped", 20_000_000, None, -20_000_000),
        ("added", None, 5_000_000, 5_000_000), ("raised", 7_000_000, 9_000_000, 2_000_000),
    ]  # fmt: skip
    assert shown["items"][0]["used"] == 310_000_000
    assert len((await books.get("/budgets/2025/versions"))["items"]) == 1


async def test_versions_are_kept_and_any_two_are_compared(books: Books) -> None:
    await o13(books)
    await books.bring("dpa", [line(food_key(), 350_000_000)], document="pergeseran", number="G-7")
    found = await books.get("/budgets/2025/versions")
    assert [(one["version"], one["document"], one["number"], one["dated"]) for one in found["items"]] == [
        (3, "pergeseran", "G-7", None), (2, "dppa", "DPPA/1/2025", "2025-10-20"), (1, "dpa", "DPA/1/2025", None),
    ]  # fmt: skip
    assert [one["ceiling"] for one in found["items"]] == [355_000_000, 255_000_000, 420_000_000]
    last = await books.get("/budgets/2025/difference")
    assert (last["first"], last["second"], last["difference"]) == (2, 3, 100_000_000)
    whole = await books.get("/budgets/2025/difference?from=1&to=3")
    assert {(one["change"], one["difference"]) for one in whole["items"]} == {
        ("lowered", -50_000_000), ("dropped", -20_000_000), ("added", 5_000_000),
    }  # fmt: skip
    back = await books.get("/budgets/2025/difference?from=3&to=1")
    assert back["difference"] == -whole["difference"]
    for wrong in ("from=1&to=9", "from=4"):
        answer = await books.as_("auditor").get(f"/budget_audit/budgets/2025/difference?{wrong}")
        assert (answer.status_code, answer.json()["code"]) == (404, "not-found")
    assert (await books.get("/budgets/2031/versions"))["items"] == []
    assert (await books.as_("jakpus").get("/budget_audit/budgets/2025/versions")).status_code == 403


async def test_a_file_that_covers_a_sub_skpd_leaves_the_others(books: Books) -> None:
    other = food_key(account="5.1.02.01.01.0037")
    await books.bring("dpa", [line(food_key(), 10), line(other, 20), line(food_key("BM2"), 30)])
    await books.bring("dpa", [line(food_key(), 11)], covers="sub_skpd")
    now = await lines(books)
    assert now["5.1.02.01.01.0037", "BM1"]["dropped"]
    assert not now["5.1.02.01.01.0043", "BM2"]["dropped"]


async def test_the_same_ceilings_again_are_no_version(books: Books) -> None:
    await books.bring("dpa", [line(food_key(), 10)])
    view = await books.bring("dpa", [{**line(food_key(), 10), "uraian": "Makan"}])
    assert (view["result"]["version"], view["result"]["ceilings_changed"]) == (0, 0)
    assert [one["version"] for one in (await books.get("/budgets/2025/versions"))["items"]] == [1]


async def test_a_programmes_line_moves_to_another_sub_activity(books: Books) -> None:
    """The old line keeps what it paid and reserves no more; the new one takes the programme's lists."""
    await books.dpa()
    await books.bring("sp2d", sp2d_rows({"KLJ": 30_000_000}))
    moved = {**pkd_key("KLJ"), "kode_sub_giat": "1.06.04.1.05.0009"}
    alone = await books.check("dpa", [line(moved, 200_000_000)])
    assert (2, "program", "second-line") in await books.problems(alone["id"])
    rows = [line(moved, 200_000_000), line(pkd_key("KPDJ"), 300_000_000), line(pkd_key("KAJ"), 300_000_000)]
    await books.bring("dpa", rows, covers="year")
    second = natural_id("batch", "2025-10-M01")
    await books.publish(second, approved("b" * 64, {"KLJ": 150_000_000}, second, "2025-10-M01"))
    await books.world.settle()
    (made,) = (await books.get(f"/reservations?batch_id={second}"))["items"]
    new = next(one for one in (await books.get("/lines?year=2025"))["items"] if one["sub_activity"] == moved["kode_sub_giat"])
    assert (made["state"], made["lines"][0]["line_id"], new["reserved"]) == ("made", new["id"], 150_000_000)


async def test_what_is_wrong_in_a_budget_file_is_said_by_row_and_column(books: Books) -> None:
    rows = [
        line(food_key(), 1_000_000),
        line({**food_key(), "kode_akun": "5.1.02.01.01"}, 1_000),
        line({**food_key("BM2"), "kode_sub_skpd": "1.01.0.00.0.00.01.0000"}, 1_000),
        line({**food_key("BM3"), "kode_sub_giat": "2.09.03.1.02.0001"}, 1_000),
        line({**food_key("BM4"), "kode_sub_giat": "1.06.04.1.03"}, 1_000),
        line(food_key("UM5"), 1_000) | {"pagu": "1,6 miliar"},
        line(food_key("TB"), 1_000) | {"pagu": "-5"},
        line({**food_key("PU1"), "tahun": 2024}, 1_000),
    ]
    view = await books.check("dpa", rows, count=1, sum=1_000_000)
    found = {(row, column, code) for row, column, code in await books.problems(view["id"]) if code != "unknown-activity"}
    assert {(row, column) for row, column, _ in found} == {
        (3, "kode_akun"), (4, "kode_sub_skpd"), (5, "kode_sub_giat"), (6, "kode_sub_giat"), (7, "pagu"), (8, "pagu"), (9, "tahun"),
    }  # fmt: skip
    assert {(3, "kode_akun", "account-no-leaf"), (4, "kode_sub_skpd", "other-agency"), (5, "kode_sub_giat", "other-agency"),
            (6, "kode_sub_giat", "activity-no-leaf"), (8, "pagu", "money-negative"), (9, "tahun", "wrong-year")} <= found  # fmt: skip
    assert (await books.get("/lines?year=2025"))["items"] == []


async def test_a_controls_word_that_means_nothing_is_refused(books: Books) -> None:
    content = b"tahun;kode_sub_skpd;kode_sub_giat;kode_akun;uraian;pagu\n"
    for controls in ('{"count": 0, "sum": 0, "covers": "all"}', '{"count": 0, "sum": 0, "document": "apbd"}'):
        answer = await books.as_("operator").post(
            "/budget_audit/imports/dpa", files={"file": ("dpa.csv", content)}, data={"controls": controls}
        )
        assert (answer.status_code, answer.json()["code"]) == (422, "invalid-input")


@pytest.mark.parametrize(
    "broken",
    [
        "UPDATE budget_line SET realised = realised + 1, uncovered = uncovered",
        "UPDATE budget_line SET uncovered = 100",
        "UPDATE budget_line SET dropped = true",
    ],
)
async def test_the_table_itself_refuses_what_no_revision_did(books: Books, broken: str) -> None:
    await books.bring("dpa", [line(food_key(), 10)])
    await books.bring("sp2d", spent(food_key(), 10, "0001"))
    with books.world.sql("budget_audit") as connection, pytest.raises(psycopg.errors.CheckViolation):
        connection.execute(broken.encode())
