"""Which of two rights gives way: dates, order, and no circle in any month."""

from __future__ import annotations

from uuid import UUID

import pytest

from services.disbursement.domain.exclusive import Circle, Pair, in_force, refuse_circle, strongest_first


def line(keeps: str, gives_way: str, month: str, *, holds: bool = True) -> Pair:
    return Pair(UUID(int=0), keeps, gives_way, month, holds)


def told(pairs: list[Pair]) -> list[str]:
    return [f"{one.keeps}>{one.gives_way}" for one in pairs]


def test_a_later_line_takes_the_place_of_an_earlier_one() -> None:
    pairs = [line("A", "B", "2025-11", holds=False), line("A", "B", "2025-10"), line("B", "C", "2025-12")]
    assert [told(in_force(pairs, month)) for month in ("2025-09", "2025-10", "2025-11", "2025-12")] == [[], ["A>B"], [], ["B>C"]]


def test_a_right_that_gave_way_itself_is_looked_at_after_it_did() -> None:
    assert told(strongest_first([line("C", "D", "2025-10"), line("B", "C", "2025-10"), line("A", "B", "2025-10")])) == ["A>B", "B>C", "C>D"]


@pytest.mark.parametrize(
    ("pairs", "refused"),
    [
        ([line("B", "A", "2025-09")], True),
        ([line("B", "C", "2025-09"), line("C", "A", "2025-12")], True),  # in December, although not in October
        ([line("B", "A", "2025-09"), line("B", "A", "2025-10", holds=False)], False),
        ([line("A", "C", "2025-09"), line("C", "B", "2025-09")], False),
    ],
)
def test_no_circle_in_any_month_from_then_on(pairs: list[Pair], *, refused: bool) -> None:
    if refused:
        with pytest.raises(Circle):
            refuse_circle(pairs, "A", "B", "2025-10")
    else:
        refuse_circle(pairs, "A", "B", "2025-10")
