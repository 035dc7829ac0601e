"""Lists, their signatures, funding and payments, and what the bank answered (CORE.md section 5)."""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, Date, Identity, Index, Integer, Table, Text, Uuid, text
from sqlalchemy.dialects.postgresql import JSONB

from services.disbursement.tables.base import metadata
from shared.db import columns as c

Table(
    "batch",
    metadata,
    c.key("id", Uuid),
    Column("code", Text, nullable=False, unique=True),
    c.text("month"),
    c.text("kind"),
    c.text("state"),
    c.count("version", 0),
    c.text("composed_by"),
    c.at("composed_at"),
    c.text("list_hash", ""),
    c.count("payments", 0),
    c.count("allocations", 0),
    c.big("sum", 0),
    Column("programmes", JSONB, nullable=False, server_default=text("'[]'::jsonb")),
    Column("totals", JSONB, nullable=False, server_default=text("'[]'::jsonb")),
    Column("refused", JSONB),
    Column("changed", JSONB),
    c.at("released_at", nullable=True),
    c.at("results_due_at", nullable=True),
    c.flag("results_due", False),
    c.count("result_no", 0),
    c.uuid("file_id", nullable=True),
    c.day("value_on", nullable=True),
    c.count("approvers", 1),
    c.text("financing", "sp2d"),
    c.one_of("financing", "sp2d", "holding"),
    Index("ix_batch_month", "month"),
    comment=(
        "programmes: what was asked for. changed: whose line voided the signatures last. version: of its stream. "
        "financing: by an SP2D of its own, or (a retry) from what lies in the holding account for its people."
    ),
)
Table(
    "batch_signature",
    metadata,
    Column("id", BigInteger, Identity(always=True), primary_key=True),
    c.uuid("batch_id"),
    c.text("step"),
    c.text("person"),
    c.at("at"),
    c.text("list_hash"),
    c.flag("void", False),
    c.text("on_behalf_of", ""),
    c.uuid("delegation_id", nullable=True),
    Index("ix_batch_signature_batch_id", "batch_id"),
)
Table(
    "batch_reservation",
    metadata,
    c.key("batch_id", Uuid),
    c.key("list_hash"),
    c.text("state"),
    c.document("lines"),
    c.at("at"),
)
Table(
    "batch_funding",
    metadata,
    c.key("sp2d_id", Uuid),
    c.key("row", Integer),
    c.text("reference"),
    c.text("programme"),
    c.big("amount"),
    c.text("sp2d_number"),
    c.day("date"),
    Index("ix_batch_funding_reference", "reference"),
)
Table(
    "batch_sts",
    metadata,
    c.key("return_id", Uuid),
    c.uuid("batch_id"),
    c.text("programme"),
    c.big("amount"),
    c.text("sts_number"),
    c.day("date"),
    Index("ix_batch_sts_batch_id", "batch_id"),
)
Table(
    "payment",
    metadata,
    Column("id", Uuid, primary_key=True, server_default=text("uuidv7()")),
    c.uuid("batch_id"),
    c.count("seq"),
    Column("reference", Text, nullable=False, unique=True),
    c.uuid("person_id"),
    c.text("programme"),
    c.big("amount"),
    c.text("bank_code"),
    c.blob("number_enc"),
    c.blob("holder_enc"),
    c.blob("number_index"),
    c.text("account_ref"),
    c.uuid("account_id"),
    c.text("outcome", "prepared"),
    c.text("code", ""),
    c.text("reason", ""),
    Column("settled_on", Date),
    Column("withdrawn_on", Date),
    c.text("area"),
    Index("ix_payment_batch_id", "batch_id"),
    Index("ix_payment_person_id", "person_id"),
    c.one_of("outcome", "prepared", "in_payment", "credited", "rejected", "unknown", "returned", "withdrawn"),
)
Table(
    "payment_month",
    metadata,
    c.key("payment_id", Uuid),
    c.key("month"),
    c.uuid("batch_id"),
    c.uuid("person_id"),
    c.text("programme"),
    c.big("amount"),
    c.text("account_ref"),
    c.flag("live", True),
    # The guard against paying twice (DESIGN.md, The one idea).
    Index("uq_payment_month_live_person_id_programme_month", "person_id", "programme", "month", unique=True, postgresql_where=text("live")),
    Index("ix_payment_month_batch_id", "batch_id"),
)
Table(
    "repayment",
    metadata,
    c.key("payment_id", Uuid),
    c.key("month"),
    c.uuid("batch_id"),
    c.uuid("source_id"),
    c.big("amount"),
    c.flag("live", True),
    # A month of a returned payment goes out again once, whatever two lists want.
    Index("uq_repayment_live_source_id_month", "source_id", "month", unique=True, postgresql_where=text("live")),
    Index("ix_repayment_batch_id", "batch_id"),
    comment=(
        "A month that is paid again from the holding account: source_id is the returned payment whose rupiah are used. "
        "live: false once its line was taken off before the list went out."
    ),
)
Table(
    "left_out",
    metadata,
    c.key("person_id", Uuid),
    c.key("programme"),
    c.key("month"),
    c.uuid("batch_id"),
    c.text("reason"),
    c.text("asked_by"),
    c.text("confirmed_by"),
    c.at("at"),
)
Table(
    "bank_file",
    metadata,
    c.key("id", Uuid),
    c.uuid("batch_id"),
    c.text("name"),
    c.count("count"),
    c.big("sum"),
    c.big("entry_hash"),
    c.text("sha256"),
    c.at("written_at"),
    c.text("by"),
    Index("ix_bank_file_batch_id", "batch_id"),
)
Table(
    "result_file",
    metadata,
    c.key("id", Uuid),
    Column("sha256", Text, nullable=False, unique=True),
    c.text("name"),
    c.uuid("batch_id"),
    c.count("part"),
    c.count("parts"),
    c.count("count"),
    c.big("sum"),
    c.at("received_at"),
    c.text("received_by"),
    c.count("applied"),
    c.count("rejected"),
    c.count("quarantined"),
    c.count("unchanged"),
    Index("ix_result_file_batch_id", "batch_id"),
)
Table(
    "result_row",
    metadata,
    c.key("file_id", Uuid),
    c.key("row", Integer),
    c.text("reference"),
    c.blob("number_index"),
    c.big("amount"),
    c.text("code"),
    Column("settled_on", Date),
    c.text("state"),
    c.text("problem", ""),
    c.one_of("state", "applied", "rejected", "unchanged", "quarantined"),
    Index("ix_result_row_quarantined", "file_id", "row", postgresql_where=text("state = 'quarantined'")),
)
