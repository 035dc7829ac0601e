"""Behind the holding account: each person's rupiah by age, what the bank was asked about them, and the statement line by line."""

from __future__ import annotations

from typing import Any, Final

from fastapi import APIRouter, Request
from fastapi.responses import Response

from services.console.doors import DoorProblem, Doors, DoorsDep, together
from services.console.forms import typed_of
from services.console.view import go, link, page

router = APIRouter()

PAGE: Final = 100
DESK: Final = ("operator", "treasurer")
"""Who asks the bank and matches lines; the services decide."""
AGES: Final = {"0-30": "0–30 hari", "31-90": "31–90 hari", ">90": "lebih dari 90 hari"}
STANDING: Final = {"held": "Tidak dapat dikreditkan", "with_bank": "Menunggu jawaban bank"}
WAYS: Final = {"sts": "Disetor kembali", "carried": "Dibawa ke tahun berikut"}
MEANINGS: Final = {
    "credited": "Dikreditkan", "rejected": "Gagal, alasannya dikenal", "in_process": "Masih diproses bank",
    "not_found": "Belum dikenal bank", "unknown_code": "Kode tidak dikenal", "differs": "Berbeda dari yang dikirim",
    "unreadable": "Tidak terbaca", "our_mistake": "Pertanyaan kita ditolak", "try_later": "Bank tidak menjawab",
}  # fmt: skip
WRONG: Final = frozenset({"unknown_code", "differs", "our_mistake"})
"""What a person must look at; everything else is asked for again, or has an outcome."""
HOW: Final = {
    "single": "menurut rujukan", "split": "beberapa baris untuk satu rujukan", "group": "satu baris untuk beberapa pembayaran",
    "by_hand": "oleh orang", "undone": "dibatalkan",
}  # fmt: skip
PARTS: Final = {"payment": "Pembayaran", "batch": "Daftar", "sp2d": "SP2D", "sts": "STS"}


def _may(doors: Doors, *roles: str) -> bool:
    return doors.person is not None and doors.person.whole_agency and doors.person.is_any(*roles)


# --- whose rupiah -----------------------------------------------------------------------------------------------------


async def _people(
    request: Request, doors: Doors, age: str, batch: str, after: str = "", problem: DoorProblem | None = None
) -> Response:  # fmt: skip
    found = await doors.get("/disbursement/holding/people", age=age, batch=batch, after=after, limit=PAGE, purpose=doors.purpose)
    here = {"umur": age, "daftar": batch}
    return page(
        request, "holding_people.html", doors, status=problem.status if problem else 200, found=found["items"], ages=AGES, age=age,
        batch=batch, standing=STANDING, ways=WAYS, may_ask=_may(doors, *DESK), problem=problem, here=here,
        total=sum(one["amount"] for one in found["items"]), after=after,
        more=link("/penampungan/orang", **here, sesudah=found["next"]) if found["next"] else "",
    )  # fmt: skip


@router.get("/penampungan/orang")
async def people_page(request: Request, doors: DoorsDep, *, umur: str = "", daftar: str = "", sesudah: str = "") -> Response:
    """``umur``: of one age, ``daftar``: of one list, by its code."""
    if umur and umur not in AGES:
        raise DoorProblem(404, "not-found", "there is no such age")
    return await _people(request, doors, umur, daftar, sesudah)


@router.post("/penampungan/orang/{payment_id}/tanya")
async def ask(payment_id: str, request: Request, doors: DoorsDep) -> Response:
    """The bank is asked about this payment before all others; nothing is sent again."""
    typed = await typed_of(request)
    age, batch = typed.get("umur", ""), typed.get("daftar", "")
    try:
        await doors.post(f"/disbursement/payments/{payment_id}/inquiry")
    except DoorProblem as problem:
        return await _people(request, doors, age, batch, problem=problem)
    return go(request, link("/penampungan/orang", umur=age, daftar=batch, selesai="tanya-bank"))


# --- what the bank was asked -------------------------------------------------------------------------------------------


@router.get("/penyaluran/{batch_id}/pertanyaan")
async def inquiries_page(batch_id: str, request: Request, doors: DoorsDep, *, arti: str = "", sebelum: str = "") -> Response:
    """``arti``: only answers that meant this."""
    if arti and arti not in MEANINGS:
        raise DoorProblem(404, "not-found", "there is no such answer")
    batch, found = await together(
        doors.get(f"/disbursement/batches/{batch_id}"),
        doors.get("/disbursement/inquiries", batch=batch_id, meaning=arti, before=sebelum, limit=PAGE),
    )
    return page(
        request, "inquiries.html", doors, batch=batch, found=found["items"], meanings=MEANINGS, wrong=WRONG, meaning=arti,
        more=link(request.url.path, arti=arti, sebelum=found["next"]) if found["next"] else "",
    )  # fmt: skip


# --- the statement, line by line ---------------------------------------------------------------------------------------


async def _statement(
    request: Request, doors: Doors, statement_id: str, *, after: str = "", problem: DoorProblem | None = None, line: str = "",
    typed: dict[str, str] | None = None,
) -> Response:  # fmt: skip
    statements, lines, names = await together(
        doors.get("/disbursement/statements"),
        doors.get(f"/disbursement/statements/{statement_id}/lines", after=after, limit=PAGE), doors.people_names(),
    )  # fmt: skip
    statement = next((one for one in statements["items"] if one["id"] == statement_id), None)
    if statement is None:
        raise DoorProblem(404, "not-found", "there is no such statement")
    return page(
        request, "statement.html", doors, status=problem.status if problem else 200, statement=statement, lines=lines["items"],
        names=names, how=HOW, parts=PARTS, may_act=_may(doors, *DESK), problem=problem, sent=line, typed=typed or {},
        more=link(f"/penampungan/koran/{statement_id}", sesudah=lines["next"]) if lines["next"] else "",
    )  # fmt: skip


@router.post("/penampungan/koran/cocokkan-lagi")
async def match_again(request: Request, doors: DoorsDep) -> Response:
    """Once more by reference: payments, SP2D or STS may have come after the statement."""
    await doors.post("/disbursement/statements/matching", {})
    return go(request, link("/penampungan", selesai="cocokkan-lagi"))


@router.get("/penampungan/koran/{statement_id}")
async def statement_page(statement_id: str, request: Request, doors: DoorsDep, sesudah: str = "") -> Response:
    """Each line with what it is for; the bank's words may name somebody, so its door records the look."""
    return await _statement(request, doors, statement_id, after=sesudah)


@router.post("/penampungan/koran/{statement_id}/{line}/batalkan")
async def undo(statement_id: str, line: int, request: Request, doors: DoorsDep) -> Response:
    """A match was wrong: the line waits for a person again."""
    typed = await typed_of(request)
    body: dict[str, Any] = {"reason": typed.get("alasan", "")}
    try:
        await doors.post(f"/disbursement/statements/{statement_id}/lines/{line}/undo", body)
    except DoorProblem as problem:
        return await _statement(request, doors, statement_id, problem=problem, line=str(line), typed=typed)
    return go(request, link(f"/penampungan/koran/{statement_id}", selesai="batal-cocok"))
