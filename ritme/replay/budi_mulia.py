"""Fixture P: food at PSTW Budi Mulia 1 in 2025-09, from the census to the closed mismatch (USERS.md, auditor of the panti)."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from ritme.client import Json
from ritme.replay import files, report
from ritme.replay.drive import Office
from ritme.replay.files import BudgetLine
from ritme.terminal import number

MONTH: Final = "2025-09"
PANTI: Final = "BM1"
DAYS: Final = 30
RESIDENTS: Final = 116
PRICE: Final = 38_500
SP2D: Final = 139_755_000
CEILING: Final = 110 * 40_000 * 365
LINE: Final = BudgetLine(2025, "1.06.0.00.0.00.01.0009", "1.06.04.1.03.0002", "5.1.02.01.01.0043", panti=PANTI)
REFERENCE: Final = f"{PANTI}/{MONTH}"
STS_NUMBER: Final = "STS-0088/X/2025 (sintetis)"

EXPLAINED_DAYS: Final = 90
AGREED: Final = 60 * PRICE
ASSUMED: Final = (
    "residents' food is booked on natura (5.1.02.01.01.0043); the code meant for it, 0057, is not verified",
    "116 residents on each of the 30 days; document numbers are synthetic",
)


def tell(office: Office, folder: Path, scale: float) -> tuple[Json, Json]:
    """Census, contract, SP2D; the mismatch comes by event; three people bring it to its end."""
    del scale  # one panti is one panti
    office.assumed += ASSUMED
    office.step("Budget line of the panti", lambda: _budget(office, folder))
    office.step("Contract price", lambda: _contract(office, folder))
    office.step("Census of 30 days", lambda: _census(office, folder))
    office.step("SP2D", lambda: _sp2d(office, folder))
    found = office.step("A mismatch is raised", lambda: office.wait("the mismatch", lambda: _mismatch(office)))
    office.step("The panti explains 90 resident-days", lambda: _explain(office, found["id"]))
    office.step("The auditor agrees a return of 60", lambda: _agree(office, found["id"]))
    office.step("STS", lambda: _sts(office, folder))
    office.step("A second auditor closes", lambda: _close(office, found["id"]))
    office.step("Events are read", office.wait_quiet)
    return office.insist(lambda: ({"mismatches": report.mismatches(office, LINE.year)}, _beside(office)))


def _budget(office: Office, folder: Path) -> None:
    both = {"by": "treasurer", "commit_by": "treasurer2"}
    dpa = files.write(folder, "dpa", [(*LINE.key, "Natura dan pakan warga binaan", *LINE.owner, CEILING)])
    office.bring_in("dpa", dpa, {"count": 1, "sum": CEILING}, **both)
    monthly = [CEILING // 12] * 11 + [CEILING - 11 * (CEILING // 12)]
    rows = [(*LINE.key, *LINE.owner, f"{LINE.year}-{month:02d}", planned) for month, planned in enumerate(monthly, 1)]
    office.bring_in("cash-plan", files.write(folder, "cash-plan", rows), {"count": 12, "sum": CEILING}, **both)


def _contract(office: Office, folder: Path) -> str:
    file = files.write(folder, "contract", [(PANTI, "2025-01-01", "2025-12-31", PRICE)])
    office.bring_in("contract", file, {"count": 1}, by="treasurer", commit_by="treasurer2")
    return f"{number(PRICE)} rupiah a day"


def _census(office: Office, folder: Path) -> str:
    file = files.write(folder, "census", [(PANTI, f"{MONTH}-{day:02d}", RESIDENTS) for day in range(1, DAYS + 1)])
    office.bring_in("census", file, {"count": DAYS}, by="panti-head", commit_by="panti-head")
    return f"{RESIDENTS} residents"


def _sp2d(office: Office, folder: Path) -> str:
    row = ("00931/SP2D/LS/2025 (sintetis)", f"{MONTH}-30", *LINE.key, *LINE.owner, SP2D, REFERENCE)
    office.bring_in("sp2d", files.write(folder, "sp2d", [row]), {"count": 1, "sum": SP2D}, by="treasurer", commit_by="treasurer2")
    return f"{number(SP2D)} rupiah"


def _sts(office: Office, folder: Path) -> str:
    row = (STS_NUMBER, "2025-10-10", "", AGREED, REFERENCE)
    office.bring_in("sts", files.write(folder, "sts", [row]), {"count": 1, "sum": AGREED}, by="treasurer", commit_by="treasurer2")
    return f"{number(AGREED)} rupiah"


def _mismatch(office: Office) -> Json | None:
    found = office.as_("auditor").get("/budget_audit/mismatches", year=LINE.year)["items"]
    return next((one for one in found if one["period"] == MONTH), None)


def _state(office: Office) -> str:
    found = _mismatch(office)
    return str(found["state"]) if found else ""


def _explain(office: Office, mismatch: str) -> None:
    if _state(office) == "detected":
        body = {
            "text": "Makan keluarga pada 17 September dan kunjungan yang dicatat di buku tamu",
            "evidence": ["BA kunjungan 17-09-2025", "buku tamu September 2025"], "amount": EXPLAINED_DAYS * PRICE,
        }  # fmt: skip
        office.as_("panti-head").post(f"/budget_audit/mismatches/{mismatch}/explanation", body)


def _agree(office: Office, mismatch: str) -> None:
    if _state(office) == "explained":
        body = {"solution": "Setor kembali 60 hari-orang dengan STS", "owner": f"panti/{PANTI}", "due_on": "2025-10-14"}
        office.as_("auditor").post(f"/budget_audit/mismatches/{mismatch}/agreement", body)


def _close(office: Office, mismatch: str) -> None:
    if _state(office) == "agreed":
        office.as_("auditor2").post(f"/budget_audit/mismatches/{mismatch}/closing", {"evidence": STS_NUMBER})


def _beside(office: Office) -> Json:
    found = _mismatch(office) or {}
    panti = office.as_("auditor").get(f"/budget_audit/panti/{PANTI}/months/{MONTH}")
    line = next(one for one in office.as_("auditor").get("/budget_audit/lines", year=LINE.year)["items"] if one["panti"] == PANTI)
    history = found.get("history", [])
    return {
        "resident_days": panti["resident_days"], "price": panti["price"], "detected_by_event": bool(found.get("caused_by_event")),
        "explained": found.get("explained"), "open": found.get("open"), "returned": line["returned"],
        "steps": [one["step"] for one in history], "people": len({one["person"] for one in history if one["step"] != "detect"}),
        "parked": report.parked(office),
    }  # fmt: skip
