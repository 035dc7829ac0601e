"""Questions to the bank: what became of a payment, and whether an account exists. Rows are added, never changed."""

from __future__ import annotations

from sqlalchemy import Index, Table, Uuid

from services.disbursement.tables.base import metadata
from shared.db import columns as c

Table(
    "inquiry",
    metadata,
    c.key("id", Uuid),
    c.uuid("payment_id"),
    c.uuid("batch_id"),
    c.uuid("request_id", nullable=True),
    c.count("attempt"),
    c.at("at"),
    c.count("http"),
    c.text("code"),
    c.text("status"),
    c.text("table_code"),
    c.text("meaning"),
    c.day("settled_on", nullable=True),
    c.uuid("result_file_id", nullable=True),
    c.at("next_at", nullable=True),
    c.text("area"),
    Index("ix_inquiry_payment_id_attempt", "payment_id", "attempt"),
    Index("ix_inquiry_batch_id", "batch_id"),
    Index("ix_inquiry_at", "at"),
    c.one_of(
        "meaning", "credited", "rejected", "in_process", "not_found", "unknown_code", "differs", "unreadable", "our_mistake", "try_later"
    ),
    comment="One question and its answer, never with the account. result_file_id: what it changed, as a result of the bank.",
)
Table(
    "inquiry_request",
    metadata,
    c.key("id", Uuid),
    c.uuid("payment_id"),
    c.text("asked_by"),
    c.at("asked_at"),
    c.text("area"),
    Index("ix_inquiry_request_payment_id", "payment_id"),
    comment="Somebody wants one payment asked for now; the worker does it.",
)
Table(
    "account_check_request",
    metadata,
    c.key("id", Uuid),
    c.key("account_id", Uuid),
    c.uuid("person_id"),
    c.text("programme"),
    c.text("asked_by"),
    c.at("asked_at"),
    c.text("area"),
    Index("ix_account_check_request_account_id", "account_id"),
)
Table(
    "account_check",
    metadata,
    c.key("request_id", Uuid),
    c.key("account_id", Uuid),
    c.at("at"),
    c.count("http"),
    c.text("code"),
    c.text("result"),
    c.text("area"),
    Index("ix_account_check_account_id", "account_id"),
    c.one_of("result", "exists", "name_similar", "name_differs", "closed", "dormant", "not_found", "not_known"),
    comment="What the bank said of an account on that day, beside it and never in its way.",
)
