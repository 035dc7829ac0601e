"""The store room of assistive_devices alone."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from tests.service.assistive_devices.store_room import StoreRoom
from tests.support.world import Ground, open_world


@pytest.fixture
async def room(ground: Ground) -> AsyncIterator[StoreRoom]:
    async with open_world(ground, names=("assistive_devices",)) as world:
        yield StoreRoom(world)
