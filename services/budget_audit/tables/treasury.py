"""Documents of the treasury, and the postings that they make."""

from __future__ import annotations

from sqlalchemy import BigInteger, CheckConstraint, Column, Identity, Index, Integer, Table, Uuid

from services.budget_audit.tables.base import metadata
from shared.db import columns as c

Table(
    "sp2d",
    metadata,
    c.key("id", Uuid),
    c.text("number"),
    c.day("date"),
    c.text("reference"),
    c.uuid("import_id"),
    c.at("at"),
    Index("uq_sp2d_number", "number", unique=True),
    Index("ix_sp2d_reference", "reference"),
)
Table(
    "sp2d_row",
    metadata,
    c.key("sp2d_id", Uuid),
    c.key("line_id", Uuid),
    c.text("programme"),
    c.big("amount"),
    Column("version", Integer, primary_key=True, autoincrement=False, server_default="1"),
    # From version 2 on: by how much a later file changed the row. Sums are always what holds.
    CheckConstraint("amount <> 0 AND (version > 1 OR amount > 0)", name="amount"),
)
Table(
    "treasury_return",
    metadata,
    c.key("id", Uuid),
    c.text("number"),
    c.day("date"),
    c.text("programme"),
    c.uuid("line_id"),
    Column("batch_id", Uuid),
    c.text("reference"),
    c.big("amount"),
    c.uuid("import_id"),
    c.at("at"),
    CheckConstraint("amount > 0", name="amount"),
    Index("uq_treasury_return_number_programme", "number", "programme", unique=True),
    Index("ix_treasury_return_reference", "reference"),
)
Table(
    "posting",
    metadata,
    Column("id", BigInteger, Identity(always=True), primary_key=True),
    c.at("at"),
    c.text("transaction"),
    c.text("debit"),
    c.text("credit"),
    c.big("amount"),
    Column("line_id", Uuid),
    Column("batch_id", Uuid),
    c.text("source"),
    CheckConstraint("amount > 0", name="amount"),
    CheckConstraint("debit <> credit", name="accounts"),
)
