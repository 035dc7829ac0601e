"""One list to be paid: its signatures, its money, and the next step for whoever may take it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

from fastapi import APIRouter, Request
from fastapi.responses import Response

from services.console.doors import DoorProblem, Doors, DoorsDep, Person, together
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
    seen: bool = False
    """Sends the hash of the list on the screen, without being a signature."""
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
        "kembalikan", "sending-back", ("submitted", "checked", "approved", "reserved", "refused", "funded"), ("checker", "approver"),
        "Kembalikan dengan alasan", "Menjadi draf lagi: tanda tangan batal, cadangan anggaran lepas. Penyusun membaca alasannya.",
        reason=True, seen=True,
    ),
    Step(
        "tarik", "withdrawal", ("draft", "submitted", "checked", "approved", "reserved", "refused", "funded"), ("operator", "approver"),
        "Tarik daftar", "Orang di daftar ini bebas untuk daftar lain. Tulis alasannya.", reason=True,
    ),
)  # fmt: skip
"""What disbursement's table of states allows (CORE.md section 5); it decides, this only spares people useless buttons."""

RECEIVERS: Final = ("operator", "releaser", "treasurer")
"""Whom the bank calls."""
STOPPERS: Final = ("operator", "checker", "approver", "treasurer", "releaser")
CLOSERS: Final = ("operator", "treasurer", "approver")
"""Who orders that a list is closed, or that a silent payment ends; the service decides."""
ASKERS: Final = ("operator", "treasurer")
"""Who asks the bank about accounts."""
WORDS_BY: Final = frozenset({"checker", "approver"})
"""Whose word an anomaly needs; by themselves or for whoever handed them the role."""
BEFORE_BANK: Final = ("draft", "submitted", "checked", "approved", "reserved", "refused", "funded")

AFTER_APPROVAL: Final = ("approved", "reserved", "refused", "funded", "released", "results_in", "closed")
"""There is a list that an SPP may ask for."""

PATH: Final = (("submit", "operator"), ("check", "checker"), ("approve", "approver"), ("release", "releaser"))


@dataclass(frozen=True)
class Offer:
    """A step for this person. ``behalf``: whom they may sign for, '' for themselves. ``refused``: why the service would refuse it."""

    step: Step
    behalf: list[str]
    refused: DoorProblem | None = None


def offers(batch: dict[str, Any], person: Person | None, signing: Any) -> list[Offer]:
    """The steps that the batch's state allows and this person's roles, own or handed over today, reach."""
    mine: list[dict[str, Any]] = [] if isinstance(signing, DoorProblem) else signing["mine"]
    found = []
    for step in STEPS:
        if person is None or batch["state"] not in step.states:
            continue
        capacities = [one for one in mine if one["role"] in step.roles]
        if not step.signs and step.action != "ajukan":
            found += [Offer(step, [])] if person.is_any(*step.roles) else []
            continue
        free = [one["on_behalf_of"] for one in capacities if not one["refused"]]
        if free or (person.is_any(*step.roles) and not capacities):
            found.append(Offer(step, free))
        elif capacities:
            why = capacities[0]["refused"]
            found.append(Offer(step, [], DoorProblem(409, why["code"], why["detail"], why)))
    return found


async def show_batch(
    request: Request, doors: Doors, batch_id: str, problem: DoorProblem | None = None, typed: dict[str, str] | None = None
) -> Response:
    """The list with everything that somebody needs before they sign; ``typed``: what a refused form said."""
    at = f"/disbursement/batches/{batch_id}"
    batch, signing, anomalies, accounts, results, orders, areas, names, papers = await together(
        doors.get(at), doors.ask(f"{at}/signing"), doors.ask(f"{at}/anomalies"), doors.ask(f"{at}/account-checks"),
        doors.ask("/disbursement/results", batch=batch_id), doors.ask("/disbursement/orders", state="proposed"), doors.area_names(),
        doors.people_names(), doors.ask(f"{at}/payment-papers"),
    )  # fmt: skip
    signed: dict[str, list[dict[str, Any]]] = {}
    for one in batch["signatures"]:
        if not one["void"]:
            signed.setdefault(one["step"], []).append(one)
    person = doors.person
    waiting = [] if isinstance(orders, DoorProblem) else [one for one in orders["items"] if one["subject"].get("batch_id") == batch_id]
    mine = [] if isinstance(signing, DoorProblem) else signing["mine"]
    return page(
        request, "batch.html", doors, status=problem.status if problem else 200, batch=batch, signed=signed, path_of_names=PATH,
        void=[one for one in batch["signatures"] if one["void"]], offered=offers(batch, person, signing), results=results, areas=areas,
        names=names, problem=problem, typed=typed or {}, signing=signing, anomalies=anomalies, accounts=accounts, waiting=waiting,
        papers=papers, after_approval=batch["state"] in AFTER_APPROVAL,
        may_say=batch["state"] in ("submitted", "checked") and any(one["role"] in WORDS_BY for one in mine),
        says_for=sorted({one["on_behalf_of"] for one in mine if one["role"] in WORDS_BY}), before_bank=batch["state"] in BEFORE_BANK,
        may_stop=person is not None and person.is_any(*STOPPERS), may_close=person is not None and person.is_any(*CLOSERS),
        may_leave_out=person is not None and person.is_any("operator") and batch["state"] in BEFORE_BANK,
        may_ask=person is not None and person.is_any(*ASKERS) and batch["state"] in BEFORE_BANK,
        may_receive=person is not None and person.is_any(*RECEIVERS) and (batch["handover"] or {}).get("state") not in (None, "received"),
    )  # fmt: skip


@router.get("/penyaluran/{batch_id}")
async def batch_page(batch_id: str, request: Request, doors: DoorsDep) -> Response:
    return await show_batch(request, doors, batch_id)


@router.get("/penyaluran/{batch_id}/list.tsv")
async def list_file(batch_id: str, doors: DoorsDep) -> Response:
    """The bytes that the code of the list stands for."""
    return await doors.download(link(f"/disbursement/batches/{batch_id}/list.tsv", purpose=doors.purpose), "list.tsv")


@router.post("/penyaluran/{batch_id}/tanda-terima")
async def receipt(batch_id: str, request: Request, doors: DoorsDep) -> Response:
    """The bank's word that it has the file, told by hand; the time is Jakarta's."""
    form = await request.form()
    body = {"received_by": str(form.get("oleh", "")), "received_at": f"{str(form.get('pukul', ''))[:16]}:00+07:00"}
    try:
        await doors.post(f"/disbursement/batches/{batch_id}/receipt", body)
    except DoorProblem as problem:
        return await show_batch(request, doors, batch_id, problem)
    return go(request, link(f"/penyaluran/{batch_id}", selesai="tanda-terima"))


@router.post("/penyaluran/{batch_id}/{action}")
async def act(batch_id: str, action: str, request: Request, doors: DoorsDep) -> Response:
    """Take a step with the hash of the list that was on the screen; a changed list is refused by its service."""
    step = next((one for one in STEPS if one.action == action), None)
    if step is None:
        raise DoorProblem(404, "not-found", "there is no such step")
    form = await request.form()
    body = {"list_hash": str(form.get("list_hash", ""))} if step.signs or step.seen else {}
    if step.signs and form.get("untuk"):
        body["on_behalf_of"] = str(form["untuk"])
    if step.reason:
        body["reason"] = str(form.get("alasan", ""))
    try:
        await doors.post(f"/disbursement/batches/{batch_id}/{step.door}", body)
    except DoorProblem as problem:
        return await show_batch(request, doors, batch_id, problem)
    return go(request, link(f"/penyaluran/{batch_id}", selesai=step.done or step.action))
