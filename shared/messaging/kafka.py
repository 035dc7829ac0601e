"""The bus as Apache Kafka. The only module that imports aiokafka.

Its defaults are wrong for us and all set here: acks from all replicas, idempotent producer, no automatic commit, start
at the earliest. A send or a stop can hang for ever while a broker is down (aiokafka issue 1101): each is bounded, and
after a timeout the client is thrown away. Kafka's own committed offsets are for lag displays only.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import AsyncIterator, Awaitable, Collection, Iterable, Mapping, Sequence
from contextlib import suppress
from typing import Any, TypeVar

import structlog
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, ConsumerRebalanceListener, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient, NewTopic
from aiokafka.errors import IllegalStateError, KafkaError

from shared.contracts.registry import TOPICS, Topic
from shared.messaging.envelope import CONTENT_TYPE, encode, read
from shared.messaging.log import BusUnavailable, Ends, Record, Stored

log = structlog.get_logger()

T = TypeVar("T")

_TIMEOUT_S = 10.0
_STOP_TIMEOUT_S = 3.0
_BATCH_BYTES = 512 * 1024
_REQUEST_MAX_BYTES = 2 * 1024 * 1024
_FETCH_MAX_BYTES = 4 * 1024 * 1024
_SEEK_WAIT_MS = 300
_POLL_S = 0.05
_COMMIT_EVERY_S = 5.0
_STALLED_S = 30.0
_TOPIC_EXISTS = 36
_HEADERS = [("content-type", CONTENT_TYPE.encode())]

Places = frozenset[tuple[str, int]]


class KafkaLog:
    """A ``Log`` on the cluster at ``bootstrap`` (``host:port``, several by comma).

    One instance serves a process, its services' groups included. ``prefix`` keeps several installations on one cluster
    apart. Topics that are missing are made, also on a cluster that lost them.
    """

    name = "kafka"

    def __init__(self, bootstrap: str, *, prefix: str = "", replicas: int = 1) -> None:
        # While a broker is down it logs hundreds of errors a second; relay and consumer say it once a try.
        logging.getLogger("aiokafka").setLevel(logging.CRITICAL)
        self._bootstrap = bootstrap
        self._prefix = prefix
        self._replicas = replicas
        self._producer: AIOKafkaProducer | None = None
        self._producer_lock = asyncio.Lock()
        self._reader: _Reader | None = None
        self._reader_lock = asyncio.Lock()
        self._members: dict[str, _Reader] = {}
        self._to_show: dict[str, dict[TopicPartition, int]] = {}
        self._shown_at = 0.0
        self._topics_made = False

    # --- topics -----------------------------------------------------------------------------

    async def ensure_topics(self) -> None:
        """Make the declared topics that are missing. Raise RuntimeError where one has fewer partitions than declared."""
        admin = AIOKafkaAdminClient(bootstrap_servers=self._bootstrap, request_timeout_ms=int(_TIMEOUT_S * 1000))
        try:
            await _bounded(admin.start())
            found = await _bounded(admin.describe_topics([self._name(topic) for topic in TOPICS.values()]))
            partitions = {each["topic"]: len(each["partitions"]) for each in found if each["error_code"] == 0}
            missing = [topic for topic in TOPICS.values() if self._name(topic) not in partitions]
            if missing:
                answer = await _bounded(admin.create_topics([self._new_topic(topic) for topic in missing]))
                refused = [error for error in answer.topic_errors if error[1] not in (0, _TOPIC_EXISTS)]
                if refused:
                    raise BusUnavailable(f"Kafka did not make the topics: {refused}")
        finally:
            await _bounded_stop(admin.close())
        for topic in TOPICS.values():
            if partitions.get(self._name(topic), topic.partitions) != topic.partitions:
                raise RuntimeError(f"{self._name(topic)} must have {topic.partitions} partitions: a key never changes its own")
        self._topics_made = True

    def _new_topic(self, topic: Topic) -> NewTopic:
        configs = {"retention.ms": str(topic.retention_days * 86_400_000), "max.message.bytes": str(_REQUEST_MAX_BYTES)}
        return NewTopic(self._name(topic), topic.partitions, self._replicas, topic_configs=configs)

    def _name(self, topic: Topic) -> str:
        return f"{self._prefix}{topic.name}"

    async def _ready(self) -> None:
        if not self._topics_made:
            await self.ensure_topics()

    # --- appending --------------------------------------------------------------------------

    async def append(self, records: Sequence[Record]) -> None:
        if not records:
            return
        async with self._producer_lock:
            try:
                producer = self._producer or await self._start_producer()
                await _bounded(self._send(producer, records))
            except (BusUnavailable, KafkaError, OSError) as error:
                await self._drop_producer()
                raise BusUnavailable(f"Kafka did not acknowledge: {error!r}") from error
            except BaseException:  # cancelled: what is under way is unknown, the next append begins anew
                await self._drop_producer()
                raise

    async def _send(self, producer: AIOKafkaProducer, records: Sequence[Record]) -> None:
        by_place: dict[tuple[str, int], list[Record]] = {}
        for record in records:
            by_place.setdefault((self._name(record.topic), record.partition), []).append(record)
        sent: list[asyncio.Future[Any]] = []

        async def submit(batch: Any, topic: str, partition: int) -> None:
            future = await producer.send_batch(batch, topic, partition=partition)
            # Where we stop waiting, its failure must not be reported by the garbage collector.
            future.add_done_callback(lambda done: done.cancelled() or done.exception())
            sent.append(future)

        for (topic, partition), ours in by_place.items():
            batch = producer.create_batch()
            for record in ours:
                key, value = str(record.key).encode(), encode(record)
                if batch.append(key=key, value=value, timestamp=None, headers=_HEADERS) is None:
                    await submit(batch, topic, partition)
                    batch = producer.create_batch()
                    batch.append(key=key, value=value, timestamp=None, headers=_HEADERS)
            await submit(batch, topic, partition)
        await asyncio.gather(*sent)

    async def _start_producer(self) -> AIOKafkaProducer:
        await self._ready()
        producer = AIOKafkaProducer(
            bootstrap_servers=self._bootstrap,
            acks="all",
            enable_idempotence=True,
            max_batch_size=_BATCH_BYTES,
            max_request_size=_REQUEST_MAX_BYTES,
            request_timeout_ms=int(_TIMEOUT_S * 1000),
        )
        self._producer = producer
        await _bounded(producer.start())
        return producer

    async def _drop_producer(self) -> None:
        self._topics_made = False
        producer, self._producer = self._producer, None
        if producer is None:
            return
        # ``stop`` waits for batches that never leave while a broker is down; so its sender is ended first.
        with suppress(asyncio.CancelledError):
            await _bounded_stop(producer._sender.close())  # noqa: SLF001 - aiokafka offers no stop without a flush
        await _bounded_stop(producer.client.close())
        producer._closed = True  # noqa: SLF001 - the rest of ``stop`` is done

    # --- reading ----------------------------------------------------------------------------

    async def fetch(self, topic: Topic, partition: int, start: int, maximum: int) -> Sequence[Stored]:
        place = TopicPartition(self._name(topic), partition)
        member = self._member_at(place, start)
        if member is not None:
            return [_stored(topic, each) for each in await member.fetch(place, start, maximum)]
        async with self._reader_lock:
            reader = await self._open_reader()
            if place not in reader.consumer.assignment():
                reader.consumer.assign([place])
                reader.following.clear()
            return [_stored(topic, each) for each in await self._guarded(reader.fetch(place, start, maximum))]

    def _member_at(self, place: TopicPartition, start: int) -> _Reader | None:
        """A member that has this partition, rather one that stands where we want to read: members of several groups may
        have it, and it does not matter whose fetched-ahead records are taken.
        """
        having = [member for member in self._members.values() if place in member.consumer.assignment()]
        having.sort(key=lambda member: (member.following.get(place) != start, place in member.following))
        return having[0] if having else None

    async def ends(self, topic: Topic) -> Mapping[int, Ends]:
        places = [TopicPartition(self._name(topic), partition) for partition in range(topic.partitions)]
        async with self._reader_lock:
            consumer = (await self._open_reader()).consumer
            starts = await self._guarded(consumer.beginning_offsets(places))
            ends = await self._guarded(consumer.end_offsets(places))
        for member in self._members.values():
            member.watch(ends)
        return {place.partition: Ends(starts[place], ends[place]) for place in places}

    async def _open_reader(self) -> _Reader:
        if self._reader is None:
            await self._ready()
            consumer = self._new_consumer(None)
            try:
                await _bounded(consumer.start())
            except BusUnavailable:
                await _bounded_stop(consumer.stop())
                raise
            self._reader = _Reader(consumer)
        return self._reader

    async def _guarded(self, work: Awaitable[T]) -> T:
        """A reader that failed once is thrown away: after a broker's death its metadata may be of another life."""
        try:
            return await _bounded(work)
        except BusUnavailable:
            self._topics_made = False
            if self._reader is not None:
                reader, self._reader = self._reader, None
                await _bounded_stop(reader.consumer.stop())
            raise

    def _new_consumer(self, group: str | None) -> AIOKafkaConsumer:
        return AIOKafkaConsumer(
            bootstrap_servers=self._bootstrap,
            group_id=group,
            enable_auto_commit=False,
            auto_offset_reset="earliest",
            fetch_max_wait_ms=100,
            max_partition_fetch_bytes=_FETCH_MAX_BYTES,
            request_timeout_ms=int(_TIMEOUT_S * 1000),
            # The lock on the position keeps a member that was given up from doing harm; it may take its time.
            max_poll_interval_ms=300_000,
            session_timeout_ms=15_000,
            # A group that was formed while a topic was missing is formed anew when the topic is seen.
            metadata_max_age_ms=5_000,
        )

    async def assignments(self, group: str, topics: Collection[Topic]) -> AsyncIterator[Places]:
        await self._ready()
        by_name = {self._name(topic): topic.name for topic in topics}
        changes: asyncio.Queue[Places | None] = asyncio.Queue()
        consumer = self._new_consumer(f"{self._prefix}{group}")
        consumer.subscribe(topics=list(by_name), listener=_Listener(changes, by_name))
        try:
            await _bounded(consumer.start())
            member = self._members[group] = _Reader(consumer, on_stalled=lambda: changes.put_nowait(None))
            while True:
                change = await changes.get()
                if change is None:
                    raise BusUnavailable("Kafka announces records and hands none over; joining the group again")
                member.following.clear()
                yield change
        finally:
            self._members.pop(group, None)
            await _bounded_stop(consumer.stop())

    async def passed(self, group: str, topic: Topic, partition: int, position: int) -> None:
        self._to_show.setdefault(group, {})[TopicPartition(self._name(topic), partition)] = position
        await self._show()

    async def _show(self) -> None:
        """Commit now and then what the databases have passed, so that Kafka's own tools show the lag; nobody reads it back."""
        if not self._to_show or time.monotonic() - self._shown_at < _COMMIT_EVERY_S:
            return
        self._shown_at = time.monotonic()
        to_show, self._to_show = self._to_show, {}
        for group, positions in to_show.items():
            member = self._members.get(group)
            ours = {place: at for place, at in positions.items() if member and place in member.consumer.assignment()}
            if member is None or not ours:
                continue
            try:
                await asyncio.wait_for(member.consumer.commit(ours), 1.0)
            except (KafkaError, TimeoutError) as error:
                log.debug("kafka.commit_failed", error=repr(error))

    async def wait(self, timeout_s: float) -> None:
        """Records are fetched ahead in the background; a look costs nothing, so this is a short pause."""
        await self._show()
        await asyncio.sleep(min(timeout_s, _POLL_S))

    async def close(self) -> None:
        """Also leaves the groups, where a consumer was not closed before."""
        await self._drop_producer()
        for member in list(self._members.values()):
            await _bounded_stop(member.consumer.stop())
        self._members.clear()
        if self._reader is not None:
            reader, self._reader = self._reader, None
            await _bounded_stop(reader.consumer.stop())


class _Reader:
    """A client with the offsets that we believe it is at; it is sent elsewhere where the caller asks for another one."""

    def __init__(self, consumer: AIOKafkaConsumer, on_stalled: Any = None) -> None:
        self.consumer = consumer
        self.following: dict[TopicPartition, int] = {}
        self._stalled_since: dict[TopicPartition, float] = {}
        self._on_stalled = on_stalled

    async def fetch(self, place: TopicPartition, start: int, maximum: int) -> list[Any]:
        """What is there from ``start``; after a seek it waits a moment for the broker."""
        wait_ms = 0
        try:
            if self.following.get(place) != start:
                self.consumer.seek(place, start)
                self.following[place] = start
                wait_ms = _SEEK_WAIT_MS
            found = (await _bounded(self.consumer.getmany(place, timeout_ms=wait_ms, max_records=maximum))).get(place, [])
        except IllegalStateError:
            return []  # taken away from us this moment
        if found:
            self.following[place] = found[-1].offset + 1
            self._stalled_since.pop(place, None)
        return list(found)

    def watch(self, ends: Mapping[TopicPartition, int]) -> None:
        """Members have been seen to stop silently (aiokafka issues 625, 1037): behind and without a record for long."""
        now = time.monotonic()
        for place, following in self.following.items():
            if place not in ends or ends[place] <= following:
                self._stalled_since.pop(place, None)
            elif now - self._stalled_since.setdefault(place, now) > _STALLED_S and self._on_stalled is not None:
                self._stalled_since.clear()
                self._on_stalled()
                return


class _Listener(ConsumerRebalanceListener):  # type: ignore[misc]
    def __init__(self, changes: asyncio.Queue[Places | None], by_name: Mapping[str, str]) -> None:
        self._changes = changes
        self._by_name = by_name

    async def on_partitions_revoked(self, revoked: Iterable[TopicPartition]) -> None:
        """Nothing is known until the next assignment; who goes on reading meanwhile is fenced by the position's lock."""

    async def on_partitions_assigned(self, assigned: Iterable[TopicPartition]) -> None:
        self._changes.put_nowait(frozenset((self._by_name[each.topic], each.partition) for each in assigned))


def _stored(topic: Topic, found: Any) -> Stored:
    return read(topic, found.partition, found.offset, found.value or b"")


async def _bounded(work: Awaitable[T]) -> T:
    try:
        return await asyncio.wait_for(work, _TIMEOUT_S)
    except TimeoutError as error:
        raise BusUnavailable(f"Kafka did not answer in {_TIMEOUT_S:.0f} s") from error
    except (KafkaError, OSError) as error:
        if isinstance(error, IllegalStateError):
            raise
        raise BusUnavailable(f"Kafka does not answer: {error!r}") from error


async def _bounded_stop(work: Awaitable[Any]) -> None:
    """Stopping may hang or fail while a broker is down; nothing is lost by leaving it."""
    with suppress(TimeoutError, KafkaError, OSError, BusUnavailable):
        await asyncio.wait_for(work, _STOP_TIMEOUT_S)
