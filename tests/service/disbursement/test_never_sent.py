"""Nobody stays due without an owner because no list could be made (docs/adr/0008)."""

from __future__ import annotations

from datetime import timedelta

import pytest

from shared.kernel.clock import FrozenClock, SystemClock
from tests.service.disbursement.desk import Desk
from tests.service.disbursement.paying import MONTH, Office


@pytest.fixture
async def clock() -> FrozenClock:
    return FrozenClock(SystemClock().now())


def later(desk: Desk, days: int) -> None:
    assert isinstance(desk.clock, FrozenClock)
    desk.clock.move(timedelta(days=days))


async def test_a_month_in_which_nobody_can_be_paid_ends_as_gaps_with_owner_and_date(desk: Desk) -> None:
    office = Office(desk)
    await office.open_month(range(3))
    office.give_account(0, card=False)
    await desk.settle()
    later(desk, 14)  # ten working days: somebody may still make the list
    await desk.settle()
    assert desk.outcomes() == {"due": 3}
    later(desk, 21)
    await desk.settle()
    assert desk.outcomes() == {"missed": 3}
    gaps = await office.get(f"/gaps?month={MONTH}")
    assert gaps["by_reason"] == {"card_not_handed_over": 1, "cause_not_known": 2}
    assert (gaps["without_owner"], gaps["without_due_date"]) == (0, 0)


async def test_they_are_paid_as_soon_as_the_cause_is_cured(desk: Desk) -> None:
    office = Office(desk)
    await office.open_month(range(2))
    later(desk, 60)
    await desk.settle()
    office.give_account(0)
    batch = await office.released(MONTH)
    await office.send_results(batch, [await office.row(batch, 0)])
    await desk.settle()
    assert desk.outcomes() == {"paid": 1, "missed": 1}


async def test_a_list_that_was_sent_is_left_to_its_results(desk: Desk) -> None:
    office = Office(desk)
    await office.open_month(range(2))
    office.give_account(0)
    await office.released(MONTH)
    later(desk, 1)
    await desk.settle()
    assert desk.outcomes() == {"in_payment": 1, "due": 1}
