"""The operator's three steps of a month: seal it, open it, make the list."""

from __future__ import annotations

from typing import Any, Final

from fastapi import APIRouter, Request
from fastapi.responses import Response

from services.console import words
from services.console.doors import DoorProblem, Doors, DoorsDep, together
from services.console.view import go, link, page

router = APIRouter()

RUNNERS: Final = ("operator",)
"""Whose work it is; the services decide, this only spares people useless forms."""
CLOSED: Final = ("opened", "closed", "carried_in")
"""States of a programme's month that need no opening any more."""


@router.get("/jalankan")
async def which_month(request: Request, doors: DoorsDep, bulan: str = "") -> Response:
    """The month that was asked for; else the one that is under way."""
    return go(request, link(f"/jalankan/{bulan or request.app.state.clock.today().isoformat()[:7]}"))


@router.get("/jalankan/{month}")
async def running_page(month: str, request: Request, doors: DoorsDep) -> Response:
    return await _show(request, doors, month)


async def _show(request: Request, doors: Doors, month: str, problem: DoorProblem | None = None) -> Response:
    programmes, seals, months, batches = await together(
        doors.get("/beneficiary/programmes"), doors.get("/beneficiary/cutoffs", month=month), doors.get("/disbursement/months"),
        doors.get("/disbursement/batches", month=month),
    )  # fmt: skip
    newest = {one["programme"]: one for one in seals["items"]}  # by seal_no, so the last is the newest
    refused = _refused(problem)
    for one in refused:
        if one["state"] == "not_sealed" and one["programme"] in newest:
            one["state"] = "seal_on_its_way"
    if problem and problem.code == "not-sealed" and any(one["state"] == "seal_on_its_way" for one in refused):
        problem = DoorProblem(problem.status, "seal-on-its-way", problem.detail, problem.data)
    opened: list[dict[str, Any]] = next((one["programmes"] for one in months["items"] if one["month"] == month), [])
    states = {one["programme"]: one for one in opened}
    listed = [one["code"] for one in programmes]
    person = doors.person
    return page(
        request, "running.html", doors, status=problem.status if problem else 200, month=month, programmes=listed, seals=newest,
        states=states, batches=batches["items"], problem=problem, refused=refused,
        to_open=[code for code in listed if code in newest and _needs_opening(newest[code], states.get(code))],
        payable=[code for code in listed if states.get(code, {}).get("state") == "opened"],
        may_run=person is not None and person.is_any(*RUNNERS), kinds=words.BATCH_KINDS,
    )  # fmt: skip


def _needs_opening(seal: dict[str, Any], state: dict[str, Any] | None) -> bool:
    """Not open yet, or open after an older seal than the newest."""
    if state is None or state["state"] not in CLOSED:
        return True
    return bool(state["state"] == "opened" and (state["seal_no"] or 0) < seal["seal_no"])


def _refused(problem: DoorProblem | None) -> list[dict[str, Any]]:
    """Of a refused opening: the programmes that did not open, each with what stands in its way."""
    found = problem.data.get("programmes", []) if problem else []
    return [dict(one) for one in found if isinstance(one, dict) and one.get("state") in words.OPENING_STATES]


@router.post("/jalankan/{month}/kunci")
async def seal(month: str, request: Request, doors: DoorsDep) -> Response:
    """The cut-off of one programme; who is on the list after it, is for good."""
    form = await request.form()
    try:
        await doors.post("/beneficiary/cutoffs", {"programme": str(form.get("program", "")), "month": month})
    except DoorProblem as problem:
        return await _show(request, doors, month, problem)
    return go(request, link(f"/jalankan/{month}", selesai="kunci"))


@router.post("/jalankan/{month}/buka")
async def open_month(month: str, request: Request, doors: DoorsDep) -> Response:
    """Compare our list with every seal and open what is the same."""
    try:
        await doors.post(f"/disbursement/months/{month}/opening")
    except DoorProblem as problem:
        return await _show(request, doors, month, problem)
    return go(request, link(f"/jalankan/{month}", selesai="buka"))


@router.post("/jalankan/{month}/susun")
async def compose(month: str, request: Request, doors: DoorsDep) -> Response:
    """A draft with everybody who can be paid now, in the chosen programmes."""
    form = await request.form()
    chosen = [str(one) for one in form.getlist("program")]
    body: dict[str, Any] = {"month": month, "kind": str(form.get("jenis", "main")), "programmes": chosen}
    try:
        if not chosen:
            raise DoorProblem(422, "no-programme", "choose a programme")
        batch = await doors.post("/disbursement/batches", body)
    except DoorProblem as problem:
        return await _show(request, doors, month, problem)
    return go(request, link(f"/penyaluran/{batch['id']}", selesai="susun"))
