"""Any past day of a month can be shown again: as it was known then, whatever became of it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from shared.kernel.clock import FrozenClock
from tests.service.disbursement.desk import Desk, person
from tests.service.disbursement.paying import Office

MIDNIGHT = datetime(2025, 9, 10, 17, tzinfo=UTC)
"""The 11th begins in Jakarta."""


@pytest.fixture
def clock() -> FrozenClock:
    return FrozenClock(MIDNIGHT - timedelta(hours=2))


async def paid_in_steps(desk: Desk, clock: FrozenClock) -> Office:
    """Opened on the 10th at 22:00, sent at noon of the 11th, answered on the 20th."""
    office = Office(desk)
    desk.beneficiary.suspend(person(9), from_month="2025-09")
    await office.open_month([1, 2, 3])
    for number in (1, 2):
        office.give_account(number)
    clock.move(timedelta(hours=14))
    batch = await office.released()
    clock.move(timedelta(days=9))
    rows = [await office.row(batch, 1, day="2025-09-19"), await office.row(batch, 2, "03", "2025-09-19")]
    await office.send_results(batch, rows)
    await desk.settle()
    return office


async def test_each_day_shows_what_was_known_at_its_end(desk: Desk, clock: FrozenClock) -> None:
    office = await paid_in_steps(desk, clock)
    wanted = {
        "2025-09-10": {"due": 3, "held": 1, "in_payment": 0, "paid": 0, "missed": 0},
        "2025-09-11": {"due": 1, "held": 1, "in_payment": 2, "paid": 0, "missed": 0},
        "2025-09-19": {"due": 1, "held": 1, "in_payment": 2, "paid": 0, "missed": 0},
        "2025-09-20": {"due": 0, "held": 1, "in_payment": 0, "paid": 1, "missed": 2},
    }
    for day, outcomes in wanted.items():
        shown = await office.get(f"/months/2025-09/equation?as_of={day}")
        assert {key: shown[key] for key in outcomes} == outcomes, day
        assert (shown["entitled"], shown["holds"]) == (4, True)
    assert (await office.get("/months/2025-09/equation?as_of=2025-09-20"))["unpaid_by_reason"] == {
        "account_closed": 1, "cause_not_known": 1, "verification": 1,
    }  # fmt: skip


async def test_people_of_a_past_day_page_by_page(desk: Desk, clock: FrozenClock) -> None:
    office = await paid_in_steps(desk, clock)
    door = "/months/2025-09/people?as_of=2025-09-11&limit=2"
    first = await office.get(door)
    rest = await office.get(f"{door}&after={first['next']}")
    items = first["items"] + rest["items"]
    assert [one["outcome"] for one in items] == ["in_payment", "in_payment", "due", "held"]
    assert len((await office.get("/months/2025-09/people?as_of=2025-09-11&outcome=in_payment"))["items"]) == 2
    assert len((await office.get("/months/2025-09/people?as_of=2025-09-20&reason=account_closed"))["items"]) == 1
    elsewhere = await desk.as_("operator", areas=["31.74"]).get("/months/2025-09/people?as_of=2025-09-11")
    assert elsewhere.json()["items"] == []


async def test_days_that_cannot_be_known(desk: Desk, clock: FrozenClock) -> None:
    office = await paid_in_steps(desk, clock)
    doors = desk.as_("operator")
    for path, status, code in (
        ("equation?as_of=2025-09-09", 404, "not-found"),
        ("equation?as_of=2026-01-01", 422, "invalid-input"),
        ("people?as_of=2026-01-01", 422, "invalid-input"),
        ("people?as_of=kemarin", 422, "request-shape"),
        ("people?as_of=2025-09-11&after=x", 422, "invalid-input"),
    ):
        answer = await doors.get(f"/months/2025-09/{path}")
        assert (answer.status_code, answer.json()["code"]) == (status, code), path
    assert (await office.get("/months/2025-09/people?as_of=2025-09-09"))["items"] == []
