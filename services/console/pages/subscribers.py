"""Systems outside that are told of events: agreed by two people, given their secret once, and looked after where they do not take them."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final

from fastapi import APIRouter, Request
from fastapi.responses import Response

from services.console.doors import DoorProblem, Doors, DoorsDep, together
from services.console.forms import typed_of
from services.console.view import go, link, page
from shared.kernel.clock import JAKARTA

router = APIRouter()

ROLES: Final = ("operator", "treasurer", "approver")
TRIES: Final = 50

STATES: Final = {
    "proposed": "Menunggu orang kedua", "active": "Dikirimi", "parked": "Dihentikan sementara: tidak diterima", "declined": "Ditolak",
    "stopped": "Dihentikan", "ended": "Penerima menyatakan berhenti",
}  # fmt: skip
ORDERS: Final = {
    "proposed": "Diusulkan", "confirmed": "Disahkan", "declined": "Ditolak", "secret": "Kunci rahasia baru dibuat",
    "stopped": "Dihentikan", "resumed": "Dicoba lagi", "skipped": "Satu peristiwa dilewati", "replayed": "Dikirim ulang sejak",
}  # fmt: skip
PROBLEMS: Final = {
    "refused": "Ditolak penerima", "gone": "Penerima menyatakan berhenti (410)", "redirect": "Penerima mengalihkan ke alamat lain",
    "timeout": "Tidak menjawab dalam waktunya", "no-connection": "Tidak dapat dihubungi", "name-unknown": "Nama alamat tidak dikenal",
    "tls": "Sertifikatnya tidak dipercaya", "broken-off": "Sambungan terputus", "address-not-allowed": "Alamat tidak diizinkan",
    "not-https": "Alamat bukan https", "address-form": "Alamat tidak dapat dibaca",
}  # fmt: skip
TYPES: Final = {
    "disbursement.month.opened.v1": "Bulan dibuka", "disbursement.month.closed.v1": "Bulan ditutup",
    "disbursement.batch.approved.v1": "Daftar disetujui",
    "disbursement.batch.withdrawn.v1": "Daftar ditarik", "disbursement.batch.sent.v1": "Daftar dikirim ke bank",
    "disbursement.batch.settled.v1": "Hasil bank diterapkan", "disbursement.payment.returned.v1": "Pembayaran kembali",
    "disbursement.gap.detected.v1": "Bulan terlewat ditemukan", "disbursement.gap.closed.v1": "Bulan terlewat selesai",
    "disbursement.gap.escalated.v1": "Bulan terlewat naik ke atasan", "disbursement.case.warned.v1": "Kasus lewat tenggat",
    "disbursement.step.near.v1": "Langkah hampir jatuh tempo", "disbursement.step.late.v1": "Langkah terlambat",
    "disbursement.holiday.changed.v1": "Hari libur berubah",
    "disbursement.account.change_confirmed.v1": "Perubahan rekening disahkan",
    "disbursement.account.change_cancelled.v1": "Perubahan rekening dibatalkan", "disbursement.account.changed.v1": "Rekening berganti",
}  # fmt: skip
DOOR: Final = "/disbursement/webhooks"
DECISIONS: Final = {"sahkan": True, "tolak": False}


def problem_words(code: Any) -> str:
    """``refused 503`` → ``Ditolak penerima (503)``."""
    name, _, status = str(code or "").partition(" ")
    return PROBLEMS.get(name, name) + (f" ({status})" if status and "(" not in PROBLEMS.get(name, "") else "")


def _shared(doors: Doors) -> dict[str, Any]:
    return {
        "states": STATES, "types_of": TYPES, "orders": ORDERS, "problem_words": problem_words,
        "may_act": doors.person is not None and doors.person.is_any(*ROLES),
    }  # fmt: skip


async def _all(request: Request, doors: Doors, problem: DoorProblem | None = None, typed: Mapping[str, Any] | None = None) -> Response:
    found, names = await together(doors.get(DOOR), doors.people_names())
    return page(
        request, "subscribers.html", doors, status=problem.status if problem else 200, subscribers=found["items"], types=found["types"],
        names=names, problem=problem, typed=typed or {}, **_shared(doors),
    )  # fmt: skip


@router.get("/langganan")
async def subscribers_page(request: Request, doors: DoorsDep) -> Response:
    return await _all(request, doors)


@router.post("/langganan")
async def propose(request: Request, doors: DoorsDep) -> Response:
    """Propose that a system is told; a refusal comes back with what was typed."""
    typed: dict[str, Any] = await typed_of(request)
    typed["jenis"] = [str(one) for one in (await request.form()).getlist("jenis")]
    body = {
        "name": typed.get("nama", ""), "url": typed.get("alamat", ""), "types": typed["jenis"], "document": typed.get("dokumen", ""),
        "from_start": typed.get("sejak_awal", "") == "ya",
    }  # fmt: skip
    try:
        made = await doors.post(DOOR, body)
    except DoorProblem as problem:
        return await _all(request, doors, problem, typed)
    return go(request, link(f"/langganan/{made['id']}", selesai="usulkan"))


async def _one(
    request: Request, doors: Doors, subscriber_id: str, *, problem: DoorProblem | None = None, secret: str = "", before: str = "",
    typed: Mapping[str, str] | None = None,
) -> Response:  # fmt: skip
    """``secret``: shown this once; the page is kept by nobody."""
    one, tries, names = await together(
        doors.get(f"{DOOR}/{subscriber_id}"), doors.get(f"{DOOR}/{subscriber_id}/deliveries", after=before, limit=TRIES),
        doors.people_names(),
    )  # fmt: skip
    return page(
        request, "subscriber.html", doors, status=problem.status if problem else 200, one=one, tries=tries, names=names, problem=problem,
        secret=secret, typed=typed or {}, **_shared(doors),
    )  # fmt: skip


@router.get("/langganan/{subscriber_id}")
async def subscriber_page(subscriber_id: str, request: Request, doors: DoorsDep, sebelum: str = "") -> Response:
    """One system, who ordered what about it, and each try with its outcome."""
    return await _one(request, doors, subscriber_id, before=sebelum)


@router.post("/langganan/{subscriber_id}/rahasia")
async def secret(subscriber_id: str, request: Request, doors: DoorsDep) -> Response:
    """A new secret on the page itself: after a redirect it would be in an address, or gone."""
    try:
        issued = await doors.post(f"{DOOR}/{subscriber_id}/secret")
    except DoorProblem as problem:
        return await _one(request, doors, subscriber_id, problem=problem)
    return await _one(request, doors, subscriber_id, secret=issued["secret"])


@router.post("/langganan/{subscriber_id}/{action}")
async def act(subscriber_id: str, action: str, request: Request, doors: DoorsDep) -> Response:
    """Decide, try again, send again, or stop."""
    typed = await typed_of(request)
    try:
        door, body = _order(action, typed)
        await doors.post(f"{DOOR}/{subscriber_id}/{door}", body)
    except DoorProblem as problem:
        return await _one(request, doors, subscriber_id, problem=problem, typed=typed)
    return go(request, link(f"/langganan/{subscriber_id}", selesai=f"langganan-{action}"))


def _order(action: str, typed: Mapping[str, str]) -> tuple[str, dict[str, Any]]:
    """The door of an action and what it is told. Raise DoorProblem."""
    match action:
        case "sahkan" | "tolak":
            return "decision", {"confirm": DECISIONS[action]}
        case "coba-lagi":
            return "resume", {"skip": typed.get("lewati", "") == "ya"}
        case "kirim-ulang":
            return "replay", {"since": _instant(typed.get("sejak", ""))}
        case "hentikan":
            return "stop", {}
        case _:
            raise DoorProblem(404, "not-found", "there is no such action")


def _instant(text: str) -> str:
    """What the browser gives for a day and an hour is Jakarta's. Raise DoorProblem ``request-shape``."""
    try:
        return datetime.fromisoformat(text).replace(tzinfo=JAKARTA).isoformat()
    except ValueError:
        raise DoorProblem(422, "request-shape", "this is no instant", {"errors": [{"at": "body.since", "problem": "no instant"}]}) from None
