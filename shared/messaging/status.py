"""Where a service's events stand: what waits to be sent, what waits to be read, what stands still."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from typing import Any

from sqlalchemy import text

from shared.contracts.registry import Topic
from shared.db.session import AnySession
from shared.messaging.log import BusUnavailable, Log
from shared.messaging.parked import list_parked


async def messaging_status(session: AnySession, bus: Log, topics: Collection[Topic], now: datetime | None = None) -> dict[str, Any]:
    """``pending`` events and the age of the oldest in seconds (null without any; against the database's clock where
    ``now`` is not given), ``positions`` of the subscribed ``topics``, and ``parked`` keys with their owners.

    Where the bus does not answer, ``bus`` says so and ``end``, ``lag`` and ``lost`` are null. ``lost``: records that
    retention took before they were read.
    """
    pending = await session.scalar(text("SELECT count(*) FROM outbox_pending"))
    age = await session.scalar(
        text("""SELECT greatest(0, extract(epoch FROM coalesce(CAST(:now AS timestamptz), clock_timestamp()) - c.at))
                  FROM outbox AS o JOIN outbox_command AS c ON c.id = o.command_id
                 WHERE o.seq = (SELECT min(seq) FROM outbox_pending)"""),
        {"now": now},
    )
    positions, answers = await _positions(session, bus, topics)
    parked = await list_parked(session)
    return {
        "pending": int(pending or 0),
        "oldest_pending_age_s": None if age is None else round(float(age), 1),
        "bus": "ok" if answers else "unavailable",
        "positions": positions,
        "parked": [
            {
                "topic": line.topic, "key": str(line.key), "reason": line.reason, "count": line.count,
                "owner": line.owner, "since": line.since.isoformat(),
            }
            for line in parked
        ],
    }  # fmt: skip


async def _positions(session: AnySession, bus: Log, topics: Collection[Topic]) -> tuple[list[dict[str, Any]], bool]:
    rows = await session.execute(text("SELECT topic, partition, next_offset FROM consumer_position"))
    read = {(topic, partition): following for topic, partition, following in rows}
    lines: list[dict[str, Any]] = []
    answers = True
    for topic in sorted(topics, key=lambda each: each.name):
        try:
            ends = await bus.ends(topic)
        except BusUnavailable:
            answers, ends = False, {}
        for partition in range(topic.partitions):
            position, known = read.get((topic.name, partition), 0), ends.get(partition)
            lines.append(
                {
                    "topic": topic.name, "partition": partition, "position": position,
                    "end": known.end if known else None,
                    "lag": max(0, known.end - position) if known else None,
                    "lost": max(0, known.start - position) if known else None,
                }
            )  # fmt: skip
    return lines, answers
