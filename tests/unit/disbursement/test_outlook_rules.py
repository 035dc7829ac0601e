"""From which month on the money does not suffice."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from services.disbursement.domain.outlook import BudgetLine, Shortage, years_ahead
from shared.kernel.month import Month


def months(year: int, *amounts: int) -> dict[Month, int]:
    return {Month(f"{year}-{n:02d}"): amount for n, amount in enumerate(amounts, 1)}


def line(available: int, *, ceiling: int | None = None, plan: dict[str, int] | None = None, year: int = 2026) -> BudgetLine:
    return BudgetLine("KLJ", year, available if ceiling is None else ceiling, available, plan or {})


def test_a_ten_month_budget_ends_in_october() -> None:
    (found,) = years_ahead({"KLJ": months(2026, *[300] * 12)}, [line(3_000)])
    assert found.appropriation == Shortage(Month("2026-11"), 300, 600)
    assert (found.needed, found.has_line, found.has_plan, found.plan) == (3_600, True, False, None)


def test_a_budget_that_covers_a_month_in_part_names_that_month_and_what_lacks() -> None:
    (found,) = years_ahead({"KLJ": months(2026, 300, 300, 300)}, [line(500)])
    assert found.appropriation == Shortage(Month("2026-02"), 100, 400)


def test_enough_to_the_rupiah_is_enough() -> None:
    (found,) = years_ahead({"KLJ": months(2026, 300, 300)}, [line(600, plan={"2026-01": 300, "2026-02": 300})])
    assert (found.appropriation, found.plan) == (None, None)


def test_january_without_a_dpa_lacks_everything_from_its_first_month() -> None:
    needs = {"KLJ": months(2026, *[0] * 11, 300) | months(2027, 300)}
    this, following = years_ahead(needs, [line(300)])
    assert this.appropriation is None
    assert (following.year, following.has_line, following.appropriation) == (2027, False, Shortage(Month("2027-01"), 300, 300))


def test_the_cash_plan_may_end_before_the_appropriation() -> None:
    needs = {"KLJ": {Month("2026-03"): 300, Month("2026-04"): 300}}
    # 600 went in January and February; the plan lets 300 a month through, and nothing more in April.
    found = line(1_200, ceiling=1_800, plan={"2026-01": 300, "2026-02": 300, "2026-03": 300})
    (year,) = years_ahead(needs, [found])
    assert year.appropriation is None
    assert year.plan == Shortage(Month("2026-04"), 300, 300)


def test_a_plan_that_is_overspent_lacks_no_more_than_the_month_needs() -> None:
    (year,) = years_ahead({"KLJ": {Month("2026-03"): 300}}, [line(900, ceiling=1_800, plan={"2026-01": 300})])
    assert year.plan is not None
    assert (year.plan.month, year.plan.missing) == ("2026-03", 300)


def test_months_that_need_nothing_lack_nothing() -> None:
    (found,) = years_ahead({"KLJ": months(2026, 0, 0)}, [])
    assert (found.has_line, found.appropriation) == (False, None)


@given(st.lists(st.integers(0, 1_000), min_size=1, max_size=12), st.integers(0, 6_000))
def test_the_month_named_is_the_first_that_cannot_be_paid(needs: list[int], available: int) -> None:
    (found,) = years_ahead({"KLJ": months(2026, *needs)}, [line(available)])
    sums = [sum(needs[: n + 1]) for n in range(len(needs))]
    short = [n for n, total in enumerate(sums) if total > available]
    if not short:
        assert found.appropriation is None
    else:
        assert found.appropriation is not None
        assert found.appropriation.month == f"2026-{short[0] + 1:02d}"
        assert 0 < found.appropriation.missing <= needs[short[0]]
        assert found.appropriation.in_all == sums[-1] - available
