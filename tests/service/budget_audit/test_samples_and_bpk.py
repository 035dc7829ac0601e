"""Uji petik that anybody can draw again, the supplier's answer, and BPK's clocks with the Inspektorat first."""

from __future__ import annotations

import hashlib
from datetime import UTC, datetime, timedelta
from io import BytesIO
from typing import Any

from openpyxl import load_workbook

from shared.kernel.clock import FrozenClock
from tests.service.budget_audit.books import Books
from tests.service.budget_audit.test_follow_up import found_food
from tests.support.world import Ground, open_world

LHP = {
    "lhp_number": "17/LHP/2026", "lhp_date": "2026-05-20", "received_on": "2026-05-25", "amount": 2_310_000,
    "recommendation": "Menyetor kelebihan pembayaran bahan makanan ke Kas Daerah",
}  # fmt: skip


async def post(books: Books, person: str, path: str, body: dict[str, Any]) -> Any:
    return await books.as_(person).post(f"/budget_audit{path}", json=body)


async def test_a_sample_can_be_drawn_again_by_anybody_and_keeps_what_was_seen(books: Books) -> None:
    found = await found_food(books)
    assert (await post(books, "panti-head", f"/mismatches/{found}/samples", {"size": 5})).status_code == 403
    answer = await post(books, "auditor", f"/mismatches/{found}/samples", {"size": 5, "seed": "rapat 7 Okt"})
    assert answer.status_code == 201, answer.text
    sample = answer.json()
    assert {"sp2d/0077/SP2D/2025", "sensus/BM1/2025-09-17"} <= set(sample["population"])
    # As with sha256sum, without the program's own code.
    by_hand = sorted(sample["population"], key=lambda item: hashlib.sha256(f"rapat 7 Okt/{item}".encode()).hexdigest())[:5]
    assert [item["item"] for item in sample["items"]] == by_hand
    too_many = await post(books, "auditor", f"/mismatches/{found}/samples", {"size": 500})
    assert (too_many.status_code, too_many.json()["population"]) == (422, len(sample["population"]))

    at = f"/samples/{sample['id']}/items/1"
    assert (await post(books, "auditor", f"{at}/notes", {"text": "Buku dapur: 116 porsi"})).status_code == 201
    assert (await post(books, "auditor", f"/samples/{sample['id']}/items/6/notes", {"text": "Tidak ada"})).status_code == 404
    letter = {"file": ("surat.pdf", b"%PDF-1.4 jawaban")}
    typed = {"supplier": "CV Sumber Pangan", "text": "Dikirim 116 porsi"}
    unasked = await books.as_("auditor").post(f"/budget_audit{at}/answer", data=typed, files=letter)
    assert (unasked.status_code, unasked.json()["code"]) == (422, "invalid-input")
    question = {"supplier": "CV Sumber Pangan", "text": "Mohon konfirmasi pengiriman"}
    assert (await post(books, "auditor", f"{at}/supplier", question)).status_code == 201
    answered = await books.as_("auditor").post(f"/budget_audit{at}/answer", data=typed, files=letter)
    notes = answered.json()["items"][0]["notes"]
    assert [(one["kind"], one["supplier"]) for one in notes] == [
        ("note", ""), ("supplier_asked", "CV Sumber Pangan"), ("supplier_answered", "CV Sumber Pangan"),
    ]  # fmt: skip
    assert notes[2]["file_hash"] == hashlib.sha256(b"%PDF-1.4 jawaban").hexdigest()
    file = await books.as_("auditor").get(f"/budget_audit/samples/{sample['id']}/notes/{notes[2]['id']}/file")
    assert (file.content, file.headers["content-type"]) == (b"%PDF-1.4 jawaban", "application/octet-stream")
    assert len((await books.get(f"/mismatches/{found}/samples"))["items"]) == 1
    await post(books, "auditor", f"/mismatches/{found}/bpk", LHP)
    await _the_file_holds_everything(books, found, sample)


async def _the_file_holds_everything(books: Books, found: str, sample: dict[str, Any]) -> None:
    workbook = await books.as_("auditor").get(f"/budget_audit/mismatches/{found}/file.xlsx")
    assert workbook.status_code == 200, workbook.text
    cells = [cell for sheet in load_workbook(BytesIO(workbook.content)) for row in sheet.iter_rows(values_only=True) for cell in row]
    text = "\n".join(str(cell) for cell in cells if cell is not None)
    for expected in (
        "BERKAS TEMUAN", "3.480 hari-orang × 38.500 = 133.980.000", "Rp5.775.000", "sp2d/0077/SP2D/2025", "Ditemukan oleh sistem",
        "Benih: rapat 7 Okt.", sample["items"][4]["item"], "Buku dapur: 116 porsi", "Jawaban pemasok CV Sumber Pangan", "surat.pdf",
        "LHP 17/LHP/2026", "Status: belum ditindaklanjuti. Tenggat 2026-07-24.",
    ):  # fmt: skip
        assert expected in text, expected
    assert {133_980_000, 139_755_000, 5_775_000} <= set(cells), "figures are numbers, so that an auditor can add them"
    pdf = await books.as_("auditor").get(f"/budget_audit/mismatches/{found}/file.pdf")
    assert (pdf.headers["content-type"], pdf.content[:5]) == ("application/pdf", b"%PDF-")
    assert (await books.as_("auditor").get(f"/budget_audit/mismatches/{found}/file.docx")).status_code == 404
    assert (await books.as_("warehouse").get(f"/budget_audit/mismatches/{found}/file.pdf")).status_code == 403


async def test_bpk_hears_from_the_inspektorat_and_each_has_its_days(ground: Ground) -> None:
    clock = FrozenClock(datetime(2026, 5, 26, 3, 0, tzinfo=UTC))
    async with open_world(ground, clock, names=("budget_audit",)) as world:
        books = Books(world)
        found = await found_food(books)
        future = await post(books, "auditor", f"/mismatches/{found}/bpk", {**LHP, "received_on": "2026-05-27"})
        assert (future.status_code, future.json()["code"]) == (422, "invalid-input")
        one = (await post(books, "auditor", f"/mismatches/{found}/bpk", LHP)).json()
        assert (one["status"], one["stage"], one["due_on"], one["overdue"]) == ("belum_ditindaklanjuti", "office", "2026-07-24", False)
        again = await post(books, "auditor", f"/mismatches/{found}/bpk", LHP)
        assert (again.status_code, again.json()["code"]) == (409, "recommendation-known")

        door = f"/bpk/{one['id']}"
        review = {"status": "belum_sesuai", "letter": "S-9/BPK/2026", "text": "Bukti setor tidak lengkap"}
        assert (await post(books, "auditor", f"{door}/review", review)).json()["code"] == "illegal-transition"
        clock.move(timedelta(days=60))
        assert (await books.get("/bpk"))["items"][0]["overdue"] is True

        reply = {"text": "Sudah disetor", "evidence": ["STS 12/2026"]}
        assert (await post(books, "panti-head", f"{door}/reply", reply)).json()["stage"] == "inspektorat"
        back = await post(books, "auditor", f"{door}/verification", {"good": False, "text": "STS belum dilampirkan"})
        assert (back.json()["stage"], back.json()["status"]) == ("office", "belum_ditindaklanjuti")
        await post(books, "panti-head", f"{door}/reply", reply)
        sent = (await post(books, "auditor2", f"{door}/verification", {"good": True, "text": "STS cocok dengan rekening koran"})).json()
        assert (sent["stage"], sent["due_on"], sent["overdue"]) == ("bpk", "2026-08-24", False)

        once = (await post(books, "auditor", f"{door}/review", review)).json()
        assert (once["stage"], once["status"]) == ("office", "belum_sesuai")
        await post(books, "panti-head", f"{door}/reply", {**reply, "evidence": ["STS 12/2026", "rekening koran"]})
        await post(books, "auditor2", f"{door}/verification", {"good": True, "text": "Lengkap"})
        final = (await post(books, "auditor", f"{door}/review", {**review, "status": "sesuai", "letter": "S-14/BPK/2026"})).json()
        assert (final["stage"], final["status"], final["due_on"]) == ("done", "sesuai", None)
        assert (await post(books, "auditor", f"{door}/review", {**review, "status": "selesai"})).status_code == 422
        assert [step["step"] for step in final["history"]] == [
            "reply", "return", "reply", "verify", "review", "reply", "verify", "review",
        ]  # fmt: skip
