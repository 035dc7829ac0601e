"""The local Kafka broker keeps its promises: same address, data kept over a kill, lost by wipe."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient, NewTopic

from tests.support.kafka_broker import KafkaBroker, KafkaUnavailable, fetch_kafka

pytestmark = pytest.mark.kafka

TOPIC = "kept"


@pytest.fixture
def broker(tmp_path: Path) -> Iterator[KafkaBroker]:
    try:
        fetch_kafka()
    except KafkaUnavailable as unavailable:
        pytest.skip(str(unavailable))
    with KafkaBroker(tmp_path) as broker:
        yield broker


async def make_topic(bootstrap: str) -> None:
    admin = AIOKafkaAdminClient(bootstrap_servers=bootstrap)
    await admin.start()
    try:
        await admin.create_topics([NewTopic(TOPIC, num_partitions=1, replication_factor=1)])
    finally:
        await admin.close()


async def topics(bootstrap: str) -> list[str]:
    admin = AIOKafkaAdminClient(bootstrap_servers=bootstrap)
    await admin.start()
    try:
        return [name for name in await admin.list_topics() if not name.startswith("__")]
    finally:
        await admin.close()


async def append(bootstrap: str, *values: bytes) -> None:
    producer = AIOKafkaProducer(bootstrap_servers=bootstrap, acks="all", enable_idempotence=True)
    await producer.start()
    try:
        for value in values:
            await producer.send_and_wait(TOPIC, value)
    finally:
        await producer.stop()


async def records(bootstrap: str) -> list[bytes | None]:
    consumer = AIOKafkaConsumer(bootstrap_servers=bootstrap, auto_offset_reset="earliest")
    await consumer.start()
    try:
        partition = TopicPartition(TOPIC, 0)
        consumer.assign([partition])
        end = (await consumer.end_offsets([partition]))[partition]
        return [(await consumer.getone()).value for _ in range(end)]
    finally:
        await consumer.stop()


async def test_what_was_acknowledged_survives_a_kill_of_the_broker(broker: KafkaBroker) -> None:
    await make_topic(broker.bootstrap)
    await append(broker.bootstrap, b"one", b"two")
    before = broker.bootstrap
    broker.kill()
    broker.start()
    assert broker.bootstrap == before
    assert await records(broker.bootstrap) == [b"one", b"two"]


async def test_a_broker_can_lose_its_data(broker: KafkaBroker) -> None:
    await make_topic(broker.bootstrap)
    assert await topics(broker.bootstrap) == [TOPIC]
    broker.stop()
    broker.wipe()
    broker.start()
    assert await topics(broker.bootstrap) == []


def test_a_running_broker_does_not_lose_its_data(broker: KafkaBroker) -> None:
    with pytest.raises(RuntimeError, match="stop or kill"):
        broker.wipe()


def test_it_says_what_is_missing(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.delenv("JAVA_HOME", raising=False)
    with pytest.raises(KafkaUnavailable, match=r"Java 17\+ is missing"):
        fetch_kafka()
