"""The DDL of ``tables.py`` for a service's migration, with the grants of the roles."""

from __future__ import annotations

from collections.abc import Callable

from shared.db.policies import grant

Execute = Callable[[str], None]

_TABLES = (
    """CREATE TABLE webhook_subscriber (
        id uuid NOT NULL, name text NOT NULL, url text NOT NULL, types jsonb NOT NULL, from_start boolean NOT NULL,
        document text NOT NULL, state text NOT NULL, proposed_by text NOT NULL, proposed_at timestamptz NOT NULL,
        decided_by text NOT NULL DEFAULT '', decided_at timestamptz, secret_enc bytea, previous_enc bytea,
        previous_until timestamptz, failures integer NOT NULL DEFAULT 0, next_try_at timestamptz,
        problem text NOT NULL DEFAULT '', state_at timestamptz NOT NULL,
        CONSTRAINT pk_webhook_subscriber PRIMARY KEY (id),
        CONSTRAINT ck_webhook_subscriber_state
            CHECK (state IN ('proposed', 'declined', 'active', 'parked', 'ended', 'stopped')))""",
    """CREATE TABLE webhook_position (
        subscriber_id uuid NOT NULL, topic text NOT NULL, partition integer NOT NULL, next_offset bigint NOT NULL,
        CONSTRAINT pk_webhook_position PRIMARY KEY (subscriber_id, topic, partition))
        WITH (fillfactor = 50)""",
    """CREATE TABLE webhook_delivery (
        id bigint GENERATED ALWAYS AS IDENTITY, subscriber_id uuid NOT NULL, topic text NOT NULL, partition integer NOT NULL,
        log_offset bigint NOT NULL, event_id text NOT NULL, at timestamptz NOT NULL, status integer NOT NULL,
        problem text NOT NULL DEFAULT '',
        CONSTRAINT pk_webhook_delivery PRIMARY KEY (id))""",
    "CREATE INDEX ix_webhook_delivery_subscriber_id_id ON webhook_delivery (subscriber_id, id)",
    """CREATE TABLE webhook_order (
        id bigint GENERATED ALWAYS AS IDENTITY, subscriber_id uuid NOT NULL, what text NOT NULL, by text NOT NULL,
        at timestamptz NOT NULL, detail text NOT NULL DEFAULT '',
        CONSTRAINT pk_webhook_order PRIMARY KEY (id))""",
    "CREATE INDEX ix_webhook_order_subscriber_id_id ON webhook_order (subscriber_id, id)",
)


def create_webhook_tables(execute: Execute, service: str) -> None:
    """Deliveries and orders are append-only; a subscriber's address and types never change: another one is proposed instead."""
    for statement in _TABLES:
        execute(statement)
    changing = "state, state_at, failures, next_try_at, problem"
    grant(execute, service, "webhook_subscriber", f"UPDATE ({changing})", roles=("worker",))
    grant(
        execute, service, "webhook_subscriber",
        f"UPDATE ({changing}, decided_by, decided_at, secret_enc, previous_enc, previous_until)", roles=("api",),
    )  # fmt: skip
    grant(execute, service, "webhook_position", "UPDATE (next_offset)")
