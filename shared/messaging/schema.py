"""The messaging tables as a service's first migration makes them: DDL of ``tables.py``, with the grants of the roles."""

from __future__ import annotations

from collections.abc import Callable

Execute = Callable[[str], object]

_TABLES = (
    """CREATE TABLE outbox_command (
        id bigint GENERATED ALWAYS AS IDENTITY CONSTRAINT pk_outbox_command PRIMARY KEY,
        at timestamptz NOT NULL,
        correlation_id text NOT NULL,
        causation_id text NOT NULL)""",
    """CREATE TABLE outbox (
        seq bigint GENERATED ALWAYS AS IDENTITY CONSTRAINT pk_outbox PRIMARY KEY,
        command_id bigint NOT NULL,
        type smallint NOT NULL,
        key uuid NOT NULL,
        version integer NOT NULL,
        data text NOT NULL,
        CONSTRAINT ck_outbox_size CHECK (octet_length(data) <= 1000000))""",
    # A queue: rows live for seconds, so its dead entries are cleared early.
    """CREATE TABLE outbox_pending (
        seq bigint CONSTRAINT pk_outbox_pending PRIMARY KEY)
        WITH (autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 20000)""",
    """CREATE TABLE consumer_position (
        topic text NOT NULL,
        partition integer NOT NULL,
        next_offset bigint NOT NULL,
        last_id text NOT NULL DEFAULT '',
        CONSTRAINT pk_consumer_position PRIMARY KEY (topic, partition))
        WITH (fillfactor = 50)""",
    # Room on the page: an update of the version touches no index.
    """CREATE TABLE applied_version (
        topic smallint NOT NULL,
        key uuid NOT NULL,
        version integer NOT NULL,
        CONSTRAINT pk_applied_version PRIMARY KEY (topic, key))
        WITH (fillfactor = 70)""",
    """CREATE TABLE parked (
        id bigint GENERATED ALWAYS AS IDENTITY CONSTRAINT pk_parked PRIMARY KEY,
        topic text NOT NULL,
        partition integer NOT NULL,
        log_offset bigint NOT NULL,
        event_id text NOT NULL,
        type smallint NOT NULL,
        key uuid NOT NULL,
        version integer NOT NULL,
        at timestamptz NOT NULL,
        correlation_id text NOT NULL,
        causation_id text NOT NULL,
        data text NOT NULL,
        raw bytea)""",
    "CREATE UNIQUE INDEX ix_parked_topic_key_version ON parked (topic, key, version)",
    """CREATE TABLE parked_key (
        topic text NOT NULL,
        key uuid NOT NULL,
        reason text NOT NULL,
        attempts integer NOT NULL,
        parked_at timestamptz NOT NULL,
        owner text NOT NULL,
        CONSTRAINT pk_parked_key PRIMARY KEY (topic, key))""",
)


def create_messaging_tables(execute: Execute, service: str) -> None:
    """Call as ``create_messaging_tables(op.execute, "disbursement")``; ``alembic check`` finds no drift against ``tables.py``.

    SELECT and INSERT come from the default privileges of api and worker. The worker alone changes what is delivered;
    nobody changes or deletes what was published.
    """
    for statement in _TABLES:
        execute(statement)
    execute(f"GRANT UPDATE ON consumer_position, applied_version, parked_key TO {service}_worker")
    execute(f"GRANT DELETE ON outbox_pending, parked, parked_key TO {service}_worker")
