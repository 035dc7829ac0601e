"""Every table of disbursement, declared once; ``migrations/versions/0001_first.py`` makes them and ``alembic check`` compares.

Amounts are rupiah (BIGINT), months are text ``YYYY-MM``, days are dates, instants timestamptz. No foreign keys between
ledger, entry and payment: a check command compares them instead (DESIGN.md, Storage rules).
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import (
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    Date,
    DateTime,
    Identity,
    Index,
    Integer,
    LargeBinary,
    Table,
    Text,
    UniqueConstraint,
    Uuid,
    text,
)
from sqlalchemy.dialects.postgresql import JSONB

from shared.audit import add_audit_tables
from shared.db.base import new_metadata
from shared.imports.tables import add_import_tables
from shared.messaging.tables import add_messaging_tables
from shared.web.transactions import add_web_tables

metadata = new_metadata()
add_messaging_tables(metadata)
add_audit_tables(metadata)
add_web_tables(metadata)
add_import_tables(metadata)


def _key(name: str, kind: Any) -> Column[Any]:
    return Column(name, kind, primary_key=True, autoincrement=False)


def _text(name: str, default: str | None = None) -> Column[Any]:
    return Column(name, Text, nullable=False, server_default=None if default is None else text(f"'{default}'"))


def _money(name: str, default: int | None = None) -> Column[Any]:
    return Column(name, BigInteger, nullable=False, server_default=None if default is None else text(str(default)))


def _count(name: str, default: int | None = None) -> Column[Any]:
    return Column(name, Integer, nullable=False, server_default=None if default is None else text(str(default)))


def _flag(name: str, default: bool | None = None) -> Column[Any]:
    return Column(name, Boolean, nullable=False, server_default=None if default is None else text(str(default).lower()))


def _at(name: str, *, nullable: bool = False) -> Column[Any]:
    return Column(name, DateTime(timezone=True), nullable=nullable)


def _uuid(name: str, *, nullable: bool = False) -> Column[Any]:
    return Column(name, Uuid, nullable=nullable)


def _one_of(column: str, name: str, *values: str) -> CheckConstraint:
    return CheckConstraint(f"{column} IN ({', '.join(repr(v) for v in values)})", name=name)


OUTCOMES = ("due", "in_payment", "unknown", "paid", "held", "missed", "excluded")

# --- what beneficiary said ---------------------------------------------------------------------------------------

Table(
    "enrolment_history",
    metadata,
    _key("person_id", Uuid),
    _key("person_version", Integer),
    _text("programme"),
    _text("status"),
    _text("reason"),
    _money("amount"),
    _text("area"),
    _text("cohort"),
    _text("from_month"),
    _text("to_month"),
    _count("cutoff_no"),
    _flag("resumed"),
    Index("ix_enrolment_history_programme_person_id_person_version", "programme", "person_id", "person_version"),
    _one_of("status", "status", "active", "suspended", "ended"),
    comment="Every enrolment event, kept for good: the state as of a cut-off is computed from it (CORE.md section 3).",
)
Table(
    "seal",
    metadata,
    _key("programme", Text),
    _key("month", Text),
    _key("seal_no", Integer),
    _uuid("cutoff_id"),
    _count("cutoff_no"),
    _count("count"),
    _money("sum"),
    _text("hash"),
    _count("quota"),
    _text("list"),
    _at("arrived_at"),
    _at("opened_at", nullable=True),
    comment="beneficiary's own list of a programme month: three values, and the path that serves the list.",
)
Table(
    "seal_end",
    metadata,
    _key("programme", Text),
    _key("month", Text),
    _key("seal_no", Integer),
    _key("partition", Integer),
    _money("end_offset"),
    comment="Ends of beneficiary.person when the seal arrived: whoever has read to here has everything that stands before it.",
)

# --- the ledger --------------------------------------------------------------------------------------------------

Table(
    "programme_month",
    metadata,
    _key("id", Uuid),
    _text("programme"),
    _text("month"),
    _text("state"),
    _count("version", 0),
    _at("opened_at", nullable=True),
    Column("seal_no", Integer),
    _count("quota", 0),
    _count("due", 0),
    _count("held", 0),
    _count("excluded", 0),
    UniqueConstraint("month", "programme"),
    _one_of("state", "state", "sealed", "opened", "carried_in", "closed"),
    comment="version: of the topic disbursement.month for this key. carried_in: from before Ritme, it has no seal and says so.",
)
Table(
    "unreconciled",
    metadata,
    _key("programme", Text),
    _key("month", Text),
    _key("person_id", Uuid),
    _text("kind"),
    _at("found_at"),
    _one_of("kind", "kind", "only_in_beneficiary", "only_in_disbursement", "status", "reason", "amount"),
)
Table(
    "entitlement_month",
    metadata,
    _key("month", Text),
    _key("programme", Text),
    _key("person_id", Uuid),
    _text("outcome"),
    _text("reason", ""),
    _money("amount"),
    _text("area"),
    _text("area_at_cutoff"),
    _text("cohort"),
    _text("standing", ""),
    _text("cause"),
    _count("version", 1),
    _at("changed_at"),
    _one_of("outcome", "outcome", *OUTCOMES),
    postgresql_partition_by="LIST (month)",
    comment="The head: one outcome per person, programme and benefit month (CORE.md section 4).",
)
Table(
    "entitlement_entry",
    metadata,
    _key("month", Text),
    Column("id", BigInteger, Identity(always=True), primary_key=True),
    _text("programme"),
    _uuid("person_id"),
    _count("version"),
    _text("from_outcome", ""),
    _text("outcome"),
    _text("reason", ""),
    _money("amount"),
    _text("area"),
    _at("at"),
    _text("author"),
    _text("cause"),
    _text("evidence", ""),
    postgresql_partition_by="LIST (month)",
    comment="Append-only: every transition of a head, with author, cause and evidence.",
)

# --- accounts ----------------------------------------------------------------------------------------------------

Table(
    "account",
    metadata,
    _key("person_id", Uuid),
    _key("programme", Text),
    _uuid("id"),
    _count("version", 1),
    _text("bank_code"),
    Column("number_enc", LargeBinary, nullable=False),
    Column("holder_enc", LargeBinary, nullable=False),
    Column("number_index", LargeBinary, nullable=False),
    _text("account_ref"),
    _flag("card_handed_over"),
    _flag("opening_asked", default=False),
    _text("area"),
    _at("changed_at"),
    comment="id is new whenever number or holder change; the ciphertexts, copies in payment included, are bound to it.",
)

# --- batches -----------------------------------------------------------------------------------------------------

Table(
    "batch",
    metadata,
    _key("id", Uuid),
    Column("code", Text, nullable=False, unique=True),
    _text("month"),
    _text("kind"),
    _text("state"),
    _count("version", 0),
    _text("composed_by"),
    _at("composed_at"),
    _text("list_hash", ""),
    _count("payments", 0),
    _count("allocations", 0),
    _money("sum", 0),
    Column("programmes", JSONB, nullable=False, server_default=text("'[]'::jsonb")),
    Column("totals", JSONB, nullable=False, server_default=text("'[]'::jsonb")),
    Column("refused", JSONB),
    Column("changed", JSONB),
    _at("released_at", nullable=True),
    _at("results_due_at", nullable=True),
    _flag("results_due", default=False),
    _count("result_no", 0),
    _uuid("file_id", nullable=True),
    Index("ix_batch_month", "month"),
    comment="programmes: what was asked for. changed: whose line voided the signatures last. version: of its stream.",
)
Table(
    "batch_signature",
    metadata,
    Column("id", BigInteger, Identity(always=True), primary_key=True),
    _uuid("batch_id"),
    _text("step"),
    _text("person"),
    _at("at"),
    _text("list_hash"),
    _flag("void", default=False),
    Index("ix_batch_signature_batch_id", "batch_id"),
)
Table(
    "batch_reservation",
    metadata,
    _key("batch_id", Uuid),
    _key("list_hash", Text),
    _text("state"),
    Column("lines", JSONB, nullable=False),
    _at("at"),
)
Table(
    "batch_funding",
    metadata,
    _key("sp2d_id", Uuid),
    _key("row", Integer),
    _text("reference"),
    _text("programme"),
    _money("amount"),
    _text("sp2d_number"),
    Column("date", Date, nullable=False),
    Index("ix_batch_funding_reference", "reference"),
)
Table(
    "batch_sts",
    metadata,
    _key("return_id", Uuid),
    _uuid("batch_id"),
    _text("programme"),
    _money("amount"),
    _text("sts_number"),
    Column("date", Date, nullable=False),
    Index("ix_batch_sts_batch_id", "batch_id"),
)
Table(
    "payment",
    metadata,
    Column("id", Uuid, primary_key=True, server_default=text("uuidv7()")),
    _uuid("batch_id"),
    _count("seq"),
    Column("reference", Text, nullable=False, unique=True),
    _uuid("person_id"),
    _text("programme"),
    _money("amount"),
    _text("bank_code"),
    Column("number_enc", LargeBinary, nullable=False),
    Column("holder_enc", LargeBinary, nullable=False),
    Column("number_index", LargeBinary, nullable=False),
    _text("account_ref"),
    _uuid("account_id"),
    _text("outcome", "prepared"),
    _text("code", ""),
    _text("reason", ""),
    Column("settled_on", Date),
    Column("withdrawn_on", Date),
    _text("area"),
    Index("ix_payment_batch_id", "batch_id"),
    Index("ix_payment_person_id", "person_id"),
    _one_of("outcome", "outcome", "prepared", "in_payment", "credited", "rejected", "unknown", "returned", "withdrawn"),
)
Table(
    "payment_month",
    metadata,
    _key("payment_id", Uuid),
    _key("month", Text),
    _uuid("batch_id"),
    _uuid("person_id"),
    _text("programme"),
    _money("amount"),
    _text("account_ref"),
    _flag("live", default=True),
    # The guard against paying twice (DESIGN.md, The one idea).
    Index("uq_payment_month_live_person_id_programme_month", "person_id", "programme", "month", unique=True, postgresql_where=text("live")),
    Index("ix_payment_month_batch_id", "batch_id"),
)
Table(
    "left_out",
    metadata,
    _key("person_id", Uuid),
    _key("programme", Text),
    _key("month", Text),
    _uuid("batch_id"),
    _text("reason"),
    _text("asked_by"),
    _text("confirmed_by"),
    _at("at"),
)
Table(
    "bank_file",
    metadata,
    _key("id", Uuid),
    _uuid("batch_id"),
    _text("name"),
    _count("count"),
    _money("sum"),
    _money("entry_hash"),
    _text("sha256"),
    _at("written_at"),
    _text("by"),
    Index("ix_bank_file_batch_id", "batch_id"),
)
Table(
    "result_file",
    metadata,
    _key("id", Uuid),
    Column("sha256", Text, nullable=False, unique=True),
    _text("name"),
    _uuid("batch_id"),
    _count("part"),
    _count("parts"),
    _count("count"),
    _money("sum"),
    _at("received_at"),
    _text("received_by"),
    _count("applied"),
    _count("rejected"),
    _count("quarantined"),
    _count("unchanged"),
    Index("ix_result_file_batch_id", "batch_id"),
)
Table(
    "result_row",
    metadata,
    _key("file_id", Uuid),
    _key("row", Integer),
    _text("reference"),
    Column("number_index", LargeBinary, nullable=False),
    _money("amount"),
    _text("code"),
    Column("settled_on", Date),
    _text("state"),
    _text("problem", ""),
    _one_of("state", "state", "applied", "rejected", "unchanged", "quarantined"),
)

# --- gaps --------------------------------------------------------------------------------------------------------

Table(
    "gap",
    metadata,
    Column("id", Uuid, primary_key=True, server_default=text("uuidv7()")),
    _text("kind", "month"),
    _uuid("person_id"),
    _text("programme"),
    _text("month"),
    _text("outcome"),
    _text("reason"),
    _text("area"),
    _text("owner"),
    Column("due_on", Date, nullable=False),
    _text("state"),
    _count("version", 1),
    _text("how", ""),
    _at("opened_at"),
    _at("closed_at", nullable=True),
    _at("changed_at"),
    UniqueConstraint("person_id", "programme", "month"),
    Index("ix_gap_month_state", "month", "state"),
    _one_of("kind", "kind", "month", "system_parked"),
    _one_of("state", "state", "open", "closed"),
)

Table(
    "gap_position",
    metadata,
    _key("month", Text),
    _money("entry_id"),
    _money("unsure_until", 0),
    comment="Up to which entry of a month the gaps were compared; unsure_until: a transaction that was in flight then.",
)

# --- signed reference data ---------------------------------------------------------------------------------------

Table(
    "bank_code",
    metadata,
    _key("code", Text),
    _text("outcome"),
    _text("reason", ""),
    Column("withdrawn", Boolean),
    Column("valid_from", Date, nullable=False),
    _text("signed_by"),
    _text("note", ""),
    _one_of("outcome", "outcome", "credited", "rejected", "pending"),
)
Table(
    "gap_owner",
    metadata,
    _key("reason", Text),
    _text("office"),
    _count("working_days"),
    Column("valid_from", Date, nullable=False),
)
Table(
    "holiday",
    metadata,
    _key("day", Date),
    _text("name"),
    _text("kind"),
)

# --- staging: no policies, since COPY is refused under them ------------------------------------------------------

Table(
    "accounts_staging",
    metadata,
    _key("import_id", Uuid),
    _key("line", BigInteger),
    _uuid("person_id"),
    _text("programme"),
    _uuid("id"),
    _text("bank_code"),
    Column("number_enc", LargeBinary, nullable=False),
    Column("holder_enc", LargeBinary, nullable=False),
    Column("number_index", LargeBinary, nullable=False),
    _text("account_ref"),
    _flag("card_handed_over"),
)
Table(
    "carry_in_staging",
    metadata,
    _key("import_id", Uuid),
    _key("line", BigInteger),
    _uuid("person_id"),
    _text("programme"),
    _text("month"),
    _text("outcome"),
    _text("reason"),
    _text("evidence"),
)
Table(
    "result_staging",
    metadata,
    _key("file_id", Uuid),
    _key("row", Integer),
    _text("reference"),
    Column("number_index", LargeBinary, nullable=False),
    _money("amount"),
    _text("code"),
    Column("settled_on", Date),
    Column("payment_id", Uuid),
    _text("state", ""),
    _text("problem", ""),
    prefixes=["UNLOGGED"],
)
