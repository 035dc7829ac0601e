"""Every comparison of a year: what one looks at, what it is kept under, and what asks for it.

One loader serves both ways: a reference alone as events come, and a whole year at once. So both find the same.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Final, Literal

from services.budget_audit.domain.detectors import (
    cash_plan,
    financial_against_physical,
    minutes_from_contract_value,
    not_in_contract,
    panti_year,
    portions_for_capacity,
    price_above_ssh,
    residents_after_release,
    suppliers,
    unit_cost,
    wrong_account,
)
from services.budget_audit.domain.detectors.finding import Finding
from services.budget_audit.store import money_facts as money
from services.budget_audit.store import settings
from services.budget_audit.store import supply_facts as supply
from services.budget_audit.store.supply_facts import Scope
from shared.db.session import AnySession
from shared.kernel.month import Month

Grain = Literal["contract-year", "panti-month", "supplier-year", "panti-year", "year"]
Found = Mapping[str, list[Finding]]
"""Findings by reference, ``<subject>/<year or month>``; one that has nothing to find may be absent."""

ALL: Final = "semua"
"""The subject of what only a whole year can tell."""


@dataclass(frozen=True)
class Comparison:
    """``codes``: what it may find. ``look`` must be true to its scope: no reference outside it."""

    codes: tuple[str, ...]
    grain: Grain
    look: Callable[[AnySession, Scope, Mapping[str, int]], Awaitable[Found]]


async def _contracts(session: AnySession, scope: Scope, values: Mapping[str, int]) -> Found:
    held = await supply.contracts(session, scope)
    handed, billed = await supply.minutes(session, scope), await supply.billed(session, scope)
    standard, kitchen = await supply.standard_prices(session, scope.year), await supply.kitchen_days(session, scope.year)
    found: dict[str, list[Finding]] = {}
    for number, (contract, *_) in held.items():
        lines = handed.get(number, [])
        found[f"{number}/{scope.year}"] = [
            *minutes_from_contract_value.detect(contract, scope.year, lines, kitchen, values),
            *not_in_contract.detect(contract, scope.year, lines),
            *price_above_ssh.detect(contract, scope.year, lines, standard),
            *financial_against_physical.detect(contract, scope.year, lines, billed.get(number, (0, [])), values),
        ]
    return found


async def _suppliers(session: AnySession, scope: Scope, values: Mapping[str, int]) -> Found:
    billed = await supply.invoices_of_suppliers(session, scope)
    held = await supply.contracts(session, scope, "supplier_key")
    return {
        f"{supplier}/{scope.year}": suppliers.detect(supplier, scope.year, billed.get(supplier, []), held.get(supplier, []), values)
        for supplier in billed.keys() | held.keys()
    }


async def _panti_years(session: AnySession, scope: Scope, values: Mapping[str, int]) -> Found:
    year = scope.year
    round_ones = await supply.round_invoices(session, scope, values["round_unit"])
    prices = {
        number: [item.price for item in contract.items] for number, (contract, *_) in (await supply.contracts(session, Scope(year))).items()
    }
    numbers = await money.december_numbers(session, year, scope.subject)
    sums: dict[str, tuple[list[int], list[int]]] = {}
    for row in await money.line_rows(session, year, scope.subject):
        if row.panti:
            planned, spent = sums.setdefault(row.panti, ([0] * 12, [0] * 12))
            for n, amount in enumerate(money.twelve(year, row.planned)):
                planned[n] += amount
            for n, amount in enumerate(money.twelve(year, row.spent)):
                spent[n] += amount
    found: dict[str, list[Finding]] = {}
    for panti in round_ones.keys() | sums.keys():
        planned, spent = sums.get(panti, ([0] * 12, [0] * 12))
        found[f"{panti}/{year}"] = [
            *panti_year.round_numbers(panti, year, *round_ones.get(panti, (0, [])), prices, values),
            *panti_year.year_end_rush(panti, year, spent, planned, numbers.get(panti, []), values),
        ]
    return found


async def _panti_months(session: AnySession, scope: Scope, values: Mapping[str, int]) -> Found:
    residents = await supply.counts(session, scope, "census_count", "residents", eve=True)
    cooked = await supply.counts(session, scope, "kitchen_count", "portions")
    moved = await supply.counts(session, scope, "movement_count", "arrived - departed")
    held, prices = await supply.contracts(session, scope, "panti"), await supply.prices(session, scope)
    handed, booked = await supply.minutes(session, scope, "panti"), await money.booked(session, scope)
    standard = await supply.standard_prices(session, scope.year)
    months = [Month(scope.month)] if scope.month else [Month(f"{scope.year}-{n:02d}") for n in range(1, 13)]
    found: dict[str, list[Finding]] = {}
    for panti in residents.keys() | {reference.split("/")[0] for reference in booked}:
        alone = [contract for contract in held.get(panti, []) if contract.panti == (panti,)]
        for month in months:
            first = date.fromisoformat(f"{month}-01")
            eve = residents.get(panti, {}).get(date.fromordinal(first.toordinal() - 1))
            lines = {contract.number: handed.get(f"{panti}/{month}/{contract.number}", []) for contract in alone}
            facts = portions_for_capacity.PortionFacts(
                panti, month, alone, lines, _of_month(residents.get(panti, {}), month), _of_month(cooked.get(panti, {}), month), standard
            )
            register = residents_after_release.RegisterFacts(
                panti, month, eve, facts.residents, _of_month(moved.get(panti, {}), month), prices.get(panti, {})
            )
            found[f"{panti}/{month}"] = [
                *portions_for_capacity.detect(facts, values),
                *residents_after_release.detect(register),
                *wrong_account.detect(panti, month, booked.get(f"{panti}/{month}", [])),
            ]
    return found


def _of_month(days: Mapping[date, int], month: Month) -> dict[date, int]:
    return {day: value for day, value in days.items() if day.isoformat()[:7] == month}


async def _year(session: AnySession, scope: Scope, values: Mapping[str, int]) -> Found:
    found = [finding for _, line in await money.line_years(session, scope.year) for finding in cash_plan.detect(line, values)]
    found += unit_cost.detect(scope.year, await money.costs(session, scope.year), values)
    return {f"{ALL}/{scope.year}": found}


COMPARISONS: Final = (
    Comparison(
        (minutes_from_contract_value.CODE, *not_in_contract.CODES, price_above_ssh.CODE, financial_against_physical.CODE),
        "contract-year", _contracts,
    ),
    Comparison(suppliers.CODES, "supplier-year", _suppliers),
    Comparison(panti_year.CODES, "panti-year", _panti_years),
    Comparison((portions_for_capacity.CODE, residents_after_release.CODE, wrong_account.CODE), "panti-month", _panti_months),
    Comparison((*cash_plan.CODES, unit_cost.CODE), "year", _year),
)  # fmt: skip
BY_GRAIN: Final = {one.grain: one for one in COMPARISONS}
CODES: Final = tuple(code for one in COMPARISONS for code in one.codes)


def scope_of(grain: Grain, reference: str) -> Scope:
    """The scope that a reference names: its last part is a year or a month."""
    subject, _, period = reference.rpartition("/")
    month = period if grain == "panti-month" else None
    return Scope(int(period[:4]), None if grain == "year" else subject, month)


async def look(session: AnySession, grain: Grain, scope: Scope) -> Found:
    """Findings of a scope, by the thresholds in force at the end of its year."""
    values = await settings.in_force(session, date(scope.year, 12, 31))
    return await BY_GRAIN[grain].look(session, scope, values)
