"""Budget versions without a database: changes, codes, lines that a revision left uncovered."""

from __future__ import annotations

from dataclasses import replace
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.budget_audit.domain.budget import Change, changed, is_ours, levels
from services.budget_audit.domain.detectors import beyond_spd
from services.budget_audit.domain.detectors import over_ceiling as over

FACTS = over.LineFacts("2025/1.06/x", 2025, 250_000_000, 0, 310_000_000, 0, False, 2, ("dpa/2025/2",))
AMOUNT = st.integers(0, 10**12)


@pytest.mark.parametrize(
    ("before", "after", "change"),
    [
        (None, 5, Change.ADDED), (None, 0, Change.ADDED), (5, None, Change.DROPPED), (5, 6, Change.RAISED), (6, 5, Change.LOWERED),
        (5, 5, None), (None, None, None),
    ],
)  # fmt: skip
def test_how_a_line_differs(before: int | None, after: int | None, change: Change | None) -> None:
    assert changed(before, after) is change


def test_codes_of_this_agency() -> None:
    assert is_ours("1.06.0.00.0.00.01.0000")
    assert not is_ours("1.060.1")
    assert not is_ours("1.01.06")
    assert levels("5.1.02.01.01.0043") == 6


def test_sixty_million_above_the_revised_ceiling() -> None:
    (found,) = over.detect(FACTS)
    assert (found.code, found.expected, found.actual, found.difference) == ("over_ceiling", 250_000_000, 310_000_000, 60_000_000)
    assert found.ruled_out == ()


def test_a_dropped_line_with_spending_and_one_without() -> None:
    gone = replace(FACTS, ceiling=0, realised=12_000_000, dropped=True)
    (found,) = over.detect(gone)
    assert (found.code, found.difference) == ("line_dropped_with_spending", 12_000_000)
    assert "pos dihapus" in found.formula
    assert over.detect(replace(gone, realised=0)) == []


def test_a_reservation_that_could_be_freed_is_named() -> None:
    (found,) = over.detect(replace(FACTS, reserved=50_000_000))
    assert found.difference == 110_000_000
    assert found.ruled_out == ("Cadangan 50.000.000 belum dicairkan; bila dilepas, yang tidak tertutup menjadi 60.000.000.",)


@given(AMOUNT, AMOUNT, AMOUNT, AMOUNT, st.booleans())
def test_a_finding_exactly_where_the_ceiling_does_not_cover(
    ceiling: int, reserved: int, realised: int, returned: int, dropped: bool
) -> None:
    returned = min(returned, realised)
    facts = replace(FACTS, ceiling=0 if dropped else ceiling, reserved=reserved, realised=realised, returned=returned, dropped=dropped)
    found = over.detect(facts)
    assert sum(one.difference for one in found) == max(0, reserved + realised - returned - facts.ceiling)


def test_references_of_lines() -> None:
    line = UUID(int=7)
    assert over.line_of(over.reference(line)) == line
    assert over.line_of("BM1/2025-09") is None


def test_beyond_an_spd_by_period() -> None:
    march = beyond_spd.SpdPeriod("2025-03", 100, 90, 120, ("SPD/1",))
    june = beyond_spd.SpdPeriod("2025-06", 200, 230, 240, ("SPD/1", "SPD/2"))
    (found,) = beyond_spd.detect("line", [march, june], ["pos/1"])
    assert (found.period, found.expected, found.actual) == ("2025-06", 200, 230)
    assert found.evidence == ("spd/SPD/1", "spd/SPD/2", "pos/1")
    assert "240" in found.ruled_out[0]
    (other,) = beyond_spd.detect("line", [replace(june, planned=220)], [])
    assert other.ruled_out == ()
    assert beyond_spd.detect("line", [replace(june, used=200)], []) == []
