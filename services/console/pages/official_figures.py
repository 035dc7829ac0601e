"""Official figures: a month's numbers frozen under a name, whom they count, and whether the ledger still says the same."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Mapping
from typing import Any, Final
from urllib.parse import quote

from fastapi import APIRouter, Request
from fastapi.responses import Response

from services.console import words
from services.console.doors import DoorProblem, Doors, DoorsDep, together
from services.console.figures import moment, month_name
from services.console.forms import Field, Form, typed_of
from services.console.view import go, link, page
from shared.kernel.clock import jakarta_day
from shared.tabular.cells import harmless
from shared.web.auth import WHOLE_AGENCY

router = APIRouter()

DOOR: Final = "/disbursement/figures"
COHORTS: Final = {key: words.COHORTS[key] for key in ("existing", "new")}

FREEZE: Final = Form(
    "tetapkan", "/figures", "Tetapkan angka resmi", "Tetapkan", ("operator", "leader"),
    (
        Field("nama", "name", "Nama angka", most=120, help="Misalnya: Siaran pers 12/2025. Setiap nama dipakai sekali."),
        Field("bulan", "month", "Bulan manfaat", "month"),
        Field("program", "programmes", "Program", "choice", words.PROGRAMMES, required=False, help="Kosong: semua program."),
        Field("wilayah", "area", "Wilayah", "choice", required=False, help="Kosong: seluruh Jakarta."),
        Field("kelompok", "cohort", "Kelompok", "choice", COHORTS, required=False, help="Kosong: penerima lama dan baru."),
        Field(
            "per", "as_of", "Seperti diketahui pada akhir hari", "date", required=False,
            help="Kosong: seperti diketahui sekarang.",
        ),
        Field("catatan", "note", "Catatan", required=False, most=500),
    ),
    help="Angka yang sudah ditetapkan tidak berubah lagi, apa pun yang terjadi dengan bulannya; yang baru mendapat nama lain.",
    confirm="Tetapkan angka ini untuk selamanya?", done="angka-ditetapkan",
)  # fmt: skip


def whom(definition: Mapping[str, Any], areas: Mapping[str, str]) -> str:
    """Whom a figure counts, in words."""
    programmes = " dan ".join(definition["programmes"]) or "semua program"
    place = words.area(definition["area"], areas) if definition["area"] not in ("", WHOLE_AGENCY) else "seluruh Jakarta"
    cohort = words.word(words.COHORTS, definition["cohort"]).lower() if definition["cohort"] else "penerima lama dan baru"
    return f"{programmes}, {place}, {cohort}"


def _path(name: str) -> str:
    """The door of one figure; a name may hold anything that the office writes, a slash too."""
    return f"{DOOR}/{quote(name, safe='')}"


async def _show(
    request: Request, doors: Doors, month: str = "", problem: DoorProblem | None = None, typed: dict[str, str] | None = None
) -> Response:
    found, areas, names = await together(doors.get(DOOR, month=month), doors.area_names(), doors.people_names())
    person = doors.person
    may_freeze = person is not None and person.whole_agency and FREEZE.offered_to(person)
    return page(
        request, "official_figures.html", doors, status=problem.status if problem else 200, figures=found["items"], month=month,
        areas=areas, names=names, whom=whom, form=FREEZE.choosing("wilayah", words.area_choices(areas)) if may_freeze else None,
        problem=problem, typed=typed or {}, sent=FREEZE.action if typed else "", proposed={"bulan": month},
    )  # fmt: skip


@router.get("/angka-resmi")
async def figures_page(request: Request, doors: DoorsDep, bulan: str = "") -> Response:
    """``bulan``: of one month only."""
    return await _show(request, doors, bulan)


@router.post("/angka-resmi")
async def freeze(request: Request, doors: DoorsDep) -> Response:
    """Freeze one; a refusal comes back with what was typed."""
    typed = await typed_of(request)
    try:
        body = FREEZE.body(typed)
        if "programmes" in body:
            body["programmes"] = [body["programmes"]]
        made = await doors.post(DOOR, body)
    except DoorProblem as problem:
        return await _show(request, doors, problem=problem, typed=typed)
    return go(request, link("/angka-resmi/satu", nama=made["name"], selesai=FREEZE.done))


@router.get("/angka-resmi/satu")
async def figure_page(request: Request, doors: DoorsDep, nama: str, hitung: str = "") -> Response:
    """One figure by outcome and reason; ``hitung``: counted again from the ledger, and compared."""
    figure, areas, names = await together(doors.get(_path(nama)), doors.area_names(), doors.people_names())
    counted = await doors.ask(f"{_path(nama)}/check") if hitung else None
    person = doors.person
    return page(
        request, "official_figure.html", doors, figure=figure, areas=areas, names=names, whom=whom, counted=counted,
        may_count=person is not None and person.whole_agency,
    )  # fmt: skip


@router.get("/angka-resmi/lembar.{form}")
async def figure_paper(form: str, doors: DoorsDep, nama: str) -> Response:
    """One page to be sent on; tomorrow it reads the same."""
    return await doors.download(f"{_path(nama)}/paper.{form}", f"angka-resmi.{form}")


@router.get("/angka-resmi/angka.csv")
async def figure_file(request: Request, doors: DoorsDep, nama: str) -> Response:
    """The figure with its definition as a table, for a press release or an annex."""
    figure, areas = await together(doors.get(_path(nama)), doors.area_names())
    written = io.StringIO()
    csv.writer(written, delimiter=";", lineterminator="\r\n").writerows(_rows(figure, areas))
    day = jakarta_day(request.app.state.clock.now()).isoformat()
    head = {"content-disposition": f'attachment; filename="angka-resmi-{figure["month"]}-{day}.csv"', "cache-control": "no-store"}
    return Response(written.getvalue().encode("utf-8-sig"), media_type="text/csv; charset=utf-8", headers=head)


def _rows(figure: Mapping[str, Any], areas: Mapping[str, str]) -> Iterator[tuple[Any, ...]]:
    yield "Angka resmi", harmless(figure["name"])
    yield "Bulan manfaat", month_name(figure["month"])
    yield "Menghitung", whom(figure["definition"], areas)
    yield "Seperti diketahui sampai", f"{moment(figure['known_until'])} WIB"
    yield "SHA-256", figure["sha256"]
    yield ()
    yield "Keadaan", "Alasan", "Orang", "Rupiah"
    for one in figure["numbers"]["by_reason"]:
        reason = words.word(words.REASONS, one["reason"]) if one["reason"] else ""
        yield words.word(words.OUTCOMES, one["outcome"]), reason, one["people"], one["rupiah"]
    yield "Jumlah", "", figure["numbers"]["people"], figure["numbers"]["rupiah"]
