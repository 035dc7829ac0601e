"""Food cost per resident-day of a panti against like ones: median and median absolute deviation, and silence where they are few."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from statistics import median

from services.budget_audit.domain.detectors.finding import Finding, grouped
from services.budget_audit.domain.thresholds import Values

CODE = "unit_cost_out_of_line"


@dataclass(frozen=True)
class PantiCost:
    """``kind``: whom the panti is for. ``cost`` in rupiah and ``days`` (resident-days) of the same months."""

    panti: str
    kind: str
    cost: int
    days: int

    @property
    def unit(self) -> int:
        return self.cost // self.days


def detect(year: int, costs: Sequence[PantiCost], values: Values) -> list[Finding]:
    """Score 0.6745 (x - median) / MAD, the MAD at least 1% of the median: equal prices elsewhere make no small difference large."""
    found = []
    counted = [one for one in costs if one.days > 0]
    for kind in sorted({one.kind for one in counted}):
        like = [one for one in counted if one.kind == kind]
        if len(like) < values["unit_cost_sample"]:
            continue  # too few to say what is usual
        middle = int(median(one.unit for one in like))
        spread = max(median(abs(one.unit - middle) for one in like), middle / 100, 1)
        for one in like:
            score = round(67.45 * (one.unit - middle) / spread)
            if abs(score) > values["unit_cost_score"]:
                found.append(_finding(year, one, middle, len(like), score))
    return found


def _finding(year: int, one: PantiCost, middle: int, size: int, score: int) -> Finding:
    expected = middle * one.days
    formula = (
        f"{grouped(one.cost)} / {grouped(one.days)} hari-orang = {grouped(one.unit)} per orang per hari; median {size} panti sejenis "
        f"({one.kind}) {grouped(middle)}; skor {'-' if score < 0 else ''}{abs(score) // 100},{abs(score) % 100:02d}"
    )
    notes = ("Banyaknya penghuni sudah dihitung: yang dibandingkan biaya per orang per hari.",)
    return Finding(CODE, one.panti, str(year), expected, one.cost, formula, (f"panti/{one.panti}/{year}",), notes)
