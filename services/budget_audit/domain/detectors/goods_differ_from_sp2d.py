"""A delivery: SP2D against units received at their unit price."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from services.budget_audit.domain.detectors.finding import Finding, grouped

CODE = "goods_differ_from_sp2d"


@dataclass(frozen=True)
class Goods:
    """Units of one kind received under a delivery's number; ``unit_price`` in rupiah."""

    kind: str
    units: int
    unit_price: int


def detect(delivery: str, month: str, received: Sequence[Goods], sp2d: int, evidence: Sequence[str]) -> list[Finding]:
    """``month`` is that of the delivery's first SP2D. The caller has both an SP2D and goods; neither alone is compared."""
    expected = sum(goods.units * goods.unit_price for goods in received)
    terms = " + ".join(f"{grouped(g.units)} {g.kind} × {grouped(g.unit_price)}" for g in received)
    formula = f"{terms} = {grouped(expected)}; SP2D {grouped(sp2d)}; selisih {grouped(sp2d - expected)}"
    return [Finding(CODE, delivery, month, expected, sp2d, formula, tuple(evidence))]
