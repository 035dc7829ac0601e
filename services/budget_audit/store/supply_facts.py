"""Contracts, minutes and invoices as the detectors want them: for one reference, or for all of a year in the same statements."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import text

from services.budget_audit.domain.detectors.suppliers import Invoice
from services.budget_audit.domain.supply import Contract, Item, Minutes
from shared.db.session import AnySession


@dataclass(frozen=True)
class Scope:
    """A year, and of it everything (``subject`` None) or one subject; ``month`` narrows a panti's year to one month of it."""

    year: int
    subject: str | None = None
    month: str | None = None

    @property
    def bounds(self) -> dict[str, Any]:
        first, last = date(self.year, 1, 1), date(self.year, 12, 31)
        return {"first": first, "last": last, "year": self.year, "subject": self.subject, "month": self.month}


def _contract(rows: Sequence[Any]) -> Contract:
    first = rows[0]
    items = [Item(row.item, row.unit, row.price, row.quantity, row.people, row.every_days) for row in rows]
    return Contract(
        first.contract, first.supplier, tuple(first.panti), first.from_day, first.to_day, items, max(row.capacity for row in rows)
    )


async def contracts(session: AnySession, scope: Scope, column: str = "contract") -> dict[str, list[Contract]]:
    """By ``column``: ``contract``, ``supplier_key`` or ``panti`` (then a contract stands under each of its panti)."""
    where = ":subject = ANY(panti)" if column == "panti" else f"{column} = :subject"
    rows = await session.execute(
        text(f"""SELECT * FROM supply_item WHERE from_day <= :last AND to_day >= :first
                    AND (CAST(:subject AS text) IS NULL OR {where}) ORDER BY contract, item"""),
        scope.bounds,
    )
    of_contract: dict[str, list[Any]] = {}
    for row in rows:
        of_contract.setdefault(row.contract, []).append(row)
    found: dict[str, list[Contract]] = {}
    for items in of_contract.values():
        for key in items[0].panti if column == "panti" else (getattr(items[0], column),):
            found.setdefault(key, []).append(_contract(items))
    return found


async def minutes(session: AnySession, scope: Scope, column: str = "contract") -> dict[str, list[Minutes]]:
    """Lines of the year (or month) by ``contract`` or ``panti``; with ``panti`` the key is panti and month."""
    rows = await session.execute(
        text(f"""SELECT *, to_char(day, 'YYYY-MM') AS month FROM handover WHERE day BETWEEN :first AND :last
                    AND (CAST(:subject AS text) IS NULL OR {column} = :subject)
                    AND (CAST(:month AS text) IS NULL OR to_char(day, 'YYYY-MM') = :month) ORDER BY day, number, item"""),
        scope.bounds,
    )
    found: dict[str, list[Minutes]] = {}
    for row in rows:
        key = row.contract if column == "contract" else f"{row.panti}/{row.month}/{row.contract}"
        found.setdefault(key, []).append(Minutes(row.number, row.day, row.panti, row.item, row.unit, row.quantity, row.amount))
    return found


_OF_SUPPLIER = """SELECT * FROM invoice i WHERE (CAST(:subject AS text) IS NULL OR supplier_key = :subject)
                     AND (day BETWEEN :first AND :last AND contract = ''
                          OR day <= :last AND EXISTS (
                             SELECT FROM invoice o WHERE o.supplier_key = i.supplier_key AND o.folded = i.folded
                                AND (o.number, o.paid_by) <> (i.number, i.paid_by)))
                    ORDER BY day, number, paid_by"""
_ROUND = """SELECT * FROM invoice WHERE day BETWEEN :first AND :last AND panti <> '' AND amount % :unit = 0
               AND (CAST(:subject AS text) IS NULL OR panti = :subject) ORDER BY day, number, paid_by"""


async def invoices_of_suppliers(session: AnySession, scope: Scope) -> dict[str, list[Invoice]]:
    """What may be looked at together: invoices without a contract in the year, and those whose number comes more than once up to its
    end, so that one of last year that is paid again is seen. A year has a million others; they stay where they are."""
    return await _invoices(session, _OF_SUPPLIER, scope.bounds, "supplier_key")


async def round_invoices(session: AnySession, scope: Scope, unit: int) -> dict[str, tuple[int, list[Invoice]]]:
    """By panti: how many invoices it has in the year, and those of them that are a multiple of ``unit``."""
    counts = await session.execute(
        text("""SELECT panti, count(*) AS many FROM invoice WHERE day BETWEEN :first AND :last AND panti <> ''
                   AND (CAST(:subject AS text) IS NULL OR panti = :subject) GROUP BY panti"""),
        scope.bounds,
    )
    found = await _invoices(session, _ROUND, scope.bounds | {"unit": unit}, "panti")
    return {row.panti: (row.many, found.get(row.panti, [])) for row in counts}


async def _invoices(session: AnySession, query: str, parameters: dict[str, Any], column: str) -> dict[str, list[Invoice]]:
    found: dict[str, list[Invoice]] = {}
    for row in await session.execute(text(query), parameters):
        one = Invoice(row.number, row.folded, row.day, row.amount, row.contract, row.panti, row.paid_by)
        found.setdefault(getattr(row, column), []).append(one)
    return found


async def billed(session: AnySession, scope: Scope) -> dict[str, tuple[int, list[str]]]:
    """By contract: rupiah of its invoices of the year, and the numbers of the first of them."""
    rows = await session.execute(
        text("""SELECT contract, sum(amount)::bigint AS amount, (array_agg(number ORDER BY day, number))[1:20] AS numbers FROM invoice
                 WHERE day BETWEEN :first AND :last AND contract <> '' AND (CAST(:subject AS text) IS NULL OR contract = :subject)
                 GROUP BY contract"""),
        scope.bounds,
    )
    return {row.contract: (row.amount, row.numbers) for row in rows}


async def standard_prices(session: AnySession, year: int) -> Mapping[tuple[str, str], int]:
    rows = await session.execute(text("SELECT item, unit, price FROM standard_price WHERE year = :year"), {"year": year})
    return {(row.item, row.unit): row.price for row in rows}


async def kitchen_days(session: AnySession, year: int) -> set[tuple[str, date]]:
    rows = await session.execute(
        text("SELECT DISTINCT panti, day FROM kitchen_count WHERE day BETWEEN :first AND :last AND portions > 0"), Scope(year).bounds
    )
    return {(row.panti, row.day) for row in rows}


async def counts(session: AnySession, scope: Scope, table: str, value: str, *, eve: bool = False) -> dict[str, dict[date, int]]:
    """The latest count of each day by panti. ``eve``: with the day before the first."""
    rows = await session.execute(
        text(f"""SELECT DISTINCT ON (panti, day) panti, day, {value} AS value FROM {table}
                  WHERE day BETWEEN CAST(:first AS date) - :eve AND :last AND (CAST(:subject AS text) IS NULL OR panti = :subject)
                    AND (CAST(:month AS text) IS NULL OR to_char(day, 'YYYY-MM') = :month
                         OR (:eve = 1 AND to_char(day + 1, 'YYYY-MM') = :month))
                  ORDER BY panti, day, version DESC"""),
        {**scope.bounds, "eve": int(eve)},
    )
    found: dict[str, dict[date, int]] = {}
    for row in rows:
        found.setdefault(row.panti, {})[row.day] = row.value
    return found


async def prices(session: AnySession, scope: Scope) -> dict[str, dict[date, int]]:
    """Rupiah per resident and day by the contract of each day and panti."""
    rows = await session.execute(
        text("""SELECT c.panti, d.day::date AS day, c.price FROM contract c,
                    generate_series(greatest(c.from_day, :first), least(c.to_day, :last), interval '1 day') AS d(day)
                 WHERE c.from_day <= :last AND c.to_day >= :first AND (CAST(:subject AS text) IS NULL OR c.panti = :subject)"""),
        scope.bounds,
    )
    found: dict[str, dict[date, int]] = {}
    for row in rows:
        found.setdefault(row.panti, {})[row.day] = row.price
    return found
