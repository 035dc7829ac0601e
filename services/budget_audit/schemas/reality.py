"""Papers of supply and what is counted in a panti. Money in whole rupiah, quantities in thousandths of the unit."""

from __future__ import annotations

from datetime import date

from pydantic import BaseModel


class SupplyItem(BaseModel):
    """``delivered``: thousandths by the minutes so far, in the contract's unit; ``standard_price``: SSH of the year it begins, if any."""

    item: str
    unit: str
    price: int
    quantity: int
    people: int
    every_days: int
    delivered: int
    standard_price: int | None


class SupplyContract(BaseModel):
    """``value`` = price times quantity of all items; ``handed_over`` and ``invoiced``: rupiah by minutes and by invoices."""

    number: str
    supplier: str
    panti: list[str]
    from_day: date
    to_day: date
    capacity: int
    value: int
    handed_over: int
    invoiced: int
    items: list[SupplyItem]


class SupplyContracts(BaseModel):
    items: list[SupplyContract]


class StandardPrice(BaseModel):
    item: str
    unit: str
    price: int
    source: str


class StandardPrices(BaseModel):
    year: int
    items: list[StandardPrice]


class HandoverLine(BaseModel):
    number: str
    day: date
    contract: str
    panti: str
    item: str
    unit: str
    quantity: int
    amount: int


class Handovers(BaseModel):
    items: list[HandoverLine]


class Invoice(BaseModel):
    number: str
    supplier: str
    day: date
    amount: int
    contract: str
    panti: str
    paid_by: str


class Invoices(BaseModel):
    items: list[Invoice]


class CountedDay(BaseModel):
    """Null where nobody counted: never zero."""

    day: date
    residents: int | None
    portions: int | None
    arrived: int | None
    departed: int | None


class CountedMonth(BaseModel):
    panti: str
    month: str
    staff: int | None
    days: list[CountedDay]
