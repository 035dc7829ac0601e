"""Accounts that change: proposed by one person, read again by another, in force after some days in which the person is told."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from fastapi import APIRouter, Request
from fastapi.responses import Response

from services.console.doors import DoorProblem, Doors, DoorsDep, together
from services.console.forms import Field, Form, form_of, typed_of
from services.console.pages.people import MAY_LOOK, person_of, revealed
from services.console.view import go, link, page
from services.console.words import PROGRAMMES
from shared.kernel.clock import jakarta_day

router = APIRouter()

SECOND: Final = ("operator", "checker")
"""Who compares a change with its paper, confirms it or takes it back."""
LISTED: Final = 50
STATES: Final = {"proposed": "Menunggu orang kedua", "waiting": "Masa tenang", "in_force": "Berlaku", "cancelled": "Dibatalkan"}
OPEN: Final = ("proposed", "waiting")

PROPOSE: Final = Form(
    "usulkan", "/account-changes", "Usulkan rekening lain", "Usulkan", ("operator",),
    (
        Field(
            "orang", "person_id", "NIK atau nomor Ritme penerima", least=16, most=36,
            help="NIK hanya dipakai untuk mencari, dan pencariannya dicatat.",
        ),
        Field("program", "programme", "Program", "choice", PROGRAMMES),
        Field("kode_bank", "bank_code", "Kode bank (tiga angka)", least=2, most=12, value="111"),
        Field("nomor", "account_number", "Nomor rekening baru", "account"),
        Field("pemilik", "holder", "Nama pemilik menurut bank", least=1, most=100),
        Field("kartu", "card_handed_over", "Kartu rekening baru sudah di tangan penerima", "yes_no"),
        Field("alasan", "reason", "Alasan", most=300), Field("dokumen", "document", "Surat bank atau surat penerima", most=300),
    ),
    help="Belum ada yang berubah. Orang kedua mengetik nomornya sekali lagi dari surat aslinya; sesudah itu masa tenang berjalan.",
    done="usulkan",
)  # fmt: skip
CONFIRM: Final = Form(
    "sahkan", "confirmation", "Sahkan", "Sahkan perubahan", SECOND,
    (Field("nomor", "account_number", "Nomor rekening baru, dari surat aslinya", "account"),),
    help="Ketik nomornya dari surat, jangan dari layar: dua orang membaca kertasnya, supaya salah ketik tidak membayar orang lain.",
    confirm="Sahkan perubahan rekening ini?", done="sahkan-rekening",
)  # fmt: skip
TOLD: Final = Form(
    "beri-tahu", "notice", "Catat bahwa penerima sudah diberi tahu", "Catat", ("operator",),
    (Field("hari", "day", "Hari diberi tahu", "date"), Field("cara", "how", "Bagaimana", most=300)),
    help="Selama masa tenang penerima masih dapat menolak.", done="dicatat",
)  # fmt: skip
CANCEL: Final = Form(
    "batalkan", "cancellation", "Batalkan", "Batalkan perubahan", SECOND, (Field("alasan", "reason", "Alasan", most=300),),
    help="Rekening penerima tetap yang sekarang.", confirm="Batalkan perubahan rekening ini?", done="batal-rekening",
)  # fmt: skip
_STEPS: Final = {"proposed": (CONFIRM, CANCEL), "waiting": (TOLD, CANCEL), "in_force": (TOLD,)}

RULE: Final = Form(
    "masa-tenang", "/account-cooling-off", "Usulkan masa tenang lain", "Usulkan", ("operator", "approver"),
    (
        Field("hari_kerja", "working_days", "Masa tenang (hari kerja, 0 sampai 30)", "number"),
        Field("mulai", "valid_from", "Berlaku mulai", "date"), Field("dokumen", "document", "Dokumen", most=300),
    ),
    help="Berlaku untuk perubahan yang disahkan sejak hari itu; yang sudah disahkan tetap pada harinya.", done="usulkan",
)  # fmt: skip


async def _show(
    request: Request, doors: Doors, *, state: str = "", untold: bool = False, before: str = "", problem: DoorProblem | None = None,
    typed: dict[str, str] | None = None, sent: str = "",
) -> Response:  # fmt: skip
    """``untold``: only those whose person the offices still have to tell."""
    told = "false" if untold else ""
    shown = (state,) if state else OPEN
    rules, areas, names, *lists = await together(
        doors.get("/disbursement/account-cooling-off"), doors.area_names(), doors.people_names(),
        *(doors.get("/disbursement/account-changes", state=one, told=told, before=before, limit=LISTED) for one in shown),
    )  # fmt: skip
    person, today = doors.person, jakarta_day(request.app.state.clock.now()).isoformat()
    whole = person is not None and person.whole_agency
    return page(
        request, "accounts.html", doors, status=problem.status if problem else 200, state=state, untold=untold, states=STATES,
        lists=dict(zip(shown, lists, strict=True)), areas=areas, names=names, rules=rules, today=today, now_in_force=in_force(rules, today),
        may_look=person is not None and person.is_any(*SECOND), may_set_rule=whole and RULE.offered_to(person),
        propose=PROPOSE if PROPOSE.offered_to(person) else None, rule=RULE, problem=problem, typed=typed or {}, sent=sent,
        proposed={"mulai": today, "kode_bank": "111"},
    )  # fmt: skip


def in_force(rules: Mapping[str, Any], today: str) -> Mapping[str, Any]:
    """The rule that counts today; the door gives the newest day first, and what holds where there is none."""
    held = (one for one in rules["items"] if one["confirmed_by"] and one["valid_from"] <= today)
    found: Mapping[str, Any] = next(held, rules["otherwise"])
    return found


@router.get("/rekening")
async def accounts_page(request: Request, doors: DoorsDep, keadaan: str = "", belum: str = "", sebelum: str = "") -> Response:
    """``keadaan``: one state only, page by page; without it, what is open. ``belum``: whom nobody has told yet."""
    if keadaan and keadaan not in STATES:
        raise DoorProblem(404, "not-found", "there is no such state")
    return await _show(request, doors, state=keadaan, untold=bool(belum), before=sebelum)


@router.post("/rekening/usulkan")
async def propose(request: Request, doors: DoorsDep) -> Response:
    """Ask for another account; a refusal comes back with what was typed."""
    typed = await typed_of(request)
    try:
        body = PROPOSE.body(typed)
        body["person_id"] = await person_of(doors, body["person_id"])
        made = await doors.post(f"/disbursement{PROPOSE.door}", body)
    except DoorProblem as problem:
        return await _show(request, doors, problem=problem, typed=typed, sent=PROPOSE.action)
    return go(request, link(f"/rekening/{made['id']}", selesai=PROPOSE.done))


@router.post("/rekening/masa-tenang")
async def propose_rule(request: Request, doors: DoorsDep) -> Response:
    """Another number of days, for a second person to confirm."""
    typed = await typed_of(request)
    try:
        await doors.post(f"/disbursement{RULE.door}", RULE.body(typed))
    except DoorProblem as problem:
        return await _show(request, doors, problem=problem, typed=typed, sent=RULE.action)
    return go(request, link("/rekening", selesai=RULE.done))


@router.post("/rekening/masa-tenang/{valid_from}/sahkan")
async def confirm_rule(valid_from: str, request: Request, doors: DoorsDep) -> Response:
    try:
        await doors.post(f"/disbursement{RULE.door}/confirmation", {"valid_from": valid_from})
    except DoorProblem as problem:
        return await _show(request, doors, problem=problem)
    return go(request, link("/rekening", selesai="sahkan-pengaturan"))


async def _one(
    request: Request, doors: Doors, change_id: str, problem: DoorProblem | None = None, typed: dict[str, str] | None = None, sent: str = "",
    who: Any = None,
) -> Response:  # fmt: skip
    change, areas, names = await together(doors.get(f"/disbursement/account-changes/{change_id}"), doors.area_names(), doors.people_names())
    return page(
        request, "account.html", doors, status=problem.status if problem else 200, change=change, states=STATES, areas=areas, names=names,
        forms=[form for form in _STEPS.get(change["state"], ()) if form.offered_to(doors.person) and _may(form, change, doors)],
        own=doors.person is not None and change["state"] == "proposed" and change["asked_by"] == doors.person.id, problem=problem,
        typed=typed or {}, sent=sent, proposed={"hari": jakarta_day(request.app.state.clock.now()).isoformat()}, who=who,
        may_reveal=doors.person is not None and doors.person.is_any(*MAY_LOOK),
    )  # fmt: skip


def _may(form: Form, change: Mapping[str, Any], doors: Doors) -> bool:
    """Nobody confirms their own proposal, and whoever was told is told once."""
    if form is CONFIRM:
        return doors.person is not None and change["asked_by"] != doors.person.id
    return form is not TOLD or change["told_on"] is None


@router.get("/rekening/{change_id}")
async def account_page(change_id: str, request: Request, doors: DoorsDep) -> Response:
    """One change with the last digits of both accounts and their holders; the door records the look."""
    return await _one(request, doors, change_id)


@router.post("/rekening/{change_id}/orang")
async def look(change_id: str, request: Request, doors: DoorsDep) -> Response:
    """Whom the office tells, by name and address; recorded by beneficiary's door."""
    try:
        change = await doors.get(f"/disbursement/account-changes/{change_id}")
        who = await revealed(doors, change["person_id"])
    except DoorProblem as problem:
        return await _one(request, doors, change_id, problem)
    return await _one(request, doors, change_id, who=who)


@router.post("/rekening/{change_id}/{action}")
async def act(change_id: str, action: str, request: Request, doors: DoorsDep) -> Response:
    """Confirm, take back, or write down that the person was told. A number that was typed wrong is not shown again."""
    form = form_of((CONFIRM, TOLD, CANCEL), action)
    typed = await typed_of(request)
    try:
        await doors.post(f"/disbursement/account-changes/{change_id}/{form.door}", form.body(typed))
    except DoorProblem as problem:
        return await _one(request, doors, change_id, problem, {} if form is CONFIRM else typed, action)
    return go(request, link(f"/rekening/{change_id}", selesai=form.done))
