"""The transition table of an enrolment and its guard rails (CORE.md section 2)."""

from __future__ import annotations

from itertools import product
from typing import get_args
from uuid import UUID

import pytest

from services.beneficiary.domain.enrolment import (
    ALLOWED,
    Action,
    Change,
    Enrolment,
    Horizon,
    MonthTooLate,
    NotEnrolled,
    ResumeMonth,
    SealedMonth,
    Status,
    decide_change,
    needs_second_person,
    reason_after,
)
from shared.kernel.errors import IllegalTransition
from shared.kernel.month import Month

PERSON = UUID(int=7)
OPEN = Horizon(None, Month("2025-09"))
SEALED = Horizon.of(Month("2025-09"), Month("2026-11"), Month("2025-01"))


def enrolment(status: Status, since: str = "2025-07") -> Enrolment:
    return Enrolment(PERSON, "KLJ", status, "", "31.73.01.1001", "existing", UUID(int=1), Month(since), Month("2025-12"))


def change(action: Action, month: str = "2025-07") -> Change:
    return Change(PERSON, "KLJ", action, "objection", Month(month), "BA-1")


TABLE = {
    ("active", "suspend"): "suspended",
    ("suspended", "resume"): "active",
    ("active", "end"): "ended",
    ("suspended", "end"): "ended",
}


@pytest.mark.parametrize(("status", "action"), list(product(get_args(Status), get_args(Action))))
def test_only_what_the_table_has_is_possible(status: Status, action: Action) -> None:
    if (status, action) in TABLE:
        assert decide_change(enrolment(status), change(action), OPEN, two_people=True) == TABLE[status, action]
        return
    with pytest.raises(IllegalTransition) as refused:
        decide_change(enrolment(status), change(action), OPEN, two_people=True)
    assert refused.value.data == {"state": status, "action": action}


def test_the_table_is_that_of_the_core() -> None:
    assert ALLOWED == TABLE


def test_nobody_is_changed_whom_no_decree_names() -> None:
    with pytest.raises(NotEnrolled):
        decide_change(None, change("end"), OPEN, two_people=True)


@pytest.mark.parametrize("month", ["2025-06", "2025-08"])
def test_a_resumption_counts_from_the_first_suspended_month(month: str) -> None:
    with pytest.raises(ResumeMonth) as refused:
        decide_change(enrolment("suspended", "2025-07"), change("resume", month), OPEN, two_people=True)
    assert refused.value.data == {"first_suspended": "2025-07"}


def test_a_change_counts_from_the_next_month_to_be_sealed_at_the_latest() -> None:
    assert decide_change(enrolment("active"), change("suspend", "2025-10"), SEALED, two_people=False) == "suspended"
    with pytest.raises(MonthTooLate) as refused:
        decide_change(enrolment("active"), change("suspend", "2025-11"), SEALED, two_people=True)
    assert refused.value.data == {"latest": "2025-10"}


def test_two_people_reach_a_sealed_month_and_one_does_not() -> None:
    with pytest.raises(SealedMonth):
        decide_change(enrolment("active"), change("end", "2025-09"), SEALED, two_people=False)
    assert decide_change(enrolment("active"), change("end", "2025-09"), SEALED, two_people=True) == "ended"


@pytest.mark.parametrize(
    ("given", "horizon", "needed"),
    [
        (change("suspend", "2025-09"), OPEN, False),
        (change("suspend", "2025-09"), SEALED, True),
        (change("end", "2025-10"), SEALED, False),
        (change("resume", "2025-09"), OPEN, True),
        (change("resume", "2025-10"), SEALED, True),
    ],
)
def test_who_needs_a_second_person(given: Change, horizon: Horizon, needed: bool) -> None:
    assert needs_second_person(given, horizon) is needed


def test_before_the_first_seal_this_month_or_the_decree_s_first_one_is_the_latest() -> None:
    assert Horizon.of(None, Month("2025-08"), Month("2025-01")).latest == "2025-08"
    assert Horizon.of(None, Month("2025-08"), Month("2025-10")).latest == "2025-10"
    assert Horizon.of(None, Month("2025-08"), None).latest == "2025-08"
    assert Horizon.of(Month("2025-12"), Month("2025-08"), None).latest == "2026-01"


def test_who_is_active_again_carries_no_reason() -> None:
    assert reason_after(change("resume")) == ""
    assert reason_after(change("end")) == "objection"
