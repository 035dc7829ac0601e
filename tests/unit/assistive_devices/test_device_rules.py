"""The rules without a database: the life of a request, the threshold of readiness."""

from __future__ import annotations

from itertools import product

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from services.assistive_devices.domain.readiness import DAYS_MAX, Shelf
from services.assistive_devices.domain.request import ALLOWED, State, Step, after
from shared.kernel.errors import IllegalTransition

CALM = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
"""The machine may be busy; what is generated matters, not how fast."""

COUNT = st.integers(0, 10_000)


@pytest.mark.parametrize(("state", "step"), list(product(State, Step)))
def test_every_pair_outside_the_table_is_refused(state: State, step: Step) -> None:
    if (state, step) in ALLOWED:
        assert after(state, step) is ALLOWED[state, step]
    else:
        with pytest.raises(IllegalTransition):
            after(state, step)


@CALM
@given(COUNT, COUNT, COUNT, COUNT)
def test_at_risk_is_when_not_everybody_who_waits_will_be_served(waiting: int, stock: int, incoming: int, requested: int) -> None:
    shelf = Shelf(waiting, stock, incoming, requested)
    assert shelf.at_risk == (waiting - stock - incoming > 0)
    assert 0 <= shelf.days <= DAYS_MAX


def test_days_of_stock_at_the_pace_of_the_last_month() -> None:
    assert Shelf(waiting=0, stock=9, incoming=0, requested=30).days == 9
    assert Shelf(waiting=0, stock=9, incoming=0, requested=0).days == DAYS_MAX
    assert Shelf(waiting=9, stock=9, incoming=0, requested=30).days == 0
