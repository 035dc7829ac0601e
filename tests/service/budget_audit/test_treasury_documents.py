"""Papers by number from typing and files, overlap without doubling, and the silence of a source that is no 'nothing spent' (O12)."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from tests.service.budget_audit.books import BATCH, LIST, Books, approved, food_key, pkd_key, sp2d_rows

SP2D_1 = "0001/SP2D/2025"


def paid(number: str, day: str, amount: int, reference: str = "BM1/2025-09") -> dict[str, Any]:
    return {"nomor": number, "tanggal": day, **food_key(), "nilai": amount, "rujukan": reference}


async def food_line(books: Books) -> dict[str, Any]:
    (line,) = (await books.get("/lines?year=2025"))["items"]
    return dict(line)


async def document(books: Books, kind: str, number: str) -> dict[str, Any]:
    (found,) = (await books.get(f"/documents?kind={kind}&number={number}"))["items"]
    return dict(found)


async def typed(books: Books, fields: dict[str, Any], *, copy: bytes = b"%PDF scan", person: str = "treasurer") -> Any:
    return await books.as_(person).post(
        "/budget_audit/documents", data={key: str(value) for key, value in fields.items()}, files={"file": ("scan.pdf", copy)}
    )


async def register(books: Books, rows: list[dict[str, Any]], **controls: Any) -> dict[str, Any]:
    return await books.bring("treasury-documents", rows, **controls)


async def o12(books: Books) -> dict[str, Any]:
    """Files up to 24 Oct; then nothing; then a cumulative file with an overlap and one changed amount."""
    await books.bring("dpa", [{**food_key(), "uraian": "Natura", "pagu": 1_606_000_000}])
    first = [paid(SP2D_1, "2025-10-06", 139_755_000), paid("0002/SP2D/2025", "2025-10-20", 50_000_000, "BM1/2025-10")]
    await books.bring("sp2d", first, covered_to="2025-10-24")
    assert (await food_line(books))["data_until"] == "2025-10-24"
    later = [
        first[0], {**first[1], "nilai": 45_000_000}, paid("0003/SP2D/2025", "2025-11-03", 60_000_000, "BM1/2025-10"),
    ]  # fmt: skip
    return await books.bring("sp2d", later, covered_to="2025-11-16")


async def test_a_cumulative_file_adds_what_is_new_and_shows_what_changed(books: Books) -> None:
    committed = await o12(books)
    assert committed["result"] == {"documents": 1, "rows": 1, "corrected": 1}
    line = await food_line(books)
    assert (line["realised"], line["data_until"]) == (139_755_000 + 45_000_000 + 60_000_000, "2025-11-16")
    same, changed = await document(books, "SP2D", SP2D_1), await document(books, "SP2D", "0002/SP2D/2025")
    assert (same["versions"], len(same["entries"]), same["amount"]) == (1, 1, 139_755_000)
    assert (changed["versions"], changed["amount"]) == (2, 45_000_000)
    assert [entry["amount"] for entry in changed["entries"]] == [50_000_000, 45_000_000]
    assert {one["number"] for one in (await books.get("/documents?differing=true"))["items"]} == {"0002/SP2D/2025"}
    (event,) = books.outbox("budget_audit.sp2d.corrected.v1")
    assert (event["version"], event["rows"][0]["amount"], event["reference"]) == (2, 45_000_000, "BM1/2025-10")
    with books.world.sql("budget_audit") as connection:
        moved = connection.execute("SELECT debit LIKE 'spent/%', amount FROM posting WHERE source = 'sp2d/0002/SP2D/2025' ORDER BY id")
        assert moved.fetchall() == [(True, 50_000_000), (False, 5_000_000)]


async def test_the_same_file_again_changes_nothing(books: Books) -> None:
    await o12(books)
    before = await food_line(books)
    rows = [paid("0002/SP2D/2025", "2025-10-20", 45_000_000, "BM1/2025-10"), paid(SP2D_1, "2025-10-06", 139_755_000)]
    view = await books.bring("sp2d", rows, covered_to="2025-11-16")
    assert view["result"] == {"documents": 0, "rows": 0}
    assert await food_line(books) == before
    assert len((await document(books, "SP2D", SP2D_1))["entries"]) == 1


async def test_a_correction_above_the_ceiling_is_refused(books: Books) -> None:
    await books.bring("dpa", [{**food_key(), "uraian": "Natura", "pagu": 100}])
    await books.bring("sp2d", [paid(SP2D_1, "2025-10-06", 90)])
    view = await books.check("sp2d", [paid(SP2D_1, "2025-10-06", 101)])
    assert (2, "nilai", "amount-changed") in await books.problems(view["id"])
    assert any("melebihi sisa pagu" in words for words in view["not_ready"])
    assert (await books.commit(view)).status_code == 409
    await books.bring("sp2d", [paid(SP2D_1, "2025-10-06", 100)])
    assert (await food_line(books))["available"] == 0


async def test_the_amount_of_a_lists_sp2d_changes_by_no_file(books: Books) -> None:
    await books.dpa()
    await books.bring("sp2d", sp2d_rows())
    view = await books.check("sp2d", sp2d_rows({**LIST, "KLJ": LIST["KLJ"] + 1_000}))
    assert (2, "nomor", "document-recorded-differently") in await books.problems(view["id"])


async def test_days_that_no_file_covered_are_named(books: Books) -> None:
    await books.bring("dpa", [{**food_key(), "uraian": "Natura", "pagu": 1_606_000_000}])
    empty = (await books.get("/coverage/2025"))["items"]
    assert {one["until"] for one in empty} == {None}
    assert (await food_line(books))["data_until"] is None
    await books.bring("sp2d", [paid(SP2D_1, "2025-10-06", 10)], covered_to="2025-10-24")
    await books.bring("sp2d", [paid("2", "2025-11-20", 10)], covered_from="2025-11-16", covered_to="2025-11-22")
    found = next(one for one in (await books.get("/coverage/2025"))["items"] if one["source"] == "sp2d")
    assert (found["until"], found["holes"]) == ("2025-11-22", [{"first": "2025-10-25", "last": "2025-11-15"}])
    await books.bring("sp2d", [paid("3", "2025-11-01", 10)], covered_to="2025-11-22")
    found = next(one for one in (await books.get("/coverage/2025"))["items"] if one["source"] == "sp2d")
    assert found["holes"] == []


@pytest.mark.parametrize(
    ("controls", "words"),
    [
        ({"covered_to": "2025-10-05"}, "sesudah hari terakhir"), ({"covered_to": "2999-01-01"}, "belum tiba"),
        ({"covered_from": "2025-10-07"}, "sebelum hari pertama"), ({"covered_from": "2025-10-08", "covered_to": "2025-10-07"}, "sesudah"),
    ],
)  # fmt: skip
async def test_days_that_cannot_be_are_refused(books: Books, controls: dict[str, str], words: str) -> None:
    await books.bring("dpa", [{**food_key(), "uraian": "Natura", "pagu": 1_606_000_000}])
    view = await books.check("sp2d", [paid(SP2D_1, "2025-10-06", 10)], **controls)
    assert any(words in one for one in view["not_ready"])
    assert not view["ready"]


async def test_typed_first_and_then_brought_by_file_is_one_document(books: Books) -> None:
    await books.bring("dpa", [{**food_key(), "uraian": "Natura", "pagu": 1_606_000_000}])
    answer = await typed(
        books, {"kind": "SP2D", "number": SP2D_1, "dated": "2025-10-06", "amount": 139_755_000, "nature": "LS"}, copy=b"scan one"
    )
    assert answer.status_code == 201, answer.text
    made = answer.json()
    assert (made["sources"], made["versions"], made["entries"][0]["by_person"]) == (["typed"], 1, "treasurer")
    assert len(made["entries"][0]["copy_sha256"]) == 64
    assert (await food_line(books))["realised"] == 0

    await books.bring("sp2d", [paid(SP2D_1, "2025-10-06", 139_755_000)])
    found = await document(books, "SP2D", SP2D_1)
    assert (found["sources"], found["versions"], found["nature"], found["reference"]) == (["imported", "typed"], 1, "LS", "BM1/2025-09")
    assert found["line"] == (await food_line(books))["key"]
    assert found["id"] == made["id"]


async def test_a_typed_amount_that_differs_is_a_version_and_not_a_second_document(books: Books) -> None:
    await typed(books, {"kind": "SPJ", "number": "7/SPJ", "dated": "2025-10-06", "amount": 900})
    view = await register(books, [{"jenis": "SPJ", "nomor": "7/SPJ", "tanggal": "2025-10-06", "nilai": 950}])
    assert view["result"] == {"documents": 1, "new": 0, "changed": 1, "confirmed": 0}
    found = await document(books, "SPJ", "7/SPJ")
    assert [(entry["source"], entry["version"], entry["amount"]) for entry in found["entries"]] == [
        ("typed", 1, 900), ("imported", 2, 950),
    ]  # fmt: skip
    assert found["amount"] == 950
    again = await register(books, [{"jenis": "SPJ", "nomor": "7/SPJ", "tanggal": "2025-10-06", "nilai": "950", "sifat": ""}])
    assert again["result"] == {"documents": 1, "new": 0, "changed": 0, "confirmed": 0}
    one = await books.get(f"/documents/{found['id']}")
    assert one == found


async def test_who_types_and_what_cannot_be_typed(books: Books) -> None:
    good = {"kind": "NPD", "number": "1", "dated": "2025-10-06", "amount": 5}
    assert (await typed(books, good, person="auditor")).status_code == 403
    assert (await typed(books, good, person="jakpus")).status_code == 403
    for wrong in ({"kind": "KUITANSI"}, {"amount": 0}, {"amount": -5}, {"dated": "2999-01-01"}, {"number": "  "}, {"nature": "XX"}):
        answer = await typed(books, {**good, **wrong})
        assert answer.status_code == 422, wrong
    assert (await typed(books, good, copy=b"")).status_code == 422
    assert (await books.get("/documents"))["items"] == []
    unknown = await books.as_("auditor").get("/budget_audit/documents/00000000-0000-0000-0000-000000000000")
    assert (unknown.status_code, unknown.json()["code"]) == (404, "not-found")


async def test_a_register_is_checked_by_row_and_column(books: Books) -> None:
    good = {"jenis": "SPJ", "nomor": "1", "tanggal": "2025-10-06", "nilai": 10_000, "sifat": "", "tahun": "", "kode_akun": ""}
    rows = [
        good, {**good, "nomor": "2", "jenis": "NOTA"}, {**good, "nomor": "3", "sifat": "XX"}, {**good, "nomor": "4", "nilai": 0}, good,
        {**good, "nomor": "5", "tahun": 2025}, {**good, "nomor": "6", "nilai": -4},
    ]  # fmt: skip
    view = await books.check("treasury-documents", rows, count=1, sum=10_000)
    assert {(row, column) for row, column, _ in await books.problems(view["id"])} == {
        (3, "jenis"), (4, "sifat"), (5, "nilai"), (6, "nomor"), (7, "kode_akun"), (8, "nilai"),
    }  # fmt: skip
    assert (await books.get("/documents"))["items"] == []


async def test_advances_without_proof_by_age(books: Books) -> None:
    def sp2d(number: str, day: str, amount: int, nature: str) -> dict[str, Any]:
        return {"jenis": "SP2D", "nomor": number, "tanggal": day, "nilai": amount, "sifat": nature, "membuktikan": ""}

    def proof(kind: str, number: str, amount: int, of: str) -> dict[str, Any]:
        return {"jenis": kind, "nomor": number, "tanggal": "2025-11-20", "nilai": amount, "sifat": "", "membuktikan": of}

    await register(
        books,
        [
            sp2d("A", "2025-11-01", 100, "UP"), sp2d("B", "2025-10-15", 200, "TU"), sp2d("C", "2025-09-01", 300, "TU"),
            sp2d("D", "2025-08-01", 400, "UP"), sp2d("E", "2025-08-01", 500, "LS"), proof("SPJ", "p1", 150, "B"),
            proof("SPJ", "p2", 250, "D"), proof("STS", "s1", 150, "D"),
        ],
        covered_to="2025-11-28",
    )  # fmt: skip
    found = await books.get("/advances?on=2025-11-30")
    assert (found["on"], found["data_until"]) == (date(2025, 11, 30).isoformat(), "2025-11-28")
    assert [(one["number"], one["open"], one["days"], one["age"]) for one in found["items"]] == [
        ("C", 300, 90, ">60"), ("B", 50, 46, "31-60"), ("A", 100, 29, "0-30"),
    ]  # fmt: skip
    assert [(one["age"], one["count"], one["open"]) for one in found["by_age"]] == [("0-30", 1, 100), ("31-60", 1, 50), (">60", 1, 300)]
    assert (await books.as_("jakpus").get("/budget_audit/advances")).status_code == 403


async def test_a_reservation_beyond_its_spd_is_a_finding_and_not_a_refusal(books: Books) -> None:
    await books.dpa()
    spd = {"nomor": "SPD/3", "tanggal": "2025-07-01", **pkd_key("KLJ"), "dari_bulan": "2025-07", "sampai_bulan": "2025-09"}
    await books.bring("spd", [{**spd, "nilai": 150_000_000}])
    await books.bring("cash-plan", [{**pkd_key("KLJ"), "bulan": "2025-09", "rencana": 140_000_000}])
    await books.publish(BATCH, approved())
    await books.world.settle()
    (made,) = (await books.get(f"/reservations?batch_id={BATCH}"))["items"]
    assert made["state"] == "made"
    (found,) = await books.mismatches(code="beyond_spd")
    assert (found["period"], found["expected"], found["actual"], found["difference"]) == (
        "2025-09", 150_000_000, LIST["KLJ"], LIST["KLJ"] - 150_000_000,
    )  # fmt: skip
    assert found["evidence"][0] == "spd/SPD/3"
    (line,) = (await books.get("/budgets/2025/spd"))["items"]
    assert (line["periods"][0]["beyond"], line["periods"][0]["above_plan"]) == (LIST["KLJ"] - 150_000_000, 10_000_000)

    await books.bring("spd", [{**spd, "nilai": LIST["KLJ"]}])
    await books.world.settle()
    (healed,) = await books.mismatches(code="beyond_spd")
    assert (healed["difference"], healed["state"]) == (0, "explained")
    assert (await books.bring("spd", [{"nilai": LIST["KLJ"], **spd}]))["result"] == {"recorded": 0}


async def test_an_spd_is_checked_by_row_and_column(books: Books) -> None:
    await books.dpa()
    good = {"nomor": "1", "tanggal": "2025-07-01", **pkd_key("KLJ"), "dari_bulan": "2025-07", "sampai_bulan": "2025-09", "nilai": 10_000}
    rows = [
        good, good, {**good, "nomor": "2", "dari_bulan": "2024-12"}, {**good, "nomor": "3", "dari_bulan": "2025-10"},
        {**good, "nomor": "4", "kode_sub_skpd": "X"}, {**good, "nomor": "5", "nilai": -1},
    ]  # fmt: skip
    view = await books.check("spd", rows, count=1, sum=10_000)
    found = {(row, column) for row, column, code in await books.problems(view["id"]) if code != "unknown-activity"}
    assert found == {(3, "nomor"), (4, "dari_bulan"), (5, "sampai_bulan"), (6, "kode_akun"), (7, "nilai")}
