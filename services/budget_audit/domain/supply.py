"""What a contract promises and what the minutes say was handed over. Quantities in thousandths, money in whole rupiah."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

MILLI = 1_000
"""Quantities are whole numbers of thousandths: 12,5 kg is 12500."""

UNITS: dict[str, tuple[str, int]] = {
    "kg": ("kg", 1), "kilogram": ("kg", 1), "kilo": ("kg", 1), "kgs": ("kg", 1),
    "g": ("kg", 1_000), "gr": ("kg", 1_000), "gram": ("kg", 1_000), "ons": ("kg", 10),
    "liter": ("liter", 1), "ltr": ("liter", 1), "l": ("liter", 1), "lt": ("liter", 1), "ml": ("liter", 1_000),
    "porsi": ("porsi", 1), "buah": ("buah", 1), "bh": ("buah", 1), "butir": ("butir", 1), "btr": ("butir", 1),
    "ikat": ("ikat", 1), "ekor": ("ekor", 1), "pak": ("pak", 1), "pack": ("pak", 1), "bungkus": ("bungkus", 1), "bks": ("bungkus", 1),
    "dus": ("dus", 1), "kotak": ("kotak", 1), "karung": ("karung", 1), "tabung": ("tabung", 1), "botol": ("botol", 1), "btl": ("botol", 1),
    "kaleng": ("kaleng", 1), "klg": ("kaleng", 1), "papan": ("papan", 1), "potong": ("potong", 1), "sisir": ("sisir", 1),
    "tandan": ("tandan", 1), "paket": ("paket", 1), "sachet": ("sachet", 1), "galon": ("galon", 1), "unit": ("unit", 1),
    "orang": ("orang", 1),
}  # fmt: skip
"""How offices write a unit: the unit that is meant, and how many of the written one make one of it."""

_SPACES = re.compile(r"\s+")
_NOT_IN_A_NUMBER = re.compile(r"[^A-Z0-9]")
_COMPANY = re.compile(r"\b(PT|CV|UD|FA|PD|TB|TBK)\b\.?")


def unit_of(written: str) -> tuple[str, int] | None:
    """The unit that is meant and its divisor; None for one that nobody knows."""
    return UNITS.get(written.strip().rstrip(".").casefold())


def item_of(written: str) -> str:
    """One spelling of an item: lower case, single blanks."""
    return _SPACES.sub(" ", written.strip()).casefold()


def supplier_key(written: str) -> str:
    """A supplier however the papers write it: without PT or CV, dots and blanks."""
    return _NOT_IN_A_NUMBER.sub("", _COMPANY.sub("", written.upper()))


def folded_number(written: str) -> str:
    """A document number without what people add and leave out: ``INV-01/X`` is ``inv 01x``."""
    return _NOT_IN_A_NUMBER.sub("", written.upper())


def worth(quantity: int, price: int) -> int:
    """Rupiah of a quantity in thousandths at a price for one, rounded half up."""
    return (quantity * price + MILLI // 2) // MILLI


@dataclass(frozen=True)
class Item:
    """One line of a contract. ``people`` is the number fed a day that the quantity is reckoned for (0: not so reckoned);
    ``every_days``: the days between two deliveries that the contract promises (0: delivered once)."""

    item: str
    unit: str
    price: int
    quantity: int
    people: int = 0
    every_days: int = 0


@dataclass(frozen=True)
class Contract:
    """``capacity``: portions a day that the supplier has confirmed (0: nobody asked)."""

    number: str
    supplier: str
    panti: tuple[str, ...]
    first: date
    last: date
    items: Sequence[Item]
    capacity: int = 0

    @property
    def days(self) -> int:
        return (self.last - self.first).days + 1

    @property
    def value(self) -> int:
        return sum(worth(one.quantity, one.price) for one in self.items)

    def named(self, item: str) -> Sequence[Item]:
        return [one for one in self.items if one.item == item]


@dataclass(frozen=True)
class Minutes:
    """One line of handover minutes (BAST); ``quantity`` and ``unit`` as the unit table reads them, ``amount`` as written."""

    number: str
    day: date
    panti: str
    item: str
    unit: str
    quantity: int
    amount: int
