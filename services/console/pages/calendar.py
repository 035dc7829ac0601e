"""The calendar of a month: steps with their deadlines, announced and kept days, proposals that wait, and the months ahead."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, Final

from fastapi import APIRouter, Request
from fastapi.responses import Response

from services.console.doors import DoorProblem, Doors, DoorsDep, Told, together
from services.console.figures import typed_number
from services.console.view import go, link, page

router = APIRouter()

CHANGERS: Final = ("operator", "approver")
DECISIONS: Final = {"setujui": ("confirmation", "setujui-usulan"), "tarik": ("withdrawal", "tarik-usulan")}
MONTHS: Final = 12
_LABELS: Final = {
    "source": "Dasar", "warn_days": "Diingatkan sekian hari kerja sebelumnya", "working_day": "Hari kerja ke-", "role": "Pelaksana",
    "escalate_to": "Naik ke", "from_month": "Mulai bulan", "cohort": "Kelompok",
}  # fmt: skip


async def _show(
    request: Request, doors: Doors, month: str, problem: DoorProblem | None = None, typed: dict[str, str] | None = None
) -> Response:
    calendar, waiting, ahead, names, rules, holidays = await together(
        doors.get("/disbursement/calendar", month=month),
        doors.ask("/disbursement/calendar/changes", state="proposed"),
        doors.ask("/disbursement/outlook", months=MONTHS),
        doors.people_names(),
        doors.ask("/disbursement/calendar/steps"),
        doors.ask("/disbursement/calendar/holidays", year=month[:4] or request.app.state.clock.today().year),
    )
    person = doors.person
    return page(
        request, "calendar.html", doors, status=problem.status if problem else 200, calendar=calendar, waiting=waiting, ahead=ahead,
        names=names, rules=[] if isinstance(rules, DoorProblem) else in_force(rules["items"], calendar["month"]),
        holidays=[] if isinstance(holidays, DoorProblem) else holidays["items"],
        may_change=person is not None and person.is_any(*CHANGERS), problem=problem, typed=typed or {},
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
        await doors.post("/disbursement/calendar/changes", Told(_body(typed), _LABELS))
    except DoorProblem as problem:
        return await _show(request, doors, month, problem, typed)
    return go(request, link("/kalender", bulan=month, selesai="usulkan"))


def in_force(rules: Iterable[Mapping[str, Any]], month: str) -> list[Mapping[str, Any]]:
    """Of each step and programme the rule that counts in a month; the door gives the oldest first."""
    found: dict[tuple[str, str], Mapping[str, Any]] = {}
    for one in sorted(rules, key=lambda rule: (rule["from_month"], rule["version"])):
        if one["from_month"] <= month:
            found[one["programme"], one["step"]] = one
    return sorted(found.values(), key=lambda rule: (rule["working_day"], rule["programme"]))


def _number(typed: Mapping[str, str], name: str) -> int:
    try:
        return typed_number(typed.get(name, ""))
    except ValueError:
        raise DoorProblem(422, "typed-number", "a number of days is none") from None


def _body(typed: dict[str, str]) -> dict[str, Any]:
    kind = typed.get("jenis", "")
    body: dict[str, Any] = {"kind": kind, "day": typed.get("tanggal", ""), "source": typed.get("dasar", "")}
    if kind == "holiday_added":
        body |= {"name": typed.get("nama", ""), "sort": typed.get("golongan", "")}
    elif kind == "step":
        body = {
            "kind": kind, "source": body["source"], "programme": typed.get("program") or "*", "step": typed.get("langkah", ""),
            "from_month": typed.get("mulai", ""), "working_day": _number(typed, "hari_kerja"), "warn_days": _number(typed, "ingatkan"),
            "role": typed.get("pelaksana", ""), "escalate_to": typed.get("naik", ""),
        }  # fmt: skip
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
