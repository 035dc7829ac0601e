"""What every bus must keep, on the durable log in PostgreSQL and on Apache Kafka alike (RELIABILITY.md, faults 1-14)."""

from __future__ import annotations

import asyncio
import random
from collections import Counter
from contextlib import suppress
from uuid import UUID

import pytest
from sqlalchemy import text

from shared.contracts.beneficiary import PERSON, PROGRAMME
from shared.kernel import context, failpoints
from shared.messaging import parked
from shared.messaging.log import BusUnavailable, Record
from shared.messaging.outbox import Outgoing, append
from shared.messaging.relay import Republish, republish
from tests.support.probe import NOW, ProbeService, ProbeWorld, activated, person, sealed, suspended, until


def record(number: int, version: int, key: UUID | None = None, data: str | None = None) -> Record:
    """An event as a relay would send it, made by hand to arrive in any order."""
    text_of = '{"programme":"KLJ","decree_id":"00000000-0000-0000-0000-000000000001","cohort":"existing","area":"31.73.01.1001","amount":1,"reason":"","from_month":"2025-01","to_month":"2025-12","cutoff_no":1}'  # noqa: E501
    return Record(f"beneficiary-{number}", 101, key or person(number), version, NOW, "", "", data or text_of)


def assert_gapless(effects: list[tuple[UUID, int]], expected: dict[UUID, int]) -> None:
    """Each key's versions are 1, 2, ... in this order, once each, up to the expected one."""
    seen: Counter[UUID] = Counter()
    for key, version in effects:
        assert version == seen[key] + 1, f"{key}: version {version} after {seen[key]}"
        seen[key] = version
    assert seen == Counter(expected)


async def test_an_event_arrives_as_it_was_published(probe: ProbeWorld) -> None:
    token = context.correlation_id.set("surat-17\t\\x")
    await probe.publisher.publish((person(1), 1, activated()), (person(1), 2, suspended(amount=275_000)))
    context.correlation_id.reset(token)
    await probe.settle()
    rows = await probe.consumer.rows("SELECT event_id, type, amount FROM effect ORDER BY n")
    assert rows == [
        ("beneficiary-1", "beneficiary.enrolment.activated.v1", 300_000),
        ("beneficiary-2", "beneficiary.enrolment.suspended.v1", 275_000),
    ]
    [first, _] = await probe.bus.log.fetch(PERSON, PERSON.partition_of(person(1)), 0, 10)
    assert first.record is not None
    assert (first.record.correlation_id, first.record.time) == ("surat-17\t\\x", NOW)


async def test_a_batch_of_thousands_is_a_handful_of_transactions(probe: ProbeWorld) -> None:
    await probe.publisher.publish(*[(person(n), 1, activated()) for n in range(12_000)])
    await probe.settle()
    assert await probe.consumer.value("SELECT count(DISTINCT key) FROM effect") == 12_000
    assert len(probe.consumer.batches) <= 20


async def test_writers_that_sleep_before_they_commit_lose_and_reorder_nothing(probe: ProbeWorld) -> None:
    """Sequence numbers become visible out of order; a relay that reads past the highest one fails here."""
    expected: Counter[UUID] = Counter()
    done = asyncio.Event()
    seconds = 20.0

    async def write(seed: int) -> None:
        chance = random.Random(seed)
        end = asyncio.get_running_loop().time() + seconds
        while asyncio.get_running_loop().time() < end:
            async with probe.publisher.api.write() as session:
                # The aggregate's lock, before the append: that is what makes seq order version order per key.
                numbers = sorted(chance.sample(range(40), chance.randint(1, 3)))
                for number in numbers:
                    await session.execute(text("SELECT pg_advisory_xact_lock(:n)"), {"n": number})
                for number in numbers:
                    expected[person(number)] += 1
                await append(
                    session,
                    [Outgoing(person(number), expected[person(number)], activated()) for number in numbers],
                    at=NOW,
                )
                await asyncio.sleep(chance.choice([0, 0, 0.01, 0.05, 0.3]))

    async def move() -> None:
        while not done.is_set():
            moved = await probe.publisher.relay.run_once() + await probe.consumer.consumer.run_once()
            if moved == 0:
                await probe.bus.log.wait(0.02)

    moving = asyncio.create_task(move())
    await asyncio.gather(*[write(seed) for seed in range(6)])
    done.set()
    await moving
    await probe.settle()
    assert expected.total() > 500
    assert_gapless(await probe.consumer.effects(), expected)
    assert await probe.consumer.parked() == {}


async def test_redelivery_has_one_effect(probe: ProbeWorld) -> None:
    chance = random.Random(8)
    await probe.publisher.publish(*[(person(n), v, activated()) for v in (1, 2, 3) for n in range(50)])
    await probe.settle()
    for partition in range(PERSON.partitions):
        again = [s.record for s in await probe.bus.log.fetch(PERSON, partition, 0, 5_000) if s.record is not None]
        for resent in again:
            await probe.bus.log.append([resent] * chance.randint(1, 5))
    await probe.settle()
    assert_gapless(await probe.consumer.effects(), {person(n): 3 for n in range(50)})
    assert await probe.consumer.parked() == {}


async def test_versions_out_of_order_wait_for_the_missing_one(probe: ProbeWorld) -> None:
    records = [record(100 + v, v, person(7)) for v in (1, 2, 3, 4, 5)]
    for first in (records[0], records[3], records[2]):
        await probe.bus.log.append([first])
        await probe.settle()
    assert await probe.consumer.parked() == {person(7): "missing version 2"}
    assert await probe.consumer.effects() == [(person(7), 1)]
    await probe.bus.log.append([record(900, 1, person(8)), records[4]])  # others go on meanwhile
    await probe.settle()
    assert (person(8), 1) in await probe.consumer.effects()
    await probe.bus.log.append([records[1]])
    await probe.settle()
    effects = [effect for effect in await probe.consumer.effects() if effect[0] == person(7)]
    assert_gapless(effects, {person(7): 5})
    assert await probe.consumer.parked() == {}
    notes = await probe.consumer.rows("SELECT reason FROM parked_note WHERE key = :key ORDER BY n", key=person(7))
    assert notes == [("missing version 2",), ("",)]


async def test_a_shuffled_stream_ends_in_order(probe: ProbeWorld) -> None:
    chance = random.Random(9)
    records = [record(n * 10 + v, v, person(n)) for n in range(30) for v in range(1, 9)]
    chance.shuffle(records)
    for first in range(0, len(records), 37):
        await probe.bus.log.append(records[first : first + 37])
        await probe.settle()
    assert_gapless(await probe.consumer.effects(), {person(n): 8 for n in range(30)})
    assert await probe.consumer.parked() == {}


@pytest.mark.parametrize(
    "poison",
    [
        b"{not json",
        b'{"specversion":"1.0","type":"nobody.knows.v9","id":"x-1","source":"/x","subject":"00000000-0000-0000-0000-000000000001","time":"2025-09-01T00:00:00Z","version":1,"data":{}}',
        b'"' + b"x" * 2_000_000 + b'"',
    ],
    ids=["bad JSON", "unknown type", "2 MB"],
)
async def test_bytes_that_are_no_event_are_put_aside(probe: ProbeWorld, poison: bytes) -> None:
    partition = PERSON.partition_of(person(1))
    await probe.bus.log.append([record(1, 1, person(1))])
    await probe.bus.put_raw(PERSON, partition, poison)
    await probe.bus.log.append([record(2, 2, person(1))])
    await probe.settle()
    assert await probe.consumer.effects() == [(person(1), 1), (person(1), 2)]
    [(key, reason)] = (await probe.consumer.parked()).items()
    assert reason
    assert await probe.consumer.rows("SELECT key, reason FROM parked_note") == [(key, reason)]
    answer = await parked.replay(probe.consumer.worker, probe.consumer.reactions, probe.consumer)
    assert answer == {"replayed": 0, "still_parked": 1}
    async with probe.consumer.worker.write() as session:
        assert await parked.discard_unreadable(session, PERSON.name, key) == 1
    assert await probe.consumer.parked() == {}


async def test_a_payload_of_another_shape_stops_its_person_alone(probe: ProbeWorld) -> None:
    await probe.bus.log.append([record(1, 1, person(1), '{"programme": 5}'), record(2, 2, person(1)), record(3, 1, person(2))])
    await probe.settle()
    assert await probe.consumer.effects() == [(person(2), 1)]
    [(key, reason)] = (await probe.consumer.parked()).items()
    assert key == person(1)
    assert "cannot be read" in reason


async def test_an_event_that_a_reaction_cannot_take_stops_its_person_alone(probe: ProbeWorld) -> None:
    probe.consumer.failing = lambda event: event.key == person(13) and event.version == 2
    await probe.publisher.publish(*[(person(n), v, activated()) for v in (1, 2, 3) for n in range(200)])
    await probe.settle()
    effects = await probe.consumer.effects()
    assert_gapless(effects, {person(n): 1 if n == 13 else 3 for n in range(200)})
    [(key, reason)] = (await probe.consumer.parked()).items()
    assert key == person(13)
    assert "ValueError" in reason
    assert await probe.consumer.value("SELECT owner FROM parked_key") == "sistem"

    answer = await parked.replay(probe.consumer.worker, probe.consumer.reactions, probe.consumer)
    assert answer == {"replayed": 0, "still_parked": 2}
    probe.consumer.failing = lambda event: False
    answer = await parked.replay(
        probe.consumer.worker, probe.consumer.reactions, probe.consumer, PERSON.name, person(13), on_parked=probe.consumer.on_parked
    )
    assert answer == {"replayed": 2, "still_parked": 0}
    assert_gapless(await probe.consumer.effects(), {person(n): 3 for n in range(200)})
    assert await probe.consumer.parked() == {}


async def test_a_lost_event_parks_its_person_until_it_is_published_again(probe: ProbeWorld, monkeypatch: pytest.MonkeyPatch) -> None:
    failpoints._hits.clear()
    lost = "relay.append/beneficiary.enrolment.activated.v1:3:drop"
    monkeypatch.setenv("FAILPOINT", lost)
    await probe.publisher.publish(*[(person(n), 1, activated()) for n in range(5)])
    await probe.settle()
    monkeypatch.delenv("FAILPOINT")
    assert sorted(await probe.consumer.effects()) == sorted((person(n), 1) for n in range(5) if n != 2)
    await probe.publisher.publish((person(2), 2, suspended()))
    await probe.settle()
    assert await probe.consumer.parked() == {person(2): "missing version 1"}
    async with probe.publisher.api.write() as session:
        assert await republish(session, Republish(key=person(2))) == 2
    await probe.settle()
    assert_gapless(await probe.consumer.effects(), {person(n): 2 if n == 2 else 1 for n in range(5)})
    assert await probe.consumer.parked() == {}


async def test_a_barrier_is_sent_after_everything_before_it_was_acknowledged(probe: ProbeWorld) -> None:
    sent: list[list[int]] = []
    real = probe.bus.log.append

    class Watched:
        def __getattr__(self, name: str) -> object:
            return getattr(probe.bus.log, name)

        async def append(self, records: list[Record]) -> None:
            sent.append([r.number for r in records])
            await real(records)

    relay = probe.publisher.another_relay(Watched())  # type: ignore[arg-type]
    key = person(500)
    await probe.publisher.publish((person(1), 1, activated()), (key, 1, sealed()), (person(2), 1, activated()), (key, 2, sealed()))
    assert await relay.run_once() == 4
    assert sent == [[101], [112, 101], [112]]
    assert (await probe.bus.log.ends(PROGRAMME))[0].end == 2


async def test_a_rival_leaves_a_partition_alone_that_someone_is_in_the_middle_of(probe: ProbeWorld) -> None:
    """A zombie: it stops inside of its transaction, a rival runs, then it goes on."""
    holding, go_on = asyncio.Event(), asyncio.Event()

    async def hold() -> None:
        holding.set()
        await go_on.wait()

    await probe.publisher.publish(*[(person(6), v, activated()) for v in (1, 2, 3)])
    while await probe.publisher.relay.run_once():
        pass
    zombie = probe.consumer.another_consumer(probe.bus.another_log(), "zombie")
    rival = probe.consumer.another_consumer(probe.bus.another_log(), "rival")
    probe.consumer.pause = hold
    first = asyncio.create_task(zombie.run_once())
    await holding.wait()
    probe.consumer.pause = None
    try:
        with pytest.raises(BusUnavailable):  # three records wait, and it may not pass them
            await rival.run_once(patience_s=0.5)
        assert await probe.consumer.effects() == []
    finally:
        go_on.set()
    assert await first == 3
    assert await rival.run_once() == 0
    assert await probe.consumer.effects() == [(person(6), v) for v in (1, 2, 3)]


async def test_a_zombie_that_wakes_up_after_its_rival_has_done_the_work_does_nothing(probe: ProbeWorld) -> None:
    """It fetched its batch, slept, and the rival applied the same one: the position in the database has moved."""
    fetched, go_on = asyncio.Event(), asyncio.Event()
    log = probe.bus.another_log()
    real = log.fetch

    class Sleepy:
        def __getattr__(self, name: str) -> object:
            return getattr(log, name)

        async def fetch(self, *args: object) -> object:
            found = await real(*args)  # type: ignore[arg-type]
            if found:
                fetched.set()
                await go_on.wait()
            return found

    await probe.publisher.publish(*[(person(6), v, activated()) for v in (1, 2, 3)])
    while await probe.publisher.relay.run_once():
        pass
    zombie = probe.consumer.another_consumer(Sleepy(), "zombie")  # type: ignore[arg-type]
    first = asyncio.create_task(zombie.run_once())
    await fetched.wait()
    rival = probe.consumer.another_consumer(probe.bus.another_log(), "rival")
    assert await rival.run_once() == 3
    await probe.publisher.publish((person(6), 4, activated()))
    while await probe.publisher.relay.run_once():
        pass
    assert await rival.run_once() == 1
    go_on.set()
    await first
    assert await probe.consumer.effects() == [(person(6), v) for v in (1, 2, 3, 4)]
    assert await probe.consumer.value("SELECT max(next_offset) FROM consumer_position") == 4  # and nothing is moved back


async def test_a_bus_that_is_killed_under_load_loses_nothing(probe: ProbeWorld) -> None:
    stop = asyncio.Event()
    running = [
        asyncio.create_task(probe.publisher.relay.run_forever(stop)),
        asyncio.create_task(probe.consumer.consumer.run_forever(stop)),
    ]
    expected: Counter[UUID] = Counter()

    async def publish(rounds: int) -> None:
        for _ in range(rounds):
            for n in range(100):
                expected[person(n)] += 1
            await probe.publisher.publish(*[(person(n), expected[person(n)], activated()) for n in range(100)])
            await asyncio.sleep(0)

    await publish(10)
    await until(lambda: probe.consumer.value("SELECT count(*) > 0 FROM effect"))
    await probe.bus.kill()
    await publish(10)  # those who write do not notice
    assert await probe.publisher.pending() > 0
    with pytest.raises(BusUnavailable):
        await asyncio.wait_for(probe.bus.log.append([record(1, 1)]), 30)
    await probe.bus.restart()
    await publish(10)
    total = expected.total()
    await until(lambda: probe.consumer.value("SELECT count(*) >= :n FROM effect", n=total), 90)
    stop.set()
    await asyncio.wait_for(asyncio.gather(*running), 30)  # and no task hangs
    assert_gapless([e for e in await probe.consumer.effects() if e[0] in expected], expected)
    assert await probe.publisher.pending() == 0


async def test_a_bus_that_lost_its_data_is_filled_again_and_read_again(probe: ProbeWorld) -> None:
    await probe.publisher.publish(*[(person(n), v, activated()) for v in (1, 2) for n in range(60)])
    await probe.settle()
    await probe.publisher.publish(*[(person(n), 3, activated()) for n in range(60)])
    while await probe.publisher.relay.run_once():  # acknowledged, and lost before anyone read it
        pass
    await probe.bus.wipe()
    await probe.publisher.publish(*[(person(n), 4, activated()) for n in range(60)])
    await probe.settle()
    async with probe.publisher.api.write() as session:
        assert await republish(session) == 240
    await probe.settle()
    assert_gapless(await probe.consumer.effects(), {person(n): 4 for n in range(60)})
    assert await probe.consumer.parked() == {}
    for topic in (PERSON,):
        ends = await probe.bus.log.ends(topic)
        read = dict(await probe.consumer.rows("SELECT partition, next_offset FROM consumer_position WHERE topic = :t", t=topic.name))
        assert read == {partition: each.end for partition, each in ends.items()}


async def test_another_log_that_is_already_longer_is_noticed(probe: ProbeWorld) -> None:
    """Same offsets, other events: the id of the last event read tells."""
    await probe.publisher.publish(*[(person(6), v, activated()) for v in (1, 2, 3)])
    await probe.settle()
    await probe.bus.wipe()
    strangers = [record(1_000 + n, 1, person(n)) for n in range(6, 600) if PERSON.partition_of(person(n)) == PERSON.partition_of(person(6))]
    await append_when_up(probe, [r for r in strangers if r.key != person(6)])
    fresh = probe.consumer.another_consumer(probe.bus.another_log(), "fresh")
    while await fresh.run_once():
        pass
    assert len(await probe.consumer.effects()) == 3 + len([r for r in strangers if r.key != person(6)])


async def append_when_up(probe: ProbeWorld, records: list[Record]) -> None:
    async with asyncio.timeout(60):
        while True:
            with suppress(BusUnavailable):
                await probe.bus.log.append(records)
                return


async def test_a_consumer_restored_from_a_backup_reads_again_from_where_it_was(probe: ProbeWorld) -> None:
    """The bus's own notion of our position is ahead of the data; the row in the database decides."""
    await probe.publisher.publish(*[(person(6), v, activated()) for v in (1, 2, 3)])
    await probe.settle()
    async with probe.consumer.worker.write() as session:
        await session.execute(text("UPDATE consumer_position SET next_offset = 0, last_id = ''"))
        await session.execute(text("UPDATE applied_version SET version = 1"))
    restored = probe.consumer.another_consumer(probe.bus.another_log())
    await probe.consumer.consumer.close()
    while await restored.run_once():
        pass
    assert await probe.consumer.effects() == [(person(6), v) for v in (1, 2, 3, 2, 3)]


async def test_several_services_of_one_process_read_the_same_events_each_for_itself(probe: ProbeWorld) -> None:
    other = ProbeService(probe.publisher.server, probe.bus, "budget_audit")
    await other.open()
    await probe.publisher.publish(*[(person(n), v, activated()) for v in (1, 2) for n in range(300)])
    while await probe.publisher.relay.run_once():
        pass
    while await probe.consumer.consumer.run_once():
        pass
    await probe.publisher.publish(*[(person(n), 3, activated()) for n in range(300)])
    while await probe.publisher.relay.run_once():
        pass

    async def drain(service: ProbeService) -> None:
        while await service.consumer.run_once():
            pass

    await asyncio.gather(drain(other), drain(probe.consumer))
    for service in (other, probe.consumer):
        assert_gapless(await service.effects(), {person(n): 3 for n in range(300)})
        assert await service.parked() == {}
    await other.close()


async def test_members_that_come_and_go_do_everything_once(probe: ProbeWorld) -> None:
    """A rebalance storm: partitions change hands in the middle of batches, and no event is lost or done twice."""
    stop, expected = asyncio.Event(), Counter[UUID]()
    relay = asyncio.create_task(probe.publisher.relay.run_forever(stop))
    stayer = asyncio.create_task(probe.consumer.consumer.run_forever(stop))
    for _ in range(5):
        leave = asyncio.Event()
        logs = [probe.bus.another_log() for _ in range(2)]
        guests = [asyncio.create_task(probe.consumer.another_consumer(log).run_forever(leave)) for log in logs]
        for _ in range(3):
            for n in range(200):
                expected[person(n)] += 1
            await probe.publisher.publish(*[(person(n), expected[person(n)], activated()) for n in range(200)])
        await until(lambda: probe.consumer.value("SELECT count(*) >= :n FROM effect", n=expected.total() - 300), 60)
        leave.set()
        await asyncio.gather(*guests)
    await until(lambda: probe.consumer.value("SELECT count(*) >= :n FROM effect", n=expected.total()), 60)
    stop.set()
    await asyncio.gather(relay, stayer)
    assert_gapless(await probe.consumer.effects(), expected)
    assert await probe.consumer.parked() == {}
