"""The doors of a month's last step: what keeps it open, and the closing by its minutes."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter, Request
from pydantic import BaseModel, ConfigDict, Field

from services.disbursement.commands.lists import orders
from services.disbursement.commands.months import month_closing
from services.disbursement.queries import month_closing as queries
from services.disbursement.queries import stops as order_queries
from shared import audit
from shared.kernel.month import parse_month
from shared.web.auth import CallerDep, allowed
from shared.web.transactions import CommandRoute, ReadDep, WriteDep

router = APIRouter(route_class=CommandRoute, tags=["months"])


class MonthMinutes(BaseModel):
    """``minutes``: number of the signed berita acara of this programme's month."""

    model_config = ConfigDict(extra="forbid", str_strip_whitespace=True)

    programme: str = Field(min_length=1, max_length=16)
    minutes: str = Field(min_length=3, max_length=200)
    reason: str = Field(default="selesai", min_length=3, max_length=300)


@router.get("/months/{month}/closing")
async def closing(month: str, session: ReadDep, caller: CallerDep) -> dict[str, Any]:
    """By programme: its closings with their numbers, what happened after the last one, and what still lacks."""
    return await queries.closing(session, parse_month(month), whole_agency=caller.whole_agency)


@router.post("/months/{month}/closing", status_code=201, dependencies=[allowed("treasurer", "approver", whole_agency=True)])
async def close_month(month: str, body: MonthMinutes, request: Request, session: WriteDep, caller: CallerDep) -> dict[str, Any]:
    """Ask to close a programme's month; another person confirms the order. 409 ``month-not-finished`` with what ``lacks``."""
    at = request.app.state.service.clock.now()
    ask = await month_closing.ask_close(session, body.programme, parse_month(month), body.minutes, body.reason)
    order_id = await orders.propose(session, caller, ask, at=at)
    await audit.record(session, caller, "order.close_month", "two_people", count=ask.person_months, ids_hash=str(order_id), at=at)
    return await order_queries.order(session, order_id)
