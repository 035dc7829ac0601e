"""From the bus to subscribers: each event of the types they want, in order per key, at least once.

A subscriber is a consumer whose reaction is a POST: its position is a row in this database, and moves when the event was taken. An
event that is not taken stops its subscriber, and no other, until it is time to try again; after the last try the subscriber is
parked, and a person resumes it. What was sent, and with what outcome, stays in ``webhook_delivery``.
"""

from __future__ import annotations

import asyncio
from collections.abc import Collection, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID

import httpx
import structlog
from sqlalchemy import Row, text

from shared.contracts.registry import EVENTS_BY_NAME, Topic
from shared.crypto import FieldCipher
from shared.db.session import Database, WriteSession
from shared.kernel import failpoints
from shared.kernel.clock import Clock
from shared.messaging.envelope import CONTENT_TYPE, encode
from shared.messaging.lease import Lease
from shared.messaging.log import Log, Record, Stored
from shared.messaging.loops import repeat, unless_stopped
from shared.webhooks import signing
from shared.webhooks.secrets import open_secrets
from shared.webhooks.sending import Outcome, Sender

log = structlog.get_logger()

DELAYS_S: Final = (5, 30, 120, 600, 1800, 3600, 7200, 14400, 28800, 43200)
"""Before each further try of the same event: a little more than a day; a receiver that is down over a night misses nothing."""
BATCH_MAX: Final = 100
_AT_ONCE: Final = 4
TURN_S: Final = 10.0
"""After so long a subscriber's turn ends with the event it is at: one that answers slowly must not make the others wait."""
_IDLE_S: Final = 1.0
_STANDBY_S: Final = 5.0

Place = tuple[str, int]


def topics_of_types(types: Collection[str]) -> list[Topic]:
    """In a fixed order."""
    return sorted({EVENTS_BY_NAME[name].topic for name in types if name in EVENTS_BY_NAME}, key=lambda topic: topic.number)


class Deliverer:
    """Delivers one service's events. Any number of processes may run one; the lease lets one work."""

    def __init__(self, service: str, database: Database, bus: Log, cipher: FieldCipher, clock: Clock, sender: Sender) -> None:
        self._service, self._database, self._bus = service, database, bus
        self._cipher, self._clock, self._sender = cipher, clock, sender
        self._lease = Lease(database.address, f"webhooks/{service}")
        self._compared: set[UUID] = set()
        self._served_last: dict[UUID, Place] = {}

    async def run_once(self) -> int:
        """One turn of every subscriber that is due; how many records were passed or refused."""
        if not await self._lease.held():
            return 0
        return await self._turns()

    async def run_forever(self, stop: asyncio.Event) -> None:
        async def turn() -> float:
            if not await self._lease.held():
                return _STANDBY_S
            if not await unless_stopped(self._turns(), stop):
                await self._bus.wait(_IDLE_S)
            return 0.0

        await repeat("webhooks", self._service, turn, stop, first_s=_IDLE_S)
        await self.close()

    async def close(self) -> None:
        """Let another process take over."""
        await self._lease.release()

    async def _turns(self) -> int:
        async with self._database.read() as session:
            due = (
                await session.execute(
                    text("""SELECT * FROM webhook_subscriber WHERE state = 'active' AND secret_enc IS NOT NULL
                               AND (next_try_at IS NULL OR next_try_at <= :now) ORDER BY id"""),
                    {"now": self._clock.now()},
                )
            ).all()
        places = asyncio.Semaphore(_AT_ONCE)

        async def turn(one: Row[Any]) -> int:
            async with places, self._sender.client() as client:
                return await self._turn(one, client)

        return sum(await asyncio.gather(*(turn(one) for one in due)))

    async def _turn(self, one: Row[Any], client: httpx.AsyncClient) -> int:
        """Partition by partition, from behind the one where the last turn ended, so that a turn cut short starves none.

        The one whose event was refused last comes first, or others' success would hide its failures.
        """
        until = asyncio.get_running_loop().time() + TURN_S
        topics = topics_of_types(one.types)
        positions, refused_at = await self._stand(one, topics)
        places = list(positions)
        behind = places.index(last) + 1 if (last := self._served_last.get(one.id)) in positions else 0
        places = sorted(places[behind:] + places[:behind], key=lambda place: place != refused_at)
        by_name = {topic.name: topic for topic in topics}
        moved = 0
        for place in places:
            self._served_last[one.id] = place
            passed, goes_on = await self._partition(one, client, by_name[place[0]], place[1], positions[place], until)
            moved += passed
            if not goes_on:
                break
        return moved

    async def _stand(self, one: Row[Any], topics: Sequence[Topic]) -> tuple[dict[Place, int], Place | None]:
        """Next offset of each partition, 0 for a topic that is newer than the subscriber; and where an event was refused last."""
        every: dict[Place, int] = {(topic.name, partition): 0 for topic in topics for partition in range(topic.partitions)}
        refused_at: Place | None = None
        async with self._database.read() as session:
            rows = await session.execute(
                text("SELECT topic, partition, next_offset FROM webhook_position WHERE subscriber_id = :id"), {"id": one.id}
            )
            known = {(topic, partition): following for topic, partition, following in rows}
            if one.failures:
                last = (
                    await session.execute(
                        text("SELECT topic, partition FROM webhook_delivery WHERE subscriber_id = :id ORDER BY id DESC LIMIT 1"),
                        {"id": one.id},
                    )
                ).one_or_none()
                refused_at = (last.topic, last.partition) if last is not None else None
        positions = {place: known.get(place, 0) for place in every}
        if one.id not in self._compared:
            positions = await self._in_this_log(one, topics, positions)
            self._compared.add(one.id)
        return positions, refused_at

    async def _in_this_log(self, one: Row[Any], topics: Sequence[Topic], positions: Mapping[Place, int]) -> dict[Place, int]:
        """A position beyond the log's end is of another log (the bus was restored): it goes back to the start; twice is not lost."""
        found = dict(positions)
        for topic in topics:
            for partition, ends in (await self._bus.ends(topic)).items():
                if found[topic.name, partition] > ends.end:
                    log.error("webhooks.log_replaced", service=self._service, subscriber=str(one.id), topic=topic.name, partition=partition)
                    before, found[topic.name, partition] = found[topic.name, partition], ends.start
                    async with self._database.write() as session:
                        await _move(session, one.id, (topic.name, partition), before, ends.start)
        return found

    async def _partition(
        self, one: Row[Any], client: httpx.AsyncClient, topic: Topic, partition: int, position: int, until: float
    ) -> tuple[int, bool]:
        """How many records were passed, and whether the subscriber takes more now. ``until``: by the loop's clock."""
        place, passed, at = (topic.name, partition), 0, position
        found = await self._bus.fetch(topic, partition, position, BATCH_MAX)
        for stored in found:
            if not _wanted(one, stored):
                passed, at = passed + 1, stored.offset + 1
                continue
            assert stored.record is not None
            if at != position:
                async with self._database.write() as session:
                    if not await _move(session, one.id, place, position, at):
                        return passed, False
                position = at
            outcome = await self._post(one, client, stored.record)
            failpoints.hit("webhooks.sent")
            goes_on = await self._note(one, place, position, stored, outcome)
            passed += 1
            if not goes_on or asyncio.get_running_loop().time() > until:
                return passed, False
            position = at = stored.offset + 1
        if at != position:
            async with self._database.write() as session:
                return passed, await _move(session, one.id, place, position, at)
        return passed, True

    async def _post(self, one: Row[Any], client: httpx.AsyncClient, record: Record) -> Outcome:
        now, body = self._clock.now(), encode(record)
        headers = signing.headers(open_secrets(self._cipher, one, now), record.id, now, body)
        return await self._sender.post(client, one.url, {"content-type": CONTENT_TYPE, "user-agent": "Ritme", **headers}, body)

    async def _note(self, one: Row[Any], place: Place, position: int, stored: Stored, outcome: Outcome) -> bool:
        """Keep the outcome and move on, or say when it is tried again; whether to go on."""
        assert stored.record is not None
        now = self._clock.now()
        async with self._database.write() as session:
            await session.execute(
                text("""INSERT INTO webhook_delivery (subscriber_id, topic, partition, log_offset, event_id, at, status, problem)
                        VALUES (:id, :topic, :partition, :log_offset, :event, :at, :status, :problem)"""),
                {
                    "id": one.id, "topic": place[0], "partition": place[1], "log_offset": stored.offset, "event": stored.record.id,
                    "at": now, "status": outcome.status, "problem": outcome.problem,
                },
            )  # fmt: skip
            if outcome.taken:
                moved = await _move(session, one.id, place, position, stored.offset + 1)
                return await _set(session, one.id, now, state="active", failures=0, next_try_at=None, problem="") and moved
            return await self._refused(session, one, outcome, now)

    async def _refused(self, session: WriteSession, one: Row[Any], outcome: Outcome, now: datetime) -> bool:
        failures = await session.scalar(text("SELECT failures FROM webhook_subscriber WHERE id = :id FOR UPDATE"), {"id": one.id})
        count = int(failures or 0) + 1
        state, next_try_at = "active", None
        if outcome.problem == "gone":
            state = "ended"
        elif count > len(DELAYS_S):
            state = "parked"
        else:
            next_try_at = now + timedelta(seconds=max(DELAYS_S[count - 1], outcome.retry_after_s))
        problem = f"{outcome.problem} {outcome.status}" if outcome.status else outcome.problem
        await _set(session, one.id, now, state=state, failures=count, next_try_at=next_try_at, problem=problem)
        report = log.warning if state == "active" else log.error
        report("webhook.not_taken", service=self._service, subscriber=one.name, state=state, problem=problem, failures=count)
        return False


def _wanted(one: Row[Any], stored: Stored) -> bool:
    """Bytes that are no event of ours are parked by the services; nobody outside can do anything about them."""
    return stored.record is not None and stored.record.type in one.types


async def _move(session: WriteSession, subscriber_id: UUID, place: Place, before: int, after: int) -> bool:
    """False where somebody moved it meanwhile (a replay): what they said holds."""
    moved = await session.execute(
        text("""INSERT INTO webhook_position AS p (subscriber_id, topic, partition, next_offset) VALUES (:id, :topic, :partition, :after)
                ON CONFLICT (subscriber_id, topic, partition) DO UPDATE SET next_offset = :after WHERE p.next_offset = :before
                RETURNING 1"""),
        {"id": subscriber_id, "topic": place[0], "partition": place[1], "before": before, "after": after},
    )
    return moved.one_or_none() is not None


async def _set(
    session: WriteSession, subscriber_id: UUID, at: datetime, *, state: str, failures: int, next_try_at: datetime | None, problem: str
) -> bool:
    """False where it is not active any more: somebody stopped it while we were at it."""
    changed = await session.execute(
        text("""UPDATE webhook_subscriber SET failures = :failures, next_try_at = :next, problem = :problem, state = :state,
                       state_at = CASE WHEN state = :state THEN state_at ELSE :at END
                 WHERE id = :id AND state = 'active' RETURNING 1"""),
        {"id": subscriber_id, "at": at, "state": state, "failures": failures, "next": next_try_at, "problem": problem},
    )
    return changed.one_or_none() is not None
