"""What is wrong in a file is told by row and column, and nothing half is applied."""

from __future__ import annotations

from tests.service.budget_audit.books import BATCH, CASH_AID, LIST, Books, approved, food_key, pkd_key, sp2d_rows

LOOK_AGAIN = {"unknown-activity", "unknown-reference"}
"""Warnings about what may be right."""


async def test_dpa_rows_are_checked_by_row_and_column(books: Books) -> None:
    good = {**pkd_key("KLJ"), "uraian": "KLJ", "pagu": 1_000_000}
    rows = [
        good,
        {**good, "kode_akun": "5.1.99.99.99.9999"},
        {**food_key("XX9"), "uraian": "Makan", "pagu": 1_000_000},
        {**good, "tahun": 2024},
        {**good, "program": "KKK"},
        {**food_key("BM1"), "uraian": "Makan", "pagu": 1_000_000},
        {**food_key("BM1"), "uraian": "Makan", "pagu": 1_000_000},
        {**good, "kode_sub_skpd": "1.06.0.00.0.00.01.0009"},
    ]
    view = await books.check("dpa", rows, count=2, sum=2_000_000)
    problems = await books.problems(view["id"])
    assert {(row, code) for row, _, code in problems if code != "unknown-activity"} == {
        (3, "unknown-account"), (4, "unknown-panti"), (5, "wrong-year"), (6, "unknown-programme"), (8, "double-row"), (9, "second-line"),
    }  # fmt: skip
    assert (view["accepted"], view["rejected"], view["ready"]) == (2, 6, False)
    refused = await books.as_("operator").post(f"/budget_audit/imports/{view['id']}/commit")
    assert (refused.status_code, refused.json()["code"]) == (409, "rows-rejected")
    assert (await books.get("/lines?year=2025"))["items"] == []


async def test_a_negative_amount_is_a_problem_of_its_cell(books: Books) -> None:
    view = await books.check("dpa", [{**pkd_key("KLJ"), "uraian": "KLJ", "pagu": -5}], count=1, sum=0)
    assert (2, "pagu", "money-negative") in await books.problems(view["id"])


async def test_totals_that_differ_from_the_paper_stop_the_file(books: Books) -> None:
    view = await books.check("dpa", [{**pkd_key("KLJ"), "uraian": "KLJ", "pagu": 1_000_000}], sum=2_000_000)
    refused = await books.as_("treasurer").post(f"/budget_audit/imports/{view['id']}/commit")
    assert (refused.status_code, refused.json()["code"]) == (409, "totals-differ")
    assert refused.json()["controls"]["sum"] == 2_000_000
    assert refused.json()["totals"]["sum"] == 1_000_000


async def test_a_changed_ceiling_is_a_new_version_and_one_below_what_is_committed_is_warned_about(books: Books) -> None:
    await books.dpa()
    await books.bring("sp2d", sp2d_rows())
    view = await books.check("dpa", [{**pkd_key("KLJ"), "uraian": "KLJ", "pagu": 1_000_000}])
    assert (2, "pagu", "below-committed") in await books.problems(view["id"])
    await books.dpa(ceiling=400_000_000)
    with books.world.sql("budget_audit") as connection:
        versions = connection.execute("SELECT version, count(*) FROM ceiling_version GROUP BY version ORDER BY version").fetchall()
    assert versions == [(1, 3), (2, 3)]


async def test_sp2d_rows_are_checked_against_lines_and_what_is_recorded(books: Books) -> None:
    await books.dpa()
    await books.bring("sp2d", sp2d_rows())
    rows = sp2d_rows()
    again = [*rows[:2], {**rows[2], "nilai": rows[2]["nilai"] + 1_000}, {**rows[0], "nomor": "0009", "kode_akun": "5.1.02.01.01.0043"}]
    again += [{**rows[0], "nomor": "0010", "tanggal": "2026-01-02"}, {**rows[0], "nomor": "0011", "rujukan": "ZZ9/2025-09"}]
    view = await books.check("sp2d", again)
    codes = {(row, code) for row, _, code in await books.problems(view["id"]) if code not in LOOK_AGAIN}
    assert codes == {
        (2, "already-recorded"), (3, "already-recorded"), (4, "document-recorded-differently"), (5, "unknown-line"), (6, "wrong-year"),
        (7, "unknown-panti"),
    }  # fmt: skip
    assert (view["accepted"], view["rejected"]) == (2, 4)


async def test_the_same_sp2d_under_another_name_has_no_effect(books: Books) -> None:
    await books.dpa()
    first = await books.bring("sp2d", sp2d_rows())
    second = await books.check("sp2d", sp2d_rows(), name="lain.csv")
    assert second["duplicate_of"] == first["id"]
    # Written anew (other bytes), it is recognised by its number and content.
    rows = [{**row, "rujukan": f" {row['rujukan']} "} for row in sp2d_rows()]
    view = await books.bring("sp2d", rows)
    assert view["result"] == {"documents": 0, "rows": 0}
    assert len(books.outbox("budget_audit.sp2d.recorded.v1")) == 1
    line = next(item for item in (await books.get("/lines?year=2025"))["items"] if item["programme"] == "KLJ")
    assert line["realised"] == LIST["KLJ"]


async def test_an_sp2d_above_the_ceiling_waits_for_the_changed_dpa(books: Books) -> None:
    await books.dpa(ceiling=100_000_000)
    view = await books.check("sp2d", sp2d_rows())
    assert not view["ready"]
    assert any("melebihi sisa pagu" in words for words in view["not_ready"])
    assert (await books.commit(view)).json()["code"] == "totals-differ"
    await books.dpa(ceiling=300_000_000)
    assert (await books.commit(view)).status_code == 200


async def test_money_that_came_or_went_back_is_written_by_two(books: Books) -> None:
    """An SP2D opens the way to the bank, an STS takes rupiah out of the books: neither rests on one person's file."""
    await books.dpa()
    sts = {"nomor": "S-1", "tanggal": "2025-10-20", "program": "KLJ", "nilai": 1_500_000, "rujukan": "2025-09-M01"}
    for kind, rows in (("sp2d", sp2d_rows()), ("sts", [sts])):
        view = await books.check(kind, rows, person="treasurer")
        alone = await books.as_("treasurer").post(f"/budget_audit/imports/{view['id']}/commit")
        assert (alone.status_code, alone.json()["code"]) == (409, "four-eyes"), kind
        assert books.outbox(f"budget_audit.{'sp2d' if kind == 'sp2d' else 'treasury_return'}.recorded.v1") == []
        done = await books.as_("treasurer2").post(f"/budget_audit/imports/{view['id']}/commit")
        assert (done.status_code, done.json()["committed_by"]) == (200, "treasurer2"), kind


async def test_one_number_is_one_document(books: Books) -> None:
    await books.dpa()
    rows = sp2d_rows()
    view = await books.check("sp2d", [rows[0], {**rows[1], "rujukan": "2025-09-M02"}, {**rows[2], "nilai": 0}])
    assert {(row, code) for row, _, code in await books.problems(view["id"]) if code not in LOOK_AGAIN} == {
        (3, "document-differs"), (4, "money-zero"),
    }  # fmt: skip


async def test_an_sts_returns_only_what_was_released(books: Books) -> None:
    await books.dpa()
    sts = {"nomor": "S-1", "tanggal": "2025-10-20", "program": "KLJ", "nilai": 1_500_000, "rujukan": "2025-09-M01"}
    view = await books.check("sts", [sts])
    assert (2, "rujukan", "unknown-reference") in await books.problems(view["id"])
    await books.as_("operator").post(f"/budget_audit/imports/{view['id']}/cancel")  # the same bytes are looked at anew only then
    await books.bring("sp2d", sp2d_rows())
    too_much = await books.check("sts", [{**sts, "nilai": LIST["KLJ"] + 1_000}])
    refused = await books.as_("treasurer").post(f"/budget_audit/imports/{too_much['id']}/commit")
    assert (refused.status_code, refused.json()["code"]) == (409, "more-than-released")
    await books.bring("sts", [sts])
    again = await books.check("sts", [{**sts, "nilai": 1_600_000}])
    assert (2, "nomor", "document-recorded-differently") in await books.problems(again["id"])


async def test_cash_plan_census_and_contract_rows(books: Books) -> None:
    await books.dpa()
    wrong = [
        {**pkd_key("KLJ"), "bulan": "2024-09", "rencana": 5_000},
        {**pkd_key("KLJ"), "kode_sub_skpd": "X", "bulan": "2025-09", "rencana": 5_000},
    ]
    plan = await books.check("cash-plan", wrong)
    codes = {(row, code) for row, _, code in await books.problems(plan["id"]) if code not in LOOK_AGAIN}
    assert codes == {(2, "wrong-year"), (3, "unknown-line")}
    await books.bring("cash-plan", [{**pkd_key("KLJ"), "bulan": "2025-09", "rencana": 25_000_000}])
    assert next(i for i in (await books.get("/lines?year=2025"))["items"] if i["programme"] == "KLJ")["planned"] == 25_000_000

    day = {"kode_panti": "BM1", "tanggal": "2025-09-01", "penghuni": 116}
    census = await books.check(
        "census",
        [day, day, {**day, "kode_panti": "ZZ9"}, {**day, "tanggal": "2099-09-01"}, {**day, "tanggal": "2025-09-02", "penghuni": -1}],
    )
    assert {(row, column) for row, column, _ in await books.problems(census["id"])} == {
        (3, "tanggal"), (4, "kode_panti"), (5, "tanggal"), (6, "penghuni"),
    }  # fmt: skip

    contract = {"kode_panti": "BM1", "mulai": "2025-01-01", "sampai": "2025-06-30", "harga": 38_500}
    await books.bring("contract", [contract])
    again = [
        contract,
        {**contract, "mulai": "2025-06-01", "sampai": "2025-12-31"},
        {**contract, "mulai": "2025-08-01", "sampai": "2025-07-01"},
    ]
    view = await books.check("contract", again)
    assert {(row, code) for row, _, code in await books.problems(view["id"])} == {(3, "contract-overlaps"), (4, "ends-before-start")}


async def test_a_file_may_be_mended_and_cancelled(books: Books) -> None:
    await books.dpa()
    rows = sp2d_rows()
    view = await books.check("sp2d", [rows[0], {**rows[1], "kode_akun": "5.1.99.99.99.9999"}], count=2, sum=LIST["KLJ"] + LIST["KPDJ"])
    header = ";".join(rows[0])
    mended = f"{header}\n{';'.join(str(v) for v in rows[1].values())}\n"
    answer = await books.as_("operator").post(f"/budget_audit/imports/{view['id']}/mended", files={"file": ("m.csv", mended.encode())})
    assert answer.json()["ready"], answer.text
    assert (await books.as_("operator").post(f"/budget_audit/imports/{view['id']}/cancel")).json()["state"] == "cancelled"
    with books.world.sql("budget_audit") as connection:
        assert connection.execute("SELECT count(*) FROM sp2d_staging").fetchone() == (0,)


async def test_who_may_send_and_who_may_not(books: Books) -> None:
    rows = [{**pkd_key("KLJ"), "uraian": "KLJ", "pagu": 1_000_000}]
    content = ";".join(rows[0]) + "\n" + ";".join(map(str, rows[0].values()))
    for person, status in (("auditor", 403), ("warehouse", 403), ("treasurer", 201)):
        answer = await books.as_(person).post(
            "/budget_audit/imports/dpa", files={"file": ("dpa.csv", content.encode())}, data={"controls": '{"count": 1, "sum": 1000000}'}
        )
        assert answer.status_code == status
    assert CASH_AID in content


async def test_one_sts_may_return_money_of_two_programmes(books: Books) -> None:
    await books.dpa()
    await books.bring("sp2d", sp2d_rows())
    sts = {"nomor": "S-1", "tanggal": "2025-10-20", "program": "KLJ", "nilai": 1_500_000, "rujukan": "2025-09-M01"}
    view = await books.bring("sts", [sts, {**sts, "program": "KAJ", "nilai": 900_000}])
    assert view["result"] == {"documents": 1, "rows": 2}
    events = books.outbox("budget_audit.treasury_return.recorded.v1")
    assert [(e["programme"], e["amount"], e["version"]) for e in events] == [("KAJ", 900_000, 1), ("KLJ", 1_500_000, 1)]
    assert len({e["key"] for e in events}) == 2
    more = await books.check("sts", [{**sts, "program": "KPDJ", "nilai": 300_000}])
    assert (2, "nomor", "document-recorded-differently") in await books.problems(more["id"])


async def test_a_reference_that_nothing_names_is_warned_about(books: Books) -> None:
    await books.dpa()
    view = await books.check("sp2d", sp2d_rows(reference="2025-09-m01"))
    assert view["ready"]
    assert {(row, column) for row, column, code in await books.problems(view["id"]) if code == "unknown-reference"} == {
        (2, "rujukan"), (3, "rujukan"), (4, "rujukan"),
    }  # fmt: skip
    await books.publish(BATCH, approved())
    await books.world.settle()
    again = await books.check("sp2d", sp2d_rows(number="0002", reference="2025-09-m01"))
    assert not [code for _, _, code in await books.problems(again["id"]) if code == "unknown-reference"]


async def test_money_is_nobodys_part(books: Books) -> None:
    """An SP2D opens the way to the bank: an operator of one city brings none."""
    for kind in ("dpa", "cash-plan", "sp2d", "sts", "census", "contract"):
        answer = await books.as_("jakpus").post(f"/budget_audit/imports/{kind}", files={"file": ("a.csv", b"x")})
        assert (answer.status_code, answer.json()["code"]) == (403, "not-allowed"), kind
