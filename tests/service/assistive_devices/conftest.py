"""The store room, in a world of its own."""

from __future__ import annotations

import pytest

from tests.service.assistive_devices.store_room import StoreRoom
from tests.support.world import World


@pytest.fixture
def room(world: World) -> StoreRoom:
    return StoreRoom(world)
