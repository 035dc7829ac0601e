"""All services in one process on the real embedded PostgreSQL, driven through their doors, settled on command."""

from __future__ import annotations

import shutil
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import httpx
import psycopg

from services.embedded import BUS, SERVICES, House, address, migrate, open_house
from shared.db.embedded_postgres import EmbeddedPostgres
from shared.kernel.clock import Clock, SystemClock
from shared.messaging.embedded import EmbeddedLog
from shared.runtime import Service, Worker, settle
from shared.settings import Settings
from shared.web.auth import sign
from shared.web.demo import PEOPLE

DATABASES = tuple(f"ritme_{name}" for name in (*SERVICES, BUS))


class Ground:
    """One embedded server for the whole test run; databases are copied from migrated templates, one set a world."""

    def __init__(self, data: Path) -> None:
        self.data = data
        self.postgres = EmbeddedPostgres(data, durable=False)
        self._prepared = False

    async def prepare(self) -> None:
        if self._prepared:
            return
        settings = self.settings()
        migrate(settings, self.postgres)
        bus = EmbeddedLog(address(settings, self.postgres, BUS, "owner"))
        await bus.migrate()
        await bus.close()
        with self._admin() as admin:
            for database in DATABASES:
                admin.execute(f"ALTER DATABASE {database} RENAME TO template_{database}")
        self._prepared = True

    async def fresh(self, names: Sequence[str] = SERVICES) -> None:
        """Empty databases for these services and the bus."""
        await self.prepare()
        shutil.rmtree(self.data / "bank", ignore_errors=True)
        with self._admin() as admin:
            for database in (f"ritme_{name}" for name in (*names, BUS)):
                owner = f"{database.removeprefix('ritme_')}_owner"
                admin.execute(f"DROP DATABASE IF EXISTS {database} WITH (FORCE)")
                admin.execute(f"CREATE DATABASE {database} TEMPLATE template_{database} OWNER {owner} STRATEGY file_copy")
                admin.execute(f"ALTER DATABASE {database} SET timezone = 'UTC'")

    def settings(self) -> Settings:
        return Settings(data=self.data, durable=False, url="http://ritme.test")

    @contextmanager
    def _admin(self) -> Iterator[psycopg.Connection[tuple[object, ...]]]:
        url = self.postgres.superuser_address().replace("+psycopg", "")
        with psycopg.connect(url, autocommit=True) as connection:
            yield connection


@dataclass
class World:
    """``world.as_("operator").get("/beneficiary/…")``; ``await world.settle()`` drains relays, consumers and jobs."""

    ground: Ground
    house: House
    workers: Sequence[Worker]
    clock: Clock
    _clients: dict[str, httpx.AsyncClient] = field(default_factory=dict)

    def as_(self, person: str, *, areas: Sequence[str] | None = None) -> httpx.AsyncClient:
        name, roles, own = PEOPLE[person]
        key = f"{person}/{areas}"
        if key not in self._clients:
            verifier = self.house.verifier
            token = sign(verifier.folder, verifier.issuer, verifier.audience, SystemClock(), person, name, roles, areas or own)
            self._clients[key] = httpx.AsyncClient(
                transport=httpx.ASGITransport(self.house.app()), base_url="http://ritme.test", timeout=120,
                headers={"authorization": f"Bearer {token}"},
            )  # fmt: skip
        return self._clients[key]

    def service(self, name: str) -> Service:
        return next(service for service in self.house.services if service.name == name)

    def worker(self, name: str) -> Worker:
        return next(worker for worker in self.workers if worker.service.name == name)

    async def settle(self) -> int:
        return await settle(self.workers)

    def sql(self, service: str, role: str = "owner") -> psycopg.Connection[tuple[object, ...]]:
        """A connection of its own, to look behind the doors."""
        return psycopg.connect(self.ground.postgres.address(f"ritme_{service}", f"{service}_{role}").replace("+psycopg", ""))


@asynccontextmanager
async def open_world(ground: Ground, clock: Clock | None = None, names: Sequence[str] = SERVICES) -> AsyncIterator[World]:
    """``names``: only these services, which is quicker; the others' events are published by the test itself."""
    await ground.fresh(names)
    clock = clock or SystemClock()
    settings = ground.settings()
    async with (
        open_house(settings, "api", names, clock=clock, postgres=ground.postgres) as doors,
        open_house(settings, "worker", names, clock=clock, postgres=ground.postgres) as behind,
    ):
        world = World(ground, doors, [Worker(service) for service in behind.services], clock)
        try:
            yield world
        finally:
            for client in world._clients.values():
                await client.aclose()
            for worker in world.workers:
                await worker.close()
