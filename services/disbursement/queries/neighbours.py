"""What other services know of the months ahead, asked over their doors with the caller's own token."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import httpx

from services.disbursement.domain.outlook import BudgetLine
from shared.kernel.month import Month
from shared.runtime import Service
from shared.web.auth import Caller


class Silent(Exception):
    """A neighbour did not answer, or refused: the outlook says so instead of showing nothing as if there were nothing."""

    def __init__(self, service: str, code: str) -> None:
        super().__init__(f"{service}: {code}")
        self.service, self.code = service, code


async def _ask(service: Service, caller: Caller, path: str, params: Mapping[str, Any]) -> Any:
    name = path.split("/")[1]
    try:
        answer = await service.http.get(path, params=dict(params), headers=caller.headers())
    except httpx.HTTPError:
        raise Silent(name, "unavailable") from None
    if answer.status_code != 200:
        try:
            code = str(answer.json()["code"])
        except (ValueError, KeyError, TypeError):
            code = "unavailable"
        raise Silent(name, code)
    return answer.json()


async def budget_lines(service: Service, caller: Caller, first: Month, last: Month) -> list[BudgetLine]:
    """budget_audit's lines of cash aid for the years of the window. Raise Silent."""
    found = await _ask(service, caller, "/budget_audit/outlook", {"from": first, "to": last})
    return [
        BudgetLine(
            programme=one["programme"], year=one["year"], ceiling=one["ceiling"], available=one["available"],
            plan={each["month"]: each["planned"] for each in one["plan"]},
        )
        for one in found["lines"]
    ]  # fmt: skip


async def ages(service: Service, caller: Caller, first: Month, last: Month) -> list[dict[str, Any]]:
    """Of beneficiary: how many children have their last month, by month and programme. No ids. Raise Silent."""
    found: list[dict[str, Any]] = (await _ask(service, caller, "/beneficiary/outlook/ages", {"from": first, "to": last}))["items"]
    return found
