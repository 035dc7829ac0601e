"""The door of gaps."""

from __future__ import annotations

from typing import Annotated, Any, Literal
from uuid import UUID

from fastapi import APIRouter, Query, Request

from services.disbursement.queries import gaps as queries
from shared.web.auth import CallerDep
from shared.web.transactions import CommandRoute, ReadDep

router = APIRouter(route_class=CommandRoute, tags=["gaps"])


@router.get("/gaps")
async def gaps(
    *, request: Request, session: ReadDep, caller: CallerDep, month: str = "", state: Literal["open", "closed", ""] = "open",
    reason: str = "", area: str = "", programme: str = "", after: UUID | None = None,
    limit: Annotated[int, Query(ge=1, le=1000)] = 100,
) -> dict[str, Any]:  # fmt: skip
    """Gaps of the caller's areas: how many are open and why, and the ones asked for with owner and date."""
    which = queries.GapFilter(month=month, state=state, reason=reason, area=area, programme=programme)
    return await queries.gaps(session, which, after, limit, request.app.state.service.clock.today())


@router.get("/gaps/groups")
async def gap_groups(
    *, request: Request, session: ReadDep, caller: CallerDep, month: str = "", reason: str = "", area: str = "", programme: str = ""
) -> dict[str, Any]:
    """Open gaps by month, reason and office with how many are late: what each office has to do."""
    which = queries.GapFilter(month=month, state="open", reason=reason, area=area, programme=programme)
    return {"items": await queries.groups(session, which, request.app.state.service.clock.today())}
