"""Working days: weekends and the office's holidays do not count."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.kernel.workdays import add_working_days, add_working_days_to, is_working_day

MAULID = frozenset({date(2025, 9, 5)})
DAYS = st.dates(date(2025, 1, 1), date(2027, 12, 31))


def test_over_a_weekend_and_a_holiday() -> None:
    # Thursday 4 September 2025; Friday the 5th is Maulid Nabi.
    assert add_working_days(date(2025, 9, 4), 1, MAULID) == date(2025, 9, 8)
    assert add_working_days(date(2025, 9, 4), 3, MAULID) == date(2025, 9, 10)
    assert add_working_days(date(2025, 9, 4), 3, frozenset()) == date(2025, 9, 9)


def test_from_a_weekend_the_first_working_day_is_one() -> None:
    assert add_working_days(date(2025, 9, 6), 1, MAULID) == date(2025, 9, 8)


def test_none_is_the_day_itself() -> None:
    assert add_working_days(date(2025, 9, 6), 0, MAULID) == date(2025, 9, 6)


def test_backwards_is_a_mistake() -> None:
    with pytest.raises(ValueError, match="forward"):
        add_working_days(date(2025, 9, 6), -1, MAULID)


def test_an_instant_keeps_its_hour_in_jakarta() -> None:
    # 22.30 UTC on Wednesday is Thursday 05.30 in Jakarta.
    assert add_working_days_to(datetime(2025, 9, 3, 22, 30, tzinfo=UTC), 1, MAULID) == datetime(2025, 9, 7, 22, 30, tzinfo=UTC)


@given(DAYS, st.integers(1, 40), st.frozensets(DAYS, max_size=20))
def test_it_is_the_nth_working_day_and_no_other(day: date, days: int, holidays: frozenset[date]) -> None:
    found = add_working_days(day, days, holidays)
    between = [day + timedelta(n) for n in range(1, (found - day).days + 1)]
    assert is_working_day(found, holidays)
    assert sum(is_working_day(one, holidays) for one in between) == days
