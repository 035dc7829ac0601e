"""Papers of the treasury path and of the month: what a treasurer would sign."""

from __future__ import annotations

import io
from typing import Any

import pytest
from openpyxl import load_workbook

from tests.service.disbursement.desk import Desk, nik, person
from tests.service.disbursement.files import know
from tests.service.disbursement.paying import Office, account_number


async def approved_list(desk: Desk, *people: int) -> tuple[Office, dict[str, Any]]:
    office = Office(desk)
    know(desk, *people)
    await office.open_month(people)
    for number in people:
        office.give_account(number)
    return office, await office.approved()


async def sheets(desk: Desk, path: str, who: str = "treasurer") -> dict[str, list[list[Any]]]:
    answer = await desk.as_(who).get(path)
    assert answer.status_code == 200, answer.text
    book = load_workbook(io.BytesIO(answer.content))
    return {sheet.title: [list(row) for row in sheet.iter_rows(values_only=True)] for sheet in book.worksheets}


async def test_the_spp_package_adds_up_and_keeps_every_digit(desk: Desk) -> None:
    _, batch = await approved_list(desk, 1, 2, 3)
    book = await sheets(desk, f"/batches/{batch['id']}/papers/spp-ls.xlsx")
    assert list(book) == [
        "Sampul", "Ringkasan menurut program", "Ringkasan menurut kelurahan", "Pernyataan Tanggung Jawab Mutla", "Tanda tangan",
        "Daftar nama",
    ]  # fmt: skip
    cover = {row[0]: row[1] for row in book["Sampul"]}
    assert (cover["Jumlah pembayaran"], cover["Nilai"], cover["Sidik daftar (SHA-256)"]) == ("3", "Rp900.000", batch["list_hash"])
    assert cover["Pembuat daftar"].startswith("operator, ")
    assert book["Ringkasan menurut program"][1:] == [["KLJ", 3, 3, 900_000], ["Jumlah", 3, 3, 900_000]]
    assert book["Ringkasan menurut kelurahan"][1:] == [
        ["31.71.01.1001", "Gambir", "Gambir", "KLJ", 3, 3, 900_000], ["Jumlah", None, None, None, 3, 3, 900_000],
    ]  # fmt: skip
    names = book["Daftar nama"]
    assert names[1][1:] == [
        f"{batch['code']}-000001", nik(1), "Siti Contoh", "KLJ", "2025-09", "Gambir", "111", account_number(1), 300_000,
    ]  # fmt: skip
    assert names[-1][-1] == 900_000
    assert len(names) == 5
    assert desk.sql("SELECT operation, count FROM audit_entry WHERE operation LIKE 'batch.paper%%'") == [("batch.paper.spp-ls", 3)]


async def test_a_name_is_never_a_formula_and_a_nik_never_a_number(desk: Desk) -> None:
    _, batch = await approved_list(desk, 1)
    desk.beneficiary.name = "=HYPERLINK"
    answer = await desk.as_("treasurer").get(f"/batches/{batch['id']}/papers/spp-ls.xlsx")
    sheet = load_workbook(io.BytesIO(answer.content))["Daftar nama"]
    name, number = sheet.cell(2, 4), sheet.cell(2, 3)
    assert (name.value, name.data_type) == ("=HYPERLINK", "s")
    assert (number.value, number.data_type, number.number_format) == (nik(1), "s", "@")


async def test_the_same_list_gives_the_same_pdf_of_several_pages(desk: Desk) -> None:
    _, batch = await approved_list(desk, *range(1, 81))
    path = f"/batches/{batch['id']}/papers/spp-ls.pdf"
    first = await desk.as_("treasurer").get(path)
    assert (first.status_code, first.headers["content-type"]) == (200, "application/pdf")
    assert first.content.startswith(b"%PDF-")
    assert first.content.count(b"/Type /Page\n") == 3
    assert f"spp-ls-{batch['code']}.pdf" in first.headers["content-disposition"]
    assert (await desk.as_("treasurer").get(path)).content == first.content


async def test_a_paper_comes_in_its_time_and_only_if_there_is_one(desk: Desk) -> None:
    office = Office(desk)
    await office.open_month([1])
    office.give_account(1)
    draft = await office.compose()
    for path, status, code in (
        (f"/batches/{draft['id']}/papers/spp-ls.xlsx", 409, "illegal-transition"),
        (f"/batches/{draft['id']}/papers/payment-list.pdf", 409, "illegal-transition"),
        (f"/batches/{draft['id']}/papers/spp-ls.docx", 404, "not-found"),
        (f"/batches/{draft['id']}/papers/receipt.pdf", 404, "not-found"),
        (f"/batches/{person(1)}/papers/spp-ls.pdf", 404, "not-found"),
        ("/months/2025-09/papers/receipt.pdf", 404, "not-found"),
        ("/months/2031-01/papers/minutes.pdf", 404, "not-found"),
        ("/months/2025-13/papers/minutes.pdf", 422, "invalid-input"),
    ):
        answer = await desk.as_("treasurer").get(path)
        assert (answer.status_code, answer.json()["code"]) == (status, code), path


async def test_a_list_with_somebody_nobody_knows_is_no_paper(desk: Desk) -> None:
    _, batch = await approved_list(desk, 1, 2)
    del desk.beneficiary.niks[nik(2)]
    answer = await desk.as_("treasurer").get(f"/batches/{batch['id']}/papers/spp-ls.xlsx")
    assert (answer.status_code, answer.json()["code"]) == (503, "people-unavailable")
    assert desk.sql("SELECT count(*) FROM audit_entry WHERE operation LIKE 'batch.paper%%'") == [(0,)]


async def answered(desk: Desk) -> tuple[Office, dict[str, Any]]:
    office, batch = await approved_list(desk, 1, 2, 3)
    await office.reserve(batch)
    await office.pay_in(batch)
    await office.release(batch)
    rows = [await office.row(batch, 1), await office.row(batch, 2, "03")]
    await office.send_results(batch, rows)
    await desk.settle()
    return office, batch


async def test_the_payment_list_says_what_the_bank_answered(desk: Desk) -> None:
    _, batch = await answered(desk)
    book = await sheets(desk, f"/batches/{batch['id']}/papers/payment-list.xlsx")
    assert book["Ringkasan menurut hasil"][1:] == [
        ["dikreditkan", 1, 300_000], ["ditolak bank", 1, 300_000], ["menunggu bank", 1, 300_000], ["Jumlah", 3, 900_000],
    ]  # fmt: skip
    assert [row[8:] for row in book["Daftar pembayaran"][1:4]] == [
        ["dikreditkan", "2025-09-25", None], ["ditolak bank", None, "account_closed"], ["menunggu bank", None, "awaiting_bank"],
    ]  # fmt: skip


async def test_the_months_reconciliation_is_the_equality_in_rupiah(desk: Desk) -> None:
    office, batch = await answered(desk)
    await office.return_to_treasury(batch, 300_000)
    book = await sheets(desk, "/months/2025-09/papers/reconciliation.xlsx", "leader")
    assert book["SP2D, penyaluran, dan penampung"][1:] == [
        ["KLJ", 900_000, 0, 300_000, 300_000, 0, 300_000, 0], ["Jumlah", 900_000, 0, 300_000, 300_000, 0, 300_000, 0],
    ]  # fmt: skip
    assert ["Keadaan", "cocok"] in book["Sampul"]


async def test_the_minutes_carry_the_equation_and_an_annex_by_reason(desk: Desk) -> None:
    await answered(desk)
    book = await sheets(desk, "/months/2025-09/papers/minutes.xlsx", "leader")
    assert book["Persamaan bulan"][1] == ["KLJ", 3, 1, 1, 0, 0, 1, 0, 0]
    annex = book["Lampiran  belum dibayar menurut"]
    assert annex[1:] == [
        ["terlewat", "Rekening ditutup", "KLJ", 1, 300_000], ["menunggu bank", "Bank belum menjawab", "KLJ", 1, 300_000],
        ["Jumlah", None, None, 2, 600_000],
    ]  # fmt: skip
    pdf = await desk.as_("leader").get("/months/2025-09/papers/minutes.pdf")
    assert pdf.content.startswith(b"%PDF-")


@pytest.mark.parametrize(("who", "status"), [("leader", 403), ("checker", 403), ("jakpus", 403), ("releaser", 200)])
async def test_who_may_see_names(desk: Desk, who: str, status: int) -> None:
    _, batch = await approved_list(desk, 1)
    assert (await desk.as_(who).get(f"/batches/{batch['id']}/papers/spp-ls.xlsx")).status_code == status
