"""One list to be paid: its signatures, its money, and the next step for whoever may take it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

from fastapi import APIRouter, Request
from fastapi.responses import Response

from services.console.doors import DoorProblem, Doors, DoorsDep, together
from services.console.view import go, link, page

router = APIRouter()


@dataclass(frozen=True)
class Step:
    """A button: the door it knocks at, in which states, for which roles it is shown, and what it says."""

    action: str
    door: str
    states: tuple[str, ...]
    roles: tuple[str, ...]
    label: str
    help: str
    signs: bool = False
    reason: bool = False
    done: str = ""


STEPS: Final = (
    Step("ajukan", "submission", ("draft",), ("operator",), "Ajukan untuk diperiksa", "Isi daftar dikunci dan mendapat kode daftar."),
    Step(
        "periksa", "check", ("submitted",), ("checker",), "Periksa dan tanda tangani",
        "Anda menandatangani tepat daftar dengan kode ini.", signs=True, done="periksa-daftar",
    ),
    Step("setujui", "approval", ("checked",), ("approver",), "Setujui", "Setelah disetujui, anggaran dicadangkan.", signs=True),
    Step(
        "kirim", "release", ("funded",), ("releaser",), "Kirim ke bank",
        "Berkas bank ditulis; orang di daftar menjadi dalam pengiriman.", signs=True,
    ),
    Step(
        "minta-anggaran", "budget-request", ("refused",), ("operator", "treasurer"), "Minta anggaran lagi",
        "Bila pagu atau SPD sudah cukup.",
    ),
    Step(
        "tarik", "withdrawal", ("draft", "submitted", "checked", "approved", "reserved", "refused", "funded"), ("operator", "approver"),
        "Tarik daftar", "Orang di daftar ini bebas untuk daftar lain. Tulis alasannya.", reason=True,
    ),
)  # fmt: skip
"""What disbursement's table of states allows (CORE.md section 5); it decides, this only spares people useless buttons."""

RECEIVERS: Final = ("operator", "releaser", "treasurer")
"""Whom the bank calls."""

PATH: Final = (("submit", "operator"), ("check", "checker"), ("approve", "approver"), ("release", "releaser"))


async def _show(request: Request, doors: Doors, batch_id: str, problem: DoorProblem | None = None) -> Response:
    batch, results, areas, names = await together(
        doors.get(f"/disbursement/batches/{batch_id}"), doors.ask("/disbursement/results", batch=batch_id), doors.area_names(),
        doors.people_names(),
    )  # fmt: skip
    signed: dict[str, dict[str, Any]] = {one["step"]: one for one in batch["signatures"] if not one["void"]}
    person = doors.person
    offered = [step for step in STEPS if batch["state"] in step.states and person is not None and person.is_any(*step.roles)]
    return page(
        request, "batch.html", doors, status=problem.status if problem else 200, batch=batch, signed=signed, path_of_names=PATH,
        void=[one for one in batch["signatures"] if one["void"]], offered=offered, results=results, areas=areas, names=names,
        problem=problem,
        may_receive=person is not None and person.is_any(*RECEIVERS) and (batch["handover"] or {}).get("state") not in (None, "received"),
    )  # fmt: skip


@router.get("/penyaluran/{batch_id}")
async def batch_page(batch_id: str, request: Request, doors: DoorsDep) -> Response:
    return await _show(request, doors, batch_id)


@router.get("/penyaluran/{batch_id}/list.tsv")
async def list_file(batch_id: str, doors: DoorsDep) -> Response:
    """The bytes that the code of the list stands for."""
    return await doors.download(f"/disbursement/batches/{batch_id}/list.tsv", "list.tsv")


@router.post("/penyaluran/{batch_id}/tanda-terima")
async def receipt(batch_id: str, request: Request, doors: DoorsDep) -> Response:
    """The bank's word that it has the file, told by hand; the time is Jakarta's."""
    form = await request.form()
    body = {"received_by": str(form.get("oleh", "")), "received_at": f"{str(form.get('pukul', ''))[:16]}:00+07:00"}
    try:
        await doors.post(f"/disbursement/batches/{batch_id}/receipt", body)
    except DoorProblem as problem:
        return await _show(request, doors, batch_id, problem)
    return go(request, link(f"/penyaluran/{batch_id}", selesai="tanda-terima"))


@router.post("/penyaluran/{batch_id}/{action}")
async def act(batch_id: str, action: str, request: Request, doors: DoorsDep) -> Response:
    """Take a step with the hash of the list that was on the screen; a changed list is refused by its service."""
    step = next((one for one in STEPS if one.action == action), None)
    if step is None:
        raise DoorProblem(404, "not-found", "there is no such step")
    form = await request.form()
    body = {"list_hash": str(form.get("list_hash", ""))} if step.signs else {}
    if step.reason:
        body["reason"] = str(form.get("alasan", ""))
    try:
        await doors.post(f"/disbursement/batches/{batch_id}/{step.door}", body)
    except DoorProblem as problem:
        return await _show(request, doors, batch_id, problem)
    return go(request, link(f"/penyaluran/{batch_id}", selesai=step.done or step.action))
