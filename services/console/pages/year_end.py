"""The end of a budget year: what stays in the holding account by document, and what its months still owe."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from fastapi import APIRouter, Request
from fastapi.responses import Response

from services.console.doors import DoorProblem, Doors, DoorsDep, together
from services.console.forms import typed_of
from services.console.view import go, link, page
from shared.kernel.clock import jakarta_day

router = APIRouter()

LAPSERS: Final = ("treasurer", "approver")
"""Who orders that a year has lapsed or is taken up again; the service decides."""
YEAR_KINDS: Final = ("lapse", "reopen_year")
DOORS: Final = {"berakhir": "lapse", "ambil-alih": "reopening"}


def by_fate(lines: list[dict[str, Any]]) -> dict[str, dict[str, int]]:
    """What of a year's open months can lapse, can be taken up again, or waits for the bank or a decision: people-months and rupiah."""
    found = {fate: {"person_months": 0, "rupiah": 0} for fate in ("lapsed", "due", "waits")}
    for line in lines:
        lapsed = line["reason"] == "lapsed_budget_year"
        fate = "lapsed" if lapsed else "due" if line["outcome"] in ("due", "missed") else "waits"
        for key in found[fate]:
            found[fate][key] += line[key]
    return found


async def _show(
    request: Request, doors: Doors, year: int, problem: DoorProblem | None = None, typed: dict[str, str] | None = None
) -> Response:
    holding, owed, orders, names = await together(
        doors.ask(f"/disbursement/holding/years/{year}"), doors.get(f"/disbursement/budget-years/{year}"),
        doors.ask("/disbursement/orders", state="proposed"), doors.people_names(),
    )  # fmt: skip
    person, today = doors.person, jakarta_day(request.app.state.clock.now())
    waiting = [] if isinstance(orders, DoorProblem) else orders["items"]
    return page(
        request, "year_end.html", doors, status=problem.status if problem else 200, year=year, holding=holding, owed=owed,
        fates=by_fate(owed["open"]), over=year < today.year, this_year=today.year, names=names, problem=problem, typed=typed or {},
        waiting=[one for one in waiting if one["kind"] in YEAR_KINDS and one["subject"].get("year") == year],
        may_decide=person is not None and person.is_any("treasurer"), may_order=person is not None and person.is_any(*LAPSERS),
        programmes=sorted({one["programme"] for one in owed["open"]}),
    )  # fmt: skip


@router.get("/penampungan/tahun")
async def this_year(request: Request, doors: DoorsDep) -> Response:
    """The year that runs; its neighbours are a link away."""
    return go(request, f"/penampungan/tahun/{jakarta_day(request.app.state.clock.now()).year}")


@router.get("/penampungan/tahun/{year}")
async def year_page(year: int, request: Request, doors: DoorsDep) -> Response:
    return await _show(request, doors, year)


async def _knock(
    request: Request, doors: Doors, year: int, door: str, body: Mapping[str, Any], done: str, typed: dict[str, str]
) -> Response:
    try:
        await doors.post(f"/disbursement/{door}", body)
    except DoorProblem as problem:
        return await _show(request, doors, year, problem, typed)
    return go(request, link(f"/penampungan/tahun/{year}", selesai=done))


@router.post("/penampungan/tahun/{year}/usul")
async def propose(year: int, request: Request, doors: DoorsDep) -> Response:
    """Everything undecided, of one list where it is named: back by an STS, or carried by a document."""
    typed = await typed_of(request)
    body = {"way": typed.get("cara", ""), "document": typed.get("dokumen", ""), "batch": typed.get("daftar", "")}
    return await _knock(request, doors, year, f"holding/years/{year}/disposals", body, "usulkan", typed)


@router.post("/penampungan/tahun/{year}/putuskan")
async def decide(year: int, request: Request, doors: DoorsDep) -> Response:
    """The second person agrees with what one document proposes, or refuses it."""
    typed = await typed_of(request)
    body = {"document": typed.get("dokumen", ""), "agreed": typed.get("setuju", "") == "ya"}
    return await _knock(request, doors, year, f"holding/years/{year}/disposals/decision", body, "putuskan", typed)


@router.post("/penampungan/tahun/{year}/tutup")
async def close(year: int, request: Request, doors: DoorsDep) -> Response:
    typed = await typed_of(request)
    return await _knock(request, doors, year, f"holding/years/{year}/closing", {"document": typed.get("dokumen", "")}, "tutup-tahun", typed)


@router.post("/penampungan/tahun/{year}/{order}")
async def order(year: int, order: str, request: Request, doors: DoorsDep) -> Response:
    """Ask that what is owed of the year lapse, or that a later budget take it up; another person confirms it."""
    if order not in DOORS:
        raise DoorProblem(404, "not-found", "there is no such order")
    typed = await typed_of(request)
    programme = typed.get("program", "")
    body = {
        "reason": typed.get("alasan", ""), "document": typed.get("dokumen", ""), "programmes": [programme] if programme else None,
    }  # fmt: skip
    return await _knock(request, doors, year, f"budget-years/{year}/{DOORS[order]}", body, "minta-perintah", typed)
