"""Papers of the treasury by kind and number, however they came; up to which day each source has spoken; SPD."""

from __future__ import annotations

from sqlalchemy import BigInteger, CheckConstraint, Column, Date, Index, Integer, Table, Uuid

from services.budget_audit.tables.base import metadata
from shared.db import columns as c

Table(
    "treasury_document",
    metadata,
    c.key("id", Uuid),
    c.text("kind"),
    c.text("number"),
    c.one_of("kind", "SPP", "SPM", "SP2D", "SPJ", "BKU", "NPD", "STS"),
    Index("uq_treasury_document_kind_number", "kind", "number", unique=True),
)
Table(
    "treasury_document_entry",
    metadata,
    c.key("document_id", Uuid),
    c.key("n", Integer),
    c.count("version"),
    c.text("source"),
    c.text("nature"),
    c.day("dated"),
    c.big("amount"),
    c.uuid("line_id", nullable=True),
    c.text("reference"),
    c.text("proves"),
    c.text("copy_sha256"),
    c.text("copy_name"),
    c.uuid("import_id", nullable=True),
    c.text("by_person"),
    c.at("at"),
    c.one_of("source", "typed", "imported"),
    c.one_of("nature", "", "UP", "GU", "TU", "LS"),
    CheckConstraint("amount > 0", name="amount"),
    Index("ix_treasury_document_entry_proves", "proves"),
)
Table(
    "treasury_document_staging",
    metadata,
    c.key("import_id", Uuid),
    c.key("line", BigInteger),
    c.text("kind"),
    c.text("number"),
    c.text("nature"),
    c.day("dated"),
    c.big("amount"),
    c.uuid("line_id", nullable=True),
    c.text("reference"),
    c.text("proves"),
)
Table(
    "source_coverage",
    metadata,
    c.key("source"),
    c.key("import_id", Uuid),
    Column("from_day", Date),
    c.day("to_day"),
    c.at("at"),
    CheckConstraint("from_day IS NULL OR from_day <= to_day", name="days"),
)
Table(
    "spd",
    metadata,
    c.key("number"),
    c.key("line_id", Uuid),
    c.key("version", Integer),
    c.day("date"),
    c.text("from_month"),
    c.text("to_month"),
    c.big("amount"),
    c.uuid("import_id"),
    c.at("at"),
    CheckConstraint("amount >= 0", name="amount"),
    CheckConstraint("from_month <= to_month", name="months"),
    Index("ix_spd_line_id", "line_id"),
)
Table(
    "spd_staging",
    metadata,
    c.key("import_id", Uuid),
    c.key("line", BigInteger),
    c.text("number"),
    c.uuid("line_id"),
    c.day("date"),
    c.text("from_month"),
    c.text("to_month"),
    c.big("amount"),
)
