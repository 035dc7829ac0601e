"""The holding account: postings, its statements line by line, the days that are closed, and what becomes of what stays."""

from __future__ import annotations

from sqlalchemy import BigInteger, CheckConstraint, Column, Date, DateTime, Identity, Index, Integer, Table, Text, Uuid, text

from services.disbursement.tables.base import metadata
from shared.db import columns as c

_ACCOUNTS = ("treasury", "holding", "bank", "distributed", "sts_due", "reissued")

Table(
    "posting",
    metadata,
    Column("id", BigInteger, Identity(always=True), primary_key=True),
    c.at("at"),
    c.day("day"),
    c.text("kind"),
    c.text("debit"),
    c.text("credit"),
    c.big("amount"),
    c.text("batch"),
    c.text("programme"),
    c.uuid("payment_id", nullable=True),
    c.text("document"),
    c.text("by"),
    c.one_of("kind", "funding", "release", "credit", "rejection", "late_return", "named_for_sts", "sts", "drawn", "from_holding"),
    c.one_of("debit", *_ACCOUNTS),
    c.one_of("credit", *_ACCOUNTS),
    CheckConstraint("amount > 0", name="amount"),
    CheckConstraint("debit <> credit", name="two_accounts"),
    Index("ix_posting_batch", "batch"),
    Index("ix_posting_payment_id", "payment_id", postgresql_where=text("payment_id IS NOT NULL")),
    comment="Append-only, double entry in one row. day: the value day, never a closed one. batch: its code.",
)

# --- statements -----------------------------------------------------------------------
Table(
    "statement_staging",
    metadata,
    c.key("import_id", Uuid),
    c.key("line", BigInteger),
    c.day("day"),
    c.text("reference"),
    c.big("amount"),
    c.blob("words_enc"),
)
Table(
    "statement",
    metadata,
    c.key("id", Uuid),
    c.text("account"),
    c.day("from_day"),
    c.day("to_day"),
    c.big("opening"),
    c.big("closing"),
    c.count("lines"),
    c.text("taken_by"),
    c.at("taken_at"),
    comment="A statement of the holding account, day after day without a hole. id: that of its import.",
)
Table(
    "statement_line",
    metadata,
    c.key("statement_id", Uuid),
    c.key("line", BigInteger),
    c.day("day"),
    c.text("reference"),
    c.big("amount"),
    c.blob("words_enc"),
    Index("ix_statement_line_day", "day"),
    comment="Append-only. amount: rupiah in (positive) or out (negative). words_enc: the bank's text, which may hold a name.",
)
Table(
    "statement_open",
    metadata,
    c.key("statement_id", Uuid),
    c.key("line", BigInteger),
    comment="The queue of lines that are not matched to their last rupiah.",
)
Table(
    "statement_match",
    metadata,
    Column("id", BigInteger, Identity(always=True), primary_key=True),
    c.uuid("statement_id"),
    c.big("line"),
    c.text("subject"),
    c.text("kind"),
    c.text("reference"),
    c.big("amount"),
    c.day("counts_from"),
    c.text("how"),
    c.text("reason"),
    c.text("by"),
    c.at("at"),
    c.one_of("kind", "payment", "batch", "sp2d", "sts"),
    c.one_of("how", "single", "split", "group", "by_hand", "undone"),
    Index("ix_statement_match_statement_id_line", "statement_id", "line"),
    Index("ix_statement_match_reference", "reference"),
    comment="Append-only: what a line is for; undone by a row with the opposite amount. counts_from: the day it counts from.",
)
Table(
    "statement_difference",
    metadata,
    Column("id", BigInteger, Identity(always=True), primary_key=True),
    c.text("subject"),
    c.big("amount"),
    c.text("reason"),
    c.text("owner"),
    c.day("due_on"),
    c.day("counts_from"),
    c.text("by"),
    c.at("at"),
    Index("ix_statement_difference_subject", "subject"),
    comment="Append-only: a difference that somebody named, with exactly this amount; the newest one of a subject counts.",
)
Table(
    "closed_day",
    metadata,
    c.key("day", Date),
    c.big("book"),
    c.big("statement"),
    c.document("differences"),
    c.text("closed_by"),
    c.at("closed_at"),
)

# --- the desk of quarantined rows ------------------------------------------------------
Table(
    "quarantine_decision",
    metadata,
    Column("id", Uuid, primary_key=True, server_default=text("uuidv7()")),
    c.uuid("file_id"),
    Column("row", Integer, nullable=False),
    c.text("decision"),
    c.text("reference"),
    c.text("code"),
    Column("settled_on", Date),
    c.text("evidence"),
    c.text("state"),
    c.text("asked_by"),
    c.at("asked_at"),
    c.text("decided_by", ""),
    c.at("decided_at", nullable=True),
    c.uuid("result_file_id", nullable=True),
    c.one_of("decision", "accept", "reject", "leave"),
    c.one_of("state", "proposed", "done", "refused", "left"),
    Index(
        "uq_quarantine_decision_file_id_row", "file_id", "row", unique=True, postgresql_where=text("state IN ('proposed', 'done')")
    ),
)  # fmt: skip

# --- what stays ------------------------------------------------------------------------
Table(
    "holding_disposal",
    metadata,
    Column("id", Uuid, primary_key=True, server_default=text("uuidv7()")),
    c.count("year"),
    c.text("batch"),
    c.text("programme"),
    c.uuid("payment_id", nullable=True),
    c.big("amount"),
    c.text("way"),
    c.text("document"),
    c.text("state"),
    c.text("asked_by"),
    c.at("asked_at"),
    c.text("decided_by", ""),
    Column("decided_at", DateTime(timezone=True)),
    c.one_of("way", "sts", "carried"),
    c.one_of("state", "proposed", "confirmed", "refused"),
    Index("ix_holding_disposal_payment_id", "payment_id"),
    Index(
        "uq_holding_disposal_year_batch_programme_payment_id", "year", "batch", "programme", "payment_id", unique=True,
        postgresql_where=text("state <> 'refused'"), postgresql_nulls_not_distinct=True,
    ),
    comment="What stays in holding at the end of a year: back to Kas Daerah by an STS, or carried by a document.",
)  # fmt: skip
Table(
    "closed_year",
    metadata,
    c.key("year", Integer),
    c.big("returned"),
    c.big("carried"),
    c.text("closed_by"),
    Column("closed_at", DateTime(timezone=True), nullable=False),
    Column("document", Text, nullable=False),
)
