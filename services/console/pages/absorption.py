"""What a budget year has absorbed by panti, account or sub-SKPD, and the monthly report to take along."""

from __future__ import annotations

from typing import Final

from fastapi import APIRouter, Request
from fastapi.responses import Response

from services.console.doors import DoorsDep, together
from services.console.view import page

router = APIRouter()

BY: Final = {"panti": "Panti dan program", "account": "Rekening", "sub_skpd": "Sub-SKPD"}
REPORTERS: Final = ("auditor", "treasurer", "operator", "leader")
"""Who may take the monthly report along; budget_audit decides, the page only does not offer what it would refuse."""


@router.get("/anggaran/{year}/serapan")
async def absorption_page(year: int, request: Request, doors: DoorsDep, bulan: str = "", menurut: str = "panti") -> Response:
    """``bulan``: up to which month, by default the last one that the source covers whole."""
    (found,) = await together(doors.get("/budget_audit/absorption", year=year, month=bulan, by=menurut))
    return page(
        request,
        "absorption.html",
        doors,
        year=year,
        found=found,
        by=BY,
        may_report=doors.person is not None and doors.person.is_any(*REPORTERS),
    )


@router.get("/anggaran/{year}/serapan/laporan-{month}.{form}")
async def report(year: int, month: str, form: str, doors: DoorsDep) -> Response:
    return await doors.download(f"/budget_audit/months/{month}/report.{form}", f"laporan-bulanan-{month}.{form}")
