"""One publisher and one consumer with databases of their own, around whichever bus the test asks for."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator

import pytest

from tests.support.kafka_broker import KafkaBroker, KafkaUnavailable
from tests.support.probe import BreakableBus, EmbeddedBus, KafkaBus, ProbeWorld
from tests.support.world import Ground


@pytest.fixture(scope="session")
def kafka_broker(tmp_path_factory: pytest.TempPathFactory) -> Iterator[KafkaBroker]:
    broker = KafkaBroker(tmp_path_factory.mktemp("kafka"))
    try:
        broker.start()
    except KafkaUnavailable as unavailable:
        pytest.skip(str(unavailable))
    yield broker
    broker.stop()


@pytest.fixture(params=["embedded", pytest.param("kafka", marks=pytest.mark.kafka)])
async def bus(request: pytest.FixtureRequest, ground: Ground) -> AsyncIterator[BreakableBus]:
    if request.param == "embedded":
        made: BreakableBus = EmbeddedBus(ground.postgres)
    else:
        made = KafkaBus(request.getfixturevalue("kafka_broker"))
    await made.open()
    yield made
    await made.close()


@pytest.fixture
async def probe(bus: BreakableBus, ground: Ground) -> AsyncIterator[ProbeWorld]:
    made = ProbeWorld(bus, ground.postgres)
    await made.open()
    yield made
    await made.close()
