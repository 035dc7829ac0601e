"""The holding account: balances by age, its statement's days, and rows of the bank that wait for a decision. Papers for signature."""

from __future__ import annotations

from datetime import date
from typing import Any, Final

from fastapi import APIRouter, Request
from fastapi.responses import Response

from services.console.doors import PAYMENT_ROLES, DoorProblem, Doors, DoorsDep, together
from services.console.figures import typed_number
from services.console.forms import typed_of
from services.console.view import go, link, page

router = APIRouter()

PAGE: Final = 50
TREASURY: Final = ("operator", "treasurer")


async def _show(request: Request, doors: Doors, hari: str = "", problem: DoorProblem | None = None) -> Response:
    """``hari``: the day that is compared; by default the last one that a statement reaches."""
    if hari and not _is_day(hari):
        hari, problem = "", problem or DoorProblem(422, "request-shape", "this is not a day")
    balances, statements = await together(doors.get("/disbursement/holding"), doors.get("/disbursement/statements"))
    day = hari or (statements["items"][0]["to_day"] if statements["items"] else "")
    compared = await doors.ask(f"/disbursement/statement-days/{day}") if day else None
    waiting = []
    for one in [one for one in statements["items"] if one["open"]][:3]:
        found = await doors.ask(f"/disbursement/statements/{one['id']}/lines", state="open", limit=PAGE)
        waiting += [] if isinstance(found, DoorProblem) else [{**line, "statement": one["id"]} for line in found["items"]]
    person = doors.person
    return page(
        request, "holding.html", doors, status=problem.status if problem else 200, balances=balances, statements=statements, day=day,
        compared=compared, waiting=waiting, problem=problem, may_act=person is not None and person.is_any(*TREASURY),
        may_close=person is not None and person.is_any("treasurer"),
        may_read_people=person is not None and person.is_any(*PAYMENT_ROLES, "auditor"),
    )  # fmt: skip


def _is_day(text: str) -> bool:
    try:
        return bool(date.fromisoformat(text))
    except ValueError:
        return False


@router.get("/penampungan")
async def holding_page(request: Request, doors: DoorsDep, hari: str = "") -> Response:
    return await _show(request, doors, hari)


@router.post("/penampungan/{day}/{action}")
async def act(day: str, action: str, request: Request, doors: DoorsDep) -> Response:
    """Close the day, name a difference of it, or say what a line is for; a refusal comes back with the page."""
    typed = await typed_of(request)
    try:
        match action:
            case "tutup":
                await doors.post(f"/disbursement/statement-days/{day}/closing", {})
            case "beri-nama":
                body = {
                    "subject": typed.get("pokok", ""), "amount": int(typed.get("jumlah", "")), "reason": typed.get("alasan", ""),
                    "owner": typed.get("penanggung_jawab", ""), "due_on": typed.get("tenggat", ""),
                }  # fmt: skip
                await doors.post(f"/disbursement/statement-days/{day}/differences", body)
            case "cocokkan":
                parts = [_part(one) for one in typed.get("untuk", "").splitlines() if one.strip()]
                door = f"/disbursement/statements/{typed.get('rekening_koran', '')}/lines/{typed.get('baris', '')}/match"
                await doors.post(door, {"parts": parts, "reason": typed.get("alasan", "")})
            case _:
                raise DoorProblem(404, "not-found", "there is no such action")
    except ValueError:
        return await _show(request, doors, day, DoorProblem(422, "typed-number", "an amount is not a number"))
    except DoorProblem as problem:
        return await _show(request, doors, day, problem)
    return go(request, link("/penampungan", hari=day, selesai=action + "-hari" if action == "tutup" else action))


def _part(text: str) -> dict[str, Any]:
    """``RUJUKAN 300.000`` or ``RUJUKAN -300.000`` (out of the account)."""
    reference, _, amount = text.strip().rpartition(" ")
    sign = -1 if amount[:1] in "-−" else 1  # the sign that pages print
    return {"reference": reference.strip(), "amount": sign * typed_number(amount.lstrip("-−"))}


# --- quarantine -------------------------------------------------------------------------------------------------------


async def _quarantine(request: Request, doors: Doors, sesudah: str = "", problem: DoorProblem | None = None) -> Response:
    waiting, proposed, names = await together(
        doors.get("/disbursement/quarantine", state="open", after=sesudah, limit=PAGE),
        doors.get("/disbursement/quarantine", state="proposed", limit=PAGE),
        doors.people_names(),
    )
    more = link("/karantina", sesudah=waiting["next"]) if waiting["next"] else ""
    person = doors.person
    return page(
        request, "quarantine.html", doors, status=problem.status if problem else 200, waiting=waiting["items"], names=names,
        proposed=proposed["items"], more=more, problem=problem, may_act=person is not None and person.is_any(*TREASURY),
    )  # fmt: skip


@router.get("/karantina")
async def quarantine_page(request: Request, doors: DoorsDep, sesudah: str = "") -> Response:
    return await _quarantine(request, doors, sesudah)


@router.post("/karantina/{file_id}/{row}/{action}")
async def decide(file_id: str, row: int, action: str, request: Request, doors: DoorsDep) -> Response:
    """Decide over a row, or confirm what another person has decided."""
    typed = await typed_of(request)
    door = f"/disbursement/quarantine/{file_id}/{row}"
    try:
        match action:
            case "putuskan":
                body: dict[str, Any] = {
                    "decision": typed.get("keputusan", ""), "evidence": typed.get("bukti", ""), "reference": typed.get("rujukan", ""),
                    "code": typed.get("kode", ""),
                }  # fmt: skip
                await doors.post(f"{door}/decision", body | ({"settled_on": typed["tanggal"]} if typed.get("tanggal") else {}))
            case "setujui" | "tolak":
                await doors.post(f"{door}/confirmation", {"agreed": action == "setujui"})
            case _:
                raise DoorProblem(404, "not-found", "there is no such action")
    except DoorProblem as problem:
        return await _quarantine(request, doors, problem=problem)
    return go(request, link("/karantina", selesai="putuskan"))


# --- papers -----------------------------------------------------------------------------------------------------------


@router.get("/penyaluran/{batch_id}/berkas/{paper}.{form}")
async def batch_paper(batch_id: str, paper: str, form: str, doors: DoorsDep) -> Response:
    """A paper of a list, as its door makes it; it names people, so it is recorded there."""
    return await doors.download(f"/disbursement/batches/{batch_id}/papers/{paper}.{form}", f"{paper}.{form}")


@router.get("/bulan/{month}/berkas/{paper}.{form}")
async def month_paper(month: str, paper: str, form: str, doors: DoorsDep) -> Response:
    return await doors.download(f"/disbursement/months/{month}/papers/{paper}.{form}", f"{paper}.{form}")
