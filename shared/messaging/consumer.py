"""From the bus to the reactions: each event has its effect once, whatever is redelivered, killed or restored.

The position is a row in the service's own database, locked and moved in the transaction of the effect. A batch that
fails is halved until the poison stands alone; that one is parked with its key, and everyone else goes on.
"""

from __future__ import annotations

import asyncio
import hashlib
import time
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass

import structlog

from shared.contracts.registry import TOPICS
from shared.db.session import Database, raw_connection
from shared.kernel import failpoints
from shared.messaging import positions
from shared.messaging.applying import Applier, Plan, key_of
from shared.messaging.failures import is_conflict, is_transient
from shared.messaging.log import BusUnavailable, Log, Stored
from shared.messaging.loops import backoff, repeat, unless_stopped
from shared.messaging.parked import Replay
from shared.messaging.positions import Place, Position
from shared.messaging.reactions import Context, OnParked, Reaction

log = structlog.get_logger()

BATCH_MAX = 5_000
RETRIES_MAX = 5
_IDLE_S = 0.5
_BACKOFF_S = 0.1
_VERIFY_EVERY_S = 2.0
_ASSIGNMENT_TIMEOUT_S = 60.0
_PATIENCE_S = 20.0
_REWINDS_MAX = 3
_PARTITIONS_AT_ONCE = 3
"""Connections of one process's consumer. Measured on 220,000 events and two cores: 6.5 s with one, 6.1 with two, 4.7 with three."""


class _Rival(Exception):
    """Another process has this partition, or has moved it since we looked."""


class _Rewound(Exception):
    """The log was another one, and the position was put to its start."""


class _UnexpectedHole(Exception):
    """A version is missing: before a key is parked for that, make sure that this is the log we have been reading."""


@dataclass
class _Cursor:
    """Where this process believes a partition stands; the database has the last word."""

    position: Position
    verified_at: float = float("-inf")


class Consumer:
    """Runs one service's reactions. Any number of processes may; the lock on a partition's position lets one work."""

    def __init__(
        self,
        service: str,
        database: Database,
        bus: Log,
        reactions: Sequence[Reaction],
        context: Context,
        on_parked: OnParked | None = None,
    ) -> None:
        self._service = service
        self._database = database
        self._bus = bus
        self._applier = Applier(service, reactions, context, on_parked)
        self._cursors: dict[Place, _Cursor] = {}
        self._assigned: frozenset[Place] | None = None
        self._assignment_changed = asyncio.Event()
        self._following: asyncio.Task[None] | None = None

    async def run_once(self, patience_s: float = _PATIENCE_S) -> int:
        """One batch of each assigned partition; how many records were passed. 0 only where every position of this service
        is at its end, whoever moved it there. Raise BusUnavailable where there are records and nobody passes one for
        ``patience_s`` seconds.
        """
        least, deadline = None, time.monotonic() + patience_s
        while True:
            passed = await self._turn()
            if passed:
                return passed
            lag = await self._lag()
            if lag == 0:
                return 0
            if least is None or lag < least:  # a rival is at it
                least, deadline = lag, time.monotonic() + patience_s
            if time.monotonic() > deadline:
                raise BusUnavailable(f"{self._service}: {lag} records wait, and none was passed for {patience_s:.0f} s")
            await self._bus.wait(0.1)

    async def run_forever(self, stop: asyncio.Event) -> None:
        async def turn() -> float:
            try:
                if await unless_stopped(self._turn(), stop) == 0:
                    await self._bus.wait(_IDLE_S)
            except Exception:
                self._cursors.clear()
                raise
            return 0.0

        await repeat("consumer", self._service, turn, stop, first_s=_BACKOFF_S)
        await self.close()

    async def close(self) -> None:
        """Give the partitions back."""
        if self._following is not None:
            self._following.cancel()
            with suppress(asyncio.CancelledError):
                await self._following
            self._following = self._assigned = None

    # --- which partitions -------------------------------------------------------------------

    async def _follow_assignments(self) -> None:
        failures = 0
        while True:
            try:
                async for assigned in self._bus.assignments(self._service, self._applier.topics):
                    failures = 0
                    self._assigned = assigned
                    for place in set(self._cursors) - assigned:
                        del self._cursors[place]
                    self._assignment_changed.set()
                return
            except Exception as error:  # noqa: BLE001 - a group that cannot be joined now is joined later
                failures += 1
                log.warning("consumer.assignment_failed", service=self._service, error=repr(error))
                await asyncio.sleep(backoff(failures, _BACKOFF_S))

    async def _places(self) -> list[Place]:
        if self._following is None:
            self._assignment_changed.clear()
            self._following = asyncio.create_task(self._follow_assignments(), name=f"{self._service}-assignments")
        if self._assigned is None:
            try:
                await asyncio.wait_for(self._assignment_changed.wait(), _ASSIGNMENT_TIMEOUT_S)
            except TimeoutError:
                raise BusUnavailable(f"{self._service}: no partitions assigned in {_ASSIGNMENT_TIMEOUT_S:.0f} s") from None
        return sorted(self._assigned or ())

    async def _lag(self) -> int:
        """How many records its positions are away from the ends of all its topics; one beyond an end has another log to read."""
        ends = {(topic.name, p): each.end for topic in self._applier.topics for p, each in (await self._bus.ends(topic)).items()}
        async with self._database.write() as session:
            read = await positions.load_all(await raw_connection(session))
        return sum(abs(end - read.get(place, 0)) for place, end in ends.items())

    # --- one partition ----------------------------------------------------------------------

    async def _turn(self) -> int:
        """One batch of each partition, a few at a time: one is read while another is written.

        One that fails does not stop the others; its failure is raised when they rest.
        """
        some = asyncio.Semaphore(_PARTITIONS_AT_ONCE)

        async def advance(place: Place) -> int:
            async with some:
                return await self._advance(place)

        places = await self._places()
        passed, failure = 0, None
        for place, found in zip(places, await asyncio.gather(*map(advance, places), return_exceptions=True), strict=True):
            if isinstance(found, int):
                passed += found
            elif isinstance(found, BusUnavailable) or not isinstance(found, Exception):
                raise found
            else:
                self._cursors.pop(place, None)
                log.warning("consumer.partition_failed", service=self._service, place=place, error=repr(found))
                failure = failure or found
        if failure is not None and passed == 0:
            raise failure
        return passed

    async def _advance(self, place: Place) -> int:
        try:
            for _ in range(_REWINDS_MAX):
                passed = await self._advance_from(self._cursors.get(place) or await self._open(place), place)
                if passed is not None:
                    return passed
        except _Rival:
            self._cursors.pop(place, None)
        return 0

    async def _advance_from(self, cursor: _Cursor, place: Place) -> int | None:
        """One batch; how many records were passed, or None where the position was put elsewhere first."""
        if time.monotonic() - cursor.verified_at > _VERIFY_EVERY_S and await self._verify(place, cursor):
            return None
        start = cursor.position.next_offset
        batch = await self._bus.fetch(TOPICS[place[0]], place[1], start, BATCH_MAX)
        if not batch:
            return 0
        if batch[0].offset != start:
            return None if await self._verify(place, cursor) else 0
        try:
            return await self._process(place, batch)
        except _Rewound:
            return None

    async def _open(self, place: Place) -> _Cursor:
        """Begin where the database says, and let go on whoever a crash left behind between heal and replay."""
        async with self._database.write() as session:
            connection = await raw_connection(session)
            await positions.ensure(connection, place)
            position = await positions.load(connection, place)
        await Replay(self._database, self._applier, TOPICS[place[0]]).run(healable_only=True)
        cursor = self._cursors[place] = _Cursor(position)
        return cursor

    async def _verify(self, place: Place, cursor: _Cursor) -> bool:
        """Make sure that the log still holds what we read last; otherwise rewind. True where the position changed.

        A broker that lost its data has a shorter log, or a longer one with other events at our offsets. What is read
        again is dropped by its version.
        """
        topic, partition = TOPICS[place[0]], place[1]
        ends = (await self._bus.ends(topic))[partition]
        following, last_id = cursor.position
        if following < ends.start:
            # What is gone shows as missing versions: those keys park, and a re-publish heals them.
            (log.error if following else log.info)(
                "consumer.retention_passed_us", service=self._service, place=place, position=following, start=ends.start
            )
            await self._reset(place, Position(ends.start, ""))
            return True
        changed = following > ends.end
        if not changed and last_id and following > ends.start:
            found = await self._bus.fetch(topic, partition, following - 1, 1)
            if not found:
                return False  # nothing came in time; asked again soon
            changed = found[0].offset != following - 1 or _identity(found[0]) != last_id
        if changed:
            log.warning("consumer.rewound", service=self._service, place=place, position=following, ends=(ends.start, ends.end))
            await self._reset(place, Position(ends.start, ""))
            return True
        cursor.verified_at = time.monotonic()
        return False

    async def _reset(self, place: Place, to: Position) -> None:
        async with self._database.write() as session:
            connection = await raw_connection(session)
            if await positions.lock(connection, place) is None:
                raise _Rival
            await positions.move(connection, place, to)
        self._cursors.pop(place, None)

    # --- one batch --------------------------------------------------------------------------

    async def _process(self, place: Place, batch: Sequence[Stored]) -> int:
        """All of the batch in one transaction; where that fails, its halves, and the poison alone is parked."""
        try:
            await self._apply_with_retries(place, batch)
        except _UnexpectedHole:
            cursor = self._cursors[place]
            if await self._verify(place, cursor):
                raise _Rewound from None
            cursor.verified_at = time.monotonic()
            return await self._process(place, batch)
        except (_Rival, _Rewound):
            raise
        except Exception as error:
            if is_transient(error) and not is_conflict(error):
                raise
            if len(batch) > 1:
                half = len(batch) // 2
                return await self._process(place, batch[:half]) + await self._process(place, batch[half:])
            await self._transaction(place, batch, poison=f"{type(error).__name__}: {error}"[:500])
        return len(batch)

    async def _apply_with_retries(self, place: Place, batch: Sequence[Stored]) -> None:
        """What passes by itself is tried again as a whole, a bounded number of times. Raise the last failure."""
        for attempt in range(1, RETRIES_MAX + 1):
            try:
                await self._transaction(place, batch)
                return
            except Exception as error:
                if not is_transient(error) or attempt == RETRIES_MAX:
                    raise
                log.info("consumer.retry", service=self._service, place=place, attempt=attempt, error=repr(error))
            await asyncio.sleep(backoff(attempt, _BACKOFF_S))

    async def _transaction(self, place: Place, batch: Sequence[Stored], poison: str = "") -> None:
        """Effect, versions, parked events and position together. ``poison``: do not react, park the batch's one event for it."""
        topic = TOPICS[place[0]]
        cursor = self._cursors[place]
        to = Position(batch[-1].offset + 1, _identity(batch[-1]))
        async with self._database.write() as session:
            connection = await raw_connection(session)
            if await positions.lock(connection, place) != cursor.position:
                raise _Rival
            plan = await self._applier.plan(session, topic, batch)
            if plan.has_hole and time.monotonic() - cursor.verified_at > _VERIFY_EVERY_S / 2:
                raise _UnexpectedHole
            if poison and plan.applied:  # otherwise it is no longer next: a duplicate, or its key stands still anyway
                plan = Plan(parked=list(batch), reasons={key_of(batch[0]): poison})
            await self._applier.react(session, topic, plan)
            await self._applier.park(session, topic, plan)
            await positions.move(connection, place, to)
            failpoints.hit("consumer.before_commit")
        failpoints.hit("consumer.after_commit")
        cursor.position = to
        await self._bus.passed(self._service, topic, place[1], to.next_offset)
        if plan.healed:
            await Replay(self._database, self._applier, topic).run(list(plan.healed), healable_only=True)


def _identity(stored: Stored) -> str:
    return stored.record.id if stored.record is not None else f"unreadable-{hashlib.sha256(stored.raw).hexdigest()[:16]}"
