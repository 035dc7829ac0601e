"""The door that looks ahead."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Query, Request

from services.disbursement.domain.outlook import MONTHS_MAX
from services.disbursement.queries import outlook as queries
from shared.kernel.month import month_of, parse_month
from shared.web.auth import CallerDep
from shared.web.transactions import CommandRoute, ReadDep

router = APIRouter(route_class=CommandRoute, tags=["calendar"])


@router.get("/outlook")
async def outlook(
    *, request: Request, session: ReadDep, caller: CallerDep, first: Annotated[str, Query(alias="from")] = "",
    months: Annotated[int, Query(ge=1, le=MONTHS_MAX)] = 12,
) -> dict[str, Any]:  # fmt: skip
    """People and rupiah expected month by month, decrees that end, children who age out, cards not handed over, where the money ends.

    Without ``from``: from this month on.
    """
    service = request.app.state.service
    start = parse_month(first) if first else month_of(service.clock.today())
    return await queries.outlook(session, service, caller, start, months)
