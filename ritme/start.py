"""What serve and work share: PostgreSQL up, migrated and watched over; one stop signal."""

from __future__ import annotations

import asyncio
import gc
import signal
import sys
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

import structlog

from services.embedded import BUS, SERVICES, address, migrate, open_bus
from shared.db.embedded_postgres import EmbeddedPostgres
from shared.messaging.embedded import EmbeddedLog
from shared.messaging.kafka import KafkaLog
from shared.settings import Settings

log = structlog.get_logger()

WATCH_S = 1.0
_COLLECT = (50_000, 10, 20)
"""Thresholds of the garbage collector."""


def spare_the_collector() -> None:
    """Call it once everything is loaded, before the work.

    Files and batches of events are many short-lived rows in no cycle. With Python's own thresholds the collector walked
    over the whole program for each few of them: a fifth of an import, a quarter of the relay (``ritme bench``).
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(*_COLLECT)


@contextmanager
def ground(settings: Settings, *, migrated: bool = True) -> Iterator[EmbeddedPostgres | None]:
    """The databases, ready to use. Embedded: started or joined, brought up to date; the last process stops it."""
    if not settings.embedded_database:
        yield None
        return
    postgres = EmbeddedPostgres(settings.data, durable=settings.durable)
    with postgres:
        if migrated:
            migrate_all(settings, postgres)
        yield postgres


def migrate_all(settings: Settings, postgres: EmbeddedPostgres | None, names: Sequence[str] = SERVICES) -> None:
    """Databases, revisions, reference data and the bus's own tables or topics; any number of times."""
    migrate(settings, postgres, names)
    asyncio.run(_prepare_bus(settings, postgres))


async def _prepare_bus(settings: Settings, postgres: EmbeddedPostgres | None) -> None:
    if settings.bus == "embedded":
        bus = EmbeddedLog(address(settings, postgres, BUS, "owner"))
        await bus.migrate()
        await bus.close()
        return
    kafka = open_bus(settings, postgres)
    assert isinstance(kafka, KafkaLog)
    await kafka.ensure_topics()
    await kafka.close()


def verify_addresses(settings: Settings, postgres: EmbeddedPostgres | None) -> dict[str, str]:
    """Where ``ritme verify`` reads: each service as its verify role; the embedded bus as its worker, in read-only sessions."""
    addresses = {name: address(settings, postgres, name, "verify") for name in SERVICES}
    if settings.bus == "embedded":
        addresses[BUS] = address(settings, postgres, BUS, "worker")
    return addresses


async def watch_over(postgres: EmbeddedPostgres | None, stop: asyncio.Event) -> None:
    """Bring the embedded server back when it died; requests and workers meanwhile wait or answer 503."""
    if postgres is None:
        return
    while not stop.is_set():
        try:
            await asyncio.wait_for(stop.wait(), WATCH_S)
        except TimeoutError:
            await asyncio.to_thread(postgres.start)


def stop_signal() -> asyncio.Event:
    """Set by Ctrl-C, by SIGTERM, and, for a child, when its parent is gone."""
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        try:
            loop.add_signal_handler(number, stop.set)
        except NotImplementedError:  # Windows
            signal.signal(number, lambda *_: loop.call_soon_threadsafe(stop.set))
    return stop


def stop_with_parent(stop: asyncio.Event) -> None:
    """The parent holds our standard input: its end, however it came, is ours too."""
    loop = asyncio.get_running_loop()

    def wait() -> None:
        sys.stdin.buffer.read()
        try:
            loop.call_soon_threadsafe(stop.set)
        except RuntimeError:
            log.debug("stopped before the parent")

    threading.Thread(target=wait, daemon=True).start()
