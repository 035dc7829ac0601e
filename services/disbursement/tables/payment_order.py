"""Papers of the treasury path before the SP2D: numbers and days, as they were written down."""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, Date, Identity, Index, Table, text

from services.disbursement.tables.base import metadata
from shared.db import columns as c

Table(
    "payment_paper",
    metadata,
    Column("id", BigInteger, Identity(always=True), primary_key=True),
    c.uuid("batch_id"),
    c.text("list_hash"),
    c.text("step"),
    c.text("number", ""),
    Column("day", Date),
    c.big("amount"),
    c.text("signer", ""),
    c.text("note", ""),
    c.text("by"),
    c.at("at"),
    c.one_of("step", "requested", "returned", "verified", "ordered"),
    Index("ix_payment_paper_batch_id", "batch_id"),
    Index("uq_payment_paper_ordered_number", "number", unique=True, postgresql_where=text("step = 'ordered'")),
    comment="Append-only: SPP (requested), its verification or return, SPM (ordered), each for one list hash; the last row counts.",
)
