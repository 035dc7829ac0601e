"""The rules without a database: reservation, states, detectors, working days, references."""

from __future__ import annotations

from datetime import date, timedelta
from itertools import product
from uuid import UUID

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from services.budget_audit.domain import ledger, mismatch, reservation
from services.budget_audit.domain.calendar import days_of
from services.budget_audit.domain.detectors import food_differs_from_resident_days as food
from services.budget_audit.domain.detectors import goods_differ_from_sp2d as goods
from services.budget_audit.domain.detectors import settled_differs_from_sp2d as settled
from services.budget_audit.domain.mismatch import ALLOWED, State, Step
from services.budget_audit.domain.references import canonical, panti_month
from shared.kernel.errors import FourEyes, IllegalTransition, InvalidInput
from shared.kernel.month import Month
from shared.kernel.workdays import add_working_days

CALM = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
"""The machine may be busy; what is generated matters, not how fast."""

RUPIAH = st.integers(min_value=0, max_value=10**12)


def line(programme: str, ceiling: int, reserved: int = 0, realised: int = 0, returned: int = 0) -> reservation.Line:
    return reservation.Line(UUID(int=hash(programme) % 2**32), f"line of {programme}", ceiling, reserved, realised, returned)


@CALM
@given(
    st.dictionaries(st.sampled_from(["KLJ", "KPDJ", "KAJ"]), st.tuples(st.integers(1, 10**12), RUPIAH), min_size=1),
    st.dictionaries(st.sampled_from(["KLJ", "KPDJ", "KAJ"]), RUPIAH),
)
def test_a_reservation_is_whole_or_nothing_and_never_above_what_is_available(
    wanted: dict[str, tuple[int, int]], ceilings: dict[str, int]
) -> None:
    lines = {programme: line(programme, ceiling) for programme, ceiling in ceilings.items()}
    asked = [reservation.Wanted(programme, amount, released) for programme, (amount, released) in wanted.items()]
    decision = reservation.decide(asked, lines)
    if isinstance(decision, reservation.Made):
        assert {w.programme for _, w in decision.taken} == set(wanted)
        assert all(taken.open <= on.available for on, taken in decision.taken)
    else:
        short = [w for w in asked if w.programme not in lines or lines[w.programme].available < w.open]
        assert decision.requested in {w.amount for w in short}


def test_available_counts_what_came_back() -> None:
    assert line("KLJ", 100, reserved=30, realised=50, returned=20).available == 40


@pytest.mark.parametrize(("state", "step"), list(product(State, Step)))
def test_every_pair_outside_the_table_is_refused(state: State, step: Step) -> None:
    if (state, step) in ALLOWED:
        assert mismatch.after(state, step) is ALLOWED[state, step]
    else:
        with pytest.raises(IllegalTransition):
            mismatch.after(state, step)


@pytest.mark.parametrize(("difference", "amount", "good"), [(5, 5, True), (-5, 5, True), (5, 6, False), (5, 0, False), (0, 1, False)])
def test_no_more_is_explained_than_differs(difference: int, amount: int, *, good: bool) -> None:
    if good:
        mismatch.check_explanation(difference, amount)
        assert mismatch.open_amount(difference, amount) == 0
    else:
        with pytest.raises(InvalidInput):
            mismatch.check_explanation(difference, amount)


def test_whoever_acted_decides_no_more() -> None:
    acted = {"panti-head": {Step.EXPLAIN}, "auditor": {Step.ASK, Step.ACCEPT, Step.AGREE}, "auditor3": {Step.NOTE}}
    for person, step in (("auditor", Step.AGREE), ("auditor2", Step.CLOSE), ("auditor3", Step.CLOSE)):
        mismatch.check_other_person(person, step, acted)
    for person, step in (("panti-head", Step.ACCEPT), ("panti-head", Step.AGREE), ("panti-head", Step.CLOSE), ("auditor", Step.CLOSE)):
        with pytest.raises(FourEyes):
            mismatch.check_other_person(person, step, acted)


@pytest.mark.parametrize(("explained", "amount", "good"), [(5, 5, True), (5, 0, True), (5, 6, False), (5, -1, False)])
def test_no_more_is_accepted_than_was_explained(explained: int, amount: int, *, good: bool) -> None:
    if good:
        mismatch.check_acceptance(explained, amount)
    else:
        with pytest.raises(InvalidInput):
            mismatch.check_acceptance(explained, amount)


@CALM
@given(st.lists(st.tuples(RUPIAH, RUPIAH, RUPIAH), min_size=1, max_size=3))
def test_a_batch_balances_whatever_the_bank_did_as_long_as_no_line_is_lost(parts: list[tuple[int, int, int]]) -> None:
    programmes = [
        settled.ProgrammeMoney(f"P{n}", sp2d=credited + back + kept, credited=credited, returned=back, not_credited=back + kept)
        for n, (credited, back, kept) in enumerate(parts)
    ]
    assert all(finding.difference == 0 for finding in settled.detect("B", "2025-09", programmes, []))
    lost = [settled.ProgrammeMoney(p.programme, p.sp2d + 300_000, p.credited, p.returned, p.not_credited) for p in programmes[:1]]
    assert settled.detect("B", "2025-09", lost + programmes[1:], [])[0].difference == 300_000


def september(residents: int = 116, price: int = 38_500, ceiling: int = 40_000, sp2d: int = 139_755_000) -> food.FoodFacts:
    days = days_of(Month("2025-09"))
    return food.FoodFacts(
        "BM1",
        Month("2025-09"),
        dict.fromkeys(days, residents),
        dict.fromkeys(days, price),
        dict.fromkeys(days, ceiling),
        sp2d,
        [],
        ["sp2d/1"],
    )


def test_food_of_fixture_p() -> None:
    (finding,) = food.detect(september())
    assert (finding.expected, finding.actual, finding.difference) == (133_980_000, 139_755_000, 5_775_000)
    assert finding.formula == "3.480 hari-orang × 38.500 = 133.980.000; SP2D 139.755.000; selisih 5.775.000 = 150 hari-orang"
    assert "1.500 × 3.480 = 5.220.000" in finding.ruled_out[0]


def test_food_waits_for_the_last_day_and_its_price() -> None:
    facts = september()
    missing_day = dict(list(facts.residents.items())[:-1])
    assert food.detect(food.FoodFacts("BM1", facts.month, missing_day, facts.prices, {}, 1, [], [])) == []
    missing_price = dict(list(facts.prices.items())[1:])
    assert food.detect(food.FoodFacts("BM1", facts.month, facts.residents, missing_price, {}, 1, [], [])) == []


def test_food_takes_the_price_of_each_day() -> None:
    facts = september()
    prices = {day: 38_500 if day.day <= 10 else 39_000 for day in facts.prices}
    (finding,) = food.detect(food.FoodFacts("BM1", facts.month, facts.residents, prices, {}, 0, [], []))
    assert finding.expected == 1_160 * 38_500 + 2_320 * 39_000
    assert "1.160 hari-orang × 38.500 + 2.320 hari-orang × 39.000" in finding.formula


def test_goods_at_their_prices() -> None:
    (finding,) = goods.detect("BAST-1", "2025-03", [goods.Goods("kursi", 3, 10), goods.Goods("kursi", 2, 12)], 60, [])
    assert (finding.expected, finding.difference) == (54, 6)


@CALM
@given(st.integers(-(10**12), 10**12))
def test_a_posting_is_positive_and_a_negative_change_goes_back(amount: int) -> None:
    posting = ledger.moved("t", "a", "b", amount)
    if amount == 0:
        assert posting is None
        return
    assert posting is not None
    assert posting.amount == abs(amount)
    assert (posting.debit, posting.credit) == (("a", "b") if amount > 0 else ("b", "a"))


@CALM
@given(
    st.dates(date(2025, 1, 1), date(2026, 12, 1)), st.integers(1, 20), st.sets(st.dates(date(2025, 1, 1), date(2026, 12, 31)), max_size=30)
)
def test_working_days_are_counted_and_never_land_on_a_holiday(start: date, number: int, holidays: set[date]) -> None:
    end = add_working_days(start, number, holidays)
    between = [start + timedelta(days=n) for n in range(1, (end - start).days + 1)]
    assert sum(day.weekday() < 5 and day not in holidays for day in between) == number
    assert end.weekday() < 5
    assert end not in holidays


def test_ten_working_days_over_a_weekend_and_a_holiday() -> None:
    assert add_working_days(date(2025, 9, 1), 10, {date(2025, 9, 5)}) == date(2025, 9, 16)


@pytest.mark.parametrize(
    ("written", "meant"),
    [("bm1 2025-09", "BM1/2025-09"), ("BM1/2025-09", "BM1/2025-09"), ("2025-09-m01 ", "2025-09-M01"), (" BAST  03/2025 ", "BAST 03/2025")],
)
def test_a_reference_has_one_spelling(written: str, meant: str) -> None:
    assert canonical(written) == meant
    assert (panti_month(written) is not None) == meant.startswith("BM1")
