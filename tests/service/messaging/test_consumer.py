"""Faults on the consumer's side: its database, its own death, its reactions."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Any

import psycopg
import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from shared.contracts.beneficiary import PERSON, EnrolmentActivated
from shared.db.session import WriteSession
from shared.kernel import failpoints
from shared.messaging import outbox, parked
from shared.messaging.consumer import Consumer
from shared.messaging.loops import backoff
from shared.messaging.outbox import Outgoing
from shared.messaging.reactions import Received, caused_by, reacts_to
from shared.messaging.relay import Republish, republish
from tests.support.probe import NOW, ProbeWorld, activated, person, suspended


async def publish_and_relay(probe: ProbeWorld, people: int, versions: int = 1) -> None:
    await probe.publisher.publish(*[(person(n), v, activated()) for v in range(1, versions + 1) for n in range(people)])
    while await probe.publisher.relay.run_once():
        pass


@pytest.mark.parametrize("where", ["consumer.before_commit", "consumer.after_commit"])
async def test_a_consumer_that_fails_around_the_commit_has_one_effect(
    probe: ProbeWorld, where: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    failpoints._hits.clear()
    monkeypatch.setenv("FAILPOINT", f"{where}:1:raise")
    await publish_and_relay(probe, 50, 2)
    try:
        await probe.settle()
    except failpoints.FailpointHit:
        await probe.settle()
    effects = await probe.consumer.effects()
    assert sorted(effects) == sorted((person(n), v) for v in (1, 2) for n in range(50))
    assert await probe.consumer.parked() == {}


async def test_connections_that_are_cut_in_the_middle_of_a_reaction(probe: ProbeWorld) -> None:
    cut: list[int] = []

    async def cut_once() -> None:
        if not cut:
            cut.append(1)
            probe.consumer.cut_connections()

    probe.consumer.pause = cut_once
    await publish_and_relay(probe, 30)
    await probe.settle()
    assert cut
    assert sorted(await probe.consumer.effects()) == sorted((person(n), 1) for n in range(30))
    assert await probe.consumer.parked() == {}


async def test_a_deadlock_is_tried_again_and_nobody_is_parked(probe: ProbeWorld) -> None:
    """Two transactions that lock crosswise: PostgreSQL ends one of them; whichever it was, the event takes effect."""
    first, second = 8_001, 8_002
    tries: list[int] = []

    async with probe.consumer.api.write() as other:
        await other.execute(text("SELECT pg_advisory_xact_lock(:n)"), {"n": first})

        async def crosswise(events: Sequence[Received[Any]], session: WriteSession, _: Any) -> None:
            tries.append(len(events))
            await session.execute(text("SELECT pg_advisory_xact_lock(:n)"), {"n": second})
            if len(tries) == 1:
                waiting.set()
            await session.execute(text("SELECT pg_advisory_xact_lock(:n)"), {"n": first})

        waiting = asyncio.Event()
        consumer = Consumer(
            "disbursement", probe.consumer.worker, probe.bus.log, [reacts_to(EnrolmentActivated)(crosswise)], probe.consumer
        )
        await publish_and_relay(probe, 1)
        running = asyncio.create_task(consumer.run_once())
        await waiting.wait()
        try:
            await other.execute(text("SELECT pg_advisory_xact_lock(:n)"), {"n": second})
        except DBAPIError as error:
            assert "deadlock" in str(error)  # noqa: PT017 - either of the two may be the victim
            await other.rollback()
        else:
            await other.commit()
    assert await running == 1
    await consumer.close()
    assert await probe.consumer.parked() == {}
    assert await probe.consumer.value("SELECT version FROM applied_version") == 1


async def test_a_partition_whose_database_work_keeps_failing_does_not_stop_the_others(probe: ProbeWorld) -> None:
    """And nobody is parked for a fault that is not the event's."""
    probe.consumer.failing = lambda event: event.key == person(13)
    probe.consumer.fault = psycopg.errors.AdminShutdown("terminating connection")
    await publish_and_relay(probe, 60)
    stuck = {person(n) for n in range(60) if PERSON.partition_of(person(n)) == PERSON.partition_of(person(13))}
    with pytest.raises(psycopg.errors.AdminShutdown):
        await probe.settle()
    assert {key for key, _ in await probe.consumer.effects()} == {person(n) for n in range(60)} - stuck
    probe.consumer.failing = lambda event: False
    await probe.settle()
    assert {key for key, _ in await probe.consumer.effects()} == {person(n) for n in range(60)}
    assert await probe.consumer.parked() == {}


async def test_each_event_that_a_reaction_publishes_names_its_own_cause(probe: ProbeWorld) -> None:
    async def answer(events: Sequence[Received[Any]], session: WriteSession, _: Any) -> None:
        for event in events:
            with caused_by(event):
                await outbox.append(session, [Outgoing(event.key, event.version, suspended())], at=NOW)

    consumer = Consumer("disbursement", probe.consumer.worker, probe.bus.log, [reacts_to(EnrolmentActivated)(answer)], probe.consumer)
    await publish_and_relay(probe, 40)
    while await consumer.run_once():
        pass
    await consumer.close()
    rows = await probe.consumer.rows(
        "SELECT c.causation_id, o.key FROM outbox AS o JOIN outbox_command AS c ON c.id = o.command_id ORDER BY o.seq"
    )
    assert sorted(rows) == sorted((f"beneficiary-{n + 1}", person(n)) for n in range(40))


async def test_a_batch_of_one_is_caused_by_its_event(probe: ProbeWorld) -> None:
    async def answer(events: Sequence[Received[Any]], session: WriteSession, _: Any) -> None:
        await outbox.append(session, [Outgoing(event.key, event.version, suspended()) for event in events], at=NOW)

    consumer = Consumer("disbursement", probe.consumer.worker, probe.bus.log, [reacts_to(EnrolmentActivated)(answer)], probe.consumer)
    await publish_and_relay(probe, 1)
    while await consumer.run_once():
        pass
    await consumer.close()
    assert await probe.consumer.rows("SELECT causation_id FROM outbox_command") == [("beneficiary-1",)]


async def test_a_position_that_retention_has_passed_goes_on_and_shows_what_is_missing(probe: ProbeWorld) -> None:
    await publish_and_relay(probe, 1, 5)
    partition = PERSON.partition_of(person(0))
    await probe.bus.forget(PERSON, partition, 3)  # type: ignore[attr-defined]
    await probe.settle()
    assert await probe.consumer.effects() == []
    assert await probe.consumer.parked() == {person(0): "missing version 1"}
    async with probe.publisher.api.write() as session:
        await republish(session)
    await probe.settle()
    assert await probe.consumer.effects() == [(person(0), v) for v in (1, 2, 3, 4, 5)]


async def test_a_crash_between_heal_and_replay_is_made_up_for_when_the_partition_is_opened_again(
    probe: ProbeWorld, monkeypatch: pytest.MonkeyPatch
) -> None:
    await probe.publisher.publish((person(1), 1, activated()), (person(1), 2, activated()), (person(1), 3, activated()))
    failpoints._hits.clear()
    monkeypatch.setenv("FAILPOINT", "relay.append/beneficiary.enrolment.activated.v1:2:drop")
    await probe.settle()
    assert await probe.consumer.parked() == {person(1): "missing version 2"}
    failpoints._hits.clear()
    monkeypatch.setenv("FAILPOINT", "consumer.after_commit:1:raise")  # version 2 is applied, version 3 still parked
    async with probe.publisher.api.write() as session:
        await republish(session, Republish(first_seq=2, last_seq=2))
    await probe.settle()
    assert await probe.consumer.effects() == [(person(1), v) for v in (1, 2, 3)]
    assert await probe.consumer.parked() == {}


async def test_many_keys_are_replayed_in_few_transactions_and_in_order(probe: ProbeWorld) -> None:
    probe.consumer.failing = lambda event: True
    await publish_and_relay(probe, 60, 3)
    await probe.settle()
    assert len(await probe.consumer.parked()) == 60
    probe.consumer.failing = lambda event: event.key == person(7) and event.version == 2
    probe.consumer.batches.clear()
    answer = await parked.replay(probe.consumer.worker, probe.consumer.reactions, probe.consumer)
    assert answer == {"replayed": 60 * 3 - 2, "still_parked": 2}
    assert len(probe.consumer.batches) < 30
    [line] = [line for line in await list_lines(probe) if line.key == person(7)]
    assert (line.count, line.owner) == (2, "sistem")
    assert line.attempts >= 2
    effects = await probe.consumer.effects()
    assert [v for key, v in effects if key == person(3)] == [1, 2, 3]


async def list_lines(probe: ProbeWorld) -> list[parked.ParkedLine]:
    async with probe.consumer.worker.read() as session:
        return await parked.list_parked(session)


async def test_a_loop_that_is_told_to_stop_ends_soon_and_leaves_no_half_done_batch(probe: ProbeWorld) -> None:
    """Its reaction hangs; the transaction is rolled back, and the next consumer does the work."""
    hanging, never = asyncio.Event(), asyncio.Event()

    async def hang() -> None:
        hanging.set()
        await never.wait()

    probe.consumer.pause = hang
    await publish_and_relay(probe, 5)
    stop = asyncio.Event()
    running = asyncio.create_task(probe.consumer.consumer.run_forever(stop))
    await hanging.wait()
    stop.set()
    await asyncio.wait_for(running, 15)
    assert await probe.consumer.effects() == []
    probe.consumer.pause = None
    await probe.settle()
    assert len(await probe.consumer.effects()) == 5


def test_an_outage_of_any_length_is_waited_for() -> None:
    assert [backoff(n, 0.2) for n in (1, 2, 5_000)] == [0.4, 0.8, 10.0]
