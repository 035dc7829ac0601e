"""The bus as a port: a partitioned, append-only log. Two adapters: PostgreSQL (embedded) and Apache Kafka."""

from __future__ import annotations

from collections.abc import AsyncIterator, Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol
from uuid import UUID

import msgspec

from shared.contracts.registry import EVENTS, Topic

RECORD_MAX_BYTES = 1_048_576
"""Largest record on a bus, envelope included. The outbox refuses payloads above DATA_MAX_BYTES, so none of ours is larger."""
DATA_MAX_BYTES = 1_000_000


class Record(msgspec.Struct, frozen=True, gc=False):
    """One event as it stands on the bus; ``data`` is its payload as JSON text. A struct: a month makes half a million."""

    id: str
    """``<service>-<seq>``; the same when it is published again."""
    number: int
    key: UUID
    version: int
    time: datetime
    correlation_id: str
    causation_id: str
    data: str

    @property
    def type(self) -> str:
        return EVENTS[self.number].type

    @property
    def topic(self) -> Topic:
        return EVENTS[self.number].topic

    @property
    def partition(self) -> int:
        return self.topic.partition_of(self.key)


class Stored(msgspec.Struct, frozen=True, gc=False):
    """A record with its place in the log. ``raw`` is set instead of ``record`` where the bytes cannot be read as an event."""

    topic: str
    partition: int
    offset: int
    record: Record | None
    raw: bytes = b""
    problem: str = ""


@dataclass(frozen=True, slots=True)
class Ends:
    """First offset still kept and the next one to be written, of one partition."""

    start: int
    end: int


class BusUnavailable(Exception):
    """The bus did not answer in time. Nothing is known of what was under way; try again later."""


class Log(Protocol):
    """What a bus promises: appended records are durable when ``append`` returns, in order per partition, possibly twice."""

    name: str

    async def append(self, records: Sequence[Record]) -> None:
        """All of them, in order per key, or BusUnavailable (then some may have arrived)."""
        ...

    async def fetch(self, topic: Topic, partition: int, start: int, maximum: int) -> Sequence[Stored]:
        """Up to ``maximum`` records from offset ``start``; empty at the end. Never waits longer than a moment.

        Where the log does not hold ``start`` (retention passed it, or this is another log than before), what comes
        begins at another offset or not at all: the caller compares, and asks ``ends``. BusUnavailable where nobody answers.
        """
        ...

    def assignments(self, group: str, topics: Collection[Topic]) -> AsyncIterator[frozenset[tuple[str, int]]]:
        """The partitions this process may read for ``group``, again whenever that changes."""
        ...

    async def ends(self, topic: Topic) -> Mapping[int, Ends]:
        """Per partition, first and next offset."""
        ...

    async def passed(self, group: str, topic: Topic, partition: int, position: int) -> None:
        """For the bus's own displays of lag, and for nothing else; may do nothing."""
        ...

    async def wait(self, timeout_s: float) -> None:
        """Return when something may have been appended, or after ``timeout_s``."""
        ...

    async def close(self) -> None: ...
