"""The table of person-months, pair by pair (CORE.md section 4)."""

from __future__ import annotations

from itertools import product

import pytest

from services.disbursement.domain.entitlement import NONE, OUTCOMES, TRANSITIONS, Action, after, sources, target
from shared.kernel.errors import IllegalTransition

# Written out from CORE.md section 4, not from the table in the code.
LAWFUL = {
    ("", "open_active"): "due", ("", "open_suspended"): "held", ("", "open_ended"): "excluded",
    ("", "carry_in_held"): "held", ("", "carry_in_missed"): "missed",
    ("due", "release"): "in_payment", ("missed", "release"): "in_payment",
    ("in_payment", "credit"): "paid", ("unknown", "credit"): "paid",
    ("in_payment", "reject"): "missed", ("unknown", "reject"): "missed",
    ("in_payment", "results_silent"): "unknown", ("unknown", "confirm_not_executed"): "missed",
    ("paid", "late_return"): "missed", ("due", "miss"): "missed",
    ("held", "resume"): "due", ("held", "resume_late"): "missed",
    ("held", "end"): "excluded", ("due", "end"): "excluded", ("missed", "exclude"): "excluded",
    # Not in CORE.md's table: what a second seal does (docs/adr/0009).
    ("due", "hold"): "held", ("missed", "hold"): "held",
    # Nor are these: the end of a budget year, and what a later one takes up again (docs/adr/0010).
    ("due", "lapse"): "missed", ("missed", "lapse"): "missed", ("missed", "reopen_year"): "missed",
    # Programmes that exclude one another (TROUBLES.md O10).
    ("due", "give_way"): "excluded", ("missed", "give_way"): "excluded",
}  # fmt: skip


@pytest.mark.parametrize(("outcome", "action"), list(product([NONE, *OUTCOMES], Action)))
def test_every_pair(outcome: str, action: Action) -> None:
    wanted = LAWFUL.get((outcome, action.value))
    if wanted is None:
        with pytest.raises(IllegalTransition) as refused:
            after(outcome, action)
        assert refused.value.data["action"] == action.value
    else:
        assert after(outcome, action) == wanted


def test_the_table_holds_nothing_else() -> None:
    assert {(str(outcome), action.value): str(to) for (outcome, action), to in TRANSITIONS.items()} == LAWFUL


@pytest.mark.parametrize("action", list(Action))
def test_sources_and_target_are_the_table_read_by_action(action: Action) -> None:
    assert {(outcome, action.value): str(target(action)) for outcome in sources(action)} == {
        pair: to for pair, to in LAWFUL.items() if pair[1] == action.value
    }


def test_excluded_is_an_end() -> None:
    assert not [action for outcome, action in TRANSITIONS if outcome == "excluded"]
