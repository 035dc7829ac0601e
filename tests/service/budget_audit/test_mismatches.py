"""Detectors and what follows: by events alone, explained, agreed and closed by different people."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from shared.contracts.assistive_devices import StockReceived
from shared.kernel.ids import natural_id
from tests.service.budget_audit.books import BATCH, LIST, Books, approved, food_key, settled, sp2d_rows

CENSUS = [{"kode_panti": "BM1", "tanggal": f"2025-09-{day:02d}", "penghuni": 116} for day in range(1, 31)]
CONTRACT = [{"kode_panti": "BM1", "mulai": "2025-01-01", "sampai": "2025-12-31", "harga": 38_500}]
FOOD_SP2D = [{"nomor": "0077/SP2D/2025", "tanggal": "2025-10-06", **food_key(), "nilai": 139_755_000, "rujukan": "bm1 2025-09"}]


async def panti(books: Books, *, census: list[dict[str, Any]] = CENSUS) -> None:
    await books.bring("dpa", [{**food_key(), "uraian": "Natura", "pagu": 1_606_000_000}])
    await books.bring("contract", CONTRACT, person="panti-head")
    await books.bring("census", census, person="panti-head")


async def act(books: Books, person: str, mismatch_id: str, step: str, body: dict[str, Any]) -> Any:
    return await books.as_(person).post(f"/budget_audit/mismatches/{mismatch_id}/{step}", json=body)


async def test_an_sp2d_above_the_list_is_found_by_the_worker_and_not_before(books: Books) -> None:
    await books.dpa()
    await books.publish(BATCH, approved())
    await books.world.settle()
    await books.bring("sp2d", sp2d_rows({**LIST, "KLJ": LIST["KLJ"] + 3_000_000}))
    assert await books.mismatches(year=2025) == []

    await books.world.settle()
    (found,) = await books.mismatches(year=2025)
    assert (found["code"], found["subject"], found["period"]) == ("settled_differs_from_sp2d", "2025-09-M01", "2025-09")
    assert (found["expected"], found["actual"], found["difference"]) == (243_000_000, 246_000_000, 3_000_000)
    assert (found["state"], found["open"]) == ("detected", 3_000_000)
    assert "sp2d/0001/SP2D/2025" in found["evidence"]
    assert found["owner"] == "bendahara-pengeluaran"
    assert found["due_on"]
    (event,) = books.outbox("budget_audit.mismatch.detected.v1")
    assert event["cause"] == found["caused_by_event"]
    with books.world.sql("budget_audit") as connection:
        row = connection.execute("SELECT event_id FROM document_event").fetchone()
    assert row is not None
    assert row[0] == found["caused_by_event"]


async def test_whichever_fact_comes_second_compares(books: Books) -> None:
    await books.dpa()
    await books.bring("sp2d", sp2d_rows({**LIST, "KLJ": LIST["KLJ"] + 3_000_000}))
    await books.world.settle()
    assert await books.mismatches() == []
    cause = await books.publish(BATCH, approved())
    await books.world.settle()
    (found,) = await books.mismatches()
    assert found["caused_by_event"] == cause


async def test_equal_totals_hide_no_programme(books: Books) -> None:
    await books.dpa()
    await books.publish(BATCH, approved())
    await books.bring("sp2d", sp2d_rows({**LIST, "KLJ": LIST["KLJ"] + 300_000, "KAJ": LIST["KAJ"] - 300_000}))
    await books.world.settle()
    assert {(m["subject"], m["difference"]) for m in await books.mismatches()} == {
        ("2025-09-M01/KAJ", -300_000),
        ("2025-09-M01/KLJ", 300_000),
    }


async def test_a_second_sp2d_that_completes_the_money_explains_the_difference(books: Books) -> None:
    await books.dpa()
    await books.publish(BATCH, approved())
    await books.bring("sp2d", sp2d_rows({"KLJ": LIST["KLJ"]}))
    await books.world.settle()
    (found,) = await books.mismatches()
    assert found["difference"] == LIST["KLJ"] - 243_000_000

    await books.bring("sp2d", sp2d_rows({"KPDJ": LIST["KPDJ"], "KAJ": LIST["KAJ"]}, number="0002/SP2D/2025"))
    await books.world.settle()
    (healed,) = await books.mismatches()
    assert (healed["state"], healed["difference"], healed["open"]) == ("explained", 0, 0)
    assert [step["step"] for step in healed["history"]] == ["detect", "heal"]
    (explained,) = books.outbox("budget_audit.mismatch.explained.v1")
    assert (explained["version"], explained["by_event"]) == (2, healed["history"][1]["event_id"])


async def test_food_of_budi_mulia_from_detection_to_closing(books: Books) -> None:
    await panti(books)
    await books.bring("sp2d", FOOD_SP2D)
    assert await books.mismatches() == []
    await books.world.settle()
    (found,) = await books.mismatches(year=2025)
    assert (found["code"], found["subject"], found["period"]) == ("food_differs_from_resident_days", "BM1", "2025-09")
    assert (found["expected"], found["actual"], found["difference"]) == (133_980_000, 139_755_000, 5_775_000)
    assert "3.480 hari-orang × 38.500 = 133.980.000" in found["formula"]
    assert "150 hari-orang" in found["formula"]
    assert "1.500 × 3.480 = 5.220.000" in found["ruled_out"][0]
    assert found["owner"] == "panti/BM1"

    first = (await books.get("/panti"))["items"][0]
    assert (first["code"], first["capacity"], first["mismatches"], first["unexplained"]) == ("BM1", 110, 1, 5_775_000)

    too_much = {"text": "Makan keluarga tanggal 17", "evidence": ["BAST 17"], "amount": 5_775_001}
    assert (await act(books, "panti-head", found["id"], "explanation", too_much)).status_code == 422
    assert (await act(books, "auditor", found["id"], "explanation", {**too_much, "amount": 1})).status_code == 403
    closing = {"evidence": "STS 12/2025 Rp2.310.000"}
    assert (await act(books, "auditor2", found["id"], "closing", closing)).json()["code"] == "illegal-transition"

    explained = await act(books, "panti-head", found["id"], "explanation", {**too_much, "amount": 3_465_000})
    assert (explained.json()["state"], explained.json()["open"]) == ("explained", 2_310_000)
    agreement = {"solution": "Setor kembali 60 hari-orang", "owner": "panti/BM1", "due_on": "2025-12-01"}
    agreed = await act(books, "auditor", found["id"], "agreement", agreement)
    assert (agreed.json()["state"], agreed.json()["open"], agreed.json()["due_on"]) == ("agreed", 2_310_000, "2025-12-01")

    await books.bring("sts", [{"nomor": "12/2025", "tanggal": "2025-11-20", "program": "", "nilai": 2_310_000, "rujukan": "BM1/2025-09"}])
    await books.world.settle()
    assert (await act(books, "auditor", found["id"], "closing", closing)).json()["code"] == "four-eyes"
    closed = (await act(books, "auditor2", found["id"], "closing", closing)).json()
    assert (closed["state"], closed["difference"]) == ("closed", 5_775_000)
    assert [step["person"] for step in closed["history"]] == ["", "panti-head", "auditor", "auditor2"]
    events = [books.outbox(f"budget_audit.mismatch.{step}.v1")[0] for step in ("detected", "explained", "agreed", "closed")]
    assert [event["version"] for event in events] == [1, 2, 3, 4]

    page = await books.get("/panti/BM1/months/2025-09")
    assert (page["resident_days"], page["price"], page["food_due"], page["sp2d"]) == (3_480, 38_500, 133_980_000, 139_755_000)
    assert (page["capacity"], page["returned"], page["difference"], page["mismatch_id"]) == (110, 2_310_000, 5_775_000, found["id"])


async def test_nothing_is_compared_until_every_day_is_counted_and_then_the_queue_does_it(books: Books) -> None:
    await panti(books, census=CENSUS[:-1])
    await books.bring("sp2d", FOOD_SP2D)
    await books.world.settle()
    assert await books.mismatches() == []

    await books.bring("census", CENSUS[-1:])
    assert await books.mismatches() == []
    await books.world.settle()
    (found,) = await books.mismatches()
    assert found["difference"] == 5_775_000
    with books.world.sql("budget_audit") as connection:
        rows = connection.execute("SELECT event_id FROM document_event").fetchall()
    assert [(found["caused_by_event"],)] == rows


async def test_a_corrected_count_changes_the_numbers_and_a_new_question_starts(books: Books) -> None:
    await panti(books)
    await books.bring("sp2d", FOOD_SP2D)
    await books.world.settle()
    (found,) = await books.mismatches()
    body = {"text": "Makan keluarga", "evidence": ["BAST 17"], "amount": 3_465_000}
    await act(books, "panti-head", found["id"], "explanation", body)

    await books.bring("census", [{**CENSUS[0], "penghuni": 126}])
    await books.world.settle()
    (renumbered,) = await books.mismatches()
    assert renumbered["id"] == found["id"]
    assert (renumbered["difference"], renumbered["state"], renumbered["explained"]) == (5_390_000, "detected", 0)
    assert [step["numbers_version"] for step in renumbered["history"]] == [1, 1, 2]
    assert len(books.outbox("budget_audit.mismatch.detected.v1")) == 2


async def test_meeting_food_is_not_residents_food_and_an_unverified_code_says_so(books: Books) -> None:
    meeting, unverified = food_key(account="5.1.02.01.01.0052"), food_key(account="5.1.02.01.01.0057")
    await books.bring("dpa", [{**key, "uraian": "Makan", "pagu": 500_000_000} for key in (meeting, unverified)])
    await books.bring("contract", CONTRACT)
    await books.bring("census", CENSUS)
    await books.bring("sp2d", [{**FOOD_SP2D[0], **meeting}])
    await books.world.settle()
    assert [one["code"] for one in await books.mismatches()] == ["wrong_account"]
    await books.bring("sp2d", [{**FOOD_SP2D[0], **unverified, "nomor": "0078/SP2D/2025", "nilai": 134_000_000}])
    await books.world.settle()
    (found,) = await books.mismatches(code="food_differs_from_resident_days")
    assert found["actual"] == 134_000_000
    assert any("belum terverifikasi" in note for note in found["ruled_out"])


async def test_six_paid_and_five_delivered(books: Books) -> None:
    account = {**food_key(), "kode_akun": "5.2.03.01.01.0001", "panti": ""}
    await books.bring("dpa", [{**account, "uraian": "Kursi roda", "pagu": 1_100_000_000}])
    paid = {"nomor": "0200/SP2D/2025", "tanggal": "2025-03-20", **account, "nilai": 6 * 2_500_000, "rujukan": "BAST-03/2025"}
    await books.bring("sp2d", [paid])
    await books.world.settle()
    assert await books.mismatches() == []
    delivery: UUID = natural_id("delivery", "BAST-03/2025")
    received = StockReceived(contract="BAST-03/2025", kind="kursi-roda-dewasa", place="sudin-31.73", units=3, unit_price=2_500_000)
    await books.publish(delivery, received)
    await books.world.settle()
    assert (await books.mismatches())[0]["difference"] == 7_500_000

    two_more = StockReceived(contract="BAST-03/2025", kind="kursi-roda-dewasa", place="sudin-31.73", units=2, unit_price=2_500_000)
    cause = await books.publish(delivery, two_more)
    await books.world.settle()
    (found,) = await books.mismatches()
    assert (found["code"], found["expected"], found["actual"], found["difference"]) == (
        "goods_differ_from_sp2d",
        12_500_000,
        15_000_000,
        2_500_000,
    )
    assert found["caused_by_event"] == cause


async def test_a_settlement_alone_changes_no_sum(books: Books) -> None:
    await books.dpa()
    await books.publish(BATCH, approved(), settled(1, {"KLJ": 180_000_000}))
    await books.bring("sp2d", sp2d_rows())
    await books.world.settle()
    assert await books.mismatches() == []


async def test_a_line_lost_between_release_and_result_is_found(books: Books) -> None:
    await books.dpa()
    await books.publish(BATCH, approved())
    await books.bring("sp2d", sp2d_rows())
    await books.world.settle()
    await books.publish(BATCH, settled(1, {"KLJ": 180_000_000}, sums={**LIST, "KLJ": LIST["KLJ"] - 300_000}))
    await books.world.settle()
    (found,) = await books.mismatches()
    assert found["difference"] == 300_000


async def test_a_programme_lost_from_the_results_is_found(books: Books) -> None:
    await books.dpa()
    await books.publish(BATCH, approved())
    await books.bring("sp2d", sp2d_rows())
    await books.publish(BATCH, settled(1, LIST), settled(2, LIST, sums={"KLJ": LIST["KLJ"], "KPDJ": LIST["KPDJ"]}))
    await books.world.settle()
    (found,) = await books.mismatches()
    assert found["difference"] == LIST["KAJ"]


async def test_an_sts_of_money_that_was_credited_is_found_and_healed_by_its_return(books: Books) -> None:
    """A holding account holds no less than nothing: what went back beyond it was in somebody's account."""
    await books.dpa()
    await books.publish(BATCH, approved())
    await books.bring("sp2d", sp2d_rows())
    await books.publish(BATCH, settled(1, LIST))
    await books.bring("sts", [{"nomor": "S-1", "tanggal": "2025-10-20", "program": "KLJ", "nilai": 300_000, "rujukan": "2025-09-M01"}])
    await books.world.settle()
    money = await books.get("/months/2025-09/money")
    assert (money["returned"], money["holding"], money["balanced"]) == (300_000, 0, False)
    (found,) = await books.mismatches()
    assert (found["difference"], found["state"]) == (-300_000, "detected")

    await books.publish(BATCH, settled(2, {**LIST, "KLJ": LIST["KLJ"] - 300_000}))
    await books.world.settle()
    assert (await books.get("/months/2025-09/money"))["balanced"] is True
    assert [one["difference"] for one in await books.mismatches()] == [0]
