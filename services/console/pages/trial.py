"""A result file of the bank tried out: what it would do, by list, code and row. Nothing of it is kept."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final
from urllib.parse import quote

from fastapi import APIRouter, Request
from fastapi.responses import Response
from starlette.datastructures import UploadFile

from services.console.doors import DoorProblem, Doors, DoorsDep
from services.console.view import page

router = APIRouter()

TRIERS: Final = ("operator", "treasurer", "approver")
FORMS: Final = {
    "published": "bentuk yang diterbitkan Ritme", "agreed": "bentuk yang disepakati dengan bank", "iso20022": "pesan ISO 20022",
}  # fmt: skip
MEANINGS: Final = {
    "credited": "Dikreditkan", "rejected": "Ditolak bank", "pending": "Belum ada hasil", "unknown": "Belum punya arti: dikarantina",
}  # fmt: skip


async def _show(
    request: Request, doors: Doors, problem: DoorProblem | None = None, told: Mapping[str, Any] | None = None, name: str = "",
    chosen: str = "",
) -> Response:  # fmt: skip
    settings = await doors.ask("/disbursement/bank/settings", kind="template_results")
    templates = [] if isinstance(settings, DoorProblem) else [one for one in settings["items"] if one["state"] != "declined"]
    person = doors.person
    lists = [told, *told.get("more", [])] if told else []
    return page(
        request, "trial.html", doors, status=problem.status if problem else 200, templates=templates, told=told, lists=lists, name=name,
        chosen=chosen, forms=FORMS, meanings=MEANINGS, may_try=person is not None and person.is_any(*TRIERS), problem=problem,
        may_apply=person is not None and person.is_any("operator", "treasurer"),
    )  # fmt: skip


@router.get("/bank/coba")
async def trial_page(request: Request, doors: DoorsDep) -> Response:
    return await _show(request, doors)


@router.post("/bank/coba")
async def trial(request: Request, doors: DoorsDep) -> Response:
    """Upload, look, forget. ``bentuk``: an agreed form of before, or one that is only proposed."""
    async with request.form() as form:
        file, chosen = form.get("file"), str(form.get("bentuk", ""))
        try:
            if not isinstance(file, UploadFile) or not file.filename:
                raise DoorProblem(422, "missing-file", "there is no file")
            told = await doors.upload(
                "/disbursement/results:try" + (f"?template={quote(chosen)}" if chosen else ""), file.filename, file.file
            )
        except DoorProblem as problem:
            return await _show(request, doors, problem, chosen=chosen)
        return await _show(request, doors, told=told, name=file.filename, chosen=chosen)
