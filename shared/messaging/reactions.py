"""What a service does with events and with the clock, declared as plain functions that take batches."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Generic, Protocol, TypeVar
from uuid import UUID

from shared.contracts.registry import Event, Topic
from shared.crypto import FieldCipher
from shared.db.session import WriteSession
from shared.kernel import context
from shared.kernel.clock import Clock
from shared.settings import Settings

E = TypeVar("E", bound=Event)


@dataclass(frozen=True, slots=True)
class Received(Generic[E]):
    """One event as a reaction sees it. ``raw`` is the payload's JSON text, for set-based SQL."""

    id: str
    type: type[E]
    key: UUID
    version: int
    time: datetime
    data: E
    raw: str
    correlation_id: str = ""


@contextmanager
def caused_by(event: Received[Any]) -> Iterator[None]:
    """What is published inside names this event as its cause, and carries its correlation id.

    Outside, a batch of one names its event; a larger batch names its first event and the first one's correlation.
    """
    correlation = context.correlation_id.set(event.correlation_id)
    causation = context.causation_id.set(event.id)
    try:
        yield
    finally:
        context.causation_id.reset(causation)
        context.correlation_id.reset(correlation)


class Context(Protocol):
    """What a reaction or job may use beside its session (role ``worker``: no row-level security)."""

    clock: Clock

    async def ends(self, topic: Topic) -> Mapping[int, int]:
        """Per partition, the next offset to be written on the bus now."""
        ...


class JobContext(Context, Protocol):
    """For clock work, also what it takes to write files: the key of personal fields, and where the data folder is."""

    cipher: FieldCipher
    settings: Settings


ReactionFunction = Callable[[Sequence[Received[Any]], WriteSession, Context], Awaitable[None]]
JobFunction = Callable[[WriteSession, JobContext], Awaitable[int]]


@dataclass(frozen=True)
class Reaction:
    """Events of these types (all on one topic) go to this function, in batches, in order per key.

    The consumer owns the transaction, moves the position in it, and hands over only versions that are next for their
    key: duplicates are dropped and holes parked before. A failing batch is halved until the poison stands alone.
    """

    topic: Topic
    types: tuple[type[Event], ...]
    run: ReactionFunction


@dataclass(frozen=True)
class Job:
    """Clock work: runs every ``every_s`` seconds in one transaction and returns how many things it did."""

    name: str
    every_s: float
    run: JobFunction


@dataclass(frozen=True)
class ParkedKey:
    """A key whose events stand still, as ``on_parked`` sees it."""

    topic: str
    key: UUID
    reason: str


OnParked = Callable[[Sequence[ParkedKey], WriteSession, Context], Awaitable[None]]
"""Called in the transaction that parks keys (or, with reason '', in the one that freed them): a parked event is a person
whose money stands still."""


def reacts_to(*types: type[Event]) -> Callable[[ReactionFunction], Reaction]:
    """``@reacts_to(BatchApproved)``; several types on one topic keep their order in one batch."""
    topics = {t.topic for t in types}
    if len(topics) != 1:
        raise ValueError("a reaction takes types of one topic; between two topics no order is promised")
    return lambda function: Reaction(topics.pop(), types, function)
