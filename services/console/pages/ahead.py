"""The months ahead: who is expected, who falls out and why, whose card is missing, and where the money ends."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any, Final

from fastapi import APIRouter, Request
from fastapi.responses import Response

from services.console.doors import DoorProblem, DoorsDep
from services.console.view import page
from shared.kernel.clock import jakarta_day

router = APIRouter()

MONTH: Final = re.compile(r"20\d\d-(0[1-9]|1[0-2])")
LENGTHS: Final = (3, 6, 12, 24)


def falling_out(months: Sequence[Mapping[str, Any]], programme: str) -> dict[str, int]:
    """Of one programme in all these months: people and rupiah a month whose decree ends, and children in their last month by age."""
    lines = [one for month in months for one in month["programmes"] if one["programme"] == programme]
    return {
        "ends_people": sum(one["ends_people"] for one in lines), "ends_amount": sum(one["ends_amount"] for one in lines),
        "by_age": sum(one["last_month_by_age"] or 0 for one in lines), "amount": sum(one["amount"] for one in lines),
    }  # fmt: skip


@router.get("/ke-depan")
async def ahead_page(request: Request, doors: DoorsDep, mulai: str = "", bulan: str = "12") -> Response:
    """``mulai``: the first month, by default the present one; ``bulan``: how many."""
    first = mulai or f"{jakarta_day(request.app.state.clock.now()):%Y-%m}"
    if not MONTH.fullmatch(first) or bulan not in map(str, LENGTHS):
        raise DoorProblem(404, "not-found", "there is no such month")
    ahead = await doors.get("/disbursement/outlook", **{"from": first, "months": bulan})
    programmes = sorted({one["programme"] for month in ahead["months"] for one in month["programmes"]})
    return page(
        request, "ahead.html", doors, ahead=ahead, first=first, length=int(bulan), lengths=LENGTHS,
        programmes={code: falling_out(ahead["months"], code) for code in programmes},
    )  # fmt: skip
