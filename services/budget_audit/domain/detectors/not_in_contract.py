"""Handover minutes with items that the contract does not name, or in a unit that it does not count them in."""

from __future__ import annotations

from collections.abc import Sequence

from services.budget_audit.domain.detectors.finding import Finding, grouped
from services.budget_audit.domain.supply import MILLI, Contract, Minutes

ITEM = "item_not_in_contract"
UNIT = "unit_differs_from_contract"
CODES = (ITEM, UNIT)
_SHOWN = 5


def detect(contract: Contract, year: int, minutes: Sequence[Minutes]) -> list[Finding]:
    """Grams and kilograms are the same unit by the time they come here, so that is ruled out."""
    strange = [one for one in minutes if not contract.named(one.item)]
    other = [one for one in minutes if contract.named(one.item) and all(item.unit != one.unit for item in contract.named(one.item))]
    converted = ("Satuan yang dapat dihitung satu sama lain (gram dan kg, ml dan liter) sudah disamakan.",)
    found = []
    if strange:
        found.append(_finding(ITEM, contract, year, strange, "tidak ada di kontrak", ()))
    if other:
        promised = ", ".join(sorted({f"{one.item}: kontrak {contract.named(one.item)[0].unit}, BAST {one.unit}" for one in other}))
        found.append(_finding(UNIT, contract, year, other, f"satuannya lain ({promised})", converted))
    return found


def _finding(code: str, contract: Contract, year: int, lines: Sequence[Minutes], words: str, ruled_out: tuple[str, ...]) -> Finding:
    total = sum(one.amount for one in lines)
    shown = " + ".join(f"{grouped(one.quantity // MILLI)} {one.unit} {one.item} {grouped(one.amount)}" for one in lines[:_SHOWN])
    more = f" + {len(lines) - _SHOWN} baris lain" if len(lines) > _SHOWN else ""
    evidence = (f"kontrak/{contract.number}", *dict.fromkeys(f"bast/{one.number}" for one in lines))
    return Finding(code, contract.number, str(year), 0, total, f"{words}: {shown}{more} = {grouped(total)}", evidence, ruled_out)
