"""The holding account in December: what stays is a finding with owner and date, and which year's page holds which rupiah (TROUBLES O1)."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from shared.kernel.clock import FrozenClock
from tests.service.disbursement.desk import Desk
from tests.service.disbursement.paying import Office
from tests.service.disbursement.test_holding import answered
from tests.service.disbursement.test_second_seal import OF_THE_LEDGER


@pytest.fixture
def clock() -> FrozenClock:
    return FrozenClock(datetime(2025, 9, 19, 3, tzinfo=UTC))


def come(clock: FrozenClock, day: datetime) -> None:
    clock.move(day - clock.now())


async def findings(office: Office) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = (await office.get("/holding/findings", "treasurer"))["items"]
    return found


def told(desk: Desk) -> list[tuple[Any, ...]]:
    return desk.sql("SELECT kind, month, due_on::text, role FROM step_notice WHERE step = 'holding_swept' ORDER BY at")


async def test_o1_what_stays_in_december_is_a_finding_until_it_is_gone(desk: Desk, clock: FrozenClock) -> None:
    """2 held since 20 September and 3 since 5 October, 300,000 each, 4 without an answer since the release."""
    office, batch = await answered(desk, clock)
    come(clock, datetime(2025, 11, 30, 16, 59, tzinfo=UTC))
    await desk.settle()
    assert (await findings(office), told(desk)) == ([], []), "it is still November in Jakarta"
    clock.move(timedelta(minutes=1))
    await desk.settle()
    (found,) = await findings(office)
    assert (found["year"], found["owner"], found["raised_on"], found["due_on"], found["overdue"]) == (
        2025, "bendahara-pengeluaran", "2025-12-01", "2025-12-19", False,
    )  # fmt: skip
    ages = [(one["age"], one["people"], one["amount"]) for one in found["by_age"]]
    assert (found["amount"], found["payments"], found["unnamed"]) == (900_000, 3, 0)
    assert ages == [("31-90", 3, 900_000)]
    assert told(desk) == [("warning", "2025-12", "2025-12-19", "treasurer")]
    come(clock, datetime(2025, 12, 20, 3, tzinfo=UTC))
    for _ in range(2):
        await desk.settle()
        clock.move(timedelta(hours=2))
    (found,) = await findings(office)
    assert (found["overdue"], [(one["age"], one["people"]) for one in found["by_age"]]) == (True, [("31-90", 1), (">90", 2)])
    assert [row[0] for row in told(desk)] == ["warning", "escalation"], "each once"
    assert [event["step"] for number in (241, 242) for _, event in office.events(number) if event["step"] == "holding_swept"] == [
        "holding_swept", "holding_swept",
    ]  # fmt: skip

    door = "/holding/years/2025/disposals"
    await office.post("treasurer", door, {"way": "sts", "document": "STS-1"}, status=201)
    await office.post("treasurer2", f"{door}/decision", {"document": "STS-1", "agreed": True})
    (found,) = await findings(office)
    assert (found["amount"], found["payments"]) == (300_000, 1), "what is named for its STS is on its way"
    clock.move(timedelta(days=20))
    assert (await findings(office))[0]["year"] == 2025, "New Year heals nothing"
    await office.post("treasurer", door, {"way": "carried", "document": "BA-CARRY"}, status=201)
    await office.post("treasurer2", f"{door}/decision", {"document": "BA-CARRY", "agreed": True})
    assert await findings(office) == []
    assert desk.broken(OF_THE_LEDGER | {16}) == []
    assert batch["sum"] == 1_200_000


async def test_a_young_balance_is_on_its_usual_way_while_the_year_runs(desk: Desk, clock: FrozenClock) -> None:
    come(clock, datetime(2025, 11, 20, 3, tzinfo=UTC))
    office = Office(desk)
    await office.open_month([1])
    office.give_account(1)
    batch = await office.released()
    await office.send_results(batch, [await office.row(batch, 1, "03", "2025-11-21")])
    come(clock, datetime(2025, 12, 21, 3, tzinfo=UTC))
    assert await findings(office) == []
    come(clock, datetime(2025, 12, 22, 3, tzinfo=UTC))
    assert [(one["amount"], one["overdue"]) for one in await findings(office)] == [(300_000, True)]
    assert (await desk.as_("jakpus").get("/holding/findings")).status_code == 403


async def test_a_month_entered_after_it_happened_stands_on_the_page_of_its_year(desk: Desk, clock: FrozenClock) -> None:
    """SP2D of 18 September, answers of 25 September; all of it entered in January: nobody is paid from a list that was not sent."""
    come(clock, datetime(2026, 1, 20, 3, tzinfo=UTC))
    office = Office(desk)
    await office.open_month_with_accounts([1, 2, 3])
    batch = await office.released()
    page = await office.get("/holding/years/2025", "treasurer")
    assert [(one["amount"], one["not_sent"]) for one in page["unnamed"]] == [(900_000, True)], "by New Year nothing was sent"
    await office.send_results(batch, [await office.row(batch, 1), await office.row(batch, 2, "03")])
    page = await office.get("/holding/years/2025", "treasurer")
    assert (page["holding"], page["unnamed"], page["undecided"]) == (600_000, [], {"payments": 2, "amount": 600_000})
    shown = await office.get("/holding?on=2025-12-31", "treasurer")
    assert shown["by_account"] == {"holding": 300_000, "bank": 300_000, "sts_due": 0}
    assert [(one["amount"], one["payments"]) for one in await findings(office)] == [(600_000, 2)]


async def test_a_list_sent_after_new_year_is_carried_by_its_document(desk: Desk, clock: FrozenClock) -> None:
    come(clock, datetime(2026, 1, 5, 3, tzinfo=UTC))
    office = Office(desk)
    await office.open_month([1])
    office.give_account(1)
    batch = await office.released()
    await office.send_results(batch, [await office.row(batch, 1, day="2026-01-05")])
    page = await office.get("/holding/years/2025", "treasurer")
    assert [(one["batch"], one["amount"], one["not_sent"]) for one in page["unnamed"]] == [(batch["code"], 300_000, True)]
    refused = await office.post("treasurer", "/holding/years/2025/closing", {"document": "BA-1"}, status=409)
    assert refused["unnamed"] == 1
    door = "/holding/years/2025/disposals"
    await office.post("treasurer", door, {"way": "carried", "document": "BA-CARRY"}, status=201)
    await office.post("treasurer2", f"{door}/decision", {"document": "BA-CARRY", "agreed": True})
    closed = await office.post("treasurer", "/holding/years/2025/closing", {"document": "BA-1"})
    assert closed["closed"]["carried"] == 300_000
