"""The calendar of a month: steps with their deadlines, announced and kept days, proposals that wait, and the months ahead."""

from __future__ import annotations

from typing import Any, Final

from fastapi import APIRouter, Request
from fastapi.responses import Response

from services.console.doors import DoorProblem, Doors, DoorsDep, together
from services.console.view import go, link, page

router = APIRouter()

CHANGERS: Final = ("operator", "approver")
DECISIONS: Final = {"setujui": ("confirmation", "setujui-usulan"), "tarik": ("withdrawal", "tarik-usulan")}
MONTHS: Final = 12


async def _show(
    request: Request, doors: Doors, month: str, problem: DoorProblem | None = None, typed: dict[str, str] | None = None
) -> Response:
    calendar, waiting, ahead, names = await together(
        doors.get("/disbursement/calendar", month=month),
        doors.ask("/disbursement/calendar/changes", state="proposed"),
        doors.ask("/disbursement/outlook", months=MONTHS),
        doors.people_names(),
    )
    return page(
        request, "calendar.html", doors, status=problem.status if problem else 200, calendar=calendar, waiting=waiting, ahead=ahead,
        names=names, may_change=doors.person is not None and doors.person.is_any(*CHANGERS), problem=problem, typed=typed or {},
    )  # fmt: skip


@router.get("/kalender")
async def calendar_page(request: Request, doors: DoorsDep, bulan: str = "") -> Response:
    """``bulan``: which month; without it the present one."""
    return await _show(request, doors, bulan)


@router.post("/kalender/usulan")
async def propose(request: Request, doors: DoorsDep) -> Response:
    """Propose a holiday or an announced day; a refusal comes back with what was typed."""
    form = await request.form()
    typed = {key: value for key, value in form.items() if isinstance(value, str)}
    month = typed.get("bulan", "")
    try:
        await doors.post("/disbursement/calendar/changes", _body(typed))
    except DoorProblem as problem:
        return await _show(request, doors, month, problem, typed)
    return go(request, link("/kalender", bulan=month, selesai="usulkan"))


def _body(typed: dict[str, str]) -> dict[str, Any]:
    kind = typed.get("jenis", "")
    body: dict[str, Any] = {"kind": kind, "day": typed.get("tanggal", ""), "source": typed.get("dasar", "")}
    if kind == "holiday_added":
        body |= {"name": typed.get("nama", ""), "sort": typed.get("golongan", "")}
    elif kind == "announcement":
        body |= {"programme": typed.get("program", ""), "month": typed.get("bulan", ""), "cohort": typed.get("kelompok", "")}
    return body


@router.post("/kalender/usulan/{change_id}/{decision}")
async def decide(change_id: str, decision: str, request: Request, doors: DoorsDep) -> Response:
    """The second person confirms, or somebody takes the proposal back."""
    if decision not in DECISIONS:
        raise DoorProblem(404, "not-found", "there is no such decision")
    door, done = DECISIONS[decision]
    form = await request.form()
    month = str(form.get("bulan", ""))
    try:
        await doors.post(f"/disbursement/calendar/changes/{change_id}/{door}")
    except DoorProblem as problem:
        return await _show(request, doors, month, problem)
    return go(request, link("/kalender", bulan=month, selesai=done))
