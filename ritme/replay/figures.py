"""The published figures, as literals, and the comparison with what the services answer. Nothing here looks at the story's input."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from ritme.replay import AUGUST, BUDI_MULIA, CENGKARENG, CLEAN, MALUKU_UTARA, TANGERANG

Expected = dict[str, Any]

CENGKARENG_FIGURES: Final[Expected] = {
    "quota": 1_000, "named": 1_000, "vacant": 0,
    "equation": {
        "entitled": 1_000, "due": 0, "in_payment": 0, "unknown": 3, "paid": 796, "held": 12, "missed": 185, "excluded": 4, "holds": True,
    },
    "paid_amount": 240_600_000,
    "paid_by_programme": {"KLJ": 624, "KPDJ": 66, "KAJ": 106},
    "paid_by_cohort": {"existing": 673, "new": 120, "reinstated": 3},
    "unpaid_by_reason": {
        "card_not_handed_over": 180, "awaiting_bank": 3, "under_review": 12, "account_closed": 2, "account_dormant": 2, "name_mismatch": 1,
        "dead": 1, "moved_out": 1, "over_age": 2,
    },
    "gaps": {"open": 188, "without_owner": 0, "without_due_date": 0},
    "money": {"sp2d": 243_000_000, "credited": 240_600_000, "returned": 0, "holding": 2_400_000, "balanced": True},
    "mismatches": [],
}  # fmt: skip
"""Fixture C of the issue and CORE.md section 9. By programme, cohort and cause: this fixture's own split of the published totals."""

CENGKARENG_BESIDE: Final[Expected] = {
    "seal": {"count": 1_000, "sum": 300_000_000, "KLJ": 228_000_000, "KPDJ": 27_000_000, "KAJ": 45_000_000},
    "batch": {"payments": 804, "allocations": 810, "sum": 243_000_000},
    "results": {"applied": 801, "rejected": 5, "quarantined": 0},
    "2025-07": {"entitled": 3, "paid": 3},
    "2025-08": {"entitled": 3, "paid": 3},
    "september_amount": 238_800_000,
    "books_agree": True,
    "seals_agree": True,
    "parked": 0,
}

BUDI_MULIA_FIGURES: Final[Expected] = {
    "mismatches": [
        {
            "code": "food_differs_from_resident_days", "expected": 133_980_000, "actual": 139_755_000, "difference": 5_775_000,
            "state": "closed",
        }
    ],
}  # fmt: skip
"""Fixture P: 3,480 resident-days at 38,500."""

BUDI_MULIA_BESIDE: Final[Expected] = {
    "resident_days": 3_480, "price": 38_500, "detected_by_event": True, "explained": 3_465_000, "open": 2_310_000,
    "returned": 2_310_000, "steps": ["detect", "explain", "agree", "close"], "people": 3, "parked": 0,
}  # fmt: skip

_MALUKU_UTARA: Final[Expected] = {
    "item_not_in_contract": {"count": 1, "rupiah": 220_000_000},
    "minutes_from_contract_value": {"count": 1, "rupiah": 1_290_000_000},
    "unit_differs_from_contract": {"count": 1, "rupiah": 300_000_000},
}
"""Together the 1.81 bn that the auditors could not believe (DOMAIN.md section 2)."""

_TANGERANG: Final[Expected] = {
    "portions_for_capacity": {"count": 12, "rupiah": 21_927_250},
    "price_above_ssh": {"count": 1, "rupiah": 6_460_500},
}
"""TROUBLES O11: 10,950 person-days by contract, 7,475 lived; (10,950 - 7,475) x 0.1 kg x 63,100, and 1,095 kg x (69,000 - 63,100).
Together 28,387,750 = 1,095 kg at 69,000 less 747.5 kg at 63,100: what was overpaid, once."""

FINDINGS: Final[Mapping[str, tuple[Expected, Expected]]] = {
    MALUKU_UTARA: ({"findings": _MALUKU_UTARA}, {"newly_recorded": 0, "audit": _MALUKU_UTARA, "parked": 0}),
    TANGERANG: ({"findings": _TANGERANG}, {"newly_recorded": 0, "audit": _TANGERANG, "without_ssh": {}, "parked": 0}),
    CLEAN: ({"findings": {}}, {"newly_recorded": 0, "audit": {}, "parked": 0}),
}

# 7 groups x 3 programmes, in the order of PROGRAMMES (press, 8 and 25 August 2025; TROUBLES.md O23).
PROGRAMMES: Final = ("KLJ", "KPDJ", "KAJ")
AUGUST_CELLS: Final[Mapping[str, tuple[int, int, int]]] = {
    "existing_paid": (121_491, 15_013, 11_605),
    "left": (917, 92, 569),
    "new_not_published": (153, 4, 10),
    "new_paid": (2_661, 3_540, 11_025),
    "new_waiting": (35_600, 945, 2_413),
    "reinstated": (36, 2, 2),
    "vacant": (10_152, 1_294, 1_728),
}
QUOTA: Final = 219_252
TARIFF: Final = 300_000

AUGUST_FIGURES: Final[Expected] = {
    "quota": 219_252, "named": 206_078, "vacant": 13_174,
    "equation": {
        "entitled": 206_078, "due": 0, "in_payment": 0, "unknown": 0, "paid": 165_375, "held": 0, "missed": 39_125, "excluded": 1_578,
        "holds": True,
    },
    "paid_amount": 49_612_500_000,
    "paid_by_programme": {"KLJ": 124_188, "KPDJ": 18_555, "KAJ": 22_632},
    "paid_by_cohort": {"existing": 148_109, "new": 17_226, "reinstated": 40},
    "unpaid_by_reason": {"card_not_handed_over": 38_958, "cause_not_known": 167, "left_reason_not_published": 1_578},
    "gaps": {"open": 39_125, "without_owner": 0, "without_due_date": 0},
    "money": {"sp2d": 49_612_500_000, "credited": 49_612_500_000, "returned": 0, "holding": 0, "balanced": True},
    "mismatches": [],
}  # fmt: skip
AUGUST_BESIDE: Final[Expected] = {
    "seal": {"count": 206_078, "sum": 61_823_400_000}, "books_agree": True, "seals_agree": True, "parked": 0,
}  # fmt: skip


def largest_remainder(cells: Mapping[str, int], total: int) -> dict[str, int]:
    """The cells scaled so that they sum to ``total``; what is left over goes to the largest remainders, ties by name."""
    whole = sum(cells.values())
    scaled = {name: count * total // whole for name, count in cells.items()}
    left = total - sum(scaled.values())
    by_remainder = sorted(cells, key=lambda name: (-(cells[name] * total % whole), name))
    for name in by_remainder[:left]:
        scaled[name] += 1
    return scaled


def august(scale: float) -> tuple[Expected, Expected]:
    """The published figures at a part of the people: every total is a sum of the scaled cells (CORE.md section 9)."""
    if scale == 1:
        return AUGUST_FIGURES, AUGUST_BESIDE
    flat = {f"{group}/{code}": n for group, counts in AUGUST_CELLS.items() for code, n in zip(PROGRAMMES, counts, strict=True)}
    cells = largest_remainder(flat, round(QUOTA * scale))

    def people(*groups: str, code: str = "") -> int:
        return sum(n for name, n in cells.items() if name.split("/")[0] in groups and name.endswith(code))

    paid = ("existing_paid", "new_paid", "reinstated")
    named = people(*(group for group in AUGUST_CELLS if group != "vacant"))
    missed = people("new_waiting", "new_not_published")
    money = people(*paid) * TARIFF
    reasons = {
        "card_not_handed_over": people("new_waiting"),
        "cause_not_known": people("new_not_published"),
        "left_reason_not_published": people("left"),
    }
    figures = AUGUST_FIGURES | {
        "quota": sum(cells.values()), "named": named, "vacant": people("vacant"),
        "equation": AUGUST_FIGURES["equation"] | {
            "entitled": named, "paid": people(*paid), "missed": missed, "excluded": people("left"),
        },
        "paid_amount": money,
        "paid_by_programme": {code: people(*paid, code=code) for code in PROGRAMMES},
        "paid_by_cohort": {"existing": people("existing_paid"), "new": people("new_paid"), "reinstated": people("reinstated")},
        "unpaid_by_reason": {reason: count for reason, count in reasons.items() if count},
        "gaps": {"open": missed, "without_owner": 0, "without_due_date": 0},
        "money": AUGUST_FIGURES["money"] | {"sp2d": money, "credited": money},
    }  # fmt: skip
    return figures, AUGUST_BESIDE | {"seal": {"count": named, "sum": named * TARIFF}}


def expected(story: str, scale: float) -> tuple[Expected, Expected]:
    """What the JSON object must say, and what is checked beside it."""
    match story:
        case _ if story == CENGKARENG:
            return CENGKARENG_FIGURES, CENGKARENG_BESIDE
        case _ if story == BUDI_MULIA:
            return BUDI_MULIA_FIGURES, BUDI_MULIA_BESIDE
        case _ if story == AUGUST:
            return august(scale)
        case _ if story in FINDINGS:
            return FINDINGS[story]
    raise ValueError(f"no figures for {story}")


@dataclass(frozen=True)
class Line:
    """One figure: where it stands, what is published, what was found."""

    name: str
    expected: Any
    actual: Any

    @property
    def ok(self) -> bool:
        return type(self.expected) is type(self.actual) and self.expected == self.actual


def compare(wanted: Expected, found: Mapping[str, Any]) -> list[Line]:
    """One line per figure; a figure that is absent differs, and so does a reason or programme that nobody expects."""
    return list(_lines("", wanted, found))


def _lines(path: str, wanted: Any, found: Any) -> Iterator[Line]:
    if isinstance(wanted, dict) and isinstance(found, Mapping):
        for key, value in wanted.items():
            yield from _lines(f"{path}{key}.", value, found.get(key))
        if path:  # below the top everything is said
            for key in found:
                if key not in wanted:
                    yield Line(f"{path}{key}", None, found[key])
    else:
        yield Line(path.rstrip("."), wanted, found)
