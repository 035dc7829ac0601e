"""Detectors as pure functions: what is lawful is tried first, and few numbers say nothing."""

from __future__ import annotations

from datetime import date

import pytest

from services.budget_audit.domain import supply
from services.budget_audit.domain.detectors import cash_plan, panti_year, suppliers, unit_cost
from services.budget_audit.domain.supply import Contract, Item
from services.budget_audit.domain.thresholds import BY_NAME, DEFAULTS, THRESHOLDS


def costs(*units: int, kind: str = "lansia") -> list[unit_cost.PantiCost]:
    return [unit_cost.PantiCost(f"P{n}", kind, unit * 1_000, 1_000) for n, unit in enumerate(units)]


def test_a_unit_cost_far_from_like_ones_is_found_with_its_rupiah() -> None:
    (found,) = unit_cost.detect(2025, costs(38_000, 38_200, 38_400, 38_600, 52_000), DEFAULTS)
    assert (found.subject, found.expected, found.actual) == ("P4", 38_400_000, 52_000_000)
    assert "median 5 panti sejenis (lansia) 38.400" in found.formula


def test_few_like_ones_say_nothing_and_other_kinds_do_not_count() -> None:
    assert unit_cost.detect(2025, costs(38_000, 38_200, 38_400, 52_000), DEFAULTS) == []
    assert unit_cost.detect(2025, costs(38_000, 38_200, 38_400, 52_000) + costs(38_000, kind="anak"), DEFAULTS) == []


def test_equal_prices_elsewhere_make_no_small_difference_large() -> None:
    assert unit_cost.detect(2025, costs(38_000, 38_000, 38_000, 38_000, 38_900), DEFAULTS) == []


def test_a_rush_in_december_that_the_cash_plan_foresaw_is_no_finding() -> None:
    spent = [10_000_000] * 11 + [60_000_000]
    (found,) = panti_year.year_end_rush("BM1", 2025, spent, [10_000_000] * 12, ["S-12"], DEFAULTS)
    assert (found.expected, found.actual, found.evidence) == (10_000_000, 60_000_000, ("sp2d/S-12",))
    assert panti_year.year_end_rush("BM1", 2025, spent, [10_000_000] * 11 + [55_000_000], ["S-12"], DEFAULTS) == []
    assert panti_year.year_end_rush("BM1", 2025, [0] * 11 + [60_000_000], [0] * 12, ["S-12"], DEFAULTS) == []


def bill(number: int, amount: int, contract: str = "") -> suppliers.Invoice:
    return suppliers.Invoice(f"INV-{number}", f"INV{number}", date(2025, 1, number), amount, contract, "BM1", f"SPM-{number}")


def test_round_sums_that_are_multiples_of_the_contract_price_are_ruled_out() -> None:
    round_ones = [bill(n, n * 1_000_000, "K") for n in range(1, 7)]
    (found,) = panti_year.round_numbers("BM1", 2025, 6, round_ones, {"K": [69_300]}, DEFAULTS)
    assert found.actual == 21_000_000
    assert panti_year.round_numbers("BM1", 2025, 6, round_ones, {"K": [25_000]}, DEFAULTS) == []
    assert panti_year.round_numbers("BM1", 2025, 4, round_ones[:4], {}, DEFAULTS) == []  # too few to say


def contract(number: str, *panti: str, capacity: int = 0, people: int = 50) -> Contract:
    items = [Item("makan", "porsi", 38_500, people * 365 * supply.MILLI, people, 1)]
    return Contract(number, "CV A", panti, date(2025, 1, 1), date(2025, 12, 31), items, capacity)


@pytest.mark.parametrize(
    ("contracts", "found"),
    [
        ([contract("K-1", "BM1", "BM2", "BM3")], False),  # one consolidated tender
        ([contract("K-1", "BM1"), contract("K-2", "BM2"), contract("K-3", "BM3")], True),  # nobody has asked what they can do
        ([contract("K-1", "BM1", capacity=150), contract("K-2", "BM2"), contract("K-3", "BM3")], False),  # can
        ([contract("K-1", "BM1", capacity=149), contract("K-2", "BM2"), contract("K-3", "BM3")], True),
        ([contract("K-1", "BM1", "BM2", "BM3", capacity=49)], True),
        ([contract("K-1", "BM1"), contract("K-2", "BM2")], False),
    ],
)
def test_one_supplier_over_several_panti(contracts: list[Contract], found: bool) -> None:
    assert bool(suppliers.detect("A", 2025, [], contracts, DEFAULTS)) is found


def test_invoices_of_a_contract_are_no_split_and_far_ones_are_not_together() -> None:
    def split(*bills: suppliers.Invoice) -> list[str]:
        return [one.code for one in suppliers.detect("A", 2025, bills, [], DEFAULTS)]

    assert split(bill(1, 120_000_000), bill(20, 120_000_000)) == [suppliers.SPLIT]
    assert split(bill(1, 120_000_000, "K"), bill(20, 120_000_000, "K")) == []
    assert split(bill(1, 120_000_000), bill(20, 80_000_000)) == []  # together not above the limit


def line(spent: int, saved: int = 0, first: int = 0, covered: int = 6) -> cash_plan.LineYear:
    planned, ceiling = [100_000_000] * 12, 1_200_000_000
    return cash_plan.LineYear("L", 2025, ceiling, planned, [spent] * 12, [saved] * 12, first, covered, "2025-06-30")


def test_a_tender_below_the_ceiling_explains_what_was_not_spent() -> None:
    without = cash_plan.detect(line(70_000_000), DEFAULTS)
    assert [one.code for one in without] == [cash_plan.MONTH] * 6 + [cash_plan.TO_DATE, cash_plan.SLOW]
    assert (without[6].expected, without[6].actual) == (600_000_000, 420_000_000)
    assert (without[7].expected, without[7].actual) == (1_200_000_000, 420_000_000 + 420_000_000)
    assert cash_plan.detect(line(70_000_000, saved=25_000_000), DEFAULTS) == []


def test_months_that_the_source_does_not_cover_say_nothing() -> None:
    assert cash_plan.detect(line(0, first=6, covered=6), DEFAULTS) == []
    assert [one.period for one in cash_plan.detect(line(0, first=4, covered=6), DEFAULTS)] == ["2025-05", "2025-06", "2025"]


@pytest.mark.parametrize(
    ("written", "meant"),
    [("Kg.", ("kg", 1)), ("gram", ("kg", 1_000)), (" LITER ", ("liter", 1)), ("genggam", None)],
)
def test_units_as_offices_write_them(written: str, meant: tuple[str, int] | None) -> None:
    assert supply.unit_of(written) == meant


def test_a_number_is_one_however_it_is_written() -> None:
    assert supply.folded_number("INV-01/X.2025") == supply.folded_number("inv 01 x 2025")
    assert supply.supplier_key("CV. Sinar Pangan") == supply.supplier_key("SINAR PANGAN, CV")
    assert supply.worth(12_500, 69_000) == 862_500


def test_every_threshold_lies_within_its_own_bounds() -> None:
    assert len(BY_NAME) == len(THRESHOLDS)
    assert [one.name for one in THRESHOLDS if not one.low <= one.value <= one.high] == []
