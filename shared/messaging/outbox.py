"""Publishing is a row in the transaction of the change: a fact and its event become true together or not at all.

The outbox is narrow and append-only; ``outbox_pending`` is the relay's queue, filled by the same statement. What is the
same for a whole command (time, correlation, causation) stands once, in ``outbox_command``. Lock the aggregate before
you append: then ``seq`` order is version order per key.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, cast
from uuid import UUID

import msgspec
from sqlalchemy import text

from shared.contracts.registry import Event
from shared.db.session import WriteSession
from shared.kernel import context

_COMMANDS = "outbox_commands"


@dataclass(frozen=True, slots=True)
class Outgoing:
    """One event to publish; ``version`` is gapless per key within the topic, taken under the lock of the key's row."""

    key: UUID
    version: int
    data: Event


async def _command_id(session: WriteSession, at: datetime) -> int:
    """One row per transaction and cause; a reaction that publishes under ``caused_by`` has one per event it names."""
    correlation, causation = context.correlation_id.get(), context.causation_id.get()
    commands = session.info.setdefault(_COMMANDS, {})
    # A savepoint that was rolled back took its command row along.
    key = (at, correlation, causation, session.sync_session.get_nested_transaction())
    if key not in commands:
        commands[key] = await session.scalar(
            text("INSERT INTO outbox_command (at, correlation_id, causation_id) VALUES (:at, :correlation, :causation) RETURNING id"),
            {"at": at, "correlation": correlation, "causation": causation},
        )
    return cast("int", commands[key])


async def append(session: WriteSession, events: Sequence[Outgoing], *, at: datetime) -> None:
    """Publish a few events with this transaction."""
    if not events:
        return
    command = await _command_id(session, at)
    await session.execute(
        text("""
            WITH new AS (
                INSERT INTO outbox (command_id, type, key, version, data)
                SELECT :command, type, key, version, data
                  FROM unnest(CAST(:types AS smallint[]), CAST(:keys AS uuid[]), CAST(:versions AS int[]), CAST(:data AS text[]))
                       WITH ORDINALITY AS e(type, key, version, data, n) ORDER BY n
                RETURNING seq)
            INSERT INTO outbox_pending (seq) SELECT seq FROM new"""),
        {
            "command": command,
            "types": [e.data.number for e in events],
            "keys": [e.key for e in events],
            "versions": [e.version for e in events],
            "data": [msgspec.json.encode(e.data).decode() for e in events],
        },
    )


async def append_from(
    session: WriteSession, event: type[Event], select: str, params: Mapping[str, Any] | None = None, *, at: datetime
) -> int:
    """Publish many events of one type by one statement; returns how many.

    ``select`` yields ``key uuid, version int, data json or text`` in the order wanted; ``json_build_object`` with the
    payload's field names makes ``data``. Its shape is checked by the contract tests of the service.
    """
    command = await _command_id(session, at)
    result = await session.execute(
        text(f"""
            WITH new AS (
                INSERT INTO outbox (command_id, type, key, version, data)
                SELECT :outbox_command, :outbox_type, e.key, e.version, e.data::text FROM ({select}) AS e(key, version, data)
                RETURNING seq)
            INSERT INTO outbox_pending (seq) SELECT seq FROM new"""),
        {**(params or {}), "outbox_command": command, "outbox_type": event.number},
    )
    return cast("int", result.rowcount)  # type: ignore[attr-defined]
