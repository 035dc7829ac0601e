"""One unit of events applied in one transaction: version check, reactions, and what cannot be applied is parked.

Versions are gapless per key. What is not above the applied version is a duplicate; what is not the next one is a hole,
and the key stands still (parked) until the missing version comes. Set-based: a handful of statements whatever the size.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

import msgspec
import structlog
from psycopg import AsyncConnection

from shared.contracts.registry import EVENTS, TOPICS, Event, Topic
from shared.db.session import WriteSession, raw_connection
from shared.kernel import context as bound
from shared.kernel.ids import natural_id
from shared.messaging.arrays import array_of
from shared.messaging.failures import is_transient
from shared.messaging.log import RECORD_MAX_BYTES, Record, Stored
from shared.messaging.reactions import Context, OnParked, ParkedKey, Reaction, Received

log = structlog.get_logger()

MISSING = "missing version"
"""How the reason of a hole begins; such a key goes on by itself when the version comes."""
PARKED_OWNER = "sistem"


def unreadable_key(stored: Stored) -> UUID:
    """Bytes that are no event have no key; their place in the log is one."""
    return natural_id("unreadable", stored.topic, str(stored.partition), str(stored.offset))


def key_of(stored: Stored) -> UUID:
    return stored.record.key if stored.record is not None else unreadable_key(stored)


@dataclass
class Plan:
    """What to do with a unit, decided before anything is written."""

    events: list[Received[Any]] = field(default_factory=list)
    applied: dict[UUID, int] = field(default_factory=dict)
    """New applied version of each key that moves."""
    parked: list[Stored] = field(default_factory=list)
    reasons: dict[UUID, str] = field(default_factory=dict)
    """Of keys that stand still from now on."""
    healed: set[UUID] = field(default_factory=set)
    """Parked keys whose missing version is in this unit: their parked events can go on now."""

    @property
    def has_hole(self) -> bool:
        return any(reason.startswith(MISSING) for reason in self.reasons.values())


class Applier:
    """Knows a service's reactions, and what of a topic they want to see."""

    def __init__(self, service: str, reactions: Sequence[Reaction], context: Context, on_parked: OnParked | None) -> None:
        self._service = service
        self._reactions: dict[str, list[tuple[frozenset[type[Event]], Reaction]]] = {}
        self._decoders: dict[int, msgspec.json.Decoder[Event]] = {}
        self._context = context
        self._on_parked = on_parked
        for reaction in reactions:
            self._reactions.setdefault(reaction.topic.name, []).append((frozenset(reaction.types), reaction))
            for declared in reaction.types:
                self._decoders[declared.number] = msgspec.json.Decoder(declared)

    @property
    def topics(self) -> list[Topic]:
        return [TOPICS[name] for name in self._reactions]

    async def plan(self, session: WriteSession, topic: Topic, unit: Sequence[Stored]) -> Plan:
        """Compare the unit with what is applied and parked; call it under the lock of the partition's position."""
        connection = await raw_connection(session)
        keys = array_of({stored.record.key for stored in unit if stored.record is not None})
        cursor = await connection.execute(
            "SELECT key, version FROM applied_version WHERE topic = %s AND key = ANY(%s::uuid[])", (topic.number, keys)
        )
        applied = dict(await cursor.fetchall())
        cursor = await connection.execute(
            """SELECT k.key, min(p.version) FROM parked_key AS k JOIN parked AS p USING (topic, key)
                WHERE k.topic = %s AND k.key = ANY(%s::uuid[]) GROUP BY k.key""",
            (topic.name, keys),
        )
        return self._decide(unit, applied, dict(await cursor.fetchall()))

    def plan_replay(self, unit: Sequence[Stored], applied: dict[UUID, int]) -> Plan:
        """The same for events that come from the parked ones themselves."""
        return self._decide(unit, applied, {})

    def _decide(self, unit: Sequence[Stored], applied: dict[UUID, int], parked: dict[UUID, int]) -> Plan:
        """``applied``: version per key; ``parked``: the lowest parked version of keys that stand still."""
        plan = Plan()
        for stored in unit:
            record = stored.record
            if record is None:
                plan.parked.append(stored)
                plan.reasons[unreadable_key(stored)] = stored.problem
                continue
            key, version = record.key, record.version
            have = applied.get(key, 0)
            if version <= have:
                continue
            lowest = parked.get(key)
            if version == have + 1 and (lowest is None or lowest > version):
                event = self._received(record)
                if not isinstance(event, str):
                    applied[key] = plan.applied[key] = version
                    if event is not None:
                        plan.events.append(event)
                    if lowest is not None:
                        plan.healed.add(key)
                    continue
                plan.reasons[key] = event
            elif lowest is None:
                plan.reasons[key] = f"{MISSING} {have + 1}"
            plan.parked.append(stored)
            parked[key] = min(version, lowest or version)
        return plan

    def _received(self, record: Record) -> Received[Any] | str | None:
        """The event as reactions see it, None where nobody wants its type, or what is wrong with it."""
        decoder = self._decoders.get(record.number)
        if decoder is None:
            return None
        if len(record.data) > RECORD_MAX_BYTES:
            return f"{record.type} {record.id}: {len(record.data)} characters are too many"
        try:
            data = decoder.decode(record.data)
        except msgspec.MsgspecError as error:  # malformed JSON, or not the declared shape
            return f"{record.type} {record.id} cannot be read: {error}"
        return Received(record.id, EVENTS[record.number], record.key, record.version, record.time, data, record.data, record.correlation_id)

    async def react(self, session: WriteSession, topic: Topic, plan: Plan) -> None:
        """Run the reactions on the plan's events and note their versions."""
        for types, reaction in self._reactions.get(topic.name, ()) if plan.events else ():
            events = [event for event in plan.events if event.type in types]
            if events:
                with _cause(events):
                    await reaction.run(events, session, self._context)
        if plan.applied:
            connection = await raw_connection(session)
            await connection.execute(
                """INSERT INTO applied_version (topic, key, version) SELECT %s, * FROM unnest(%s::uuid[], %s::int[])
                   ON CONFLICT (topic, key) DO UPDATE SET version = excluded.version""",
                (topic.number, array_of(plan.applied), array_of(plan.applied.values())),
            )

    async def park(self, session: WriteSession, topic: Topic, plan: Plan) -> None:
        """Put aside what the plan could not apply, and tell the service which keys stand still from now on."""
        if not plan.parked:
            return
        connection = await raw_connection(session)
        await _insert_parked(connection, plan.parked, self._context.clock.now())
        if not plan.reasons:
            return
        cursor = await connection.execute(
            """INSERT INTO parked_key (topic, key, reason, attempts, parked_at, owner)
               SELECT %s, key, reason, 1, %s, %s FROM unnest(%s::uuid[], %s::text[]) AS n(key, reason)
               ON CONFLICT (topic, key) DO UPDATE SET reason = excluded.reason RETURNING key, reason, xmax = 0""",
            (topic.name, self._context.clock.now(), PARKED_OWNER, list(plan.reasons), list(plan.reasons.values())),
        )
        new = [ParkedKey(topic.name, key, reason) for key, reason, is_new in await cursor.fetchall() if is_new]
        for parked in new[:20]:
            log.error("event.parked", service=self._service, topic=topic.name, key=str(parked.key), reason=parked.reason)
        if len(new) > 20:
            log.error("event.parked", service=self._service, topic=topic.name, more=len(new) - 20)
        await self.tell(session, new)

    async def tell(self, session: WriteSession, keys: Sequence[ParkedKey]) -> None:
        """Call the service's ``on_parked``; if that fails the keys are parked or freed all the same, and it is logged."""
        if self._on_parked is None or not keys:
            return
        try:
            async with session.begin_nested():
                await self._on_parked(keys, session, self._context)
        except Exception as error:
            if is_transient(error):
                raise
            log.error("consumer.on_parked_failed", service=self._service, keys=len(keys), error=repr(error))


@contextmanager
def _cause(events: Sequence[Received[Any]]) -> Iterator[None]:
    """A batch of one is exactly caused by its event; a larger one names its first. ``caused_by`` is exact at any size."""
    correlation = bound.correlation_id.set(events[0].correlation_id)
    causation = bound.causation_id.set(events[0].id)
    try:
        yield
    finally:
        bound.causation_id.reset(causation)
        bound.correlation_id.reset(correlation)


async def _insert_parked(connection: AsyncConnection[Any], parked: Iterable[Stored], now: datetime) -> None:
    rows: list[tuple[Any, ...]] = []
    for stored in parked:
        place = (stored.topic, stored.partition, stored.offset)
        record = stored.record
        if record is None:
            rows.append((*place, "", 0, unreadable_key(stored), 0, now, "", "", "", stored.raw[:RECORD_MAX_BYTES]))
        else:
            whole = (record.id, record.number, record.key, record.version, record.time, record.correlation_id, record.causation_id)
            rows.append((*place, *whole, record.data, None))
    await connection.execute(
        """INSERT INTO parked (topic, partition, log_offset, event_id, type, key, version, at, correlation_id, causation_id, data, raw)
           SELECT * FROM unnest(%s::text[], %s::int[], %s::bigint[], %s::text[], %s::smallint[], %s::uuid[], %s::int[],
                                %s::timestamptz[], %s::text[], %s::text[], %s::text[], %s::bytea[])
           ON CONFLICT (topic, key, version) DO NOTHING""",
        [list(column) for column in zip(*rows, strict=True)],
    )
