"""Open findings: people without their money, rupiah without an explanation, devices that will run out. Each with owner and date."""

from __future__ import annotations

from typing import Any, Final

from fastapi import APIRouter, Request
from fastapi.responses import Response

from services.console.doors import DoorProblem, Doors, DoorsDep, together
from services.console.figures import typed_number
from services.console.view import go, link, page

router = APIRouter()

OFFICES: Final = ("panti-head", "treasurer", "operator")
ACTIONS: Final = {
    "minta-penjelasan": ("request", ("detected", "asked", "explained"), ("auditor",)),
    "uji-petik": ("samples", ("detected", "asked", "explained", "agreed"), ("auditor",)),
    "jelaskan": ("explanation", ("detected", "asked"), OFFICES),
    "terima": ("acceptance", ("explained",), ("auditor",)),
    "sepakati": ("agreement", ("detected", "asked", "explained"), ("auditor",)),
    "serahkan": ("evidence", ("agreed",), OFFICES),
    "tutup": ("closing", ("agreed",), ("auditor",)),
    "buka-lagi": ("reopening", ("closed",), ("auditor",)),
    "catat": ("notes", ("detected", "asked", "explained", "agreed", "closed"), ("auditor", *OFFICES)),
}
"""Action to door, and when which role is offered the form; whether it may is decided by budget_audit."""


@router.get("/temuan")
async def findings_page(request: Request, doors: DoorsDep, bulan: str = "", lewat: str = "") -> Response:
    """Everything open; ``bulan``: one month, ``lewat``: only what is late."""
    groups, counted, excluding, mismatches, readiness, months, panti, kinds, places, areas, stays = await together(
        doors.ask("/disbursement/gaps/groups", month=bulan),
        doors.ask("/disbursement/gaps", month=bulan, limit=0),
        doors.ask("/disbursement/exclusions", purpose=doors.purpose),
        doors.ask("/budget_audit/mismatches"),
        doors.ask("/assistive_devices/readiness"),
        doors.ask("/disbursement/months"),
        doors.ask("/budget_audit/panti"),
        doors.ask("/assistive_devices/kinds"),
        doors.ask("/assistive_devices/places"),
        doors.area_names(),
        doors.ask("/disbursement/holding/findings"),
    )
    shown_groups = [] if isinstance(groups, DoorProblem) else [one for one in groups["items"] if one["overdue"] or not lewat]
    shown_mismatches = [] if isinstance(mismatches, DoorProblem) else mismatches["items"]
    opened = [one for one in shown_mismatches if one["state"] != "closed" and (one["overdue"] or not lewat)]
    closed = [one for one in shown_mismatches if one["state"] == "closed"]
    devices = [] if isinstance(readiness, DoorProblem) else [one for one in readiness["items"] if one["state"] == "at_risk"]
    return page(
        request, "findings.html", doors, groups=groups, shown_groups=shown_groups, counted=counted, mismatches=mismatches,
        excluding=[] if isinstance(excluding, DoorProblem) else excluding["items"],
        opened=opened, closed=closed, readiness=readiness, devices=devices, month=bulan, late_only=bool(lewat), areas=areas,
        panti=_names(panti), kinds=_names(kinds), places=_names(places),
        stays=[] if isinstance(stays, DoorProblem) else [one for one in stays["items"] if one["overdue"] or not lewat],
        months=[] if isinstance(months, DoorProblem) else [one["month"] for one in months["items"]],
    )  # fmt: skip


def _names(answer: Any) -> dict[str, str]:
    """Code to name of a list of reference data; empty where its service does not answer (codes are shown then)."""
    return {} if isinstance(answer, DoorProblem) else {one["code"]: one["name"] for one in answer["items"]}


def offered(mismatch: dict[str, Any], doors: Doors) -> list[str]:
    """The forms to show to this person in this state."""
    return [
        action
        for action, (_, states, roles) in ACTIONS.items()
        if mismatch["state"] in states and doors.person is not None and doors.person.is_any(*roles)
    ]


async def _mismatch(
    request: Request, doors: Doors, mismatch_id: str, problem: DoorProblem | None = None, typed: dict[str, str] | None = None
) -> Response:
    found, panti, areas, names, samples, bpk = await together(
        doors.get(f"/budget_audit/mismatches/{mismatch_id}"), doors.ask("/budget_audit/panti"), doors.area_names(), doors.people_names(),
        doors.ask(f"/budget_audit/mismatches/{mismatch_id}/samples"), doors.ask("/budget_audit/bpk", mismatch=mismatch_id),
    )  # fmt: skip
    return page(
        request, "mismatch.html", doors, status=problem.status if problem else 200, mismatch=found, panti=_names(panti), areas=areas,
        names=names, actions=offered(found, doors), problem=problem, typed=typed or {}, samples=samples, bpk=bpk,
    )  # fmt: skip


@router.get("/temuan/selisih/{mismatch_id}")
async def mismatch_page(mismatch_id: str, request: Request, doors: DoorsDep) -> Response:
    return await _mismatch(request, doors, mismatch_id)


@router.get("/temuan/selisih/{mismatch_id}/berkas.{form}")
async def file(mismatch_id: str, form: str, doors: DoorsDep) -> Response:
    """The file of the finding as it is now, to be handed to an auditor."""
    return await doors.download(f"/budget_audit/mismatches/{mismatch_id}/file.{form}", f"temuan-{mismatch_id}.{form}")


def _lines(text: str) -> list[str]:
    return [line.strip() for line in text.splitlines() if line.strip()]


@router.post("/temuan/selisih/{mismatch_id}/{action}")
async def act(mismatch_id: str, action: str, request: Request, doors: DoorsDep) -> Response:
    """Ask, explain, accept, agree, hand in, close, open again or note; a refusal comes back with what was typed."""
    if action not in ACTIONS:
        raise DoorProblem(404, "not-found", "there is no such action")
    form = await request.form()
    typed = {key: value for key, value in form.items() if isinstance(value, str)}
    try:
        await doors.post(f"/budget_audit/mismatches/{mismatch_id}/{ACTIONS[action][0]}", _body(action, typed))
    except DoorProblem as problem:
        return await _mismatch(request, doors, mismatch_id, problem, typed)
    return go(request, link(f"/temuan/selisih/{mismatch_id}", selesai=action))


def _body(action: str, typed: dict[str, str]) -> dict[str, Any]:
    words = typed.get("uraian", "")
    if action == "sepakati":
        return {"solution": typed.get("penyelesaian", ""), "owner": typed.get("pemilik", ""), "due_on": typed.get("tenggat", "")}
    if action == "uji-petik":
        return {"size": _amount(typed), "seed": typed.get("benih", "")}
    if action == "tutup":
        return {"evidence": typed.get("bukti", "")}
    if action == "buka-lagi":
        return {"reason": words}
    body: dict[str, Any] = {"text": words}
    if action in ("jelaskan", "terima"):
        body["amount"] = _amount(typed)
    if action in ("jelaskan", "serahkan"):
        body["evidence"] = _lines(typed.get("bukti", ""))
    return body


def _amount(typed: dict[str, str]) -> int:
    try:
        return typed_number(typed.get("jumlah", ""))
    except ValueError:
        raise DoorProblem(422, "typed-number", "the amount is not a number") from None
