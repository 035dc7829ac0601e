"""What waits for a second person, and the stop button: freezes asked, confirmed, lifted."""

from __future__ import annotations

from typing import Any, Final

from fastapi import APIRouter, Request
from fastapi.responses import Response

from services.console.doors import DoorProblem, Doors, DoorsDep, together
from services.console.view import go, link, page

router = APIRouter()

STOPPERS: Final = ("operator", "checker", "approver", "treasurer", "releaser")
"""Who may pull the stop button; the service decides, this only spares people useless forms."""
DECISIONS: Final = {"setujui": ("confirmation", "setuju-perintah"), "batalkan": ("cancellation", "batal-perintah")}


async def _show(request: Request, doors: Doors, problem: DoorProblem | None = None) -> Response:
    waiting, freezes, programmes, names = await together(
        doors.get("/disbursement/orders", state="proposed"), doors.get("/disbursement/freezes"), doors.ask("/beneficiary/programmes"),
        doors.people_names(),
    )  # fmt: skip
    person = doors.person
    return page(
        request, "orders.html", doors, status=problem.status if problem else 200, waiting=waiting["items"], freezes=freezes["items"],
        programmes=[] if isinstance(programmes, DoorProblem) else programmes, names=names,
        may_stop=person is not None and person.is_any(*STOPPERS), problem=problem,
    )  # fmt: skip


@router.get("/perintah")
async def orders_page(request: Request, doors: DoorsDep) -> Response:
    return await _show(request, doors)


async def _knock(request: Request, doors: Doors, door: str, body: dict[str, Any], done: str) -> Response:
    try:
        await doors.post(door, body)
    except DoorProblem as problem:
        return await _show(request, doors, problem)
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
