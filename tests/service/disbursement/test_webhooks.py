"""Systems without Kafka: told by signed POSTs, in order, at least once, and never the wrong ones."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from shared.contracts.registry import EVENTS_BY_NAME
from shared.kernel.clock import FrozenClock
from shared.webhooks import delivery, sending
from tests.service.disbursement.desk import Desk
from tests.service.disbursement.paying import Office
from tests.support.receiver import Receiver, receiving

MORNING = datetime(2025, 9, 18, 2, tzinfo=UTC)
MONTH_TYPES = (
    "disbursement.month.opened.v1",
    "disbursement.batch.approved.v1",
    "disbursement.batch.sent.v1",
    "disbursement.batch.settled.v1",
)


@pytest.fixture
async def clock() -> FrozenClock:
    return FrozenClock(MORNING)


@pytest.fixture
async def outside(clock: FrozenClock) -> AsyncIterator[Receiver]:
    with receiving() as receiver:
        receiver.now = clock.now().timestamp()
        yield receiver


@pytest.fixture
async def office(desk: Desk) -> Office:
    return Office(desk)


def wanted(url: str, types: Sequence[str] = MONTH_TYPES, **more: Any) -> dict[str, Any]:
    return {"name": "Portal Jakarta", "url": url, "types": list(types), "document": "Perjanjian 4/2025", **more}


async def subscribe(office: Office, outside: Receiver, **more: Any) -> str:
    """Proposed, confirmed by another person, with its secret in the receiver's hands."""
    proposed = await office.post("operator", "/webhooks", wanted(outside.url, **more), status=201)
    await office.post("approver", f"/webhooks/{proposed['id']}/decision", {"confirm": True})
    outside.secret = (await office.post("operator", f"/webhooks/{proposed['id']}/secret"))["secret"]
    return str(proposed["id"])


async def shown(office: Office, subscriber: str) -> dict[str, Any]:
    return await office.get(f"/webhooks/{subscriber}")


async def opened(office: Office, people: Sequence[int], month: str = "2025-09") -> None:
    """Open the month, and let everybody be told."""
    await office.open_month(people, month)
    await office.desk.settle()


def published(desk: Desk, types: Sequence[str]) -> list[str]:
    rows = desk.sql("SELECT seq FROM outbox WHERE type = ANY(%s) ORDER BY seq", [EVENTS_BY_NAME[name].number for name in types])
    return [f"disbursement-{seq}" for (seq,) in rows]


def pass_time(clock: FrozenClock, outside: Receiver, by: timedelta) -> None:
    clock.move(by)
    outside.now = clock.now().timestamp()


async def test_told_from_its_confirmation_on_signed_and_in_order(office: Office, desk: Desk, outside: Receiver) -> None:
    await opened(office, range(3))
    before = published(desk, MONTH_TYPES)
    subscriber = await subscribe(office, outside)
    for number in range(3):
        office.give_account(number)
    batch = await office.released()
    await office.send_results(batch, [await office.row(batch, 0), await office.row(batch, 1, "03")])
    await desk.settle()
    expected = [one for one in published(desk, MONTH_TYPES) if one not in before]
    assert len(expected) >= 3
    assert sorted(outside.ids) == sorted(expected)
    of_batch = [one["id"] for one in outside.taken if one["subject"] == batch["id"]]
    assert of_batch == sorted(of_batch, key=lambda each: int(each.split("-")[1]))
    assert {one["type"] for one in outside.taken} <= set(MONTH_TYPES)
    assert [answer for _, answer in outside.tries] == [204] * len(expected)
    found = await shown(office, subscriber)
    assert (found["state"], found["failures"], found["has_secret"]) == ("active", 0, True)
    assert [one["what"] for one in found["orders"]] == ["proposed", "confirmed", "secret"]
    assert outside.secret not in str(found)
    assert outside.secret.encode() not in b"".join(bytes(row[0]) for row in desk.sql("SELECT secret_enc FROM webhook_subscriber"))


async def test_everything_from_the_start_where_that_was_asked_for(office: Office, desk: Desk, outside: Receiver) -> None:
    await opened(office, range(2))
    await subscribe(office, outside, from_start=True)
    await desk.settle()
    assert outside.ids == published(desk, MONTH_TYPES)
    assert outside.taken[0]["data"]["month"] == "2025-09"


async def test_nothing_before_a_second_person_and_a_secret(office: Office, desk: Desk, outside: Receiver) -> None:
    proposed = await office.post("operator", "/webhooks", wanted(outside.url, from_start=True), status=201)
    await opened(office, range(1))
    path = f"/webhooks/{proposed['id']}"
    assert (await office.post("operator", f"{path}/secret", status=409))["code"] == "illegal-transition"
    assert (await office.post("operator", f"{path}/decision", {"confirm": True}, status=409))["code"] == "four-eyes"
    await office.post("treasurer", f"{path}/decision", {"confirm": True})
    await desk.settle()
    assert outside.tries == []
    status = await office.get("/status")
    assert [(one["name"], one["state"], one["waits_for_secret"]) for one in status["webhooks"]] == [("Portal Jakarta", "active", True)]
    declined = await office.post("operator", "/webhooks", wanted(outside.url), status=201)
    assert (await office.post("operator", f"/webhooks/{declined['id']}/decision", {"confirm": False}))["state"] == "declined"
    await office.post("jakpus", "/webhooks", wanted(outside.url), status=403)
    await office.post("auditor", "/webhooks", wanted(outside.url), status=403)


@pytest.mark.parametrize("fault", [500, 404, 301, "reset", "slow"])
async def test_a_refused_event_is_tried_again_and_nothing_overtakes_it(
    office: Office, desk: Desk, clock: FrozenClock, outside: Receiver, monkeypatch: pytest.MonkeyPatch, fault: Any
) -> None:
    monkeypatch.setattr(sending, "TIMEOUT_S", 0.5)
    subscriber = await subscribe(office, outside)
    outside.faults.append(fault)
    await opened(office, range(1))
    await desk.settle()
    (first,) = published(desk, MONTH_TYPES)
    assert outside.ids == []
    assert [one for one, _ in outside.tries] == [first]  # no GET either: a redirect is not followed
    found = await shown(office, subscriber)
    problem = {500: "refused 500", 404: "refused 404", 301: "redirect 301", "reset": "broken-off", "slow": "timeout"}[fault]
    assert (found["state"], found["failures"], found["problem"]) == ("active", 1, problem)
    pass_time(clock, outside, timedelta(seconds=5))
    await desk.settle()
    assert outside.ids == [first]
    assert (await shown(office, subscriber))["failures"] == 0
    tries = (await office.get(f"/webhooks/{subscriber}/deliveries"))["items"]
    assert [(one["event_id"], one["problem"]) for one in tries] == [(first, ""), (first, problem.split()[0])]


async def test_who_says_wait_is_waited_for(office: Office, desk: Desk, clock: FrozenClock, outside: Receiver) -> None:
    subscriber = await subscribe(office, outside)
    outside.faults.append(429)
    await opened(office, range(1))
    assert (await shown(office, subscriber))["next_try_at"] == (clock.now() + timedelta(seconds=900)).isoformat().replace("+00:00", "Z")
    pass_time(clock, outside, timedelta(seconds=899))
    await desk.settle()
    assert outside.ids == []
    pass_time(clock, outside, timedelta(seconds=1))
    await desk.settle()
    assert len(outside.ids) == 1


async def test_parked_after_the_last_try_said_in_the_status_and_resumed(
    office: Office, desk: Desk, clock: FrozenClock, outside: Receiver
) -> None:
    subscriber = await subscribe(office, outside)
    outside.always = 503
    await opened(office, range(1))
    for _ in range(12):
        await desk.settle()
        pass_time(clock, outside, timedelta(hours=12))
    assert len(outside.tries) == 11
    ((state, failures, problem),) = [
        (one["state"], one["failures"], one["problem"]) for one in (await office.get("/status"))["webhooks"]
    ]  # fmt: skip
    assert (state, failures, problem) == ("parked", 11, "refused 503")
    outside.always = None
    await office.post("operator", f"/webhooks/{subscriber}/resume", {})
    await desk.settle()
    assert outside.ids == published(desk, MONTH_TYPES)
    orders = (await shown(office, subscriber))["orders"]
    assert [(one["what"], one["by"]) for one in orders][-1] == ("resumed", "operator")


async def test_an_event_that_its_system_never_takes_is_skipped_by_a_person(
    office: Office, desk: Desk, clock: FrozenClock, outside: Receiver
) -> None:
    subscriber = await subscribe(office, outside)
    outside.always = 503
    await opened(office, range(2))
    for number in range(2):
        office.give_account(number)
    await office.released()
    first = published(desk, MONTH_TYPES)
    outside.always = None
    outside.refuses = {outside.tries[0][0]}
    for _ in range(13):
        pass_time(clock, outside, timedelta(hours=12))
        await desk.settle()
    assert (await shown(office, subscriber))["state"] == "parked"
    assert outside.ids == []
    after = await office.post("operator", f"/webhooks/{subscriber}/resume", {"skip": True})
    (skipped,) = outside.refuses
    assert after["orders"][-1]["detail"] == skipped
    await desk.settle()
    expected = [one for one in published(desk, MONTH_TYPES) if one != skipped]  # the worker went on meanwhile
    assert set(first) - {skipped} <= set(expected)
    assert sorted(outside.ids) == sorted(expected)


async def test_gone_ends_it(office: Office, desk: Desk, clock: FrozenClock, outside: Receiver) -> None:
    subscriber = await subscribe(office, outside)
    outside.faults.append(410)
    await opened(office, range(1))
    assert (await shown(office, subscriber))["state"] == "ended"
    pass_time(clock, outside, timedelta(days=2))
    await desk.settle()
    assert len(outside.tries) == 1
    assert (await office.post("operator", f"/webhooks/{subscriber}/resume", {}, status=409))["code"] == "illegal-transition"


async def test_delivered_again_on_demand_under_the_same_ids(office: Office, desk: Desk, clock: FrozenClock, outside: Receiver) -> None:
    subscriber = await subscribe(office, outside)
    await opened(office, range(1))
    pass_time(clock, outside, timedelta(hours=1))
    office.give_account(0)
    await office.released()
    await desk.settle()
    first, *later = outside.ids
    since = (MORNING + timedelta(minutes=30)).isoformat()
    answer = await office.post("operator", f"/webhooks/{subscriber}/replay", {"since": since})
    assert answer["replayed"] == len(later) > 0
    await desk.settle()
    assert outside.ids == [first, *later, *later]
    tomorrow = (MORNING + timedelta(days=1)).isoformat()
    assert (await office.post("operator", f"/webhooks/{subscriber}/replay", {"since": tomorrow}, status=409))["code"] == "nothing-delivered"


async def test_a_new_secret_signs_beside_the_old_one_for_a_day(office: Office, desk: Desk, clock: FrozenClock, outside: Receiver) -> None:
    subscriber = await subscribe(office, outside)
    issued = (await office.post("operator", f"/webhooks/{subscriber}/secret"))["secret"]
    assert issued != outside.secret
    await opened(office, range(1))
    assert [answer for _, answer in outside.tries] == [204]  # the receiver still has the old one
    assert len(outside.signatures[-1].split(" ")) == 2
    outside.secret = issued
    pass_time(clock, outside, timedelta(hours=25))
    await opened(office, range(1, 2), "2025-10")
    assert [answer for _, answer in outside.tries] == [204, 204]
    assert len(outside.signatures[-1].split(" ")) == 1


async def test_stopped_is_for_good_and_others_go_on(office: Office, desk: Desk, outside: Receiver) -> None:
    one = await subscribe(office, outside)
    await office.post("operator", f"/webhooks/{one}/stop")
    await opened(office, range(1))
    assert outside.tries == []
    assert (await office.get("/status"))["webhooks"] == []
    for step, body in (("resume", {}), ("stop", {}), ("secret", None), ("replay", {"since": MORNING.isoformat()})):
        assert (await office.post("operator", f"/webhooks/{one}/{step}", body, status=409))["code"] == "illegal-transition"


async def test_one_that_does_not_answer_holds_up_no_other(office: Office, desk: Desk, outside: Receiver) -> None:
    with receiving() as broken:
        broken.now, broken.always = outside.now, 500
        await subscribe(office, broken)
        await subscribe(office, outside)
        await opened(office, range(1))
        await desk.settle()
        assert broken.ids == []
        assert len(outside.ids) == 1


async def test_one_that_takes_its_time_has_its_turn_and_the_others_theirs(
    office: Office, desk: Desk, outside: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Every answer of one comes late, and is a good one: its turn ends all the same, and goes on where it ended."""
    monkeypatch.setattr(delivery, "TURN_S", 1.0)
    await opened(office, range(2))
    for number in range(2):
        office.give_account(number)
    await office.released()
    await desk.settle()
    everything = published(desk, MONTH_TYPES)
    assert len(everything) >= 3
    assert desk.worker.webhooks is not None
    with receiving() as slow:
        slow.now, slow.takes_s = outside.now, 1.2
        await subscribe(office, slow, name="Dasbor kementerian", from_start=True)
        await subscribe(office, outside, from_start=True)
        await desk.worker.webhooks.run_once()
        assert (len(slow.ids), sorted(outside.ids)) == (1, sorted(everything))
        await desk.settle()
        assert sorted(slow.ids) == sorted(published(desk, MONTH_TYPES))


@pytest.mark.parametrize(
    ("url", "problem"),
    [
        ("http://portal.example.go.id/hook", "not-https"),
        ("ftp://portal.example.go.id/hook", "address-form"),
        ("https://user:pass@portal.example.go.id/", "address-form"),
        ("https://portal.example.go.id/#x", "address-form"),
        ("https://10.1.2.3/hook", "address-not-allowed"),
        ("https://169.254.169.254/latest/meta-data", "address-not-allowed"),
        ("https://[::ffff:192.168.0.1]/hook", "address-not-allowed"),
        ("https://[64:ff9b::a00:1]/hook", "address-not-allowed"),
        ("https://[fd00::1]/hook", "address-not-allowed"),
        ("https://0.0.0.0/hook", "address-not-allowed"),
        ("https://portal.example.go.id:99999/", "address-form"),
        ("https://portal .example/", "address-form"),
    ],
)
async def test_where_nothing_is_sent(office: Office, url: str, problem: str) -> None:
    refused = await office.post("operator", "/webhooks", wanted(url), status=422)
    assert (refused["code"], refused["problem"]) == ("webhook-address", problem)


async def test_what_nobody_can_subscribe_to(office: Office) -> None:
    refused = await office.post(
        "operator", "/webhooks", wanted("https://portal.example.go.id/", ["beneficiary.person.registered.v1"]), status=422
    )
    assert refused["code"] == "invalid-input"
    assert refused["unknown"] == ["beneficiary.person.registered.v1"]
    assert "disbursement.gap.detected.v1" in refused["types"]
