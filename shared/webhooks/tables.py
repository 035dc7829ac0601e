"""The webhook tables, declared once and added to the metadata of a service that has subscribers."""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, Identity, Index, Integer, MetaData, Table, Uuid

from shared.db import columns as c


def add_webhook_tables(metadata: MetaData) -> None:
    """``webhook_subscriber``, ``webhook_position``, ``webhook_delivery``, ``webhook_order``."""
    Table(
        "webhook_subscriber",
        metadata,
        c.key("id", Uuid),
        c.text("name"),
        c.text("url"),
        c.document("types"),
        c.flag("from_start"),
        c.text("document"),
        c.text("state"),
        c.text("proposed_by"),
        c.at("proposed_at"),
        c.text("decided_by", ""),
        c.at("decided_at", nullable=True),
        c.blob("secret_enc", nullable=True),
        c.blob("previous_enc", nullable=True),
        c.at("previous_until", nullable=True),
        c.count("failures", 0),
        c.at("next_try_at", nullable=True),
        c.text("problem", ""),
        c.at("state_at"),
        c.one_of("state", "proposed", "declined", "active", "parked", "ended", "stopped"),
    )
    Table(
        "webhook_position",
        metadata,
        c.key("subscriber_id", Uuid),
        c.key("topic"),
        c.key("partition", Integer),
        c.big("next_offset"),
    )
    Table(
        "webhook_delivery",
        metadata,
        Column("id", BigInteger, Identity(always=True), primary_key=True),
        c.uuid("subscriber_id"),
        c.text("topic"),
        c.count("partition"),
        c.big("log_offset"),
        c.text("event_id"),
        c.at("at"),
        c.count("status"),
        c.text("problem", ""),
        Index("ix_webhook_delivery_subscriber_id_id", "subscriber_id", "id"),
    )
    Table(
        "webhook_order",
        metadata,
        Column("id", BigInteger, Identity(always=True), primary_key=True),
        c.uuid("subscriber_id"),
        c.text("what"),
        c.text("by"),
        c.at("at"),
        c.text("detail", ""),
        Index("ix_webhook_order_subscriber_id_id", "subscriber_id", "id"),
    )
