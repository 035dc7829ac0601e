"""One real embedded PostgreSQL for the run; a fresh world for each test that asks."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from tests.support.world import Ground, World, open_world


@pytest.fixture(scope="session")
def ground() -> Iterator[Ground]:
    # Not pytest's own folder: as root the server runs under another account, which pytest keeps out of there.
    folder = Path(tempfile.mkdtemp(prefix="ritme-test-"))
    found = Ground(folder)
    with found.postgres:
        yield found
    shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture
async def world(ground: Ground) -> AsyncIterator[World]:
    """All services, empty but for reference data."""
    async with open_world(ground) as opened:
        yield opened
