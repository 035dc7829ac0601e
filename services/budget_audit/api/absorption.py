"""Doors of absorption, and the monthly report of the panti and the programme money."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query, Request
from fastapi.responses import FileResponse

from services.budget_audit.queries import absorption as queries
from services.budget_audit.queries.monthly_report import monthly_report
from services.budget_audit.schemas import absorption as schemas
from shared.kernel.month import parse_month
from shared.papers.sending import paper_file
from shared.web.auth import CallerDep, allowed
from shared.web.transactions import CommandRoute, ReadDep

router = APIRouter(route_class=CommandRoute)


@router.get("/absorption")
async def absorption(
    request: Request,
    session: ReadDep,
    caller: CallerDep,
    year: Annotated[int | None, Query(ge=2000, le=2100)] = None,
    month: str = "",
    by: schemas.By = "panti",
) -> schemas.Absorption:
    """Plan, realisation, deviation, forecast and what is left, of ``month`` and to date; the last whole month where none is named."""
    today = request.app.state.service.clock.today()
    return await queries.absorption(session, year, parse_month(month) if month else None, by, today)


@router.get("/months/{month}/report.{form}", dependencies=[allowed("auditor", "treasurer", "operator", "leader")])
async def report(month: str, form: str, request: Request, session: ReadDep, caller: CallerDep) -> FileResponse:
    """Absorption, panti, programme money and open findings of a month as one paper, ``xlsx`` or ``pdf``. It names nobody."""
    parsed = parse_month(month)
    today = request.app.state.service.clock.today()
    return await paper_file(
        f"laporan-bulanan-{parsed}.{form}", form, lambda target: monthly_report(session, parsed, form, target, today=today)
    )
