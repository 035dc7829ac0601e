"""Months that were missed, one by one: the next step, the answers, the office that acts, and lawful exclusion by two people."""

from __future__ import annotations

from typing import Any, Final

from fastapi import APIRouter, Request
from fastapi.responses import Response

from services.console import casework
from services.console.doors import DoorProblem, Doors, DoorsDep, together
from services.console.forms import Form, form_of, typed_of
from services.console.pages.people import MAY_LOOK, revealed
from services.console.view import go, link, page

router = APIRouter()

PAGE: Final = 100
LIST: Final = "/temuan/bulan-belum-dibayar"


@router.get("/temuan/bulan-belum-dibayar")
async def gaps_page(
    request: Request, doors: DoorsDep, *, bulan: str = "", alasan: str = "", pemilik: str = "", lewat: str = "", sesudah: str = ""
) -> Response:
    """Open gaps one by one; ``pemilik`` is an office, ``lewat``: only those past their date."""
    found, areas = await together(
        doors.get(
            "/disbursement/gaps",
            month=bulan,
            reason=alasan,
            owner=pemilik,
            late="true" if lewat else "",
            after=sesudah,
            limit=PAGE,
            purpose=doors.purpose,
        ),
        doors.area_names(),
    )
    here = {"bulan": bulan, "alasan": alasan, "pemilik": pemilik, "lewat": lewat}
    following = link(request.url.path, **here, sesudah=found["next"]) if found["next"] else ""
    return page(
        request, "gaps.html", doors, gaps=found, month=bulan, reason=alasan, owner_code=pemilik, late_only=bool(lewat), more=following,
        areas=areas,
    )  # fmt: skip


async def _show(
    request: Request, doors: Doors, gap_id: str, problem: DoorProblem | None = None, typed: dict[str, str] | None = None,
    sent: str = "", who: Any = None,
) -> Response:  # fmt: skip
    gap, areas, names = await together(
        doors.get(f"/disbursement/gaps/{gap_id}", purpose=doors.purpose), doors.area_names(), doors.people_names()
    )
    waiting = [one for one in gap["exclusions"] if one["state"] == "proposed"]
    person = doors.person
    forms: list[Form] = []
    if gap["state"] == "open" and gap["kind"] == "month":
        forms = [one for one in casework.GAP_FORMS if one.offered_to(person)]
    if gap["outcome"] != "missed" or waiting:
        forms = [one for one in forms if one is not casework.EXCLUDE]
    choices = casework.offices(gap["area"], areas)
    choices.pop(gap["owner"], None)
    forms = [one.choosing("kantor", choices) for one in forms]
    return page(
        request, "gap.html", doors, status=problem.status if problem else 200, gap=gap, areas=areas, names=names, forms=forms,
        waiting=waiting, decided=[one for one in gap["exclusions"] if one["state"] != "proposed"],
        may_decide=casework.ANSWER.offered_to(person), may_look=person is not None and person.is_any(*MAY_LOOK), casework=casework, who=who,
        problem=problem, typed=typed or {}, sent=sent,
    )  # fmt: skip


@router.get("/temuan/bulan-belum-dibayar/{gap_id}")
async def gap_page(gap_id: str, request: Request, doors: DoorsDep) -> Response:
    return await _show(request, doors, gap_id)


@router.post("/temuan/bulan-belum-dibayar/{gap_id}/orang")
async def reveal(gap_id: str, request: Request, doors: DoorsDep) -> Response:
    """The name behind the gap, for whoever serves this person; written into the audit chain by its door."""
    gap = await doors.get(f"/disbursement/gaps/{gap_id}")
    try:
        who = await revealed(doors, gap["person_id"])
    except DoorProblem as problem:
        return await _show(request, doors, gap_id, problem)
    return await _show(request, doors, gap_id, who=who)


@router.post("/temuan/bulan-belum-dibayar/{gap_id}/pengecualian/{order_id}/{decision}")
async def decide(gap_id: str, order_id: str, decision: str, request: Request, doors: DoorsDep) -> Response:
    """The second person confirms the exclusion that another asked for, or refuses it."""
    if decision not in casework.EXCLUSION_DECISIONS:
        raise DoorProblem(404, "not-found", "there is no such decision")
    try:
        await doors.post(f"/disbursement/exclusions/{order_id}/{casework.EXCLUSION_DECISIONS[decision]}")
    except DoorProblem as problem:
        return await _show(request, doors, gap_id, problem)
    return go(request, link(f"{LIST}/{gap_id}", selesai=f"{decision}-pengecualian"))


@router.post("/temuan/bulan-belum-dibayar/{gap_id}/{action}")
async def act(gap_id: str, action: str, request: Request, doors: DoorsDep) -> Response:
    """Answer, hand on, or ask for an exclusion; a refusal comes back with what was typed."""
    form = form_of(casework.GAP_FORMS, action)
    typed = await typed_of(request)
    try:
        await doors.post(f"/disbursement/gaps/{gap_id}/{form.door}", form.body(typed))
    except DoorProblem as problem:
        return await _show(request, doors, gap_id, problem, typed, action)
    return go(request, link(f"{LIST}/{gap_id}", selesai="minta-kecuali" if form is casework.EXCLUDE else form.done))
