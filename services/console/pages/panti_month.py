"""The panti by unexplained rupiah, and the month of one on one screen: census and capacity, the money beside it, what to do."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter, Request
from fastapi.responses import Response

from services.console.doors import DoorProblem, DoorsDep, together
from services.console.view import page
from shared.kernel.month import month_of

router = APIRouter()

AUDITORS = ("auditor",)
WIDE, HIGH = 620, 180
"""The chart's own units: 20 for a day of the longest month, and its height."""


@router.get("/panti")
async def panti_page(request: Request, doors: DoorsDep) -> Response:
    """All panti, the one with most to explain first, then the one that waits longest."""
    found = await doors.get("/budget_audit/panti")
    return page(request, "panti.html", doors, panti=found["items"], unexplained=sum(one["unexplained"] for one in found["items"]))


@router.get("/panti/{code}")
async def month_page(code: str, request: Request, doors: DoorsDep, bulan: str = "") -> Response:
    """``bulan``: the month; by default the newest of which something is known."""
    code = code.upper()
    month = bulan or month_of(request.app.state.clock.today())
    story = await doors.get(f"/budget_audit/panti/{code}/story/{month}")
    if not bulan and story["months"] and story["months"][0] != month:
        month = story["months"][0]
        story = await doors.get(f"/budget_audit/panti/{code}/story/{month}")
    seen, counted = await together(
        doors.get(f"/budget_audit/panti/{code}/months/{month}"), doors.ask(f"/budget_audit/panti/{code}/counts/{month}")
    )
    person = doors.person
    opened = [one for one in story["findings"] if one["state"] != "closed" and one["difference"]]
    return page(
        request, "panti_month.html", doors, code=code, month=month, story=story, seen=seen, chart=chart(seen),
        portions=None if isinstance(counted, DoorProblem) else _portions(counted), opened=opened,
        closed=[one for one in story["findings"] if one not in opened],
        unexplained=sum(one["open"] for one in opened if one["of_money"]), first=opened[0] if opened else None,
        may_act=person is not None and person.is_any(*AUDITORS),
        handed=sum(one["amount"] for one in story["handovers"]),
        above=[one for one in story["prices"] if one["standard_price"] is not None and one["price"] > one["standard_price"]],
    )  # fmt: skip


def _portions(counted: dict[str, Any]) -> int | None:
    """Portions cooked in the month; nothing where no day was counted."""
    known = [one["portions"] for one in counted["days"] if one["portions"] is not None]
    return sum(known) if known else None


def chart(seen: dict[str, Any]) -> dict[str, Any]:
    """Bars of residents by day: up to the capacity in one colour, what is above it in grey; a day nobody counted has none."""
    days, capacity = seen["residents"], seen["capacity"]
    top = max([capacity, *(one["residents"] or 0 for one in days), 1]) * 1.1
    step = WIDE / len(days)
    bars = []
    for place, one in enumerate(days):
        if one["residents"] is None:
            continue
        within = min(one["residents"], capacity)
        bars.append(
            {
                "x": round(place * step + 1, 1), "width": round(step - 2, 1), "residents": one["residents"], "day": one["day"],
                "within": _bar(0, within, top), "above": _bar(within, one["residents"], top) if one["residents"] > within else None,
            }
        )  # fmt: skip
    return {
        "bars": bars, "capacity": round(HIGH - HIGH * capacity / top, 1), "wide": WIDE, "high": HIGH,
        "most": max((one["residents"] for one in bars), default=0), "least": min((one["residents"] for one in bars), default=0),
        "missing": len(days) - len(bars), "over": sum(1 for one in bars if one["above"]),
    }  # fmt: skip


def _bar(low: int, high: int, top: float) -> dict[str, float]:
    return {"y": round(HIGH - HIGH * high / top, 1), "height": round(HIGH * (high - low) / top, 1)}
