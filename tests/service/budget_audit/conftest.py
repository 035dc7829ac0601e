"""The books of budget_audit alone: other services' events are put on the bus by the tests."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from tests.service.budget_audit.books import Books
from tests.support.world import Ground, open_world


@pytest.fixture
async def books(ground: Ground) -> AsyncIterator[Books]:
    async with open_world(ground, names=("budget_audit",)) as world:
        yield Books(world)
