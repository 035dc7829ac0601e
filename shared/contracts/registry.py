"""Topics and event types, each declared once.

An event type is ``<service>.<name>.v1`` with a permanent number (the outbox keeps the number, not the name).
Payloads hold ids, codes, months and rupiah only: never NIK, name, address, account, disability or child data.
Optional fields may be added; anything else is a ``.v2`` beside the old one.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import ClassVar, TypeVar
from uuid import UUID

import msgspec


@dataclass(frozen=True)
class Topic:
    """A stream of one kind of key; order is kept per key, and promised between two topics never."""

    name: str
    number: int
    partitions: int
    key: str
    retention_days: int = 3650

    @property
    def publisher(self) -> str:
        return self.name.split(".", 1)[0]

    def partition_of(self, key: UUID) -> int:
        """The same on every bus; a key never changes its partition."""
        return key.int % self.partitions


class Event(msgspec.Struct, frozen=True, kw_only=True):
    """Base of every payload. A fact in the past tense."""

    type: ClassVar[str]
    number: ClassVar[int]
    topic: ClassVar[Topic]
    barrier: ClassVar[bool]


E = TypeVar("E", bound=Event)

TOPICS: dict[str, Topic] = {}
EVENTS: dict[int, type[Event]] = {}
EVENTS_BY_NAME: dict[str, type[Event]] = {}


def topic(name: str, number: int, *, partitions: int, key: str) -> Topic:
    declared = Topic(name, number, partitions, key)
    if name in TOPICS or any(other.number == number for other in TOPICS.values()):
        raise ValueError(f"topic {name} or its number {number} is declared twice")
    TOPICS[name] = declared
    return declared


def event(name: str, number: int, on: Topic, *, barrier: bool = False) -> Callable[[type[E]], type[E]]:
    """Declare a payload as an event type.

    ``barrier``: the relay sends it only after everything before it was acknowledged (CORE.md section 7).
    """

    def declare(payload: type[E]) -> type[E]:
        if number in EVENTS or name in EVENTS_BY_NAME:
            raise ValueError(f"event {name} or its number {number} is declared twice")
        payload.type, payload.number, payload.topic, payload.barrier = name, number, on, barrier
        EVENTS[number] = payload
        EVENTS_BY_NAME[name] = payload
        return payload

    return declare


def topics_of(publisher: str) -> Mapping[str, Topic]:
    return {name: found for name, found in TOPICS.items() if found.publisher == publisher}


class ProgrammeTotal(msgspec.Struct, frozen=True, kw_only=True):
    """People or payments of one programme, and their rupiah."""

    programme: str
    count: int
    sum: int
