"""The daily book of a panti: who is there tonight, one line more, the wrong line taken back; and cards of whoever left."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any, Final

from fastapi import APIRouter, Request
from fastapi.responses import Response

from services.console.doors import DoorProblem, Doors, DoorsDep, together
from services.console.forms import Field, Form, form_of, typed_of
from services.console.view import go, link, page

router = APIRouter()

WRITERS: Final = ("operator", "panti-head")
KINDS: Final = {
    "leave": "Cuti", "return": "Kembali", "flight": "Kabur", "transfer": "Pindah ke panti lain", "discharge": "Keluar",
    "death": "Meninggal",
}  # fmt: skip
KIND_WORDS: Final = {**KINDS, "admission": "Masuk", "transfer": "Pindah", "counter": "Pembatalan"}
STATES: Final = {"present": "Di panti", "on_leave": "Cuti", "fled": "Kabur"}
LINES: Final = 20
CENSUS_DAYS: Final = 7

_DAY: Final = Field("hari", "day", "Hari kejadian", "date")
_HOUR: Final = Field(
    "jam", "hour", "Jam", required=False, least=4, most=5, help="Bila diketahui, misalnya 14.30. Tanpa jam dihitung sebagai akhir hari."
)
_WHY: Final = Field("alasan", "reason", "Alasan atau keterangan", most=300)
_PAPER: Final = Field("dokumen", "paper", "Nomor surat atau berita acara", required=False, least=1, most=120)

OPEN: Final = Form(
    "buka", "/book", "Buka buku harian", "Buka buku", WRITERS, (Field("hari", "from_day", "Hari pertama", "date"),),
    help="Mulai hari ini sensus dihitung dari buku. Semua penghuni saat itu dicatat masuk pada hari pertama.", done="buku-dibuka",
)  # fmt: skip
WRITE: Final = Form(
    "catat", "/entries", "Catat peristiwa", "Catat", WRITERS,
    (
        Field("orang", "person_id", "Penghuni", "choice"), Field("peristiwa", "kind", "Peristiwa", "choice", KINDS), _DAY, _HOUR,
        Field("ke_panti", "to_panti", "Ke panti mana (untuk pindah)", "choice", required=False),
        Field("rencana", "expected_return", "Rencana kembali (untuk cuti)", "date", required=False), _WHY, _PAPER,
    ),
    help="Penghuni dihitung bila bermalam: yang ada di panti pukul 24.00. Jumlah tidak pernah diketik.", done="baris-dicatat",
)  # fmt: skip
ADMIT: Final = Form(
    "masuk", "/entries", "Catat orang masuk", "Catat masuk", WRITERS,
    (
        Field("nik", "nik", "NIK", "account", required=False, help="16 angka. Kosongkan bila orang ini tidak punya NIK."),
        Field(
            "nama", "name", "Nama, atau ciri-ciri bila tidak diketahui", required=False, most=120,
            help="Kosongkan bila NIK-nya sudah tercatat.",
        ),
        Field("lahir", "birth_date", "Tanggal lahir", "date", required=False),
        Field("alamat", "address", "Alamat asal", required=False, most=250), _DAY, _HOUR, _WHY, _PAPER,
    ),
    help="Kartu orang yang masuk panti ditahan selama ia tinggal di sini, dan tidak dibayar ganda dengan layanan panti.",
    fixed={"kind": "admission"}, done="baris-dicatat",
)  # fmt: skip
CORRECT: Final = Form(
    "koreksi", "/correction", "Batalkan atau betulkan", "Simpan koreksi", WRITERS,
    (
        Field("sebab", "reason", "Mengapa baris ini salah", most=300),
        Field("hari", "day", "Hari yang benar", "date", required=False, help="Kosongkan bila baris ini hanya dibatalkan."), _HOUR,
        Field("alasan", "right_reason", "Keterangan baris yang benar", required=False, most=300),
    ),
    help="Baris yang salah tetap terlihat, dengan pembatalannya.", done="baris-dibatalkan",
)  # fmt: skip
JOIN: Final = Form(
    "kenali", "/person-joins", "Orang tanpa NIK dikenali", "Usulkan", WRITERS,
    (
        Field("orang", "provisional_id", "Penghuni tanpa NIK", "choice"),
        Field("nik", "nik", "NIK orang itu", "account"), Field("bukti", "evidence", "Bukti, misalnya surat Dukcapil", most=200),
    ),
    help="Orang kedua mengesahkan; sesudah itu catatannya menjadi milik orang yang dikenal.", done="kenal-diusulkan",
)  # fmt: skip
REOPEN: Final = Form(
    "lanjutkan", "/order", "Usulkan lanjutan", "Usulkan", ("operator",),
    (Field("bukti", "evidence", "Dokumen, misalnya berita acara keluar", most=200),),
    help="Dihitung mulai bulan ia keluar. Orang kedua mengesahkannya di halaman Kasus.", done="lanjutan-diusulkan",
)  # fmt: skip
FORMS: Final = (OPEN, WRITE, ADMIT, JOIN)
_HOUR_TO: Final = str.maketrans(".", ":")


@router.get("/buku")
async def books_page(request: Request, doors: DoorsDep) -> Response:
    return await _books(request, doors)


async def _books(
    request: Request, doors: Doors, problem: DoorProblem | None = None, typed: dict[str, str] | None = None, sent: str = ""
) -> Response:
    panti, cases, areas = await together(
        doors.get("/beneficiary/panti"), doors.ask("/beneficiary/reopenings"), doors.area_names(),
    )  # fmt: skip
    return page(
        request, "panti_books.html", doors, status=problem.status if problem else 200,
        panti=sorted(panti["items"], key=lambda one: one["book_from"] is None),  # books that are kept come first
        cases=None if isinstance(cases, DoorProblem) else cases["items"], reopen=REOPEN, may_reopen=REOPEN.offered_to(doors.person),
        areas=areas, problem=problem, typed=typed or {}, sent=sent,
    )  # fmt: skip


@router.post("/buku/lanjutkan/{case_id}")
async def reopen(case_id: str, request: Request, doors: DoorsDep) -> Response:
    """The first of two who resume a card after somebody left a panti."""
    typed = await typed_of(request)
    try:
        await doors.post(f"/beneficiary/reopenings/{case_id}/order", REOPEN.body(typed))
    except DoorProblem as problem:
        return await _books(request, doors, problem, typed, case_id)
    return go(request, link("/buku", selesai=REOPEN.done))


@router.get("/panti/{code}/buku")
async def book_page(code: str, request: Request, doors: DoorsDep) -> Response:
    return await _book(request, doors, code.upper())


async def _book(
    request: Request, doors: Doors, code: str, problem: DoorProblem | None = None, typed: dict[str, str] | None = None, sent: str = ""
) -> Response:
    today = request.app.state.clock.today()
    base = f"/beneficiary/panti/{code}"
    panti, census, residents, lines, joins, names = await together(
        doors.get("/beneficiary/panti"), doors.ask(f"{base}/census", **{"from": (today - timedelta(days=CENSUS_DAYS - 1)).isoformat()}),
        doors.ask(f"{base}/residents"), doors.ask(f"{base}/entries", limit=LINES), doors.ask("/beneficiary/person-joins", state="proposed"),
        doors.people_names(),
    )  # fmt: skip
    found = next((one for one in panti["items"] if one["code"] == code), None)
    if found is None:
        raise DoorProblem(404, "not-found", "there is no such panti")
    people = [] if isinstance(residents, DoorProblem) else residents["items"]
    waiting = [] if isinstance(joins, DoorProblem) else [one for one in joins["items"] if one["panti"] == code]
    return page(
        request, "panti_book.html", doors, status=problem.status if problem else 200, panti=found, residents=residents, people=people,
        census=census, lines=lines, joins=waiting, names=names, kinds=KIND_WORDS, states=STATES, correct=CORRECT,
        forms=_forms(doors, found, panti["items"], people), may_write=WRITE.offered_to(doors.person) and not isinstance(lines, DoorProblem),
        here=f"/panti/{code}/buku", today=today.isoformat(), problem=problem, typed=typed or {}, sent=sent,
        proposed={"hari": today.isoformat()},
    )  # fmt: skip


def _forms(doors: Doors, found: dict[str, Any], panti: list[dict[str, Any]], people: list[dict[str, Any]]) -> list[Form]:
    """What is offered now: the book first; then lines about whoever is there, somebody new, and whoever is recognised."""
    if not OPEN.offered_to(doors.person):
        return []
    if found["book_from"] is None:
        return [OPEN]
    others = {one["code"]: one["name"] for one in panti if one["code"] != found["code"] and one["book_from"]}
    known = {one["person_id"]: f"{one['name'] or 'nama tidak terbuka'} ({STATES[one['state']].lower()})" for one in people}
    unknown = {one["person_id"]: f"{one['name']} ({one['number']})" for one in people if one["number"]}
    offered = [WRITE.choosing("orang", known).choosing("ke_panti", others)] if known else []
    if not others and offered:
        offered = [replace(offered[0], fields=tuple(one for one in offered[0].fields if one.name != "ke_panti"))]
    return [*offered, ADMIT, *([JOIN.choosing("orang", unknown)] if unknown else [])]


@router.post("/panti/{code}/buku/koreksi/{entry_id}")
async def correct(code: str, entry_id: str, request: Request, doors: DoorsDep) -> Response:
    """A counter-line; the right one beside it where a right day was typed."""
    typed = await typed_of(request)
    body = CORRECT.body(typed)
    given: dict[str, Any] = {"reason": body["reason"]}
    if typed.get("hari"):
        given["instead"] = {"day": typed["hari"], "reason": typed.get("alasan") or body["reason"], **_hour(typed)}
    try:
        await doors.post(f"/beneficiary/panti-entries/{entry_id}/correction", given)
    except DoorProblem as problem:
        return await _book(request, doors, code.upper(), problem, typed, entry_id)
    return go(request, link(f"/panti/{code.upper()}/buku", selesai=CORRECT.done))


@router.post("/panti/{code}/buku/kenali/{join_id}")
async def decide_join(code: str, join_id: str, request: Request, doors: DoorsDep) -> Response:
    """The second person says whether somebody without NIK is whom the first one named."""
    typed = await typed_of(request)
    try:
        await doors.post(f"/beneficiary/person-joins/{join_id}/decision", {"accept": typed.get("putusan") == "ya"})
    except DoorProblem as problem:
        return await _book(request, doors, code.upper(), problem, typed, join_id)
    return go(request, link(f"/panti/{code.upper()}/buku", selesai="kenal-diputuskan"))


def _hour(typed: dict[str, str]) -> dict[str, str]:
    return {"hour": typed["jam"].translate(_HOUR_TO)} if typed.get("jam") else {}


@router.post("/panti/{code}/buku/{action}")
async def act(code: str, action: str, request: Request, doors: DoorsDep) -> Response:
    """Open the book, write a line, name somebody; a refusal comes back with what was typed."""
    form = form_of(FORMS, action)
    typed = await typed_of(request)
    door = f"/beneficiary{form.door}" if form is JOIN else f"/beneficiary/panti/{code.upper()}{form.door}"
    try:
        body = form.body(typed)
        if "hour" in body:
            body |= _hour(typed)
        if form is ADMIT:
            new = {key: body.pop(key) for key in ("name", "birth_date", "address") if key in body}
            if "name" in new:
                body["newcomer"] = new
        await doors.post(door, body)
    except DoorProblem as problem:
        return await _book(request, doors, code.upper(), problem, typed, action)
    return go(request, link(f"/panti/{code.upper()}/buku", selesai=form.done))
