"""What waits for a second person, and the stop button: freezes asked, confirmed, lifted."""

from __future__ import annotations

from typing import Any, Final

from fastapi import APIRouter, Request
from fastapi.responses import Response

from services.console import words
from services.console.doors import DoorProblem, Doors, DoorsDep, together
from services.console.figures import day, month_name, whole
from services.console.forms import typed_of
from services.console.second_person import elsewhere
from services.console.view import go, link, page

router = APIRouter()

STOPPERS: Final = ("operator", "checker", "approver", "treasurer", "releaser")
"""Who may pull the stop button; the service decides, this only spares people useless forms."""
HOUR_SETTERS: Final = ("operator", "treasurer", "approver")
SHOWN_PAST: Final = 20
REFERENCES_SHOWN: Final = 5
DECISIONS: Final = {"setujui": ("confirmation", "setuju-perintah"), "batalkan": ("cancellation", "batal-perintah")}


def about(order: dict[str, Any]) -> list[str]:
    """What the second person must know of an order before they agree, line by line."""
    subject = order["subject"]
    match order["kind"]:
        case "freeze":
            lines = [f"{words.word(words.SCOPES, subject.get('scope'))} {subject.get('programme') or ''}".strip()]
            lines += [f"sampai {day(subject['until'])}"] if subject.get("until") else []
            at_bank = subject.get("payments_at_the_bank")
            lines += [f"{whole(at_bank)} pembayarannya sudah di bank dan tidak terhenti"] if at_bank else []
        case "not_executed":
            named = subject["references"]
            papers = [f"{one['number']} ({day(one['day'])})" for one in subject["statements"]]
            letter = subject["letter"]
            shown = ", ".join(named[:REFERENCES_SHOWN]) + (" …" if len(named) > REFERENCES_SHOWN else "")
            lines = [
                f"{subject['batch']}: {whole(len(named))} pembayaran ({shown})", f"rekening koran {' dan '.join(papers)}",
                f"surat bank {letter['number']} ({day(letter['day'])})",
            ]  # fmt: skip
        case "lapse" | "reopen_year":
            lines = [f"tahun {subject['year']}, {', '.join(subject['programmes'])}"]
        case "cutoff_hour":
            bank, programme = (subject[key].replace("*", "semua") for key in ("bank_code", "programme"))
            lines = [f"pukul {subject['hour']} mulai {day(subject['valid_from'])}", f"bank {bank}, program {programme}"]
        case "close":
            lines = [subject["batch"]]
        case "close_month":
            numbers = subject["numbers"]
            lines = [
                f"{subject['programme']} {month_name(subject['month'])}",
                ", ".join(f"{name} {whole(numbers[key]['people'])}" for key, name in words.OUTCOMES.items() if key in numbers),
            ]
        case _:
            lines = [words.word(words.SCOPES, subject.get("scope"))] if subject.get("scope") else []
    return lines


async def _show(request: Request, doors: Doors, problem: DoorProblem | None = None, typed: dict[str, str] | None = None) -> Response:
    waiting, done, freezes, hours, programmes, names, others = await together(
        doors.get("/disbursement/orders", state="proposed"), doors.ask("/disbursement/orders", state="done"),
        doors.get("/disbursement/freezes"), doors.ask("/disbursement/bank-cutoff-hours"), doors.ask("/beneficiary/programmes"),
        doors.people_names(), elsewhere(doors),
    )  # fmt: skip
    person = doors.person
    return page(
        request, "orders.html", doors, status=problem.status if problem else 200, waiting=waiting["items"], freezes=freezes["items"],
        programmes=[] if isinstance(programmes, DoorProblem) else programmes, names=names,
        may_stop=person is not None and person.is_any(*STOPPERS), problem=problem, typed=typed or {}, about=about, hours=hours,
        past=[] if isinstance(done, DoorProblem) else done["items"][:SHOWN_PAST],
        may_set_hour=person is not None and person.is_any(*HOUR_SETTERS), elsewhere=others,
    )  # fmt: skip


@router.get("/perintah")
async def orders_page(request: Request, doors: DoorsDep) -> Response:
    return await _show(request, doors)


async def _knock(
    request: Request, doors: Doors, door: str, body: dict[str, Any], done: str, typed: dict[str, str] | None = None
) -> Response:
    try:
        await doors.post(door, body)
    except DoorProblem as problem:
        return await _show(request, doors, problem, typed)
    return go(request, link("/perintah", selesai=done))


@router.post("/perintah/bekukan")
async def freeze(request: Request, doors: DoorsDep) -> Response:
    """Ask for a freeze of a programme, or of a person by id (in one programme where it is chosen)."""
    form = await request.form()
    person, until = str(form.get("orang", "")).strip(), str(form.get("sampai", ""))
    body: dict[str, Any] = {
        "scope": "person" if person else "programme", "programme": str(form.get("program", "")), "reason": str(form.get("alasan", "")),
    }  # fmt: skip
    body |= {"person_id": person} if person else {}
    body |= {"until": until} if until else {}
    return await _knock(request, doors, "/disbursement/freezes", body, "bekukan")


@router.post("/perintah/jam-batas")
async def cutoff_hour(request: Request, doors: DoorsDep) -> Response:
    """Ask for another hour until which the bank takes a file for the same day; any bank or programme where none is named."""
    typed = await typed_of(request)
    body = {
        "bank_code": typed.get("bank") or "*", "programme": typed.get("program") or "*", "valid_from": typed.get("mulai", ""),
        "hour": typed.get("pukul", ""), "reason": typed.get("alasan", ""), "document": typed.get("dokumen", ""),
    }  # fmt: skip
    return await _knock(request, doors, "/disbursement/bank-cutoff-hours", body, "minta-perintah", typed)


@router.post("/perintah/cabut/{freeze_id}")
async def lift(freeze_id: str, request: Request, doors: DoorsDep) -> Response:
    form = await request.form()
    return await _knock(request, doors, f"/disbursement/freezes/{freeze_id}/lift", {"reason": str(form.get("alasan", ""))}, "cabut")


@router.post("/perintah/{order_id}/{decision}")
async def decide(order_id: str, decision: str, request: Request, doors: DoorsDep) -> Response:
    """The second person agrees, or somebody takes the order back."""
    if decision not in DECISIONS:
        raise DoorProblem(404, "not-found", "there is no such decision")
    door, done = DECISIONS[decision]
    return await _knock(request, doors, f"/disbursement/orders/{order_id}/{door}", {}, done)
