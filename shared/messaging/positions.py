"""How far a service has read each partition: a row in its own database, locked and moved in the transaction of the effect.

That row fences redelivery, rivals, zombies and restores of the database; what the bus thinks of our position is for
displays only.
"""

from __future__ import annotations

from typing import Any, NamedTuple

from psycopg import AsyncConnection

Place = tuple[str, int]
"""Topic name and partition."""


class Position(NamedTuple):
    next_offset: int
    last_id: str
    """Id of the event at ``next_offset - 1``, as proof that the log is still the same one; '' where nothing was read."""


START = Position(0, "")


async def ensure(connection: AsyncConnection[Any], place: Place) -> None:
    await connection.execute(
        "INSERT INTO consumer_position (topic, partition, next_offset) VALUES (%s, %s, 0) ON CONFLICT DO NOTHING", place
    )


async def load(connection: AsyncConnection[Any], place: Place) -> Position:
    cursor = await connection.execute("SELECT next_offset, last_id FROM consumer_position WHERE topic = %s AND partition = %s", place)
    row = await cursor.fetchone()
    return Position(*row) if row is not None else START


async def load_all(connection: AsyncConnection[Any]) -> dict[Place, int]:
    """Next offset of every partition that was ever read."""
    cursor = await connection.execute("SELECT topic, partition, next_offset FROM consumer_position")
    return {(topic, partition): following for topic, partition, following in await cursor.fetchall()}


async def lock(connection: AsyncConnection[Any], place: Place) -> Position | None:
    """Lock the partition for this transaction; None where a rival has it, whoever of the two is right about owning it."""
    cursor = await connection.execute(
        "SELECT next_offset, last_id FROM consumer_position WHERE topic = %s AND partition = %s FOR UPDATE SKIP LOCKED", place
    )
    row = await cursor.fetchone()
    return Position(*row) if row is not None else None


async def lock_waiting(connection: AsyncConnection[Any], place: Place) -> None:
    """Lock the partition, after whoever has it now; up to the session's ``lock_timeout``."""
    await ensure(connection, place)
    await connection.execute("SELECT FROM consumer_position WHERE topic = %s AND partition = %s FOR UPDATE", place)


async def move(connection: AsyncConnection[Any], place: Place, to: Position) -> None:
    """Only under ``lock``."""
    await connection.execute(
        "UPDATE consumer_position SET next_offset = %s, last_id = %s WHERE topic = %s AND partition = %s", (*to, *place)
    )
