"""``ritme work``: relay, consumers and clock jobs of all services, or of some."""

from __future__ import annotations

import asyncio
import os
import time
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

import structlog

from ritme.start import ground, migrate_all, spare_the_collector, stop_signal, stop_with_parent, watch_over
from services.embedded import SERVICES, House, open_house
from shared.db.embedded_postgres import EmbeddedPostgres
from shared.messaging import parked
from shared.observability import configure_logging
from shared.runtime import Worker, run_workers, settle
from shared.settings import Settings

log = structlog.get_logger()

PULSE_S = 5.0


def work(names: Sequence[str] = (), *, until_idle: bool = False, replay_parked: bool = False) -> dict[str, int]:
    """Run until Ctrl-C, or with ``until_idle`` until nothing is pending, every position at its end, no job due.

    ``replay_parked`` first tries every parked key again. Returns what was moved and replayed.
    """
    settings = Settings()
    configure_logging("worker")
    child = bool(os.environ.get("RITME_CHILD"))
    with ground(settings, migrated=not child) as postgres:
        return asyncio.run(_work(settings, postgres, names, until_idle=until_idle, replay_parked=replay_parked))


async def _work(
    settings: Settings, postgres: EmbeddedPostgres | None, names: Sequence[str], *, until_idle: bool, replay_parked: bool
) -> dict[str, int]:
    services = [name for name in names if name in SERVICES] or (SERVICES if not names else ())
    stop = stop_signal()
    if os.environ.get("RITME_CHILD"):
        stop_with_parent(stop)
    result: dict[str, int] = {}
    async with open_house(settings, "worker", services, postgres=postgres) as house:
        spare_the_collector()
        if replay_parked:
            result |= await _replay_parked(house)
        if until_idle:
            workers = [Worker(service) for service in house.services]
            started = time.monotonic()
            result["moved"] = await settle(workers)
            result["milliseconds"] = round((time.monotonic() - started) * 1000)
            for worker in workers:
                await worker.close()
            return result
        if replay_parked:
            return result
        log.info("working", services=list(services), bus=settings.bus)
        async with asyncio.TaskGroup() as group:
            group.create_task(watch_over(postgres, stop))
            group.create_task(run_workers(house.services, stop))
            if settings.pulse is not None:
                group.create_task(_beat(settings.pulse, stop))
    return result


async def _beat(pulse: Path, stop: asyncio.Event) -> None:
    """A worker has no door to be asked at: the file's age says whether its event loop still turns."""
    while not stop.is_set():
        await asyncio.to_thread(pulse.touch)
        with suppress(TimeoutError):
            await asyncio.wait_for(stop.wait(), PULSE_S)


async def _replay_parked(house: House) -> dict[str, int]:
    totals = {"replayed": 0, "still_parked": 0}
    for service in house.services:
        done = await parked.replay(service.database, service.definition.reactions, service, on_parked=service.definition.on_parked)
        for key in totals:
            totals[key] += done[key]
    return totals


def migrate_command() -> None:
    """``ritme migrate``: databases, roles, revisions, reference data, bus; the one-shot job of a deployment."""
    settings = Settings()
    configure_logging("migrate")
    if settings.embedded_database:
        with ground(settings):
            return
    migrate_all(settings, None)
