"""New recipients: who waits for an account, a card or a visit; what is sent to the bank, and who is called where."""

from __future__ import annotations

from typing import Any, Final

from fastapi import APIRouter, Request
from fastapi.responses import Response

from services.console.doors import DoorProblem, Doors, DoorsDep, together
from services.console.forms import Field, Form, form_of, typed_of
from services.console.pages.people import person_of
from services.console.view import go, link, page
from services.console.words import PROGRAMMES, area_choices

router = APIRouter()

_DESK: Final = ("operator",)
_PROGRAMME: Final = Field("program", "programme", "Program", "choice", PROGRAMMES)

OPENING: Final = Form(
    "rekening", "/account-openings", "Minta rekening kolektif ke bank", "Buat permintaan", _DESK, (_PROGRAMME,),
    help="Semua yang berhak dan belum punya rekening, dalam satu berkas untuk bank.",
    confirm="Minta rekening untuk semua yang belum punya?",
    done="rekening-diminta",
)  # fmt: skip
WAVE: Final = Form(
    "undang", "/invitation-waves", "Undang mengambil kartu", "Undang", _DESK,
    (
        _PROGRAMME, Field("wilayah", "area", "Wilayah", "choice"), Field("tempat", "place", "Tempat", most=200),
        Field("hari", "day", "Hari", "date"), Field("jam", "hours", "Jam", most=60, value="08.00-14.00"),
        Field("paling_banyak", "most", "Paling banyak dilayani hari itu", "number", value="300"),
    ),
    help="Yang paling jarang diundang didahulukan; paling banyak tiga kali. Yang menunggu kunjungan rumah tidak diundang.",
    done="diundang",
)  # fmt: skip
VISIT: Final = Form(
    "kunjungan", "/home-services", "Minta kunjungan rumah oleh bank", "Minta kunjungan", _DESK,
    (
        Field(
            "orang", "person_id", "NIK atau nomor Ritme penerima", least=16, most=36,
            help="NIK hanya dipakai untuk mencari, dan pencariannya dicatat.",
        ),
        _PROGRAMME, Field("alasan", "reason", "Alasan", most=200),
    ),
    help="Untuk yang tidak dapat datang, misalnya karena terbaring sakit.", done="kunjungan-diminta",
)  # fmt: skip
VISITED: Final = Form(
    "hasil", "/result", "Catat hasil kunjungan", "Catat hasil", _DESK,
    (
        Field("hari", "day", "Hari kunjungan", "date"), Field("kartu", "card_handed_over", "Kartu sudah diserahkan", "yes_no"),
        Field("hasil", "result", "Hasil", most=200),
    ),
    done="hasil-kunjungan",
)  # fmt: skip
FORMS: Final = (OPENING, WAVE, VISIT)
WHOLE_AGENCY: Final = (OPENING, WAVE)

PLACES: Final = {
    "no_account": ("Belum punya rekening", "Minta rekening kolektif"),
    "refused_by_bank": ("Ditolak bank saat pembukaan", "Perbaiki data, lalu minta lagi"),
    "asked": ("Menunggu jawaban bank", "Unggah jawaban bank"),
    "never_called": ("Kartu menunggu, belum diundang", "Undang"),
    "called": ("Sudah diundang, laporan ditunggu", "Unggah laporan distribusi kartu"),
    "came_not": ("Diundang, tidak datang", "Undang lagi"),
    "called_out": ("Tiga kali diundang, tidak datang", "Minta kunjungan rumah"),
    "visit": ("Menunggu kunjungan rumah", "Catat hasil kunjungan"),
    "ready": ("Kartu di tangan", "Dapat dibayar"),
}  # fmt: skip
"""Where somebody stands on the way to the card (places of the funnel), and what is done next."""


VISITS: Final = ("asked", "handed_over", "not_handed_over")


async def _show(
    request: Request, doors: Doors, problem: DoorProblem | None = None, typed: dict[str, str] | None = None, sent: str = ""
) -> Response:
    funnel, waiting, openings, waves, asked, handed, not_handed, areas, names = await together(
        doors.ask("/disbursement/cards/funnel"), doors.get("/disbursement/cards/waiting"), doors.ask("/disbursement/account-openings"),
        doors.get("/disbursement/invitation-waves"),
        *(doors.ask("/disbursement/home-services", state=state, purpose=doors.purpose) for state in VISITS),
        doors.area_names(), doors.people_names(),
    )  # fmt: skip
    person = doors.person
    whole = person is not None and person.whole_agency
    forms = [form for form in FORMS if form.offered_to(person) and (whole or form not in WHOLE_AGENCY)]
    return page(
        request, "recipients.html", doors, status=problem.status if problem else 200, funnel=funnel, waiting=waiting["items"],
        openings=openings, waves=waves["items"], areas=areas, names=names, places=PLACES, visited=VISITED,
        visits=_items(asked), visits_done=_items(handed) + _items(not_handed), counts_only=isinstance(asked, DoorProblem),
        forms=[form.choosing("wilayah", area_choices(areas)) for form in forms], may_act=VISIT.offered_to(person), whole=whole,
        problem=problem, typed=typed or {}, sent=sent, proposed={"hari": request.app.state.clock.today().isoformat()},
    )  # fmt: skip


def _items(answer: Any) -> list[dict[str, Any]]:
    """None for who works with sums: the visits of the funnel are counted for everybody."""
    return [] if isinstance(answer, DoorProblem) else answer["items"]


@router.get("/penerima-baru")
async def recipients_page(request: Request, doors: DoorsDep) -> Response:
    return await _show(request, doors)


@router.get("/penerima-baru/rekening/{opening_id}/berkas.csv")
async def opening_file(opening_id: str, doors: DoorsDep) -> Response:
    """The bank's file with names, as its door gives it; recorded there."""
    return await doors.download(f"/disbursement/account-openings/{opening_id}/file.csv", "rekening.csv")


@router.get("/penerima-baru/undangan/{wave_id}/daftar.csv")
async def wave_file(wave_id: str, doors: DoorsDep) -> Response:
    """Who is called, by name; recorded by its door."""
    return await doors.download(f"/disbursement/invitation-waves/{wave_id}/list.csv", "undangan.csv")


@router.get("/penerima-baru/kunjungan/daftar.csv")
async def visit_file(doors: DoorsDep) -> Response:
    """Whom the bank visits, by name; recorded by its door."""
    return await doors.download("/disbursement/home-services/list.csv", "kunjungan.csv")


@router.post("/penerima-baru/kunjungan/{visit_id}/hasil")
async def visited(visit_id: str, request: Request, doors: DoorsDep) -> Response:
    """What came of a visit at home."""
    typed = await typed_of(request)
    try:
        await doors.post(f"/disbursement/home-services/{visit_id}/result", VISITED.body(typed))
    except DoorProblem as problem:
        return await _show(request, doors, problem, typed, visit_id)
    return go(request, link("/penerima-baru", selesai=VISITED.done))


@router.post("/penerima-baru/{action}")
async def act(action: str, request: Request, doors: DoorsDep) -> Response:
    """Ask for accounts, call people, ask for a visit; a refusal comes back with what was typed."""
    form = form_of(FORMS, action)
    typed = await typed_of(request)
    try:
        body: dict[str, Any] = form.body(typed)
        if form is VISIT:
            body["person_id"] = await person_of(doors, body["person_id"])
        await doors.post(f"/disbursement{form.door}", body)
    except DoorProblem as problem:
        return await _show(request, doors, problem, typed, action)
    return go(request, link("/penerima-baru", selesai=form.done))
