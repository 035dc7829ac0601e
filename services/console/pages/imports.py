"""S3, files coming in: what was sent, what is wrong with it by row and column, and who may save it."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import Any, Final

from fastapi import APIRouter, Request
from fastapi.responses import Response
from starlette.datastructures import UploadFile

from services.console.doors import DoorProblem, Doors, DoorsDep, together
from services.console.forms import typed_of
from services.console.kinds import CHOICES, KINDS, MONTH_ROWS, SERVICES, Kind, compare, controls, kind_of, title_of
from services.console.view import go, link, page
from shared.kernel.clock import jakarta_day

router = APIRouter()

LISTED: Final = 50
"""Imports shown of each service, newest first."""
PROBLEMS: Final = 200
UNDOABLE: Final = (("beneficiary", "status"),)
"""Services and kinds whose saved files two people can take back."""


@router.get("/impor")
async def imports_page(request: Request, doors: DoorsDep) -> Response:
    """All imports of all services, those that wait for somebody first; and where to send a new file."""
    *answers, results, names = await together(
        *(doors.ask(f"/{service}/imports", limit=LISTED) for service in SERVICES), doors.ask("/disbursement/results"), doors.people_names()
    )
    silent = {service: answer for service, answer in zip(SERVICES, answers, strict=True) if isinstance(answer, DoorProblem)}
    found = [
        {**one, "service": service, "title": title_of(service, one["kind"])}
        for service, answer in zip(SERVICES, answers, strict=True)
        if service not in silent
        for one in answer["items"]
    ]
    found.sort(key=lambda one: str(one["uploaded_at"]), reverse=True)
    return page(
        request, "imports.html", doors, kinds=KINDS, services=SERVICES, waiting=[one for one in found if one["state"] == "checked"],
        others=[one for one in found if one["state"] != "checked"], silent=silent, names=names,
        results=[] if isinstance(results, DoorProblem) else results["items"][::-1],
        mine=_day_of(doors, found, [] if isinstance(results, DoorProblem) else results["items"], request.app.state.clock.today()),
    )  # fmt: skip


def _day_of(doors: Doors, files: Sequence[Mapping[str, Any]], results: Sequence[Mapping[str, Any]], today: date) -> dict[str, int] | None:
    """This person's day in three numbers: files that took effect, files that wait for them, results of which a part did not.

    A file waits for another than its sender where a second person saves it; while it is not ready it waits for its sender.
    """
    person = doors.person
    if person is None:
        return None
    me = person.id

    def waits(one: Mapping[str, Any]) -> bool:
        kind = next((kind for kind in KINDS if (kind.service, kind.name) == (one["service"], one["kind"])), None)
        if one["ready"] and kind is not None and kind.second_person:
            return person.is_any(kind.second_role) and one["uploaded_by"] != me
        return bool(one["uploaded_by"] == me)

    def of_today(at: str | None) -> bool:
        return at is not None and jakarta_day(datetime.fromisoformat(at)) == today

    taken = [one for one in results if one["received_by"] == me and of_today(one["received_at"])]
    saved = [one for one in files if one["state"] == "committed" and me in (one["uploaded_by"], one["committed_by"])]
    return {
        "done": sum(of_today(one["committed_at"]) for one in saved) + sum(not one["quarantined"] for one in taken),
        "waiting": sum(one["state"] == "checked" and waits(one) for one in files),
        "in_part": sum(bool(one["quarantined"]) for one in taken),
    }


@router.get("/impor/{service}/baru/{kind}")
async def new_page(service: str, kind: str, request: Request, doors: DoorsDep) -> Response:
    return _form(request, doors, kind_of(service, kind))


def _form(
    request: Request, doors: Doors, kind: Kind, problem: DoorProblem | None = None, typed: Mapping[str, Any] | None = None
) -> Response:
    return page(
        request, "import_new.html", doors, status=problem.status if problem else 200, kind=kind, services=SERVICES, problem=problem,
        typed={key: value for key, value in (typed or {}).items() if isinstance(value, str)}, month_rows=range(MONTH_ROWS), choices=CHOICES,
    )  # fmt: skip


@router.post("/impor/{service}/baru/{kind}")
async def upload(service: str, kind: str, request: Request, doors: DoorsDep) -> Response:
    """Check a file: every problem by row and column, nothing saved. Bank results take effect at once."""
    what = kind_of(service, kind)
    async with request.form() as form:
        file = form.get("file")
        try:
            if not isinstance(file, UploadFile) or not file.filename:
                raise DoorProblem(422, "missing-file", "there is no file")
            to = await _send(doors, what, file, form)
        except DoorProblem as problem:
            if request.headers.get("hx-request") == "true":
                return page(request, "_problem.html", doors, problem=problem)
            return _form(request, doors, what, problem, form)
    return go(request, to)


async def _send(doors: Doors, kind: Kind, file: UploadFile, form: Mapping[str, Any]) -> str:
    name = file.filename or kind.name
    if kind.name == "results":
        answer = await doors.upload("/disbursement/results", name, file.file)
        same = answer.get("duplicate_of")
        return link(f"/impor/disbursement/hasil/{same or answer['file_id']}", selesai="hasil-sama" if same else "hasil")
    typed = json.dumps(controls(kind, form))
    answer = await doors.upload(f"/{kind.service}/imports/{kind.name}", name, file.file, {"controls": typed})
    return link(f"/impor/{kind.service}/{answer['id']}", selesai="sama" if answer.get("duplicate_of") else "periksa")


@router.get("/impor/disbursement/hasil/{file_id}")
async def results_page(file_id: str, request: Request, doors: DoorsDep, sesudah: str = "") -> Response:
    """One part of the bank's results: how many rows took effect, and each one that did not, with the reason."""
    files, rows, names = await together(
        doors.get("/disbursement/results"),
        doors.ask(f"/disbursement/results/{file_id}/rows", state="quarantined", after=sesudah, limit=PROBLEMS),
        doors.people_names(),
    )
    found = next((one for one in files["items"] if one["file_id"] == file_id), None)
    if found is None:
        raise DoorProblem(404, "not-found", "there is no such result file")
    return page(request, "results.html", doors, file=found, rows=rows, names=names)


@router.get("/impor/templat/{service}/{file}")
async def template(service: str, file: str, doors: DoorsDep) -> Response:
    """A published template with help and an example, XLSX or CSV."""
    kind_of(service, file.rpartition(".")[0])
    return await doors.download(f"/{service}/templates/{file}", file)


async def _one(
    request: Request, doors: Doors, service: str, import_id: str, *, problem: DoorProblem | None = None, after: str = "",
    typed: dict[str, str] | None = None,
) -> Response:  # fmt: skip
    if service not in SERVICES:
        raise DoorProblem(404, "not-found", "there is no such service")
    base = f"/{service}/imports/{import_id}"
    found, problems, names, undo = await together(
        doors.get(base), doors.ask(f"{base}/problems", after=after, limit=PROBLEMS), doors.people_names(), _undo_of(doors, service, base)
    )
    kind = next((one for one in KINDS if (one.service, one.name) == (service, found["kind"])), None)
    following = link(request.url.path, sesudah=problems["next"] or "") if not isinstance(problems, DoorProblem) and problems["next"] else ""
    return page(
        request, "import_one.html", doors, status=problem.status if problem else 200, one=found, service=service, kind=kind,
        title=title_of(service, found["kind"]), problems=problems, compared=compare(found["controls"], found["totals"] or {}),
        more=following, names=names, problem=problem, undo=undo if (service, found["kind"]) in UNDOABLE else None, typed=typed or {},
    )  # fmt: skip


async def _undo_of(doors: Doors, service: str, base: str) -> Any:
    """What the service says of taking this file back; None where it takes no file back, or this person may not."""
    if service not in {one for one, _ in UNDOABLE}:
        return None
    answer = await doors.ask(f"{base}/undo")
    return None if isinstance(answer, DoorProblem) else answer


@router.get("/impor/{service}/{import_id}")
async def import_page(service: str, import_id: str, request: Request, doors: DoorsDep, sesudah: str = "") -> Response:
    """One file: Baris, Lolos, Bermasalah, both totals, and every problem."""
    return await _one(request, doors, service, import_id, after=sesudah)


@router.get("/impor/{service}/{import_id}/bermasalah.csv")
async def rejected(service: str, import_id: str, doors: DoorsDep) -> Response:
    """The rejected rows as they came, to be mended."""
    if service not in SERVICES:
        raise DoorProblem(404, "not-found", "there is no such service")
    return await doors.download(f"/{service}/imports/{import_id}/rejected.csv", "bermasalah.csv")


@router.post("/impor/{service}/{import_id}/{action}-batal")
async def undo(service: str, import_id: str, action: str, request: Request, doors: DoorsDep) -> Response:
    """A file that was saved is taken back: one person asks, another decides; what rests on it is in the refusal."""
    door = {"minta": "undo", "sahkan": "undo/confirmation", "tolak": "undo/refusal"}.get(action)
    if door is None or service not in {one for one, _ in UNDOABLE}:
        raise DoorProblem(404, "not-found", "there is no such action")
    typed = await typed_of(request)
    body = {"reason": typed.get("alasan", ""), "document": typed.get("dokumen", "")} if action == "minta" else {}
    try:
        await doors.post(f"/{service}/imports/{import_id}/{door}", body)
    except DoorProblem as problem:
        return await _one(request, doors, service, import_id, problem=problem, typed=typed)
    return go(request, link(f"/impor/{service}/{import_id}", selesai=f"{action}-batal"))


@router.post("/impor/{service}/{import_id}/{action}")
async def act(service: str, import_id: str, action: str, request: Request, doors: DoorsDep) -> Response:
    """Save (by a second person where the kind wants one), cancel, or bring mended rows."""
    if service not in SERVICES or action not in ("simpan", "batal", "perbaikan"):
        raise DoorProblem(404, "not-found", "there is no such action")
    base = f"/{service}/imports/{import_id}"
    try:
        if action == "perbaikan":
            async with request.form() as form:
                file = form.get("file")
                if not isinstance(file, UploadFile) or not file.filename:
                    raise DoorProblem(422, "missing-file", "there is no file")
                await doors.upload(f"{base}/mended", file.filename, file.file)
        else:
            await doors.post(f"{base}/{'commit' if action == 'simpan' else 'cancel'}")
    except DoorProblem as problem:
        if request.headers.get("hx-request") == "true":
            return page(request, "_problem.html", doors, problem=problem)
        return await _one(request, doors, service, import_id, problem=problem)
    return go(request, link(f"/impor/{service}/{import_id}", selesai=action))
