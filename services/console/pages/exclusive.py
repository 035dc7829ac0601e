"""Where somebody is in two programmes: which right goes first, since when; one proposes a rule, another confirms it."""

from __future__ import annotations

from typing import Any, Final

from fastapi import APIRouter, Request
from fastapi.responses import Response

from services.console.doors import DoorProblem, Doors, DoorsDep, together
from services.console.forms import YES, Field, Form, typed_of
from services.console.view import go, link, page
from services.console.words import PROGRAMMES

router = APIRouter()

PAGE: Final = "/program-ganda"
DOOR: Final = "/disbursement/exclusive-programmes"
STATES: Final = {"proposed": "Menunggu orang kedua", "confirmed": "Disahkan", "refused": "Ditolak"}
DECISIONS: Final = {"sahkan": ("confirmation", "sahkan-pengaturan"), "tolak": ("refusal", "tolak-pengaturan")}

PROPOSE: Final = Form(
    "usulkan", DOOR, "Usulkan aturan", "Usulkan", ("operator", "approver"),
    (
        Field("didahulukan", "keeps", "Program yang didahulukan", "choice", PROGRAMMES),
        Field("mengalah", "gives_way", "Program yang mengalah", "choice", PROGRAMMES),
        Field("mulai", "from_month", "Mulai bulan (yang belum dibuka)", "month"),
        Field("berlaku", "holds", "Saling mengecualikan mulai bulan itu", "yes_no", help="Tidak: mulai bulan itu keduanya diterima lagi."),
        Field("alasan", "reason", "Alasan", most=300), Field("dokumen", "document", "Aturan atau surat yang menjadi dasar", most=200),
    ),
    help="Belum ada yang berubah sebelum orang kedua mengesahkan. Bulan yang sudah dibuka tetap, dan yang sudah dikirim tidak ditarik.",
    done="usulkan",
)  # fmt: skip


async def _show(request: Request, doors: Doors, problem: DoorProblem | None = None, typed: dict[str, str] | None = None) -> Response:
    found, names = await together(doors.get(DOOR), doors.people_names())
    person = doors.person
    may = PROPOSE.offered_to(person) and person is not None and person.whole_agency
    items: list[dict[str, Any]] = found["items"]
    return page(
        request, "exclusive.html", doors, status=problem.status if problem else 200, names=names, states=STATES,
        waiting=[one for one in items if one["state"] == "proposed"], holding=[one for one in items if one["in_force"]],
        past=[one for one in items if not one["in_force"] and one["state"] != "proposed"], may=may, propose=PROPOSE, problem=problem,
        typed=typed or {}, sent=PROPOSE.action if typed else "", proposed={"berlaku": YES},
    )  # fmt: skip


@router.get(PAGE)
async def pairs_page(request: Request, doors: DoorsDep) -> Response:
    return await _show(request, doors)


@router.post(f"{PAGE}/usulkan")
async def new_pair(request: Request, doors: DoorsDep) -> Response:
    typed = await typed_of(request)
    try:
        await doors.post(DOOR, PROPOSE.body(typed))
    except DoorProblem as problem:
        return await _show(request, doors, problem, typed)
    return go(request, link(PAGE, selesai=PROPOSE.done))


@router.post(f"{PAGE}/{{pair_id}}/{{decision}}")
async def decide(pair_id: str, decision: str, request: Request, doors: DoorsDep) -> Response:
    """The second person confirms it, or somebody declines it."""
    if decision not in DECISIONS:
        raise DoorProblem(404, "not-found", "there is no such decision")
    door, done = DECISIONS[decision]
    try:
        await doors.post(f"{DOOR}/{pair_id}/{door}")
    except DoorProblem as problem:
        return await _show(request, doors, problem)
    return go(request, link(PAGE, selesai=done))
