"""The DDL of migrations and the tables of the models are the same; envelopes are CloudEvents."""

from __future__ import annotations

import json

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from cloudevents.core.formats.json import JSONFormat
from cloudevents.core.v1.event import CloudEvent
from sqlalchemy import create_engine

from shared.db.base import new_metadata
from shared.messaging import envelope
from shared.messaging.log import RECORD_MAX_BYTES, Record
from shared.messaging.tables import add_messaging_tables
from tests.support.probe import NOW, ProbeWorld, person

DATA = '{"programme":"KLJ","note":"Jl. \\"Melati\\" 5 \\u00e9"}'


async def test_migrations_make_the_tables_as_declared(probe: ProbeWorld) -> None:
    metadata = new_metadata()
    add_messaging_tables(metadata)
    engine = create_engine(probe.publisher.address("owner"))
    with engine.connect() as connection:
        context = MigrationContext.configure(
            connection,
            opts={"include_name": lambda name, kind, _: kind != "table" or name in metadata.tables, "compare_type": True},
        )
        assert compare_metadata(context, metadata) == []
    engine.dispose()


def test_an_envelope_comes_back_as_it_went() -> None:
    record = Record("beneficiary-7", 101, person(1), 3, NOW, 'surat "17"', "disbursement-4", DATA)
    assert envelope.decode(envelope.encode(record)) == record
    bare = Record("beneficiary-8", 101, person(1), 4, NOW, "", "", "{}")
    assert envelope.decode(envelope.encode(bare)) == bare


def test_an_envelope_passes_the_cloudevents_sdk() -> None:
    record = Record("beneficiary-7", 101, person(1), 3, NOW, "surat-17", "", DATA)
    event = JSONFormat().read(CloudEvent, envelope.encode(record))
    assert event.get_id() == "beneficiary-7"
    assert event.get_source() == "/beneficiary"
    assert event.get_type() == "beneficiary.enrolment.activated.v1"
    assert event.get_subject() == str(person(1))
    assert event.get_time() == NOW
    assert event.get_extension("correlationid") == "surat-17"
    assert event.get_extension("version") == 3
    assert event.get_extension("causationid") is None
    assert event.get_data() == json.loads(DATA)


@pytest.mark.parametrize(
    ("change", "problem"),
    [
        ({"specversion": "0.3"}, "specversion"),
        ({"type": "beneficiary.enrolment.activated.v9"}, "is not known"),
        ({"source": "/disbursement"}, "does not come from"),
        ({"subject": "me"}, "not a CloudEvent"),
        ({"version": 0}, "version 0"),
        ({"version": "3"}, "not a CloudEvent"),
        ({"time": "2025-09-01T00:00:00"}, "offset"),
        ({"time": None}, "not a CloudEvent"),
    ],
)
def test_a_wrong_envelope_says_what_is_wrong(change: dict[str, object], problem: str) -> None:
    right = json.loads(envelope.encode(Record("beneficiary-7", 101, person(1), 3, NOW, "", "", DATA)))
    with pytest.raises(envelope.Unreadable, match=problem):
        envelope.decode(json.dumps({**right, **change}).encode())


@pytest.mark.parametrize("raw", [b"", b"{", b"[]", b"null", b"\xff\xfe", b'{"specversion":"1.0"}', b" " * (RECORD_MAX_BYTES + 1)])
def test_bytes_that_are_no_envelope(raw: bytes) -> None:
    with pytest.raises(envelope.Unreadable):
        envelope.decode(raw)


def test_unknown_fields_of_a_newer_ritme_are_tolerated() -> None:
    newer = json.loads(envelope.encode(Record("beneficiary-7", 101, person(1), 3, NOW, "", "", DATA)))
    assert envelope.decode(json.dumps({**newer, "traceparent": "00-1"}).encode()).version == 3
