"""Keys that stand still: seen, replayed by command, freed by themselves when a missing version comes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

import structlog
from psycopg import AsyncConnection
from sqlalchemy import text

from shared.contracts.registry import TOPICS, Topic
from shared.db.session import AnySession, Database, WriteSession, raw_connection
from shared.messaging import envelope, positions
from shared.messaging.applying import MISSING, Applier
from shared.messaging.failures import is_transient
from shared.messaging.log import Record, Stored
from shared.messaging.reactions import Context, OnParked, ParkedKey, Reaction

log = structlog.get_logger()

_KEYS_MAX = 1_000


@dataclass(frozen=True, slots=True)
class ParkedLine:
    """A key that stands still, for those who look after it; ``count`` events wait."""

    topic: str
    key: UUID
    reason: str
    count: int
    attempts: int
    owner: str
    since: datetime


async def list_parked(session: AnySession, maximum: int = 1_000) -> list[ParkedLine]:
    """Oldest first."""
    rows = await session.execute(
        text("""SELECT k.topic, k.key, k.reason, count(p.id), k.attempts, k.owner, k.parked_at
                  FROM parked_key AS k LEFT JOIN parked AS p USING (topic, key)
                 GROUP BY k.topic, k.key ORDER BY k.parked_at, k.topic, k.key LIMIT :maximum"""),
        {"maximum": maximum},
    )
    return [ParkedLine(*row) for row in rows]


async def discard_unreadable(session: WriteSession, topic: str, key: UUID) -> int:
    """Take bytes that are no event off the list, after someone has looked at them; how many. Events are never discarded."""
    gone = await session.execute(
        text("DELETE FROM parked WHERE topic = :topic AND key = :key AND raw IS NOT NULL"), {"topic": topic, "key": key}
    )
    await session.execute(
        text("""DELETE FROM parked_key AS k WHERE k.topic = :topic AND k.key = :key
                   AND NOT EXISTS (SELECT FROM parked AS p WHERE p.topic = k.topic AND p.key = k.key)"""),
        {"topic": topic, "key": key},
    )
    return int(gone.rowcount)  # type: ignore[attr-defined]


async def replay(
    database: Database,
    reactions: Sequence[Reaction],
    context: Context,
    topic: str | None = None,
    key: UUID | None = None,
    *,
    on_parked: OnParked | None = None,
    service: str = "",
) -> dict[str, int]:
    """Try parked events again, each key in version order, through the path they would have come by (role ``worker``).

    Returns how many events were ``replayed`` and how many are ``still_parked`` (of this topic and key). What fails
    again stays, with the new reason. Raises as the database does where it does not answer.
    """
    applier = Applier(service, reactions, context, on_parked)
    replayed = 0
    for name in [topic] if topic is not None else list(TOPICS):
        replayed += await Replay(database, applier, TOPICS[name]).run(None if key is None else [key])
    async with database.write() as session:
        left = await session.scalar(
            text("""SELECT count(*) FROM parked WHERE (CAST(:topic AS text) IS NULL OR topic = :topic)
                       AND (CAST(:key AS uuid) IS NULL OR key = :key)"""),
            {"topic": topic, "key": key},
        )
    return {"replayed": replayed, "still_parked": int(left or 0)}


class Replay:
    """Parked events of one topic through the applier again."""

    def __init__(self, database: Database, applier: Applier, topic: Topic) -> None:
        self._database = database
        self._applier = applier
        self._topic = topic

    async def run(self, keys: Sequence[UUID] | None = None, *, healable_only: bool = False) -> int:
        """All keys or these; ``healable_only``: those whose missing version has come. Returns how many events were applied."""
        replayed = 0
        after = UUID(int=0)
        while True:
            chunk = await self._next_keys(after, keys, healable_only)
            if not chunk:
                return replayed
            after = chunk[-1][0]
            for partition in sorted({partition for _, partition in chunk}):
                replayed += await self._replay([key for key, p in chunk if p == partition], partition)

    async def _next_keys(self, after: UUID, keys: Sequence[UUID] | None, healable_only: bool) -> list[tuple[UUID, int]]:
        async with self._database.write() as session:
            connection = await raw_connection(session)
            cursor = await connection.execute(
                """SELECT k.key, min(p.partition) FROM parked_key AS k JOIN parked AS p USING (topic, key)
                    WHERE k.topic = %(topic)s AND k.key > %(after)s AND (%(keys)s::uuid[] IS NULL OR k.key = ANY(%(keys)s))
                      AND (NOT %(healable)s OR k.reason LIKE %(missing)s)
                    GROUP BY k.key
                   HAVING NOT %(healable)s OR min(p.version) <= coalesce(
                            (SELECT a.version FROM applied_version AS a WHERE a.topic = %(number)s AND a.key = k.key), 0) + 1
                    ORDER BY k.key LIMIT %(maximum)s""",
                {
                    "topic": self._topic.name, "number": self._topic.number, "after": after, "maximum": _KEYS_MAX,
                    "keys": None if keys is None else list(keys), "healable": healable_only, "missing": f"{MISSING}%",
                },
            )  # fmt: skip
            return [(key, partition) for key, partition in await cursor.fetchall()]

    async def _replay(self, keys: Sequence[UUID], partition: int) -> int:
        """These keys in one transaction; where that fails, halves of them, and a single key event by event."""
        try:
            return await self._transaction(keys, partition)
        except Exception as error:
            if is_transient(error):
                raise
            if len(keys) > 1:
                half = len(keys) // 2
                return await self._replay(keys[:half], partition) + await self._replay(keys[half:], partition)
        replayed = 0
        while True:
            try:
                one = await self._transaction(keys, partition, events_max=1)
            except Exception as error:
                if is_transient(error):
                    raise
                await self._note_failure(keys[0], error)
                return replayed
            if one == 0:
                return replayed
            replayed += one

    async def _transaction(self, keys: Sequence[UUID], partition: int, *, events_max: int | None = None) -> int:
        async with self._database.write() as session:
            connection = await raw_connection(session)
            await positions.lock_waiting(connection, (self._topic.name, partition))
            rows = await _load(connection, self._topic, keys, events_max)
            unit = [stored for _, stored in rows]
            applied = await _applied(connection, self._topic, [s.record.key for s in unit if s.record is not None])
            plan = self._applier.plan_replay(unit, applied)
            await self._applier.react(session, self._topic, plan)
            kept = {id(stored) for stored in plan.parked}
            done = [row for row, stored in rows if id(stored) not in kept]
            await connection.execute("DELETE FROM parked WHERE id = ANY(%s)", (done,))
            for reason_key, reason in plan.reasons.items():
                await _set_reason(connection, self._topic, reason_key, reason)
            await self._free(session, keys)
            return len(done)

    async def _free(self, session: WriteSession, keys: Sequence[UUID]) -> None:
        connection = await raw_connection(session)
        cursor = await connection.execute(
            """DELETE FROM parked_key AS k WHERE k.topic = %s AND k.key = ANY(%s)
                  AND NOT EXISTS (SELECT FROM parked AS p WHERE p.topic = k.topic AND p.key = k.key) RETURNING k.key""",
            (self._topic.name, list(keys)),
        )
        await self._applier.tell(session, [ParkedKey(self._topic.name, key, "") for (key,) in await cursor.fetchall()])

    async def _note_failure(self, key: UUID, error: Exception) -> None:
        log.warning("event.replay_failed", topic=self._topic.name, key=str(key), error=repr(error))
        async with self._database.write() as session:
            await _set_reason(await raw_connection(session), self._topic, key, f"{type(error).__name__}: {error}"[:500])


async def _set_reason(connection: AsyncConnection[Any], topic: Topic, key: UUID, reason: str) -> None:
    await connection.execute(
        "UPDATE parked_key SET reason = %s, attempts = attempts + 1 WHERE topic = %s AND key = %s", (reason, topic.name, key)
    )


async def _applied(connection: AsyncConnection[Any], topic: Topic, keys: Sequence[UUID]) -> dict[UUID, int]:
    cursor = await connection.execute(
        "SELECT key, version FROM applied_version WHERE topic = %s AND key = ANY(%s)", (topic.number, list(set(keys)))
    )
    return dict(await cursor.fetchall())


async def _load(connection: AsyncConnection[Any], topic: Topic, keys: Sequence[UUID], maximum: int | None) -> list[tuple[int, Stored]]:
    cursor = await connection.execute(
        """SELECT id, partition, log_offset, event_id, type, key, version, at, correlation_id, causation_id, data, raw
             FROM parked WHERE topic = %s AND key = ANY(%s) ORDER BY key, version LIMIT %s""",
        (topic.name, list(keys), maximum),
    )
    found = []
    for row, partition, offset, event_id, number, key, version, at, correlation, causation, data, raw in await cursor.fetchall():
        if raw is not None:  # perhaps readable by now: a newer Ritme knows more types
            stored = envelope.read(topic, partition, offset, bytes(raw))
        else:
            record = Record(event_id, number, key, version, at, correlation, causation, data)
            stored = Stored(topic.name, partition, offset, record)
        found.append((row, stored))
    return found
