"""A figure that is published: what it counts, and the bytes that its hash covers."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256
from typing import Any

from shared.kernel.errors import Refusal


class FigureExists(Refusal):
    """A name is given once: a figure that was published is not replaced, a new one gets a new name."""

    code = "figure-exists"


@dataclass(frozen=True)
class Definition:
    """Whom a figure counts: these programmes (none: all), this area and all below it (none: everywhere), this cohort."""

    programmes: tuple[str, ...] = ()
    area: str = ""
    cohort: str = ""

    def as_json(self) -> dict[str, Any]:
        return {"programmes": list(self.programmes), "area": self.area, "cohort": self.cohort}


def numbers_of(cells: Sequence[tuple[str, str, int, int]]) -> dict[str, Any]:
    """Persons and rupiah of one month: whole, by outcome, and by outcome and reason. ``cells``: outcome, reason, people, rupiah."""
    outcomes: dict[str, dict[str, int]] = {}
    for outcome, _, people, rupiah in cells:
        own = outcomes.setdefault(outcome, {"people": 0, "rupiah": 0})
        own["people"] += people
        own["rupiah"] += rupiah
    return {
        "people": sum(cell[2] for cell in cells),
        "rupiah": sum(cell[3] for cell in cells),
        "by_outcome": outcomes,
        "by_reason": [
            {"outcome": outcome, "reason": reason, "people": people, "rupiah": rupiah} for outcome, reason, people, rupiah in sorted(cells)
        ],
    }


def fingerprint(month: str, definition: Definition, known_until: str, numbers: Mapping[str, Any]) -> str:
    """SHA-256 of month, definition, instant and numbers as compact JSON with sorted keys: what is printed under a figure."""
    whole = {"month": month, "definition": definition.as_json(), "known_until": known_until, "numbers": numbers}
    return sha256(json.dumps(whole, sort_keys=True, separators=(",", ":")).encode()).hexdigest()
