"""How far sources have spoken, and the age of advances, without a database."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.budget_audit.domain.advances import Advance, age_of
from services.budget_audit.domain.silence import Coverage, Spoken, coverage, spoken_until


def day(month: int, number: int) -> date:
    return date(2025, month, number)


def test_a_cumulative_file_leaves_no_hole() -> None:
    assert coverage(2025, [Spoken(None, day(10, 24))]) == Coverage(day(10, 24))


def test_nothing_was_said() -> None:
    assert coverage(2025, []) == Coverage(None)
    assert coverage(2025, [Spoken(None, date(2024, 12, 31))]) == Coverage(None)
    assert spoken_until(Coverage(None)) is None


def test_three_weeks_without_a_file() -> None:
    found = coverage(2025, [Spoken(None, day(10, 24)), Spoken(day(11, 16), day(11, 22))])
    assert found == Coverage(day(11, 22), ((day(10, 25), day(11, 15)),))
    assert spoken_until(found) == day(10, 24)
    assert coverage(2025, [Spoken(None, day(10, 24)), Spoken(day(10, 25), day(11, 2))]).holes == ()


def test_a_year_that_begins_in_silence_is_whole_up_to_no_day() -> None:
    assert spoken_until(coverage(2025, [Spoken(day(3, 1), day(3, 31))])) is None


_DAYS = st.integers(0, 364).map(lambda n: date(2025, 1, 1) + timedelta(days=n))


@given(st.lists(st.tuples(_DAYS, _DAYS), min_size=1, max_size=8))
def test_every_day_is_covered_or_in_a_hole_and_never_both(pairs: list[tuple[date, date]]) -> None:
    files = [Spoken(min(pair), max(pair)) for pair in pairs]
    found = coverage(2025, files)
    assert found.until == max(one.last for one in files)
    one = date(2025, 1, 1)
    while one <= found.until:
        said = any(file.first is not None and file.first <= one <= file.last for file in files)
        assert said != any(first <= one <= last for first, last in found.holes), one
        one += timedelta(days=1)


@pytest.mark.parametrize(("days", "age"), [(0, "0-30"), (30, "0-30"), (31, "31-60"), (60, "31-60"), (61, ">60"), (400, ">60")])
def test_ages(days: int, age: str) -> None:
    assert age_of(date(2025, 1, 1), date(2025, 1, 1) + timedelta(days=days)) == (days, age)


def test_more_proof_than_advance_leaves_nothing_open() -> None:
    assert Advance(100, 120, 0).open == 0
    assert Advance(100, 60, 30).open == 10
