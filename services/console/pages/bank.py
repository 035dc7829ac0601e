"""What is agreed with the bank, what went to it, what came from it: settings and caps by two people, files with their receipts."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, Final

from fastapi import APIRouter, Request
from fastapi.responses import Response

from services.console import words
from services.console.doors import DoorProblem, Doors, DoorsDep, Told, together
from services.console.forms import Field, Form, form_of, typed_of
from services.console.view import go, link, page

router = APIRouter()

_ASK: Final = ("operator", "treasurer")
DECIDERS: Final = ("operator", "treasurer", "approver")

KINDS: Final = {
    "template_out": "Bentuk berkas ke bank", "template_results": "Bentuk berkas hasil dari bank",
    "template_statement": "Bentuk rekening koran", "channel": "Saluran", "code": "Arti kode bank",
}  # fmt: skip
STATES: Final = {"proposed": "Menunggu orang kedua", "confirmed": "Disahkan", "declined": "Ditolak"}
CHANNELS: Final = {"column_file": "Berkas kolom", "iso20022": "ISO 20022 (pain.001)"}
OUTCOMES: Final = {"credited": "Dikreditkan", "rejected": "Ditolak", "pending": "Belum ada hasil, ditanyakan lagi"}
ARRIVED: Final = {"applied": "Diterapkan", "receipt": "Tanda terima", "duplicate": "Sudah pernah diterima", "refused": "Ditolak"}

_FROM: Final = Field("mulai", "valid_from", "Berlaku mulai", "date")
_DOCUMENT: Final = Field("dokumen", "document", "Surat bank atau berita acara", most=200)
_KIND: Final = Field("jenis", "kind", "Jenis", "choice", {key: KINDS[key] for key in KINDS if key.startswith("template")})

CODE: Final = Form(
    "kode", "/bank/settings", "Usulkan arti kode bank", "Usulkan", _ASK,
    (
        Field("kode", "code", "Kode dari bank", least=1, most=60), Field("hasil", "outcome", "Artinya", "choice", OUTCOMES),
        Field("alasan", "reason", "Alasan, bila ditolak", "choice", required=False),
        Field("ditarik", "withdrawn", "Bila dikreditkan: uang sudah ditarik?", "choice", {"ya": "Ya", "tidak": "Tidak"}, required=False),
        Field("catatan", "note", "Catatan", required=False, most=200), _FROM, _DOCUMENT,
    ),
    help="Kode yang belum disahkan tidak pernah dibaca sebagai gagal: barisnya menunggu di karantina.",
)  # fmt: skip
TEMPLATE: Final = Form(
    "bentuk", "/bank/settings", "Usulkan bentuk berkas", "Usulkan", _ASK,
    (_KIND, Field("isi", "body", "Bentuk (JSON)", "long", least=2, most=20_000), _FROM, _DOCUMENT),
    help="Kolom, panjang, pengisi, dan huruf menurut surat bank. Mulai dari bentuk yang berlaku, ubah yang berbeda.",
)  # fmt: skip
CHANNEL: Final = Form(
    "saluran", "/bank/settings", "Usulkan saluran", "Usulkan", _ASK,
    (
        Field("saluran", "channel", "Saluran", "choice", CHANNELS),
        Field("nama", "debtor_name", "Nama rekening pembayar", required=False, least=1, most=140, help="Hanya untuk ISO 20022."),
        Field("rekening", "debtor_account", "Nomor rekening pembayar", required=False, least=1, most=34),
        Field("bank", "debtor_bank", "Kode bank pembayar", required=False, least=1, most=35), _FROM, _DOCUMENT,
    ),
)  # fmt: skip
CAP: Final = Form(
    "batas", "/bank-caps", "Usulkan batas sekali transfer", "Usulkan", _ASK,
    (
        Field("kode_bank", "bank_code", "Kode bank (tiga angka)", least=3, most=3),
        Field("jumlah", "max_amount", "Paling banyak sekali transfer (rupiah)", "number"), _FROM, _DOCUMENT,
    ),
    help="Rapel yang lebih besar dibagi menjadi beberapa transfer. Berlaku untuk daftar yang disusun sejak hari itu.",
)  # fmt: skip
FORMS: Final = (CODE, TEMPLATE, CHANNEL, CAP)
DECISIONS: Final = {"sahkan": True, "tolak": False}


async def _show(
    request: Request, doors: Doors, problem: DoorProblem | None = None, typed: dict[str, str] | None = None, sent: str = ""
) -> Response:
    settings, caps, codes, sent_files, arrived, names = await together(
        doors.get("/disbursement/bank/settings"), doors.get("/disbursement/bank-caps"), doors.ask("/disbursement/bank/codes"),
        doors.ask("/disbursement/bank/handovers"), doors.ask("/disbursement/bank/inbox"), doors.people_names(),
    )  # fmt: skip
    person, items = doors.person, settings["items"]
    today = request.app.state.clock.today().isoformat()
    reasons = {one["reason"]: words.word(words.REASONS, one["reason"]) for one in _items(codes) if one["outcome"] == "rejected"}
    return page(
        request, "bank.html", doors, status=problem.status if problem else 200, names=names, kinds=KINDS, states=STATES,
        channels=CHANNELS, outcomes=OUTCOMES, arrived_words=ARRIVED, waiting=[one for one in items if one["state"] == "proposed"],
        decided=[one for one in items if one["state"] != "proposed" and one["kind"] != "code"], caps=caps["items"], codes=codes,
        sent_files=sent_files, arrived=arrived, may_decide=person is not None and person.is_any(*DECIDERS),
        forms=[form.choosing("alasan", dict(sorted(reasons.items()))) for form in FORMS if form.offered_to(person)],
        problem=problem, typed=typed or {}, sent=sent, refused=_refused,
        proposed={"mulai": today, "jenis": "template_out", "isi": _in_force(settings, today)},
    )  # fmt: skip


def _items(answer: Any) -> list[dict[str, Any]]:
    return [] if isinstance(answer, DoorProblem) else list(answer["items"])


def _refused(answer: Mapping[str, Any]) -> DoorProblem:
    """What a file from the bank was refused with, as a problem with its sentence."""
    return DoorProblem(409, str(answer.get("code", "")), str(answer.get("detail", "")), answer)


def _in_force(settings: Mapping[str, Any], today: str) -> str:
    """The form of files to the bank that holds today, to begin a proposal with."""
    held = [
        one for one in settings["items"]
        if one["kind"] == "template_out" and one["state"] == "confirmed" and one["valid_from"] <= today
    ]  # fmt: skip
    newest = max(held, key=lambda one: (one["valid_from"], one["decided_at"]), default=None)
    return json.dumps(newest["body"] if newest else settings["first_template"], ensure_ascii=False, indent=1)


@router.get("/bank")
async def bank_page(request: Request, doors: DoorsDep) -> Response:
    return await _show(request, doors)


@router.post("/bank/pengaturan/{setting_id}/{decision}")
async def decide(setting_id: str, decision: str, request: Request, doors: DoorsDep) -> Response:
    """The second person confirms what another proposed, or somebody declines it."""
    if decision not in DECISIONS:
        raise DoorProblem(404, "not-found", "there is no such decision")
    try:
        await doors.post(f"/disbursement/bank/settings/{setting_id}/decision", {"confirm": DECISIONS[decision]})
    except DoorProblem as problem:
        return await _show(request, doors, problem)
    return go(request, link("/bank", selesai=f"{decision}-pengaturan"))


@router.post("/bank/batas/{bank_code}/{valid_from}/sahkan")
async def confirm_cap(bank_code: str, valid_from: str, request: Request, doors: DoorsDep) -> Response:
    """The second person; lists that are made from that day on respect the cap."""
    try:
        await doors.post("/disbursement/bank-caps/confirmation", {"bank_code": bank_code, "valid_from": valid_from})
    except DoorProblem as problem:
        return await _show(request, doors, problem)
    return go(request, link("/bank", selesai="sahkan-pengaturan"))


@router.post("/bank/{action}")
async def propose(action: str, request: Request, doors: DoorsDep) -> Response:
    """Propose a code's meaning, a form of files, a channel or a cap; a refusal comes back with what was typed."""
    form = form_of(FORMS, action)
    typed = await typed_of(request)
    try:
        await doors.post(f"/disbursement{form.door}", _body(form, typed))
    except DoorProblem as problem:
        return await _show(request, doors, problem, typed, action)
    return go(request, link("/bank", selesai="usulkan"))


def _body(form: Form, typed: Mapping[str, str]) -> dict[str, Any]:
    """The door's shape: day and document beside what is proposed. Raise DoorProblem for a form of files that is no JSON."""
    said = form.body(typed)
    if form is CAP:
        return said
    labels = said.labels
    outer = {"kind": form.action, "valid_from": said.pop("valid_from"), "document": said.pop("document")}
    if form is TEMPLATE:
        try:
            return Told(outer | {"kind": said["kind"], "body": dict(json.loads(said["body"]))}, labels)
        except (ValueError, TypeError):
            raise DoorProblem(422, "template-wrong", "the form of files is no JSON object") from None
    if form is CODE and "withdrawn" in said:
        said["withdrawn"] = said["withdrawn"] == "ya"
    return Told(outer | {"kind": "code" if form is CODE else "channel", "body": said}, labels)
