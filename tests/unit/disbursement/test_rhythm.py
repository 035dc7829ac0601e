"""When a step is due: working days of the benefit month, by the rule that is in force."""

from __future__ import annotations

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.disbursement.domain.calendar import (
    Standing,
    StepRule,
    deadlines,
    nth_working_day,
    rules_of,
    standing,
    working_days_after,
    working_days_before,
)
from shared.kernel.month import Month
from shared.kernel.workdays import is_working_day

SEPTEMBER = Month("2025-09")
MAULID = frozenset({date(2025, 9, 5)})


def rule(
    step: str = "sealed", *, programme: str = "*", from_month: str = "2000-01", version: int = 1, day: int = 7, warn: int = 2
) -> StepRule:
    return StepRule(programme, step, from_month, version, day, warn, "operator", "approver")


def test_the_seventh_working_day_of_september_2025_is_the_tenth() -> None:
    assert nth_working_day(SEPTEMBER, 7, MAULID) == date(2025, 9, 10)
    assert nth_working_day(SEPTEMBER, 7, frozenset()) == date(2025, 9, 9)  # without the holiday of the 5th


def test_a_month_that_begins_on_a_sunday_has_its_first_working_day_on_the_second() -> None:
    assert nth_working_day(Month("2025-06"), 1, frozenset()) == date(2025, 6, 2)


def test_more_working_days_than_the_month_has_go_over_its_end() -> None:
    assert nth_working_day(Month("2025-02"), 21, frozenset()) == date(2025, 3, 3)


def test_the_zeroth_working_day_does_not_exist() -> None:
    with pytest.raises(ValueError, match="number 1"):
        nth_working_day(SEPTEMBER, 0, frozenset())


def test_the_warning_comes_working_days_before() -> None:
    (found,) = deadlines([rule(day=5, warn=2)], "KLJ", SEPTEMBER, MAULID)
    assert (found.due_on, found.warn_on) == (date(2025, 9, 8), date(2025, 9, 3))  # over the weekend and the holiday


def test_the_programmes_own_rule_comes_before_the_one_for_all_and_then_the_newest() -> None:
    every, own = rule(day=7), rule(programme="KAJ", day=3, from_month="2025-01")
    newer, later = rule(programme="KAJ", day=4, from_month="2025-09"), rule(programme="KAJ", day=9, from_month="2025-10")
    mended = rule(programme="KAJ", day=5, from_month="2025-09", version=2)
    every_newest = rule(day=8, from_month="2025-09")
    found = [every, own, newer, later, mended, every_newest]
    assert rules_of(found, "KAJ", SEPTEMBER)["sealed"] == mended
    assert rules_of(found, "KAJ", Month("2025-08"))["sealed"] == own
    assert rules_of(found, "KAJ", Month("2025-10"))["sealed"] == later
    assert rules_of(found, "KLJ", SEPTEMBER)["sealed"] == every_newest
    assert rules_of(found, "KLJ", Month("2025-08"))["sealed"] == every
    assert rules_of([later], "KAJ", SEPTEMBER) == {}


def test_steps_come_in_the_order_of_the_month() -> None:
    found = deadlines([rule("released", day=16), rule("sealed"), rule("funded", day=15)], "KLJ", SEPTEMBER, frozenset())
    assert [one.rule.step for one in found] == ["sealed", "funded", "released"]


def test_how_a_step_stands() -> None:
    (found,) = deadlines([rule(day=7, warn=2)], "KLJ", SEPTEMBER, MAULID)  # warned on the 8th, due on the 10th

    def stands(today: int, *, done: bool = False, on: int | None = None) -> Standing:
        return standing(found, done=done, done_on=None if on is None else date(2025, 9, on), today=date(2025, 9, today))

    assert [stands(day) for day in (4, 8, 10, 11)] == [Standing.AHEAD, Standing.SOON, Standing.SOON, Standing.LATE]
    assert stands(30, done=True, on=10) is Standing.DONE
    assert stands(30, done=True, on=11) is Standing.DONE_LATE
    assert stands(30, done=True) is Standing.DONE


def test_late_is_counted_in_working_days() -> None:
    friday, monday = date(2025, 9, 12), date(2025, 9, 15)
    assert working_days_after(friday, monday, frozenset()) == 1
    assert working_days_after(friday, monday, frozenset({monday})) == 0
    assert working_days_after(monday, friday, frozenset()) == 0


days = st.dates(date(2024, 1, 1), date(2028, 1, 1))


@given(days, st.integers(0, 30), st.frozensets(days, max_size=20))
def test_before_and_after_are_one_count(day: date, number: int, holidays: frozenset[date]) -> None:
    start = working_days_before(day, number, holidays)
    between = [date.fromordinal(n) for n in range(start.toordinal(), day.toordinal())]
    assert sum(is_working_day(one, holidays) for one in between) == number
    if number:
        assert is_working_day(start, holidays)
