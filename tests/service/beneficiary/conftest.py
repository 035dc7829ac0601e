"""beneficiary alone on the real embedded PostgreSQL: fresh databases for each test, driven through its doors."""

from __future__ import annotations

import tempfile
from collections.abc import AsyncIterator, Iterator, Sequence
from pathlib import Path

import pytest

from services.embedded import BUS, address, migrate, open_house
from shared.kernel.clock import Clock, SystemClock
from shared.messaging.embedded import EmbeddedLog
from shared.runtime import Worker
from tests.support.world import Ground, World

NAME = "beneficiary"
DATABASES = (f"ritme_{NAME}", f"ritme_{BUS}")


class OneService(Ground):
    """As the whole ground, for one service and the bus: other services need not exist for these tests."""

    async def prepare(self) -> None:
        if self._prepared:
            return
        settings = self.settings()
        migrate(settings, self.postgres, (NAME,))
        bus = EmbeddedLog(address(settings, self.postgres, BUS, "owner"))
        await bus.migrate()
        await bus.close()
        with self._admin() as admin:
            for database in DATABASES:
                admin.execute(f"ALTER DATABASE {database} RENAME TO template_{database}")
        self._prepared = True

    async def fresh(self, names: Sequence[str] = (NAME,)) -> None:
        await super().fresh(names)


@pytest.fixture(scope="session")
def one_service() -> Iterator[OneService]:
    # Not under pytest's own folder: run as root, each new pytest shuts that to the server's account, also for running ones.
    with tempfile.TemporaryDirectory(prefix="ritme-beneficiary-", ignore_cleanup_errors=True) as folder:
        found = OneService(Path(folder))
        with found.postgres:
            yield found


@pytest.fixture
def clock() -> Clock:
    """A test module with an hour of its own says so by a fixture of this name."""
    return SystemClock()


@pytest.fixture
async def world(one_service: OneService, clock: Clock) -> AsyncIterator[World]:
    """beneficiary with reference data only; ``world.as_("operator")`` calls its doors."""
    await one_service.fresh()
    settings = one_service.settings()
    async with (
        open_house(settings, "api", (NAME,), clock=clock, postgres=one_service.postgres) as doors,
        open_house(settings, "worker", (NAME,), clock=clock, postgres=one_service.postgres) as behind,
    ):
        opened = World(one_service, doors, [Worker(service) for service in behind.services], clock)
        yield opened
        for client in opened._clients.values():
            await client.aclose()
        for worker in opened.workers:
            await worker.relay.close()
