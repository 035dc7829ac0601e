"""What is published is in the transaction of the change, and the relay sends all of it, in order, once it can."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

import psycopg
import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from shared.contracts.beneficiary import PERSON, EnrolmentActivated
from shared.db.session import WriteSession
from shared.kernel import context, failpoints
from shared.messaging import outbox
from shared.messaging.log import DATA_MAX_BYTES, BusUnavailable, Record
from shared.messaging.outbox import Outgoing
from shared.messaging.relay import Republish, republish
from shared.messaging.status import messaging_status
from tests.support.probe import NOW, ProbeWorld, activated, person, sealed, suspended


async def on_the_bus(probe: ProbeWorld) -> list[str]:
    found = []
    for partition in range(PERSON.partitions):
        found += [s.record.id for s in await probe.bus.log.fetch(PERSON, partition, 0, 50_000) if s.record is not None]
    return sorted(found, key=lambda event_id: int(event_id.split("-")[1]))


async def test_a_change_that_is_rolled_back_publishes_nothing(probe: ProbeWorld) -> None:
    async def change_and_fail() -> None:
        async with probe.publisher.api.write() as session:
            await outbox.append(session, [Outgoing(person(1), 1, activated())], at=NOW)
            raise RuntimeError("changed my mind")

    with pytest.raises(RuntimeError):
        await change_and_fail()
    assert await probe.publisher.relay.run_once() == 0
    assert await probe.publisher.value("SELECT count(*) FROM outbox") == 0


async def test_many_events_by_one_statement_are_as_those_made_one_by_one(probe: ProbeWorld) -> None:
    async with probe.publisher.api.write() as session:
        count = await outbox.append_from(
            session,
            EnrolmentActivated,
            """SELECT CAST(lpad(to_hex(n), 32, '0') AS uuid), 1, json_build_object(
                   'programme', 'KLJ', 'decree_id', gen_random_uuid(), 'cohort', 'existing', 'area', '31.73', 'amount', n,
                   'reason', '', 'from_month', '2025-01', 'to_month', '2025-12', 'cutoff_no', 1)
                 FROM generate_series(1, :people) AS n ORDER BY n""",
            {"people": 7_000},
            at=NOW,
        )
    assert count == 7_000
    await probe.settle()
    assert await probe.consumer.value("SELECT sum(amount) FROM effect") == 7_000 * 7_001 // 2
    assert await probe.consumer.parked() == {}


async def test_an_event_that_no_bus_takes_is_refused_where_it_is_written(probe: ProbeWorld) -> None:
    with pytest.raises(DBAPIError, match="ck_outbox_size"):
        await probe.publisher.publish((person(1), 1, activated(reason="x" * DATA_MAX_BYTES)))


async def test_what_was_published_cannot_be_changed_or_taken_back(probe: ProbeWorld) -> None:
    await probe.publisher.publish((person(1), 1, activated()))
    for database in (probe.publisher.api, probe.publisher.worker):
        for statement in ("UPDATE outbox SET version = 2", "DELETE FROM outbox", "UPDATE outbox_command SET at = now()"):
            with pytest.raises(DBAPIError, match="permission denied"):
                async with database.write() as session:
                    await session.execute(text(statement))
    with pytest.raises(DBAPIError, match="permission denied"):
        async with probe.publisher.api.write() as session:
            await session.execute(text("DELETE FROM outbox_pending"))


async def test_a_savepoint_that_is_rolled_back_takes_its_events_and_leaves_the_others_whole(probe: ProbeWorld) -> None:
    async def change_and_fail(session: WriteSession) -> None:
        async with session.begin_nested():
            await outbox.append(session, [Outgoing(person(1), 1, activated())], at=NOW)
            raise RuntimeError("changed my mind")

    async with probe.publisher.api.write() as session:
        with pytest.raises(RuntimeError):
            await change_and_fail(session)
        await outbox.append(session, [Outgoing(person(2), 1, activated())], at=NOW)
    await probe.settle()
    assert await probe.consumer.effects() == [(person(2), 1)]


@pytest.mark.parametrize("where", ["relay.before_append", "relay.after_append"])
async def test_a_relay_that_dies_around_the_send_sends_again(probe: ProbeWorld, where: str, monkeypatch: pytest.MonkeyPatch) -> None:
    failpoints._hits.clear()
    monkeypatch.setenv("FAILPOINT", f"{where}:1:raise")
    await probe.publisher.publish(*[(person(n), 1, activated()) for n in range(20)])
    with pytest.raises(failpoints.FailpointHit):
        await probe.publisher.relay.run_once()
    assert await probe.publisher.pending() == 20
    await probe.settle()
    assert sorted(await probe.consumer.effects()) == sorted((person(n), 1) for n in range(20))
    assert await probe.publisher.pending() == 0


async def test_one_relay_at_a_time(probe: ProbeWorld) -> None:
    await probe.publisher.publish((person(1), 1, activated()))
    second = probe.publisher.another_relay()
    assert await probe.publisher.relay.run_once() == 1
    await probe.publisher.publish((person(1), 2, suspended()))
    assert await second.run_once() == 0
    assert await probe.publisher.pending() == 1
    await probe.publisher.relay.close()
    assert await second.run_once() == 1


async def test_a_relay_whose_connection_died_takes_its_lease_again(probe: ProbeWorld) -> None:
    await probe.publisher.publish((person(1), 1, activated()))
    assert await probe.publisher.relay.run_once() == 1
    terminated = await probe.publisher.rows(
        "SELECT pg_terminate_backend(pid) FROM pg_locks WHERE locktype = 'advisory' AND database = "
        "(SELECT oid FROM pg_database WHERE datname = current_database())"
    )
    assert terminated
    await probe.publisher.publish((person(1), 2, suspended()))
    await probe.settle()
    assert await probe.consumer.effects() == [(person(1), 1), (person(1), 2)]


async def test_a_slow_writer_with_a_small_number_is_sent_when_it_commits(probe: ProbeWorld) -> None:
    """Its numbers lie below those already sent and deleted; batches go by meanwhile, so the relay's floor could rise."""
    wrote, commit = asyncio.Event(), asyncio.Event()

    async def slow() -> None:
        async with probe.publisher.api.write() as session:
            await outbox.append(session, [Outgoing(person(0), 1, activated())], at=NOW)
            wrote.set()
            await commit.wait()

    writing = asyncio.create_task(slow())
    await wrote.wait()
    for n in range(1, 6):
        await probe.publisher.publish((person(n), 1, activated()))
        assert await probe.publisher.relay.run_once() == 1
    commit.set()
    await writing
    await probe.publisher.publish((person(6), 1, activated()))
    assert await probe.publisher.relay.run_once() == 2
    assert len(await on_the_bus(probe)) == 7


async def test_a_writer_that_commits_while_the_batch_is_under_way_is_not_taken_for_sent(probe: ProbeWorld) -> None:
    """Its number lies inside of the batch's range: only what was sent may leave the queue."""
    wrote, commit = asyncio.Event(), asyncio.Event()

    async def slow() -> None:
        async with probe.publisher.api.write() as session:
            await outbox.append(session, [Outgoing(person(0), 1, activated())], at=NOW)
            wrote.set()
            await commit.wait()

    writing = asyncio.create_task(slow())

    class CommitsMeanwhile:
        def __getattr__(self, name: str) -> object:
            return getattr(probe.bus.log, name)

        async def append(self, records: Sequence[Record]) -> None:
            await probe.bus.log.append(records)
            commit.set()
            await writing

    await wrote.wait()
    await probe.publisher.publish((person(1), 1, activated()))
    relay = probe.publisher.another_relay(CommitsMeanwhile())  # type: ignore[arg-type]
    assert await relay.run_once() == 1
    assert await probe.publisher.pending() == 1
    assert await relay.run_once() == 1
    assert await on_the_bus(probe) == ["beneficiary-1", "beneficiary-2"]


async def test_republished_events_are_found_though_the_relay_is_busy_far_above(probe: ProbeWorld) -> None:
    for n in range(4):
        await probe.publisher.publish((person(n), 1, activated()))
        await probe.publisher.relay.run_once()
    async with probe.publisher.api.write() as session:
        assert await republish(session, Republish(first_seq=1, last_seq=2)) == 2
        assert await republish(session, Republish(types=(EnrolmentActivated,))) == 2  # two are in the queue already
    await probe.settle()
    assert await probe.publisher.pending() == 0
    assert (await on_the_bus(probe)).count("beneficiary-1") == 2


async def test_where_events_stand(probe: ProbeWorld) -> None:
    await probe.publisher.publish(*[(person(n), 1, activated()) for n in range(3)], (person(9), 1, sealed()))
    async with probe.publisher.worker.read() as session:
        found = await messaging_status(session, probe.bus.log, [], now=NOW.replace(minute=1))
    assert (found["pending"], found["oldest_pending_age_s"], found["parked"]) == (4, 60.0, [])
    while await probe.publisher.relay.run_once():
        pass
    async with probe.consumer.worker.read() as session:
        found = await messaging_status(session, probe.bus.log, [PERSON])
    assert sum(line["lag"] for line in found["positions"]) == 3
    await probe.settle()
    async with probe.consumer.worker.read() as session:
        found = await messaging_status(session, probe.bus.log, [PERSON])
        await probe.bus.kill()
        silent = await messaging_status(session, probe.bus.log, [PERSON])
        await probe.bus.restart()
    assert sum(line["lag"] for line in found["positions"]) == 0
    assert (silent["bus"], silent["positions"][0]["lag"]) == ("unavailable", None)


async def test_the_relay_tells_when_the_bus_does_not_answer(probe: ProbeWorld) -> None:
    await probe.publisher.publish((person(1), 1, activated()))
    await probe.bus.kill()
    with pytest.raises(BusUnavailable):
        await probe.publisher.relay.run_once()
    await probe.bus.restart()
    assert await probe.publisher.relay.run_once() == 1


async def test_an_event_names_the_command_that_caused_it(probe: ProbeWorld) -> None:
    correlation, causation = context.correlation_id.set("impor-3"), context.causation_id.set("x-9")
    await probe.publisher.publish((person(1), 1, activated()), (person(2), 1, activated()))
    context.correlation_id.reset(correlation)
    context.causation_id.reset(causation)
    rows = await probe.publisher.rows("SELECT correlation_id, causation_id FROM outbox_command")
    assert rows == [("impor-3", "x-9")]


def test_psycopg_is_the_compiled_one() -> None:
    """The rates in docs/performance.md are not to be had with the Python implementation."""
    assert psycopg.pq.__impl__ in {"binary", "c"}
