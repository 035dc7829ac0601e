"""A publisher and a consumer as small as can be, to try the bus with: their effects can be counted."""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, Protocol
from uuid import UUID, uuid5

import psycopg
from aiokafka import AIOKafkaProducer
from sqlalchemy import text

from shared.contracts.beneficiary import CutoffSealed, DecreeIssued, EnrolmentActivated, EnrolmentSuspended
from shared.contracts.registry import Event, Topic
from shared.db.embedded_postgres import EmbeddedPostgres
from shared.db.roles import bootstrap, database_roles
from shared.db.session import Database, Role, WriteSession
from shared.kernel.clock import Clock, FrozenClock
from shared.kernel.ids import RITME
from shared.messaging import outbox
from shared.messaging.consumer import Consumer
from shared.messaging.embedded import EmbeddedLog
from shared.messaging.kafka import KafkaLog
from shared.messaging.log import BusUnavailable, Log
from shared.messaging.outbox import Outgoing
from shared.messaging.reactions import ParkedKey, Reaction, Received, reacts_to
from shared.messaging.relay import Relay
from shared.messaging.schema import create_messaging_tables
from tests.support.kafka_broker import KafkaBroker

_names = itertools.count(1)
_spare: dict[tuple[int, str], list[str]] = {}
"""Databases that a test has left empty behind, by server and kind: making one takes longer than most tests."""


def _take(server: EmbeddedPostgres, kind: str) -> tuple[str, bool]:
    """Name of a database, and whether it is new."""
    spare = _spare.setdefault((id(server), kind), [])
    if spare:
        return spare.pop(), False
    name = f"probe{next(_names)}"
    bootstrap(server.superuser_address(), [name])
    return name, True


def _give_back(server: EmbeddedPostgres, kind: str, name: str) -> None:
    """Empty it. A test that died on the way gives nothing back."""
    with psycopg.connect(server.superuser_address(f"ritme_{name}").replace("+psycopg", ""), autocommit=True) as connection:
        tables = connection.execute("SELECT string_agg(tablename, ', ') FROM pg_tables WHERE schemaname = 'public'").fetchone()
        assert tables is not None
        connection.execute(f"TRUNCATE {tables[0]} RESTART IDENTITY")
    _spare[id(server), kind].append(name)


NOW = datetime(2025, 9, 1, 3, 0, tzinfo=UTC)

_EFFECTS = (
    "CREATE TABLE effect (n bigint GENERATED ALWAYS AS IDENTITY, key uuid, version int, event_id text, type text, amount bigint)",
    "CREATE TABLE parked_note (n bigint GENERATED ALWAYS AS IDENTITY, key uuid, reason text)",
)


def person(number: int) -> UUID:
    return uuid5(RITME, f"person/{number}")


def activated(amount: int = 300_000, **changes: Any) -> EnrolmentActivated:
    given: dict[str, Any] = {
        "programme": "KLJ", "decree_id": UUID(int=1), "cohort": "existing", "area": "31.73.01.1001", "amount": amount,
        "reason": "", "from_month": "2025-01", "to_month": "2025-12", "cutoff_no": 1,
    }  # fmt: skip
    return EnrolmentActivated(**{**given, **changes})


def suspended(amount: int = 300_000) -> EnrolmentSuspended:
    return EnrolmentSuspended(
        programme="KLJ", decree_id=UUID(int=1), cohort="existing", area="31.73.01.1001", amount=amount, reason="address_unknown",
        from_month="2025-07", to_month="2025-12", cutoff_no=1,
    )  # fmt: skip


def sealed(count: int = 1) -> CutoffSealed:
    return CutoffSealed(
        cutoff_id=UUID(int=2), programme="KLJ", month="2025-09", seal_no=1, cutoff_no=1, count=count, sum=0, hash="", quota=0, list=""
    )


class BreakableBus(Protocol):
    """A bus that a test may break."""

    name: str

    @property
    def log(self) -> Log: ...

    async def open(self) -> None: ...
    async def close(self) -> None: ...
    def another_log(self) -> Log:
        """As another process would have it."""
        ...

    async def put_raw(self, topic: Topic, partition: int, value: bytes) -> None:
        """Bytes that no relay of ours would send."""
        ...

    async def kill(self) -> None: ...
    async def restart(self) -> None: ...
    async def wipe(self) -> None:
        """Lose everything and start empty."""
        ...


class EmbeddedBus:
    """The durable log in PostgreSQL. Killed: its connections die and no new one is let in."""

    name = "embedded"

    def __init__(self, server: EmbeddedPostgres) -> None:
        self.server = server
        self._name, _ = _take(server, "bus")
        self._roles = database_roles(self._name)
        self._database = self._roles.database
        self._logs: list[EmbeddedLog] = []

    @property
    def log(self) -> EmbeddedLog:
        return self._logs[0]

    async def open(self) -> None:
        await self.another_log().migrate()

    async def close(self) -> None:
        for each in self._logs:
            await each.close()
        _give_back(self.server, "bus", self._name)

    def another_log(self) -> EmbeddedLog:
        made = EmbeddedLog(self.server.address(self._database, self._roles.owner))
        self._logs.append(made)
        return made

    async def put_raw(self, topic: Topic, partition: int, value: bytes) -> None:
        self._execute(
            """WITH place AS (UPDATE bus_partition SET next_offset = next_offset + 1
                               WHERE topic = %s AND partition = %s RETURNING topic, partition, next_offset - 1 AS at)
               INSERT INTO bus_record SELECT topic, partition, at, 'raw-' || at, 9999, gen_random_uuid(), 1, now(), '', '', %s
                 FROM place""",
            (topic.number, partition, value.decode(errors="replace")),
        )

    async def kill(self) -> None:
        self._admin(f"ALTER DATABASE {self._database} ALLOW_CONNECTIONS false")
        self._admin(f"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '{self._database}'")

    async def restart(self) -> None:
        self._admin(f"ALTER DATABASE {self._database} ALLOW_CONNECTIONS true")

    async def wipe(self) -> None:
        self._execute("TRUNCATE bus_record, bus_partition", ())
        await self.log.migrate()

    async def forget(self, topic: Topic, partition: int, before: int) -> None:
        """What retention does."""
        place = (topic.number, partition, before)
        self._execute("DELETE FROM bus_record WHERE topic = %s AND partition = %s AND log_offset < %s", place)
        self._execute("UPDATE bus_partition SET first_offset = %s WHERE topic = %s AND partition = %s", (before, *place[:2]))

    def _execute(self, statement: str, params: Sequence[Any]) -> None:
        with self._connect(self._database) as connection:
            connection.execute(statement, params)

    def _admin(self, statement: str) -> None:
        with self._connect("postgres") as connection:
            connection.execute(statement)

    def _connect(self, database: str) -> psycopg.Connection[Any]:
        return psycopg.connect(self.server.superuser_address(database).replace("+psycopg", ""), autocommit=True)


class KafkaBus:
    """Apache Kafka itself, on loopback; each test has topics of its own."""

    name = "kafka"

    def __init__(self, broker: KafkaBroker) -> None:
        self._broker = broker
        self._prefix = f"t{next(_names)}."
        self._logs: list[KafkaLog] = []

    @property
    def log(self) -> KafkaLog:
        return self._logs[0]

    async def open(self) -> None:
        self._broker.start()
        await self.another_log().ensure_topics()

    async def close(self) -> None:
        for each in self._logs:
            await each.close()

    def another_log(self) -> KafkaLog:
        made = KafkaLog(self._broker.bootstrap, prefix=self._prefix)
        self._logs.append(made)
        return made

    async def put_raw(self, topic: Topic, partition: int, value: bytes) -> None:
        producer = AIOKafkaProducer(bootstrap_servers=self._broker.bootstrap, max_request_size=4 * 1024 * 1024)
        await producer.start()
        await producer.send_and_wait(f"{self._prefix}{topic.name}", value, partition=partition)
        await producer.stop()

    async def kill(self) -> None:
        await asyncio.to_thread(self._broker.kill)

    async def restart(self) -> None:
        await asyncio.to_thread(self._broker.start)

    async def wipe(self) -> None:
        await self.kill()
        self._broker.wipe()
        await self.restart()


class ProbeService:
    """A service in its own database: publishes about people, and writes a line for each event it reacts to."""

    def __init__(self, server: EmbeddedPostgres, bus: BreakableBus, name: str = "beneficiary") -> None:
        self.name = name
        self.server = server
        self._bus = bus
        self._probe, self._is_new = _take(server, "service")
        self.clock: Clock = FrozenClock(NOW)
        self.failing: Callable[[Received[Any]], bool] = lambda event: False
        """Events for which the reaction raises ``fault``, by default a ValueError."""
        self.fault: Exception | None = None
        self.pause: Callable[[], Any] | None = None
        """Awaited inside of each reaction, before its effect."""
        self.batches: list[int] = []
        self._workers: list[Consumer | Relay] = []

    async def open(self) -> None:
        if self._is_new:
            with psycopg.connect(self.address("owner").replace("+psycopg", "")) as connection:
                create_messaging_tables(connection.execute, self._probe)
                for statement in _EFFECTS:
                    connection.execute(statement)
        self.worker = self._open_database("worker")
        self.api = self._open_database("api")
        self.relay = self.another_relay()
        self.consumer = self.another_consumer()

    async def close(self) -> None:
        for each in self._workers:
            await each.close()
        await self.worker.close()
        await self.api.close()
        _give_back(self.server, "service", self._probe)

    def _open_database(self, role: Role) -> Database:
        return Database(self.address(role), role, pool_size=2, max_overflow=10)

    def address(self, role: Role) -> str:
        return self.server.address(f"ritme_{self._probe}", f"{self._probe}_{role}")

    # --- publishing ---------------------------------------------------------------------------

    async def publish(self, *events: tuple[UUID, int, Event]) -> None:
        async with self.api.write() as session:
            await outbox.append(session, [Outgoing(*event) for event in events], at=self.clock.now())

    def another_relay(self, bus: Log | None = None) -> Relay:
        made = Relay(self.name, self.worker, bus or self._bus.log)
        self._workers.append(made)
        return made

    def cut_connections(self) -> None:
        """As a network or an administrator does: every connection of this service's database."""
        address = self.server.superuser_address().replace("+psycopg", "")
        with psycopg.connect(address, autocommit=True) as connection:
            connection.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = %s", (f"ritme_{self._probe}",))

    # --- consuming ----------------------------------------------------------------------------

    async def ends(self, topic: Topic) -> Mapping[int, int]:
        return {partition: ends.end for partition, ends in (await self._bus.log.ends(topic)).items()}

    @property
    def reactions(self) -> tuple[Reaction, ...]:
        async def note(events: Sequence[Received[Any]], session: WriteSession, _: Any) -> None:
            self.batches.append(len(events))
            await session.execute(
                text("""INSERT INTO effect (key, version, event_id, type, amount)
                        SELECT * FROM unnest(CAST(:keys AS uuid[]), CAST(:versions AS int[]), CAST(:ids AS text[]),
                                             CAST(:types AS text[]), CAST(:amounts AS bigint[]))"""),
                {
                    "keys": [e.key for e in events], "versions": [e.version for e in events], "ids": [e.id for e in events],
                    "types": [e.type.type for e in events], "amounts": [getattr(e.data, "amount", 0) for e in events],
                },
            )  # fmt: skip
            if self.pause is not None:
                await self.pause()
            for event in events:
                if self.failing(event):
                    raise self.fault or ValueError(f"no reaction to {event.id}")

        return (
            reacts_to(EnrolmentActivated, EnrolmentSuspended)(note),
            reacts_to(CutoffSealed, DecreeIssued)(note),
        )

    async def on_parked(self, keys: Sequence[ParkedKey], session: WriteSession, _: Any) -> None:
        for key in keys:
            await session.execute(
                text("INSERT INTO parked_note (key, reason) VALUES (:key, :reason)"), {"key": key.key, "reason": key.reason}
            )

    def another_consumer(self, bus: Log | None = None, group: str = "") -> Consumer:
        made = Consumer(group or self.name, self.worker, bus or self._bus.log, self.reactions, self, self.on_parked)
        self._workers.append(made)
        return made

    # --- looking ------------------------------------------------------------------------------

    async def rows(self, query: str, **params: Any) -> list[tuple[Any, ...]]:
        async with self.worker.write() as session:
            return [tuple(row) for row in await session.execute(text(query), params)]

    async def value(self, query: str, **params: Any) -> Any:
        return (await self.rows(query, **params))[0][0]

    async def effects(self) -> list[tuple[UUID, int]]:
        """Key and version of each effect, in the order they happened."""
        return [(key, version) for key, version in await self.rows("SELECT key, version FROM effect ORDER BY n")]

    async def pending(self) -> int:
        return int(await self.value("SELECT count(*) FROM outbox_pending"))

    async def parked(self) -> dict[UUID, str]:
        return dict(await self.rows("SELECT key, reason FROM parked_key"))


class ProbeWorld:
    """A publisher and a consumer around one bus."""

    def __init__(self, bus: BreakableBus, server: EmbeddedPostgres) -> None:
        self.bus = bus
        self.publisher = ProbeService(server, bus)
        self.consumer = ProbeService(server, bus, "disbursement")

    async def open(self) -> None:
        await self.publisher.open()
        await self.consumer.open()

    async def close(self) -> None:
        await self.publisher.close()
        await self.consumer.close()

    async def settle(self) -> None:
        """Until the queue is empty and every position at its end, twice in a row; a bus that does not answer is waited for."""
        quiet = 0
        async with asyncio.timeout(90):
            while quiet < 2:
                try:
                    moved = await self.publisher.relay.run_once() + await self.consumer.consumer.run_once()
                except BusUnavailable:
                    await self.bus.log.wait(0.5)
                else:
                    quiet = 0 if moved else quiet + 1


async def until(condition: Callable[[], Any], timeout_s: float = 30.0) -> None:
    """Wait for a state, not for a time."""
    async with asyncio.timeout(timeout_s):
        while not await condition():  # noqa: ASYNC110 - the state is in a database
            await asyncio.sleep(0.02)
