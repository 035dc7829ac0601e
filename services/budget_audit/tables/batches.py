"""Payment lists as this service knows them, and the budget that is reserved for them."""

from __future__ import annotations

from sqlalchemy import CheckConstraint, Column, Date, Index, Table, Uuid

from services.budget_audit.tables.base import metadata
from shared.db import columns as c

Table(
    "batch",
    metadata,
    c.key("id", Uuid),
    c.text("code", ""),
    c.text("month", ""),
    c.text("state"),
    c.text("list_hash", ""),
    c.count("result_no", 0),
    c.count("reservation_version", 0),
    Index("ix_batch_code", "code"),
    Index("ix_batch_month", "month"),
)
Table(
    "batch_money",
    metadata,
    c.key("batch_id", Uuid),
    c.key("programme"),
    c.big("listed"),
    c.big("credited", 0),
    c.big("not_credited"),
    c.big("from_holding", 0),
    c.big("paid_on", 0),
)
Table(
    "reservation",
    metadata,
    c.key("batch_id", Uuid),
    c.key("list_hash"),
    c.text("state"),
    c.text("refused_line", ""),
    c.big("requested"),
    c.big("available", 0),
    Column("expires_on", Date),
    c.at("at"),
)
Table(
    "reservation_line",
    metadata,
    c.key("batch_id", Uuid),
    c.key("list_hash"),
    c.key("line_id", Uuid),
    c.text("programme"),
    c.big("amount"),
    c.big("remaining"),
    CheckConstraint("amount > 0 AND remaining BETWEEN 0 AND amount", name="amounts"),
)
