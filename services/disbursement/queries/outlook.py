"""The next months in one answer: people and rupiah, who falls out, whose card is missing, and where the money ends."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from services.disbursement.domain.outlook import Shortage, YearAhead, years_ahead
from services.disbursement.queries import ahead
from services.disbursement.queries.neighbours import Silent, ages, budget_lines
from shared.db.session import ReadSession
from shared.kernel.month import Month, months_between, shift
from shared.runtime import Service
from shared.web.auth import Caller


async def outlook(session: ReadSession, service: Service, caller: Caller, first: Month, months: int) -> dict[str, Any]:
    """From ``first`` on. People are those of the caller's areas; the budget is the whole agency's, so only they see it.

    A neighbour that does not answer is named in ``silent``, and its part is None, never empty.
    """
    last = shift(first, months - 1)
    items = await ahead.expected(session, first, last)
    silent: list[dict[str, str]] = []
    aged = await _aged(service, caller, first, last, silent)
    budget = await _budget(session, service, caller, items, first, last, silent) if caller.whole_agency else None
    by_month: dict[str, list[dict[str, Any]]] = {month: [] for month in months_between(first, last)}
    for one in items:
        out = None if aged is None else aged.get((one["programme"], one["month"]), 0)
        by_month[one["month"]].append({key: value for key, value in one.items() if key != "month"} | {"last_month_by_age": out})
    return {
        "from": first, "to": last, "whole_agency": caller.whole_agency, "data_as_of": service.clock.now(),
        "months": [{"month": month, **_sum(found), "programmes": found} for month, found in by_month.items()],
        "lacking": await ahead.lacking(session, first), "budget": budget, "silent": silent,
    }  # fmt: skip


def _sum(programmes: list[dict[str, Any]]) -> dict[str, Any]:
    keys = ("people", "amount", "suspended", "ends_people", "ends_amount")
    return {key: sum(one[key] for one in programmes) for key in keys}


async def _aged(
    service: Service, caller: Caller, first: Month, last: Month, silent: list[dict[str, str]]
) -> dict[tuple[str, str], int] | None:
    try:
        found = await ages(service, caller, first, last)
    except Silent as problem:
        silent.append({"service": problem.service, "code": problem.code})
        return None
    return {(one["programme"], one["month"]): one["people"] for one in found}


async def _budget(
    session: ReadSession, service: Service, caller: Caller, items: list[dict[str, Any]], first: Month, last: Month,
    silent: list[dict[str, str]],
) -> list[dict[str, Any]] | None:  # fmt: skip
    try:
        lines = await budget_lines(service, caller, first, last)
    except Silent as problem:
        silent.append({"service": problem.service, "code": problem.code})
        return None
    needs = ahead.still_needed(items, await ahead.committed(session, first, last))
    people = {(one["programme"], one["month"]): one["people"] for one in items}
    return [_year(one, people) for one in years_ahead(needs, lines)]


def _year(year: YearAhead, people: dict[tuple[str, str], int]) -> dict[str, Any]:
    def behind(shortage: Shortage | None) -> dict[str, Any] | None:
        return None if shortage is None else asdict(shortage) | {"people": people.get((year.programme, shortage.month), 0)}

    return asdict(year) | {"appropriation": behind(year.appropriation), "plan": behind(year.plan)}
