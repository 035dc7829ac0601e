"""The messaging tables, declared once and added to each service's own metadata, so that they live in its database."""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    Column,
    DateTime,
    Identity,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    SmallInteger,
    Table,
    Text,
    Uuid,
    text,
)

from shared.messaging.log import DATA_MAX_BYTES


def add_messaging_tables(metadata: MetaData) -> None:
    """``outbox_command``, ``outbox``, ``outbox_pending``, ``consumer_position``, ``applied_version``, ``parked``, ``parked_key``."""
    Table(
        "outbox_command",
        metadata,
        Column("id", BigInteger, Identity(always=True), primary_key=True),
        Column("at", DateTime(timezone=True), nullable=False),
        Column("correlation_id", Text, nullable=False),
        Column("causation_id", Text, nullable=False),
    )
    Table(
        "outbox",
        metadata,
        Column("seq", BigInteger, Identity(always=True), primary_key=True),
        Column("command_id", BigInteger, nullable=False),
        Column("type", SmallInteger, nullable=False),
        Column("key", Uuid, nullable=False),
        Column("version", Integer, nullable=False),
        Column("data", Text, nullable=False),
        # One that no bus takes would stop the relay for good: it is refused where it is written.
        CheckConstraint(f"octet_length(data) <= {DATA_MAX_BYTES}", name="size"),
    )
    Table("outbox_pending", metadata, Column("seq", BigInteger, primary_key=True, autoincrement=False))
    Table(
        "consumer_position",
        metadata,
        Column("topic", Text, primary_key=True),
        Column("partition", Integer, primary_key=True),
        Column("next_offset", BigInteger, nullable=False),
        Column("last_id", Text, nullable=False, server_default=text("''")),
    )
    Table(
        "applied_version",
        metadata,
        Column("topic", SmallInteger, primary_key=True),
        Column("key", Uuid, primary_key=True),
        Column("version", Integer, nullable=False),
    )
    Table(
        "parked",
        metadata,
        Column("id", BigInteger, Identity(always=True), primary_key=True),
        Column("topic", Text, nullable=False),
        Column("partition", Integer, nullable=False),
        Column("log_offset", BigInteger, nullable=False),
        Column("event_id", Text, nullable=False),
        Column("type", SmallInteger, nullable=False),
        Column("key", Uuid, nullable=False),
        Column("version", Integer, nullable=False),
        Column("at", DateTime(timezone=True), nullable=False),
        Column("correlation_id", Text, nullable=False),
        Column("causation_id", Text, nullable=False),
        Column("data", Text, nullable=False),
        Column("raw", LargeBinary),
        # A redelivered event is parked once. Unreadable bytes get a key of their own and version 0.
        Index("ix_parked_topic_key_version", "topic", "key", "version", unique=True),
    )
    Table(
        "parked_key",
        metadata,
        Column("topic", Text, primary_key=True),
        Column("key", Uuid, primary_key=True),
        Column("reason", Text, nullable=False),
        Column("attempts", Integer, nullable=False),
        Column("parked_at", DateTime(timezone=True), nullable=False),
        Column("owner", Text, nullable=False),
    )
