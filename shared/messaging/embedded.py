"""The bus as tables: a durable log in a PostgreSQL database of its own.

An append locks the rows of its partitions, in order, copies the records in and moves the partitions on, in one
transaction: offsets are gapless, and whoever sees an offset sees everything before it.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Collection, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager, contextmanager, suppress
from datetime import datetime
from functools import cache
from typing import Any

import psycopg
from psycopg import AsyncConnection
from sqlalchemy.engine import make_url
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine

from shared.contracts.registry import EVENTS, TOPICS, Topic
from shared.db.session import COPY_ESCAPES
from shared.messaging.log import RECORD_MAX_BYTES, BusUnavailable, Ends, Record, Stored

_CHANNEL = "ritme_bus"
_TIMEOUT_MS = 30_000
_RECONNECT_S = 1.0

_SCHEMA = (
    """CREATE TABLE IF NOT EXISTS bus_partition (
        topic smallint NOT NULL,
        partition smallint NOT NULL,
        next_offset bigint NOT NULL DEFAULT 0,
        first_offset bigint NOT NULL DEFAULT 0,
        PRIMARY KEY (topic, partition)) WITH (fillfactor = 50)""",
    """CREATE TABLE IF NOT EXISTS bus_record (
        topic smallint NOT NULL,
        partition smallint NOT NULL,
        log_offset bigint NOT NULL,
        id text NOT NULL,
        type smallint NOT NULL,
        key uuid NOT NULL,
        version integer NOT NULL,
        at timestamptz NOT NULL,
        correlation_id text NOT NULL,
        causation_id text NOT NULL,
        data text NOT NULL,
        PRIMARY KEY (topic, partition, log_offset))""",
    # The owner migrates; whoever runs as the bus's worker moves partitions on.
    """DO $do$ BEGIN IF EXISTS (SELECT FROM pg_roles WHERE rolname = 'bus_worker')
        THEN GRANT SELECT, INSERT, UPDATE ON bus_partition TO bus_worker; GRANT SELECT, INSERT ON bus_record TO bus_worker;
        END IF; END $do$""",
)


class EmbeddedLog:
    """A ``Log`` in the database at ``address`` (a SQLAlchemy URL; the owner's for ``migrate``, else the bus worker's)."""

    name = "embedded"

    def __init__(self, address: str) -> None:
        self._address = make_url(address)
        self._engine: AsyncEngine = create_async_engine(
            address,
            hide_parameters=True,
            pool_size=2,
            max_overflow=4,
            pool_timeout=30,
            pool_pre_ping=True,
            connect_args={
                "connect_timeout": 10,
                "options": f"-c timezone=UTC -c statement_timeout={_TIMEOUT_MS} -c lock_timeout={_TIMEOUT_MS}",
                "prepare_threshold": None,
            },
        )
        self._changed = asyncio.Event()
        self._listener: asyncio.Task[None] | None = None

    async def migrate(self) -> None:
        """Make the tables and the declared partitions where they are missing; run once before use, by one process."""
        rows = [(topic.number, partition) for topic in TOPICS.values() for partition in range(topic.partitions)]
        async with self._transaction() as connection:
            await connection.execute("SELECT pg_advisory_xact_lock(hashtext('ritme-bus-migrate'))")
            for statement in _SCHEMA:
                await connection.execute(statement)
            await _add_partitions(connection, rows)

    async def append(self, records: Sequence[Record]) -> None:
        if not records:
            return
        places = [(EVENTS[r.number].topic.number, r.partition) for r in records]
        async with self._transaction() as connection:
            offsets = await _lock_partitions(connection, sorted(set(places)))
            lines = []
            at = cache(datetime.isoformat)  # a command's events share their time
            for record, place in zip(records, places, strict=True):
                offset = offsets[place]
                offsets[place] = offset + 1
                lines.append(_line(record, place, offset, at(record.time)))
            async with connection.cursor() as cursor, cursor.copy("COPY bus_record FROM STDIN") as copy:
                await copy.write("".join(lines))
            await connection.execute(
                """UPDATE bus_partition AS b SET next_offset = n.next_offset
                     FROM unnest(%s::smallint[], %s::smallint[], %s::bigint[]) AS n(topic, partition, next_offset)
                    WHERE b.topic = n.topic AND b.partition = n.partition""",
                ([topic for topic, _ in offsets], [partition for _, partition in offsets], list(offsets.values())),
            )
            await connection.execute(f"NOTIFY {_CHANNEL}")

    async def fetch(self, topic: Topic, partition: int, start: int, maximum: int) -> Sequence[Stored]:
        async with self._autocommit() as connection, connection.cursor(binary=True) as cursor:
            await cursor.execute(
                """SELECT log_offset, id, type, key, version, at, correlation_id, causation_id, data
                     FROM bus_record WHERE topic = %s AND partition = %s AND log_offset >= %s
                    ORDER BY log_offset LIMIT %s""",
                (topic.number, partition, start, maximum),
            )
            rows = await cursor.fetchall()
        return [_stored(topic, partition, row) for row in rows]

    async def assignments(self, group: str, topics: Collection[Topic]) -> AsyncIterator[frozenset[tuple[str, int]]]:
        """Every partition, once: rivals of one group are kept apart by the lock on their position."""
        yield frozenset((topic.name, partition) for topic in topics for partition in range(topic.partitions))

    async def ends(self, topic: Topic) -> Mapping[int, Ends]:
        async with self._autocommit() as connection:
            cursor = await connection.execute(
                "SELECT partition, first_offset, next_offset FROM bus_partition WHERE topic = %s", (topic.number,)
            )
            found = {partition: Ends(first, following) for partition, first, following in await cursor.fetchall()}
        return {partition: found.get(partition, Ends(0, 0)) for partition in range(topic.partitions)}

    async def passed(self, group: str, topic: Topic, partition: int, position: int) -> None:
        """Positions stand in the consumers' own databases, and ``ritme status`` reads them there."""

    async def wait(self, timeout_s: float) -> None:
        if self._listener is None or self._listener.done():
            self._listener = asyncio.create_task(self._listen(), name="embedded-bus-listener")
        with suppress(TimeoutError):
            await asyncio.wait_for(self._changed.wait(), timeout_s)

    async def close(self) -> None:
        if self._listener is not None:
            self._listener.cancel()
            with suppress(asyncio.CancelledError):
                await self._listener
        await self._engine.dispose()

    async def _listen(self) -> None:
        """One connection a process turns notices of the database into wake-ups; without it waits just time out."""
        address = self._address.set(drivername="postgresql").render_as_string(hide_password=False)
        while True:
            with suppress(psycopg.Error, OSError):
                async with await AsyncConnection.connect(address, autocommit=True, connect_timeout=10) as connection:
                    await connection.execute(f"LISTEN {_CHANNEL}")
                    async for _ in connection.notifies():
                        changed, self._changed = self._changed, asyncio.Event()
                        changed.set()
            await asyncio.sleep(_RECONNECT_S)

    @asynccontextmanager
    async def _transaction(self) -> AsyncIterator[AsyncConnection[Any]]:
        with _answering():
            async with self._engine.begin() as connection:
                yield _driver((await connection.get_raw_connection()).driver_connection)

    @asynccontextmanager
    async def _autocommit(self) -> AsyncIterator[AsyncConnection[Any]]:
        with _answering():
            async with self._engine.execution_options(isolation_level="AUTOCOMMIT").connect() as connection:
                yield _driver((await connection.get_raw_connection()).driver_connection)


def _driver(connection: object) -> AsyncConnection[Any]:
    assert isinstance(connection, AsyncConnection)
    return connection


@contextmanager
def _answering() -> Iterator[None]:
    try:
        yield
    except (psycopg.OperationalError, psycopg.InterfaceError, SQLAlchemyError, OSError) as error:
        raise BusUnavailable(f"the bus database does not answer: {error}") from error


async def _add_partitions(connection: AsyncConnection[Any], places: Sequence[tuple[int, int]]) -> None:
    await connection.execute(
        """INSERT INTO bus_partition (topic, partition)
           SELECT * FROM unnest(%s::smallint[], %s::smallint[]) ON CONFLICT DO NOTHING""",
        ([topic for topic, _ in places], [partition for _, partition in places]),
    )


async def _lock_partitions(connection: AsyncConnection[Any], places: Sequence[tuple[int, int]]) -> dict[tuple[int, int], int]:
    """Next offset of each; always in the same order, so that two appends never wait for each other in a ring."""
    lock = """SELECT b.topic, b.partition, b.next_offset FROM bus_partition AS b
                JOIN unnest(%s::smallint[], %s::smallint[]) AS n(topic, partition)
                  ON b.topic = n.topic AND b.partition = n.partition
               ORDER BY b.topic, b.partition FOR UPDATE OF b"""
    arrays = ([topic for topic, _ in places], [partition for _, partition in places])
    for _ in range(2):
        rows = await (await connection.execute(lock, arrays)).fetchall()
        if len(rows) == len(places):
            return {(topic, partition): following for topic, partition, following in rows}
        await _add_partitions(connection, places)  # a topic declared after ``migrate``
    raise BusUnavailable(f"the bus has no partitions {places}; was it migrated?")


def _line(record: Record, place: tuple[int, int], offset: int, at: str) -> str:
    """One line of COPY text; ids and payloads may hold what COPY treats specially."""
    return (
        f"{place[0]}\t{place[1]}\t{offset}\t{record.id}\t{record.number}\t{record.key}\t{record.version}\t{at}"
        f"\t{record.correlation_id.translate(COPY_ESCAPES)}\t{record.causation_id.translate(COPY_ESCAPES)}\t{_escape(record.data)}\n"
    )


def _escape(data: str) -> str:
    # Compact JSON has no raw control characters; a backslash is the usual one, and rare.
    if "\\" in data or "\n" in data or "\t" in data or "\r" in data:
        return data.translate(COPY_ESCAPES)
    return data


def _stored(topic: Topic, partition: int, row: Sequence[Any]) -> Stored:
    offset, event_id, number, key, version, at, correlation, causation, data = row
    declared = EVENTS.get(number)
    problem = ""
    if declared is None or declared.topic != topic:
        problem = f"event type {number} is not known on {topic.name}"
    elif len(data) > RECORD_MAX_BYTES:
        problem = f"{len(data)} characters are more than a record may have ({RECORD_MAX_BYTES})"
    if problem:
        return Stored(topic.name, partition, offset, None, data.encode(), problem)
    return Stored(topic.name, partition, offset, Record(event_id, number, key, version, at, correlation, causation, data))
