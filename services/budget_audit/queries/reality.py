"""Contracts with their items, standard prices, minutes, invoices, and what is counted in a panti."""

from __future__ import annotations

from sqlalchemy import text

from services.budget_audit.domain.calendar import days_of
from services.budget_audit.schemas import reality as schemas
from shared.db.session import AnySession
from shared.kernel.errors import NotFound
from shared.kernel.month import Month

SUPPLIES = """
SELECT i.*, coalesce(h.quantity, 0)::bigint AS delivered, p.price AS standard_price,
       coalesce(m.amount, 0)::bigint AS handed_over, coalesce(v.amount, 0)::bigint AS invoiced
  FROM supply_item i
  LEFT JOIN (SELECT contract, item, unit, sum(quantity) AS quantity FROM handover GROUP BY 1, 2, 3) h USING (contract, item, unit)
  LEFT JOIN (SELECT contract, sum(amount) AS amount FROM handover GROUP BY 1) m ON m.contract = i.contract
  LEFT JOIN (SELECT contract, sum(amount) AS amount FROM invoice GROUP BY 1) v ON v.contract = i.contract
  LEFT JOIN standard_price p ON p.year = extract(year FROM i.from_day) AND p.item = i.item AND p.unit = i.unit
 WHERE i.from_day <= :last AND i.to_day >= :first AND (:panti = '' OR :panti = ANY(i.panti)) AND :number IN ('', i.contract)
 ORDER BY i.contract, i.item
"""
ROWS = 5_000
"""The most rows that a door gives at once; a year of 22 panti has fewer contracts and minutes by far."""


async def supplies(session: AnySession, *, year: int, panti: str, number: str) -> schemas.SupplyContracts:
    rows = await session.execute(
        text(SUPPLIES), {"first": f"{year}-01-01", "last": f"{year}-12-31", "panti": panti, "number": number},
    )  # fmt: skip
    contracts: dict[str, schemas.SupplyContract] = {}
    for row in rows:
        contract = contracts.setdefault(
            row.contract,
            schemas.SupplyContract(
                number=row.contract, supplier=row.supplier, panti=row.panti, from_day=row.from_day, to_day=row.to_day,
                capacity=row.capacity, value=0, handed_over=row.handed_over, invoiced=row.invoiced, items=[],
            ),
        )  # fmt: skip
        contract.value += (row.price * row.quantity + 500) // 1_000
        contract.items.append(schemas.SupplyItem(**{name: getattr(row, name) for name in schemas.SupplyItem.model_fields}))
    return schemas.SupplyContracts(items=list(contracts.values()))


async def standard_prices(session: AnySession, year: int) -> schemas.StandardPrices:
    rows = await session.execute(text("SELECT item, unit, price, source FROM standard_price WHERE year = :y ORDER BY 1, 2"), {"y": year})
    return schemas.StandardPrices(year=year, items=[schemas.StandardPrice(**row) for row in rows.mappings()])


async def handovers(session: AnySession, *, year: int, panti: str, contract: str) -> schemas.Handovers:
    rows = await session.execute(
        text(f"""SELECT number, day, contract, panti, item, unit, quantity, amount FROM handover
                  WHERE day BETWEEN :first AND :last AND :panti IN ('', panti) AND :contract IN ('', contract)
                  ORDER BY day, number, item LIMIT {ROWS}"""),
        {"first": f"{year}-01-01", "last": f"{year}-12-31", "panti": panti, "contract": contract},
    )
    return schemas.Handovers(items=[schemas.HandoverLine(**row) for row in rows.mappings()])


async def invoices(session: AnySession, *, year: int, panti: str, contract: str) -> schemas.Invoices:
    rows = await session.execute(
        text(f"""SELECT number, supplier, day, amount, contract, panti, paid_by FROM invoice
                  WHERE day BETWEEN :first AND :last AND :panti IN ('', panti) AND :contract IN ('', contract)
                  ORDER BY day, number LIMIT {ROWS}"""),
        {"first": f"{year}-01-01", "last": f"{year}-12-31", "panti": panti, "contract": contract},
    )
    return schemas.Invoices(items=[schemas.Invoice(**row) for row in rows.mappings()])


async def counted(session: AnySession, panti: str, month: Month) -> schemas.CountedMonth:
    if await session.scalar(text("SELECT code FROM panti WHERE code = :code"), {"code": panti}) is None:
        raise NotFound(f"there is no panti '{panti}'")
    days = days_of(month)
    bounds = {"panti": panti, "first": days[0], "last": days[-1], "month": month}

    async def latest(table: str, columns: str) -> dict[object, tuple[int, ...]]:
        rows = await session.execute(
            text(f"""SELECT DISTINCT ON (day) day, {columns} FROM {table} WHERE panti = :panti AND day BETWEEN :first AND :last
                      ORDER BY day, version DESC"""),
            bounds,
        )
        return {row[0]: tuple(row)[1:] for row in rows}

    residents, portions = await latest("census_count", "residents"), await latest("kitchen_count", "portions")
    moved = await latest("movement_count", "arrived, departed")
    staff = await session.scalar(
        text("SELECT staff FROM staff_count WHERE panti = :panti AND month = :month ORDER BY version DESC LIMIT 1"), bounds
    )
    counted = []
    for day in days:
        arrived, departed = moved.get(day, (None, None))
        counted.append(
            schemas.CountedDay(
                day=day,
                residents=residents.get(day, (None,))[0],
                portions=portions.get(day, (None,))[0],
                arrived=arrived,
                departed=departed,
            )
        )
    return schemas.CountedMonth(panti=panti, month=month, staff=staff, days=counted)
