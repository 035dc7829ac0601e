from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from tests.support.probe import EmbeddedBus, ProbeWorld
from tests.support.world import Ground


@pytest.fixture
async def probe(ground: Ground) -> AsyncIterator[ProbeWorld]:
    bus = EmbeddedBus(ground.postgres)
    await bus.open()
    made = ProbeWorld(bus, ground.postgres)
    await made.open()
    yield made
    await made.close()
    await bus.close()
