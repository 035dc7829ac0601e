"""Money is whole rupiah. Two decimals exist in bank adapters only (DESIGN.md, Money)."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NewType

Rupiah = NewType("Rupiah", int)
"""Whole rupiah; BIGINT in the database. Never a float, never a minor unit."""


def total(amounts: Iterable[Rupiah]) -> Rupiah:
    return Rupiah(sum(amounts))


def format_rupiah(amount: int) -> str:
    """``Rp240.600.000``, the office's way of writing it."""
    sign = "-" if amount < 0 else ""
    return f"{sign}Rp{abs(amount):,}".replace(",", ".")
