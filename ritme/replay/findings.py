"""Two published findings rebuilt from synthetic papers, and a panti in which nothing is wrong (``data/temuan/README.md``).

Files go in by the office's doors; detectors look by event; then the whole year is audited at once, which must add nothing.
"""

from __future__ import annotations

import csv
from collections.abc import Callable
from pathlib import Path
from typing import Final

from ritme.client import Json
from ritme.replay import CLEAN, MALUKU_UTARA, TANGERANG, report
from ritme.replay.drive import Office
from ritme.terminal import number

FILES: Final = Path(__file__).resolve().parents[2] / "data" / "temuan"
FOLDER_OF: Final = {MALUKU_UTARA: "maluku_utara_2024", TANGERANG: "tangerang_2021", CLEAN: "panti_bersih_2025"}
YEAR_OF: Final = {MALUKU_UTARA: 2024, TANGERANG: 2021, CLEAN: 2025}
ORDER: Final = (
    "dpa", "cash-plan", "contract-items", "contract", "ssh", "census", "kitchen-log", "movements", "staff", "bast", "invoice", "sp2d",
)  # fmt: skip
MONEY: Final = ("pagu", "rencana", "nilai")
WITH_YEAR: Final = ("contract-items", "ssh", "bast", "invoice", "kitchen-log", "staff", "movements")
BY_PANTI: Final = ("census", "kitchen-log", "movements", "staff", "bast")
ASSUMED: Final = {
    MALUKU_UTARA: ("how the published 1.81 bn splits over items, their prices and the year; the panti stands as BM2",),
    TANGERANG: ("100 g a person and day, residents between 17 and 24 in turn, one item of several; the panti stands as BM1",),
    CLEAN: ("everything: a panti with full papers, as BM3",),
}


def teller(story: str) -> Callable[[Office, Path, float], tuple[Json, Json]]:
    """The story's program, as ``run`` wants it."""

    def tell(office: Office, folder: Path, scale: float) -> tuple[Json, Json]:
        del folder, scale  # its files are there, and a panti is a panti
        return _tell(office, story)

    return tell


def _tell(office: Office, story: str) -> tuple[Json, Json]:
    office.assumed += ASSUMED[story]
    year = YEAR_OF[story]
    before: Json | None = None
    for kind in ORDER:
        path = FILES / FOLDER_OF[story] / f"{kind}.csv"
        # A price is compared with the table of its year and with nothing else: first without that table.
        if path.exists() and not (story == TANGERANG and kind == "ssh"):
            office.step(f"File {kind}", lambda kind=kind, path=path: bring(office, kind, path, year))  # type: ignore[misc]
    office.step("Events are read, detectors look", lambda: looked(office))
    if story == TANGERANG:
        before = office.insist(lambda: _findings(office, year))
        path = FILES / FOLDER_OF[story] / "ssh.csv"
        office.step("File ssh", lambda: bring(office, "ssh", path, year))
        office.step("Events are read, detectors look", lambda: looked(office))
    audited = office.step("The whole year is audited", lambda: _audit(office, year))
    found = office.insist(lambda: _findings(office, year))
    beside = {"newly_recorded": audited["not_yet_recorded"], "audit": audited["findings"], "parked": report.parked(office)}
    return {"findings": found}, beside | ({} if before is None else {"without_ssh": before})


def looked(office: Office) -> None:
    """Until every fact that came in was read and compared."""
    office.wait_quiet()
    office.wait("the detectors", lambda: office.as_("auditor").get("/budget_audit/detectors")["waiting"] == 0 or None)
    office.wait_quiet()


def bring(office: Office, kind: str, path: Path, year: int) -> str:
    """Send and commit one file, its totals as its paper would say them."""
    with path.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file, delimiter=";"))
    controls: Json = {"count": len(rows)}
    amount = next((name for name in MONEY if name in rows[0]), None)
    if amount:
        controls["sum"] = sum(int(row[amount]) for row in rows)
    if kind in WITH_YEAR:
        controls["year"] = year
    by = "panti-head" if kind in BY_PANTI else "treasurer"
    office.bring_in(kind, path, controls, by=by, commit_by=by if kind in BY_PANTI else "treasurer2")
    return f"{number(len(rows))} rows"


def _findings(office: Office, year: int) -> Json:
    """What is open, by code: how many and rupiah."""
    found: dict[str, dict[str, int]] = {}
    for one in office.as_("auditor").get("/budget_audit/mismatches", year=year)["items"]:
        if one["difference"]:
            sums = found.setdefault(one["code"], {"count": 0, "rupiah": 0})
            sums["count"] += 1
            sums["rupiah"] += one["difference"]
    return dict(sorted(found.items()))


def _audit(office: Office, year: int) -> Json:
    doors = office.as_("auditor")
    asked = doors.post("/budget_audit/audits", {"year": year})

    def look() -> Json | None:
        found = doors.get(f"/budget_audit/audits/{asked['id']}")
        return found if found["done_at"] else None

    return office.wait("the audit", look)
