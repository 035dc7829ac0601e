"""A desk for each test: disbursement alone, empty but for reference data."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from shared.kernel.clock import Clock, SystemClock
from tests.service.disbursement.desk import Desk, open_desk
from tests.support.world import Ground


@pytest.fixture
async def clock() -> Clock:
    """What the desk goes by; a module that wants another hour says so in a fixture of this name."""
    return SystemClock()


@pytest.fixture
async def desk(ground: Ground, clock: Clock) -> AsyncIterator[Desk]:
    async with open_desk(ground, clock) as opened:
        yield opened
