"""The bank's day and the papers of the bank, by hand-counted dates."""

from __future__ import annotations

from datetime import UTC, date, datetime

import pytest

from services.disbursement.domain.stops import Paper, check_papers, counted_from, value_day
from shared.kernel.errors import InvalidInput

MAY_DAY = date(2025, 5, 1)


@pytest.mark.parametrize(
    ("at", "hour", "day"),
    [
        # Jakarta is seven hours ahead: 14:59 and 15:00 on Wednesday 30 April; the Thursday after is a holiday.
        (datetime(2025, 4, 30, 7, 59, tzinfo=UTC), "15:00", date(2025, 4, 30)),
        (datetime(2025, 4, 30, 8, 0, tzinfo=UTC), "15:00", date(2025, 5, 2)),
        (datetime(2025, 4, 30, 8, 0, tzinfo=UTC), "", date(2025, 4, 30)),
        (datetime(2025, 5, 1, 2, 0, tzinfo=UTC), "15:00", date(2025, 5, 2)),
        (datetime(2025, 5, 3, 2, 0, tzinfo=UTC), "15:00", date(2025, 5, 5)),
        # 23:30 in Greenwich is 06:30 of the next day in Jakarta.
        (datetime(2025, 4, 28, 23, 30, tzinfo=UTC), "15:00", date(2025, 4, 29)),
    ],
)
def test_value_day(at: datetime, hour: str, day: date) -> None:
    assert value_day(at, hour, {MAY_DAY}) == day
    assert counted_from(at, day).time() == at.time()


@pytest.mark.parametrize(
    ("first", "second", "letter", "fine"),
    [
        (Paper("1", date(2025, 10, 1)), Paper("2", date(2025, 10, 2)), Paper("L", date(2025, 10, 2)), True),
        (Paper("1", date(2025, 10, 1)), Paper("1", date(2025, 10, 2)), Paper("L", date(2025, 10, 3)), False),
        (Paper("1", date(2025, 10, 2)), Paper("2", date(2025, 10, 2)), Paper("L", date(2025, 10, 3)), False),
        (Paper("1", date(2025, 9, 29)), Paper("2", date(2025, 10, 2)), Paper("L", date(2025, 10, 3)), False),
        (Paper("1", date(2025, 10, 1)), Paper("2", date(2025, 10, 9)), Paper("L", date(2025, 10, 9)), False),
        (Paper("1", date(2025, 10, 1)), Paper("2", date(2025, 10, 3)), Paper("L", date(2025, 10, 2)), False),
        (Paper("1", date(2025, 10, 1)), Paper("2", date(2025, 10, 3)), Paper("L", date(2025, 10, 10)), False),
    ],
)
def test_papers(first: Paper, second: Paper, letter: Paper, *, fine: bool) -> None:
    """Released on 30 September, read on 9 October."""
    if fine:
        check_papers(first, second, letter, released_on=date(2025, 9, 30), today=date(2025, 10, 9))
    else:
        with pytest.raises(InvalidInput):
            check_papers(first, second, letter, released_on=date(2025, 9, 30), today=date(2025, 10, 9))
