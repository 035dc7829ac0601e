"""Counts, contracts and goods."""

from __future__ import annotations

from sqlalchemy import CheckConstraint, Column, Date, Index, Integer, Table, Uuid

from services.budget_audit.tables.base import metadata
from shared.db import columns as c

Table(
    "census_count",
    metadata,
    c.key("panti"),
    c.key("day", Date),
    c.key("version", Integer),
    c.count("residents"),
    c.uuid("import_id", nullable=True),
    c.at("at"),
    c.text("source", "file"),
    Column("count_no", Integer),
    c.one_of("source", "file", "book"),
    CheckConstraint("residents >= 0", name="residents"),
    CheckConstraint("(source = 'file') = (import_id IS NOT NULL) AND (source = 'book') = (count_no IS NOT NULL)", name="whence"),
    comment="Residents of a day, by a file or by the panti's daily book (count_no: that book's count); the book goes before any file",
)
Table(
    "contract",
    metadata,
    c.key("panti"),
    c.key("from_day", Date),
    c.day("to_day"),
    c.big("price"),
    c.uuid("import_id"),
    c.at("at"),
    CheckConstraint("from_day <= to_day AND price > 0", name="terms"),
)
Table(
    "goods_received",
    metadata,
    c.key("delivery_id", Uuid),
    c.key("version", Integer),
    c.text("reference"),
    c.text("kind"),
    c.text("place"),
    c.big("units"),
    c.big("unit_price"),
    c.text("event_id"),
    c.at("at"),
    Index("ix_goods_received_reference", "reference"),
)
