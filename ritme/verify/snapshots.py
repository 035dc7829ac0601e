"""One read-only snapshot of each database, read in flat memory."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, cast

import psycopg
from psycopg import sql

from ritme.verify.agreed import READS, TOPICS

BUS: Final = "bus"
_ROWS_AT_ONCE: Final = 10_000
_SETTINGS: Final = (
    "-c timezone=UTC -c default_transaction_read_only=on -c work_mem=96MB -c hash_mem_multiplier=2 -c statement_timeout=600000 -c jit=off"
    # Everything is read anyway: a nested loop, chosen for a table without statistics, is never the better plan here.
    " -c enable_nestloop=off"
)
_TRIES: Final = 5


class Snapshot:
    """A database as it was at one moment. Nothing can be written through it."""

    def __init__(self, name: str, connection: psycopg.Connection[Any]) -> None:
        self.name = name
        self._connection = connection
        self._streams = itertools.count()

    def stream(self, query: str, params: Mapping[str, Any] | None = None) -> Iterator[tuple[Any, ...]]:
        """Rows by a server-side cursor, a block at a time. Several may be read side by side: a service reads events of its own."""
        with self._connection.cursor(name=f"stream_{next(self._streams)}", binary=True) as cursor:
            cursor.itersize = _ROWS_AT_ONCE
            cursor.execute(_text(query), params)
            yield from cursor

    def rows(self, query: str, params: Mapping[str, Any] | None = None) -> list[tuple[Any, ...]]:
        """All rows; for what is few by nature (batches, months, budget lines)."""
        return self._connection.execute(_text(query), params).fetchall()

    def row(self, query: str, params: Mapping[str, Any] | None = None) -> tuple[Any, ...]:
        found = self._connection.execute(_text(query), params).fetchone()
        if found is None:
            raise RuntimeError(f"{self.name}: one row was expected")
        return cast("tuple[Any, ...]", found)

    def number(self, query: str, params: Mapping[str, Any] | None = None) -> int:
        return int(self.row(query, params)[0] or 0)

    def lines(self, query: str, params: Mapping[str, Any] | None = None) -> Iterator[bytes]:
        """The bytes of COPY text format, block by block: fields by TAB, rows by LF."""
        with self._connection.cursor() as cursor:
            statement = sql.SQL("COPY ({}) TO STDOUT").format(sql.SQL(_text(query)))
            with cursor.copy(statement, params) as copy:
                for block in copy:
                    yield bytes(block)

    def has(self, table: str) -> bool:
        return bool(self.row("SELECT to_regclass(%(table)s) IS NOT NULL", {"table": f"public.{table}"})[0])


def _text(query: str) -> Any:
    # Typed LiteralString by the driver; queries are composed from this package's own constants, values are parameters.
    return query


@dataclass(frozen=True)
class Sources:
    """What is looked at. ``files``: the data folder, where the bank files lie; None where it is not at hand."""

    databases: Mapping[str, Snapshot]
    files: Path | None
    quiesced: bool
    waiting: Sequence[str]
    """Why it is not quiesced, in words."""

    def __getitem__(self, name: str) -> Snapshot:
        return self.databases[name]

    def __contains__(self, name: str) -> bool:
        return name in self.databases

    @property
    def services(self) -> list[Snapshot]:
        return [found for name, found in self.databases.items() if name != BUS]


@contextmanager
def open_sources(addresses: Mapping[str, str], files: Path | None) -> Iterator[Sources]:
    """Open every snapshot, anew while something was written between the first and the last of them, a few times at most.

    Raise psycopg.OperationalError where a database does not answer.
    """
    for attempt in range(1, _TRIES + 1):
        with ExitStack() as stack:
            databases = {name: _open(stack, name, address) for name, address in addresses.items()}
            first = {name: _last_event(found) for name, found in databases.items() if name != BUS}
            moved = any(_last_event(_open(stack, name, addresses[name])) != seq for name, seq in first.items())
            if moved and attempt < _TRIES:
                continue
            waiting = _waiting(databases)
            if moved:
                waiting.append("events were written while the databases were opened")
            yield Sources(databases, files, not waiting, waiting)
            return


def _open(stack: ExitStack, name: str, address: str) -> Snapshot:
    url = address.replace("+psycopg", "", 1)
    connection = stack.enter_context(psycopg.connect(url, options=_SETTINGS, connect_timeout=10, prepare_threshold=None))
    connection.isolation_level = psycopg.IsolationLevel.REPEATABLE_READ
    connection.read_only = True
    connection.execute("SELECT 1")  # the snapshot is taken by the first statement
    return Snapshot(name, connection)


def _last_event(found: Snapshot) -> int:
    return found.number("SELECT coalesce(max(seq), 0) FROM outbox") if found.has("outbox") else 0


def _waiting(databases: Mapping[str, Snapshot]) -> list[str]:
    """What is still on its way; empty when everything that was said has been heard."""
    waiting = []
    for name, found in databases.items():
        if name == BUS or not found.has("outbox"):
            continue
        if pending := found.number("SELECT count(*) FROM outbox_pending"):
            waiting.append(f"{name}: {pending} events wait to be sent")
        if found.has("to_evaluate") and (asked := found.number("SELECT count(*) FROM to_evaluate")):
            waiting.append(f"{name}: {asked} comparisons wait")
        if BUS in databases:
            waiting += _unread(name, found, databases[BUS])
    return waiting


def _unread(name: str, found: Snapshot, bus: Snapshot) -> list[str]:
    positions = found.rows("SELECT topic, partition, next_offset FROM consumer_position")
    read = {(topic, partition): following for topic, partition, following in positions}
    ends = ends_of(bus)
    lag = {
        (topic, partition): end - read.get((topic, partition), 0)
        for topic in READS.get(name, ())
        for partition, end in ends.get(topic, {}).items()
    }
    return [f"{name}: {behind} records of {topic}/{partition} wait" for (topic, partition), behind in lag.items() if behind > 0]


def ends_of(bus: Snapshot) -> dict[str, dict[int, int]]:
    """Next offset by topic and partition."""
    names = {number: name for name, (number, _) in TOPICS.items()}
    ends: dict[str, dict[int, int]] = {}
    for topic, partition, following in bus.rows("SELECT topic, partition, next_offset FROM bus_partition"):
        if topic in names:
            ends.setdefault(names[topic], {})[partition] = following
    return ends
