"""CloudEvents 1.0, structured JSON: what a record looks like outside of our own tables (CORE.md section 7)."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

import msgspec

from shared.contracts.registry import EVENTS_BY_NAME, Topic
from shared.messaging.log import RECORD_MAX_BYTES, Record, Stored

CONTENT_TYPE = "application/cloudevents+json"


class Unreadable(Exception):
    """These bytes are no event of ours; the text says why, in one line."""


class _Envelope(msgspec.Struct, frozen=True):
    specversion: str
    id: str
    source: str
    type: str
    subject: UUID
    time: datetime
    version: int
    data: msgspec.Raw
    datacontenttype: str = "application/json"
    correlationid: str = ""
    causationid: str = ""


_decoder = msgspec.json.Decoder(_Envelope)
_quote = msgspec.json.Encoder().encode


def encode(record: Record) -> bytes:
    """One line of JSON. ``data`` goes in as the text it is; empty extensions are left out."""
    correlation = f',"correlationid":{_quote(record.correlation_id).decode()}' if record.correlation_id else ""
    causation = f',"causationid":{_quote(record.causation_id).decode()}' if record.causation_id else ""
    return (
        f'{{"specversion":"1.0","id":"{record.id}","source":"/{record.topic.publisher}","type":"{record.type}"'
        f',"subject":"{record.key}","time":"{record.time.isoformat()}","datacontenttype":"application/json"'
        f',"version":{record.version}{correlation}{causation},"data":{record.data}}}'
    ).encode()


def decode(raw: bytes) -> Record:
    """Raise Unreadable for more than 1 MiB, bad JSON, a wrong shape or an unknown type. ``data`` keeps its own text."""
    if len(raw) > RECORD_MAX_BYTES:
        raise Unreadable(f"{len(raw)} bytes are more than a record may have ({RECORD_MAX_BYTES})")
    try:
        found = _decoder.decode(raw)
        data = bytes(found.data).decode()
    except (msgspec.MsgspecError, UnicodeDecodeError) as error:
        raise Unreadable(f"not a CloudEvent of ours: {error}") from error
    declared: Any = EVENTS_BY_NAME.get(found.type)
    if found.specversion != "1.0":
        raise Unreadable(f"specversion '{found.specversion[:20]}' is not 1.0")
    if declared is None:
        raise Unreadable(f"event type '{found.type[:100]}' is not known")
    if found.source != f"/{declared.topic.publisher}":
        raise Unreadable(f"{found.type} does not come from '{found.source[:100]}'")
    if not 1 <= found.version < 2**31:
        raise Unreadable(f"version {found.version} is not one")
    if found.time.tzinfo is None:
        raise Unreadable("time has no offset from UTC")
    return Record(found.id, declared.number, found.subject, found.version, found.time, found.correlationid, found.causationid, data)


def read(topic: Topic, partition: int, offset: int, raw: bytes) -> Stored:
    """A record at its place on the bus, or the bytes with what is wrong with them."""
    try:
        record = decode(raw)
        if record.topic != topic:
            raise Unreadable(f"{record.type} does not belong on {topic.name}")
    except Unreadable as problem:
        return Stored(topic.name, partition, offset, None, raw, str(problem))
    return Stored(topic.name, partition, offset, record)
