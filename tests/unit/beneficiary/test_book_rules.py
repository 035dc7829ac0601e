"""The book's rules without a database: nights follow from lines, whatever the order in which they were written."""

from __future__ import annotations

from datetime import date, time
from uuid import UUID

import pytest

from services.beneficiary.domain import panti_access
from services.beneficiary.domain.book import FOLLOWS, OPEN_DAY, Entry, LivesInOtherPanti, Stay, walk
from services.beneficiary.domain.enrolment import Horizon, hold_month
from shared.kernel.errors import IllegalTransition
from shared.kernel.month import Month


def on(day: int) -> date:
    return date(2025, 9, day)


def entry(no: int, kind: str, day: int, panti: str = "BM1", to: str = "", hour: time | None = None) -> Entry:
    return Entry(UUID(int=no), no, kind, panti, on(day), hour, to)  # type: ignore[arg-type]


def test_a_late_line_falls_into_its_place() -> None:
    stays, standing = walk([entry(1, "admission", 1), entry(2, "return", 7), entry(3, "leave", 4)])
    assert stays == [
        Stay("BM1", "present", on(1), on(3), on(1)), Stay("BM1", "on_leave", on(4), on(6), on(1)),
        Stay("BM1", "present", on(7), OPEN_DAY, on(1)),
    ]  # fmt: skip
    assert standing.resident


def test_midnight_decides_a_day_with_several_lines() -> None:
    stays, _ = walk([entry(1, "admission", 1, hour=time(8)), entry(2, "discharge", 1, hour=time(20)), entry(3, "admission", 3)])
    assert stays == [Stay("BM1", "present", on(3), OPEN_DAY, on(3))]


def test_a_line_without_an_hour_is_the_days_last() -> None:
    with pytest.raises(IllegalTransition):
        walk([entry(1, "admission", 1), entry(2, "leave", 1, hour=time(9))])


def test_neighbouring_nights_that_say_the_same_are_one_stay() -> None:
    stays, _ = walk([entry(1, "admission", 1), entry(2, "leave", 3, hour=time(9)), entry(3, "return", 3, hour=time(17))])
    assert stays == [Stay("BM1", "present", on(1), OPEN_DAY, on(1))]


def test_a_transfer_keeps_the_day_of_admission_and_the_old_panti_writes_no_more() -> None:
    lines = [entry(1, "admission", 1), entry(2, "transfer", 5, to="BM2")]
    stays, _ = walk(lines)
    assert stays[-1] == Stay("BM2", "present", on(5), OPEN_DAY, on(1))
    with pytest.raises(LivesInOtherPanti):
        walk([*lines, entry(3, "discharge", 6)])


@pytest.mark.parametrize("kind", ["admission", "transfer", "leave", "flight", "return", "discharge", "death"])
def test_nothing_follows_a_death(kind: str) -> None:
    assert ("dead", kind) not in FOLLOWS


@pytest.mark.parametrize(
    ("since", "sealed", "latest", "decree", "expected"),
    [
        (date(2025, 8, 28), "2025-08", "2025-09", "2025-01", "2025-09"),  # August is sealed
        (date(2025, 9, 3), "2025-08", "2025-09", "2025-01", "2025-09"),
        (date(2025, 11, 3), "2025-08", "2025-09", "2025-01", None),  # its turn comes
        (date(2024, 3, 1), None, "2025-09", "2025-01", "2025-01"),  # in the panti before the decree
        (date(2025, 9, 3), None, "2025-09", "2025-01", "2025-09"),
    ],
)
def test_the_first_month_on_hold(since: date, sealed: str | None, latest: str, decree: str, expected: str | None) -> None:
    horizon = Horizon(Month(sealed) if sealed else None, Month(latest))
    assert hold_month(since, horizon, Month(decree)) == expected


def test_a_role_without_a_panti_opens_no_book() -> None:
    assert panti_access.writes({"panti-head"}, whole_agency=True) == ()
    assert panti_access.writes({"panti.bm1"}, whole_agency=True) == ()
    assert panti_access.writes({"panti-head", "panti.bm1"}, whole_agency=False) == ("BM1",)
    assert panti_access.writes({"operator"}, whole_agency=False) == ()
    assert panti_access.holds(("%",), "BM1")
    assert not panti_access.holds(("BM1",), "BM11")
