"""One publisher and one consumer with databases of their own, around whichever bus the test asks for."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator

import pytest

from shared.db.embedded_postgres import EmbeddedPostgres
from tests.support.kafka_broker import KafkaBroker, KafkaUnavailable
from tests.support.probe import EmbeddedBus, KafkaBus, ProbeWorld, TestBus


@pytest.fixture(scope="session")
def bus_postgres(tmp_path_factory: pytest.TempPathFactory) -> Iterator[EmbeddedPostgres]:
    with EmbeddedPostgres(tmp_path_factory.mktemp("bus"), durable=False) as server:
        yield server


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
async def bus(request: pytest.FixtureRequest, bus_postgres: EmbeddedPostgres) -> AsyncIterator[TestBus]:
    if request.param == "embedded":
        made: TestBus = EmbeddedBus(bus_postgres)
    else:
        made = KafkaBus(request.getfixturevalue("kafka_broker"))
    await made.open()
    yield made
    await made.close()


@pytest.fixture
async def world(bus: TestBus, bus_postgres: EmbeddedPostgres) -> AsyncIterator[ProbeWorld]:
    made = ProbeWorld(bus, bus_postgres)
    await made.open()
    yield made
    await made.close()
