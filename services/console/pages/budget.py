"""A budget year: lines by sub-SKPD with what is left of them, versions and what they changed, advances without proof."""

from __future__ import annotations

from typing import Any, Final

from fastapi import APIRouter, Request
from fastapi.responses import Response

from services.console.doors import DoorProblem, DoorsDep, together
from services.console.view import go, page
from shared.kernel.clock import jakarta_day

router = APIRouter()

DOOR: Final = "/budget_audit"
SUMS: Final = ("ceiling", "planned", "reserved", "realised", "returned", "available")
DOCUMENTS: Final = {"dpa": "DPA", "dppa": "DPPA (perubahan)", "pergeseran": "Pergeseran", "": "Berkas pagu"}
CHANGES: Final = {"added": "Baru", "dropped": "Dihapus", "raised": "Naik", "lowered": "Turun"}
SOURCES: Final = {"sp2d": "SP2D", "sts": "STS", "documents": "Register dokumen"}


def by_sub_skpd(lines: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The lines under their sub-SKPD, each with its sums in rupiah."""
    groups: dict[str, list[dict[str, Any]]] = {}
    for line in lines:
        groups.setdefault(line["sub_skpd"], []).append(line)
    return [
        {"code": code, "lines": of_it, "sums": {name: sum(one[name] for one in of_it) for name in SUMS}}
        for code, of_it in sorted(groups.items())
    ]


@router.get("/anggaran")
async def this_year(request: Request, doors: DoorsDep) -> Response:
    """The year that runs; its neighbours are a link away."""
    return go(request, f"/anggaran/{jakarta_day(request.app.state.clock.now()).year}")


@router.get("/anggaran/{year}")
async def year_page(year: int, request: Request, doors: DoorsDep, dari: int | None = None, ke: int | None = None) -> Response:
    """``dari`` and ``ke``: versions that are compared; by default the newest with the one before."""
    lines, versions, difference, advances, coverage, names = await together(
        doors.get(f"{DOOR}/lines", year=year), doors.ask(f"{DOOR}/budgets/{year}/versions"),
        doors.ask(f"{DOOR}/budgets/{year}/difference", **{"from": dari, "to": ke}), doors.ask(f"{DOOR}/advances"),
        doors.ask(f"{DOOR}/coverage/{year}"), doors.people_names(),
    )  # fmt: skip
    today = jakarta_day(request.app.state.clock.now())
    kept = [] if isinstance(versions, DoorProblem) else versions["items"]
    return page(
        request, "budget.html", doors, year=year, this_year=today.year, groups=by_sub_skpd(lines["items"]),
        sums={name: sum(one[name] for one in lines["items"]) for name in SUMS},
        uncovered=[one for one in lines["items"] if one["uncovered"]], versions=versions, kept=kept, difference=difference,
        advances=advances, coverage=coverage, names=names, documents=DOCUMENTS, changes=CHANGES, sources=SOURCES,
    )  # fmt: skip
