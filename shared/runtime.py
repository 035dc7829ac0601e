"""A service is declared once and runs as API, as worker, or with the others under one command."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field

import httpx
import psycopg
import structlog
from fastapi import APIRouter
from sqlalchemy import MetaData, text

from shared.contracts.registry import Topic, topics_of
from shared.crypto import FieldCipher
from shared.db.session import Database, Role
from shared.kernel.clock import Clock
from shared.messaging.consumer import Consumer
from shared.messaging.log import Log
from shared.messaging.reactions import Job, OnParked, Reaction
from shared.messaging.relay import Relay
from shared.settings import Settings
from shared.webhooks.delivery import Deliverer
from shared.webhooks.sending import Policy, Sender

log = structlog.get_logger()


@dataclass(frozen=True)
class ServiceDefinition:
    """Everything the runtime needs to know about a service."""

    name: str
    metadata: MetaData
    migrations: str
    """Package of the alembic folder, such as ``services.beneficiary.migrations``."""
    router: APIRouter
    reactions: tuple[Reaction, ...] = ()
    jobs: tuple[Job, ...] = ()
    on_parked: OnParked | None = None
    webhooks: bool = False
    """Whether systems outside may subscribe to its events: it has the tables and doors of ``shared.webhooks``."""
    seed: Callable[[psycopg.Connection[tuple[object, ...]]], None] | None = None
    """Reference data, upserted as the owner role after each migration; runs any number of times."""

    @property
    def topics(self) -> Mapping[str, Topic]:
        return topics_of(self.name)

    @property
    def subscriptions(self) -> frozenset[Topic]:
        return frozenset(reaction.topic for reaction in self.reactions)


@dataclass
class Service:
    """One service, live in one role (``api`` or ``worker``). API code finds it at ``request.app.state.service``."""

    definition: ServiceDefinition
    settings: Settings
    database: Database
    cipher: FieldCipher
    clock: Clock
    bus: Log
    http: httpx.AsyncClient
    """To the doors of all services (base address set); pass the caller's own token on."""

    @property
    def name(self) -> str:
        return self.definition.name

    async def ends(self, topic: Topic) -> Mapping[int, int]:
        return {partition: ends.end for partition, ends in (await self.bus.ends(topic)).items()}


class JobRunner:
    """Runs a service's clock work, each job in a transaction of its own under its own lock."""

    def __init__(self, service: Service) -> None:
        self._service = service

    async def run_once(self) -> int:
        return sum([await self._run(job) for job in self._service.definition.jobs])

    async def _run(self, job: Job) -> int:
        async with self._service.database.write() as session:
            if not await session.scalar(text("SELECT pg_try_advisory_xact_lock(hashtext(:name))"), {"name": f"job/{job.name}"}):
                return 0  # another worker is at it
            return await job.run(session, self._service)

    async def run_forever(self, stop: asyncio.Event) -> None:
        async with asyncio.TaskGroup() as group:
            for job in self._service.definition.jobs:
                group.create_task(self._repeat(job, stop))

    async def _repeat(self, job: Job, stop: asyncio.Event) -> None:
        while not stop.is_set():
            try:
                await self._run(job)
            except Exception as error:  # noqa: BLE001 - a job that fails must not stop the others; it is tried again
                log.error("job.failed", service=self._service.name, job=job.name, error=repr(error))
            try:
                await asyncio.wait_for(stop.wait(), job.every_s)
            except TimeoutError:
                continue


@dataclass
class Worker:
    """Relay, consumer, jobs and, where it has subscribers, the deliverer of one service."""

    service: Service
    relay: Relay = field(init=False)
    consumer: Consumer | None = field(init=False)
    jobs: JobRunner = field(init=False)
    webhooks: Deliverer | None = field(init=False)

    def __post_init__(self) -> None:
        service = self.service
        self.relay = Relay(service.name, service.database, service.bus)
        self.consumer = (
            Consumer(service.name, service.database, service.bus, service.definition.reactions, service, service.definition.on_parked)
            if service.definition.reactions
            else None
        )
        self.jobs = JobRunner(service)
        self.webhooks = (
            Deliverer(service.name, service.database, service.bus, service.cipher, service.clock, Sender(Policy.of(service.settings)))
            if service.definition.webhooks
            else None
        )

    async def move_events(self) -> int:
        """One turn of relay and consumer; how many events it moved."""
        moved = await self.relay.run_once()
        if self.consumer is not None:
            moved += await self.consumer.run_once()
        return moved

    async def run_once(self) -> int:
        """One turn; how many events and jobs it moved."""
        return await self.move_events() + await self.follow_up()

    async def follow_up(self) -> int:
        """One turn of deliverer and jobs, which go by what events have left; how much it moved."""
        told = await self.webhooks.run_once() if self.webhooks is not None else 0
        return told + await self.jobs.run_once()

    async def close(self) -> None:
        """Let another process take over at once."""
        await self.relay.close()
        if self.consumer is not None:
            await self.consumer.close()
        if self.webhooks is not None:
            await self.webhooks.close()

    async def run_forever(self, stop: asyncio.Event) -> None:
        async with asyncio.TaskGroup() as group:
            group.create_task(self.relay.run_forever(stop))
            if self.consumer is not None:
                group.create_task(self.consumer.run_forever(stop))
            if self.webhooks is not None:
                group.create_task(self.webhooks.run_forever(stop))
            group.create_task(self.jobs.run_forever(stop))


async def run_workers(services: Sequence[Service], stop: asyncio.Event) -> None:
    """Until ``stop``: all of them, under one group."""
    async with asyncio.TaskGroup() as group:
        for service in services:
            group.create_task(Worker(service).run_forever(stop))


async def settle(workers: Collection[Worker], *, turns_max: int = 100_000) -> int:
    """Work until idle: nothing pending and every position at its end or parked, twice in a row, and no job due in between.

    Jobs have their turn when events rest, as they have beside them in a worker that runs on: not after each block of events.
    Returns how many things were moved. Raise RuntimeError where it does not come to rest in ``turns_max`` turns.
    """
    moved, quiet = 0, 0
    for _ in range(turns_max):
        turn = sum([await worker.move_events() for worker in workers])
        if not turn and not quiet:
            turn = sum([await worker.follow_up() for worker in workers])
        moved += turn
        quiet = 0 if turn else quiet + 1
        if quiet == 2:
            return moved
    raise RuntimeError(f"not idle after {turns_max} turns")


def service_address(template: str, service: str, role: Role) -> str:
    return template.format(role=f"{service}_{role}", database=f"ritme_{service}")
