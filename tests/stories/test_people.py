"""Synthetic people: valid, unique, the same for the same seed, and nobody who exists."""

from __future__ import annotations

from datetime import date

import pytest

from ritme.replay.august import published_cells
from ritme.replay.figures import AUGUST_CELLS, PROGRAMMES, Line, august, compare, largest_remainder
from ritme.replay.people import HOLDER_MAX, People, kelurahan_of


@pytest.fixture(scope="module")
def kelurahan() -> tuple[str, ...]:
    return kelurahan_of("31.")


def test_a_nik_tells_region_birth_date_and_sex_and_is_marked_synthetic(kelurahan: tuple[str, ...]) -> None:
    women = 0
    for person in People(7, kelurahan, "2025-08").many("KLJ", 500):
        assert len(person.nik) == 16
        assert person.nik[:6] == person.kelurahan.replace(".", "")[:6]
        day, month, year = int(person.nik[6:8]), int(person.nik[8:10]), int(person.nik[10:12])
        women += day > 40
        assert (day % 40, month, year) == (person.birth_date.day % 40, person.birth_date.month, person.birth_date.year % 100)
        assert person.nik[12] == "9"
    assert 200 < women < 350


def test_nobody_appears_twice_and_the_same_seed_makes_the_same_people(kelurahan: tuple[str, ...]) -> None:
    first = [person for code in PROGRAMMES for person in People(3, kelurahan[:1], "2025-08").many(code, 2_000)]
    again = [person for code in PROGRAMMES for person in People(3, kelurahan[:1], "2025-08").many(code, 2_000)]
    assert first == again
    for code in PROGRAMMES:
        of_code = [person for person in first if person.programme == code]
        assert len({person.nik for person in of_code}) == len({person.account for person in of_code}) == 2_000
    # A spreadsheet that lost digits leaves zeros at the end (TROUBLES.md O5): real serials do not.
    assert sum(person.nik.endswith("0") for person in first) < 0.2 * len(first)


@pytest.mark.parametrize(("programme", "youngest", "oldest"), [("KLJ", 60, 93), ("KPDJ", 19, 59), ("KAJ", 0, 6)])
def test_birth_dates_fit_the_programme(kelurahan: tuple[str, ...], programme: str, youngest: int, oldest: int) -> None:
    at = date(2025, 8, 1)
    for person in People(5, kelurahan, "2025-08").many(programme, 300):
        age = (at - person.birth_date).days / 365.25
        assert youngest <= age < oldest
        assert len(person.holder) <= HOLDER_MAX


def test_the_published_table_gives_the_published_cells() -> None:
    flat = {f"{group}/{code}": n for group, counts in AUGUST_CELLS.items() for code, n in zip(PROGRAMMES, counts, strict=True)}
    assert published_cells() == flat


def test_scaled_totals_are_sums_of_scaled_cells() -> None:
    figures, beside = august(0.01)
    assert figures["equation"]["paid"] == 1_653  # CORE.md section 9
    assert figures["quota"] == 2_193
    assert figures["named"] + figures["vacant"] == figures["quota"]
    equation = figures["equation"]
    assert equation["entitled"] == equation["paid"] + equation["missed"] + equation["excluded"]
    assert beside["seal"] == {"count": figures["named"], "sum": figures["named"] * 300_000}


def test_largest_remainder_gives_what_is_left_to_the_largest_ties_by_name() -> None:
    assert largest_remainder({"b": 1, "a": 1, "c": 2}, 2) == {"a": 1, "b": 0, "c": 1}
    assert sum(largest_remainder({"x": 7, "y": 11, "z": 2}, 13).values()) == 13


def test_a_missing_an_extra_and_an_equal_but_different_figure_are_told() -> None:
    lines = compare({"paid": {"KLJ": 2, "KAJ": 1}, "holds": True}, {"paid": {"KLJ": 2, "KPDJ": 9}, "holds": 1})
    wrong = {line.name: (line.expected, line.actual) for line in lines if not line.ok}
    assert wrong == {"paid.KAJ": (1, None), "paid.KPDJ": (None, 9), "holds": (True, 1)}
    assert Line("x", 0, False).ok is False
