"""What beneficiary said, the person-months that follow from it, and their gaps (CORE.md sections 3 and 4)."""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, Identity, Index, Integer, Table, UniqueConstraint, Uuid, text

from services.disbursement.tables.base import metadata
from shared.db import columns as c

OUTCOMES = ("due", "in_payment", "unknown", "paid", "held", "missed", "excluded")

# --- what beneficiary said ------------------------------------------------------------
Table(
    "enrolment_history",
    metadata,
    c.key("person_id", Uuid),
    c.key("person_version", Integer),
    c.text("programme"),
    c.text("status"),
    c.text("reason"),
    c.big("amount"),
    c.text("area"),
    c.text("cohort"),
    c.text("from_month"),
    c.text("to_month"),
    c.count("cutoff_no"),
    c.flag("resumed"),
    Index("ix_enrolment_history_programme_person_id_person_version", "programme", "person_id", "person_version"),
    c.one_of("status", "active", "suspended", "ended"),
    comment="Every enrolment event, kept for good: the state as of a cut-off is computed from it (CORE.md section 3).",
)
Table(
    "seal",
    metadata,
    c.key("programme"),
    c.key("month"),
    c.key("seal_no", Integer),
    c.uuid("cutoff_id"),
    c.count("cutoff_no"),
    c.count("count"),
    c.big("sum"),
    c.text("hash"),
    c.count("quota"),
    c.text("list"),
    c.at("arrived_at"),
    c.at("opened_at", nullable=True),
    comment="beneficiary's own list of a programme month: three values, and the path that serves the list.",
)
Table(
    "seal_end",
    metadata,
    c.key("programme"),
    c.key("month"),
    c.key("seal_no", Integer),
    c.key("partition", Integer),
    c.big("end_offset"),
    comment="Ends of beneficiary.person when the seal arrived: whoever has read to here has everything that stands before it.",
)

# --- the ledger ------------------------------------------------------------
Table(
    "programme_month",
    metadata,
    c.key("id", Uuid),
    c.text("programme"),
    c.text("month"),
    c.text("state"),
    c.count("version", 0),
    c.at("opened_at", nullable=True),
    Column("seal_no", Integer),
    c.count("quota", 0),
    c.count("due", 0),
    c.count("held", 0),
    c.count("excluded", 0),
    UniqueConstraint("month", "programme"),
    c.one_of("state", "sealed", "opened", "carried_in", "closed"),
    comment="version: of the topic disbursement.month for this key. carried_in: from before Ritme, it has no seal and says so.",
)
Table(
    "unreconciled",
    metadata,
    c.key("programme"),
    c.key("month"),
    c.key("person_id", Uuid),
    c.text("kind"),
    c.at("found_at"),
    c.one_of("kind", "only_in_beneficiary", "only_in_disbursement", "status", "reason", "amount"),
)
Table(
    "entitlement_month",
    metadata,
    c.key("month"),
    c.key("programme"),
    c.key("person_id", Uuid),
    c.text("outcome"),
    c.text("reason", ""),
    c.big("amount"),
    c.text("area"),
    c.text("area_at_cutoff"),
    c.text("cohort"),
    c.text("standing", ""),
    c.text("cause"),
    c.count("version", 1),
    c.at("changed_at"),
    c.one_of("outcome", *OUTCOMES),
    postgresql_partition_by="LIST (month)",
    comment="The head: one outcome per person, programme and benefit month (CORE.md section 4).",
)
Table(
    "entitlement_entry",
    metadata,
    c.key("month"),
    Column("id", BigInteger, Identity(always=True), primary_key=True),
    c.text("programme"),
    c.uuid("person_id"),
    c.count("version"),
    c.text("from_outcome", ""),
    c.text("outcome"),
    c.text("reason", ""),
    c.big("amount"),
    c.text("area"),
    c.at("at"),
    c.text("author"),
    c.text("cause"),
    c.text("evidence", ""),
    postgresql_partition_by="LIST (month)",
    comment="Append-only: every transition of a head, with author, cause and evidence.",
)

# --- gaps ------------------------------------------------------------
Table(
    "gap",
    metadata,
    Column("id", Uuid, primary_key=True, server_default=text("uuidv7()")),
    c.text("kind", "month"),
    c.uuid("person_id"),
    c.text("programme"),
    c.text("month"),
    c.text("outcome"),
    c.text("reason"),
    c.text("area"),
    c.text("owner"),
    c.day("due_on"),
    c.text("state"),
    c.count("version", 1),
    c.text("how", ""),
    c.at("opened_at"),
    c.at("closed_at", nullable=True),
    c.at("changed_at"),
    c.text("answer", ""),
    c.day("expected_on", nullable=True),
    c.at("answered_at", nullable=True),
    c.at("escalated_at", nullable=True),
    c.count("escalations", 0),
    UniqueConstraint("person_id", "programme", "month"),
    Index("ix_gap_month_state", "month", "state"),
    c.one_of("kind", "month", "system_parked"),
    c.one_of("state", "open", "closed"),
)

Table(
    "gap_position",
    metadata,
    c.key("month"),
    c.big("entry_id"),
    c.big("unsure_until", 0),
    comment="Up to which entry of a month the gaps were compared; unsure_until: a transaction that was in flight then.",
)
