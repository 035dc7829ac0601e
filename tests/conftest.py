"""One real embedded PostgreSQL for the run; a fresh world for each test that asks."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator

import pytest

from tests.support.world import Ground, World, open_world


@pytest.fixture(scope="session")
def ground(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Ground]:
    found = Ground(tmp_path_factory.mktemp("ritme"))
    with found.postgres:
        yield found


@pytest.fixture
async def world(ground: Ground) -> AsyncIterator[World]:
    """All services, empty but for reference data."""
    async with open_world(ground) as opened:
        yield opened
