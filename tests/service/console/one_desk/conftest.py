"""The console in front of one desk, a new one for each test."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from shared.kernel.clock import Clock, SystemClock
from tests.service.console.around_desk import DeskConsole, console_of
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


@pytest.fixture
async def console(desk: Desk) -> AsyncIterator[DeskConsole]:
    async with console_of(desk) as opened:
        yield opened
