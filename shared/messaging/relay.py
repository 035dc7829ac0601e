"""From the outbox to the bus: at least once, in ``seq`` order per service, by one relay at a time.

The queue is read from its start. ``seq`` numbers become visible out of order (a slow writer commits a small number
late), so "greater than the last one sent" loses events; what is deleted from the queue only after the bus has
acknowledged it cannot be lost.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import structlog
from psycopg import AsyncConnection
from sqlalchemy import text

from shared.contracts.registry import EVENTS, Event
from shared.db.session import Database, WriteSession, raw_connection
from shared.kernel import failpoints
from shared.messaging.arrays import array_of
from shared.messaging.lease import Lease
from shared.messaging.log import Log, Record
from shared.messaging.loops import repeat, unless_stopped

log = structlog.get_logger()

BATCH_MAX = 5_000
_IDLE_S = 0.2
_STANDBY_S = 2.0
_FLOOR_MAX_AGE_S = 5.0

Batch = list[tuple[int, Record]]


@dataclass(frozen=True, slots=True)
class _Candidate:
    """A floor in waiting: every writer that can still bring a smaller ``seq`` has a transaction id below ``xmax``."""

    seq: int
    xmax: int


class Relay:
    """Sends one service's outbox. Safe to run anywhere any number of times: the lease lets one work."""

    def __init__(self, service: str, database: Database, bus: Log) -> None:
        self._service = service
        self._database = database
        self._bus = bus
        self._lease = Lease(database.address, f"relay/{service}")
        self._floor = 0
        self._floor_since = 0.0
        self._candidate: _Candidate | None = None

    async def run_once(self) -> int:
        """Send one batch; how many entries left the queue. 0 where it is empty or another relay holds the lease.

        Raise BusUnavailable where the bus did not acknowledge: what was not acknowledged stays in the queue.
        """
        if not await self._lease.held():
            return 0
        return await self._send_batch()

    async def run_forever(self, stop: asyncio.Event) -> None:
        async def turn() -> float:
            if not await self._lease.held():
                return _STANDBY_S
            return 0.0 if await unless_stopped(self._send_batch(), stop) else _IDLE_S

        await repeat("relay", self._service, turn, stop, first_s=_IDLE_S)
        await self.close()

    async def close(self) -> None:
        """Let another relay take over."""
        await self._lease.release()

    async def _send_batch(self) -> int:
        batch = await self._take()
        for part in _split_at_barriers(batch):
            await self._send([record for _, record in part])
            await self._delete([seq for seq, _ in part])
        return len(batch)

    async def _take(self) -> Batch:
        """The first entries of the queue, with their events.

        A floor spares the scan the dead entries of a long queue. It may rise to a number only when nobody can bring a
        smaller one any more: a writer has its transaction id before its ``seq`` (it inserted its command first), so
        writers with a smaller ``seq`` than one we saw have ids below our own, taken right after. Once the oldest
        running id (xmin) has passed that, all of them have ended, and a select that begins *later* sees all of theirs.
        Therefore xmin is read in a statement BEFORE the select: read after it, a writer could end between the two,
        and its rows would lie unseen below the new floor.
        """
        if time.monotonic() - self._floor_since > _FLOOR_MAX_AGE_S:
            self._forget_floor()  # ``republish`` puts old numbers back into the queue
        async with self._database.write() as session:
            connection = await raw_connection(session)
            xmin = await _number(connection, "SELECT pg_snapshot_xmin(pg_current_snapshot())::text::bigint")
            seqs = await _column(
                connection, "SELECT seq FROM outbox_pending WHERE seq >= %s ORDER BY seq LIMIT %s", (self._floor, BATCH_MAX)
            )
            # Not the snapshot's xmax: that is one past the newest *ended* transaction, and a running writer with a smaller
            # seq may have an id beyond it. An id taken now is above every id that was given before.
            xmax = await _number(connection, "SELECT pg_current_xact_id()::text::bigint")
            records = await self._records(connection, seqs) if seqs else []
        self._raise_floor(seqs, xmin, xmax)
        return records

    def _raise_floor(self, seqs: Sequence[int], xmin: int, xmax: int) -> None:
        if not seqs:
            self._forget_floor()
            return
        found = self._candidate
        # Everything below the candidate was in this select, and leaves the queue before the next one.
        if found is not None and xmin >= found.xmax and (len(seqs) < BATCH_MAX or seqs[-1] >= found.seq):
            self._floor, self._candidate = found.seq, None
        if self._candidate is None:
            self._candidate = _Candidate(seqs[-1] + 1, xmax)

    def _forget_floor(self) -> None:
        self._floor, self._candidate, self._floor_since = 0, None, time.monotonic()

    async def _records(self, connection: AsyncConnection[Any], seqs: Sequence[int]) -> Batch:
        async with connection.cursor(binary=True) as cursor:
            await cursor.execute(
                "SELECT seq, command_id, type, key, version, data FROM outbox WHERE seq = ANY(%s::bigint[]) ORDER BY seq",
                (array_of(seqs),),
            )
            rows = await cursor.fetchall()
            await cursor.execute(
                "SELECT id, at, correlation_id, causation_id FROM outbox_command WHERE id = ANY(%s::bigint[])",
                (array_of({row[1] for row in rows}),),
            )
            commands = {command: (at, correlation, causation) for command, at, correlation, causation in await cursor.fetchall()}
        service = self._service
        return [
            (seq, Record(f"{service}-{seq}", number, key, version, *commands[command], data))
            for seq, command, number, key, version, data in rows
        ]

    async def _send(self, records: Sequence[Record]) -> None:
        failpoints.hit("relay.before_append")
        if failpoints.ordered():  # ``drop``: a bus that acknowledges and loses
            records = [record for record in records if not failpoints.hit(f"relay.append/{record.type}")]
        await self._bus.append(records)
        failpoints.hit("relay.after_append")

    async def _delete(self, seqs: Sequence[int]) -> None:
        """Exactly these: a range would take a late committer's entry along, unsent."""
        if not await self._lease.held():
            log.warning("relay.lease_lost", service=self._service)  # the next relay sends them again; versions drop them
        async with self._database.write() as session:
            connection = await raw_connection(session)
            await connection.execute("DELETE FROM outbox_pending WHERE seq = ANY(%s::bigint[])", (array_of(seqs),))


def _split_at_barriers(batch: Batch) -> Iterator[Batch]:
    """A barrier event begins a part of its own: everything before it is acknowledged first."""
    first = 0
    for index, (_, record) in enumerate(batch):
        if index > first and EVENTS[record.number].barrier:
            yield batch[first:index]
            first = index
    if batch:
        yield batch[first:]


async def _number(connection: AsyncConnection[Any], query: str) -> int:
    row = await (await connection.execute(query)).fetchone()
    assert row is not None
    return int(row[0])


async def _column(connection: AsyncConnection[Any], query: str, params: Sequence[Any]) -> list[int]:
    rows = await (await connection.execute(query, params)).fetchall()
    return [row[0] for row in rows]


@dataclass(frozen=True, slots=True)
class Republish:
    """Which published events to publish again; every condition that is set must hold, none means all of them."""

    first_seq: int | None = None
    last_seq: int | None = None
    types: tuple[type[Event], ...] = ()
    key: UUID | None = None


async def republish(session: WriteSession, where: Republish | None = None) -> int:
    """Put events back into the relay's queue, under the ids they had; how many. Whoever has applied them drops them by version."""
    where = where or Republish()
    conditions, params = ["true"], dict[str, Any]()
    if where.first_seq is not None:
        conditions.append("seq >= :first_seq")
        params["first_seq"] = where.first_seq
    if where.last_seq is not None:
        conditions.append("seq <= :last_seq")
        params["last_seq"] = where.last_seq
    if where.types:
        conditions.append("type = ANY(:types)")
        params["types"] = [declared.number for declared in where.types]
    if where.key is not None:
        conditions.append("key = :key")
        params["key"] = where.key
    found = await session.execute(
        text(
            f"INSERT INTO outbox_pending (seq) SELECT seq FROM outbox WHERE {' AND '.join(conditions)} ORDER BY seq ON CONFLICT DO NOTHING"
        ),
        params,
    )
    return int(found.rowcount)  # type: ignore[attr-defined]
