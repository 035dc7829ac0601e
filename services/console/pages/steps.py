"""The operator's own steps of a month: data cut-off, opening, lists; and the second seal of a decree that reaches back."""

from __future__ import annotations

import re
from typing import Any, Final

from fastapi import APIRouter, Request
from fastapi.responses import Response

from services.console.doors import DoorProblem, Doors, DoorsDep, together
from services.console.forms import typed_of
from services.console.view import go, link, page
from shared.kernel.clock import jakarta_day

router = APIRouter()

MONTH: Final = re.compile(r"20\d\d-(0[1-9]|1[0-2])")


async def _show(
    request: Request, doors: Doors, month: str, problem: DoorProblem | None = None, typed: dict[str, str] | None = None
) -> Response:
    programmes, seals, months, batches = await together(
        doors.ask("/beneficiary/programmes"), doors.ask("/beneficiary/cutoffs", month=month), doors.get("/disbursement/months"),
        doors.ask("/disbursement/batches", month=month),
    )  # fmt: skip
    here = next((one for one in months["items"] if one["month"] == month), None)
    newest: dict[str, dict[str, Any]] = {}
    for one in [] if isinstance(seals, DoorProblem) else seals["items"]:
        newest[one["programme"]] = max(newest.get(one["programme"], one), one, key=lambda seal: int(seal["seal_no"]))
    person = doors.person
    return page(
        request, "steps.html", doors, status=problem.status if problem else 200, month=month, programmes=programmes, seals=seals,
        newest=newest, opened={one["programme"]: one for one in (here or {"programmes": []})["programmes"]}, has_page=here is not None,
        batches=[] if isinstance(batches, DoorProblem) else batches["items"], months=[one["month"] for one in months["items"]],
        may_act=person is not None and person.is_any("operator"), problem=problem, typed=typed or {},
    )  # fmt: skip


@router.get("/langkah")
async def steps_page(request: Request, doors: DoorsDep, bulan: str = "") -> Response:
    """``bulan``: which month, also one that was not sealed yet; without it the present one."""
    month = bulan or f"{jakarta_day(request.app.state.clock.now()):%Y-%m}"
    if not MONTH.fullmatch(month):
        raise DoorProblem(404, "not-found", "there is no such month")
    return await _show(request, doors, month)


@router.post("/langkah/{action}")
async def act(action: str, request: Request, doors: DoorsDep) -> Response:
    """Take one step; a refusal comes back with the page, and says of each programme why."""
    typed = await typed_of(request)
    month, programme = typed.get("bulan", ""), typed.get("program", "")
    if not MONTH.fullmatch(month):
        raise DoorProblem(422, "request-shape", "a month is needed")
    to = link("/langkah", bulan=month, selesai=action)
    try:
        match action:
            case "batas-data":
                await doors.post("/beneficiary/cutoffs", {"programme": programme, "month": month})
            case "kunci-ulang":
                await doors.post("/beneficiary/cutoffs/again", {"programme": programme, "month": month})
            case "buka-bulan":
                await doors.post(f"/disbursement/months/{month}/opening")
            case "susun":
                body = {"month": month, "kind": typed.get("jenis", "main")} | ({"programmes": [programme]} if programme else {})
                body |= {"financing": "holding"} if typed.get("dana") == "holding" else {}
                to = f"/penyaluran/{(await doors.post('/disbursement/batches', body))['id']}"
            case _:
                raise DoorProblem(404, "not-found", "there is no such step")
    except DoorProblem as problem:
        return await _show(request, doors, month, problem, typed)
    return go(request, to)
