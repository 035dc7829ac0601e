"""Where money and reality differ, what was asked to be compared, and what people said."""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, Identity, Index, Table, Uuid

from services.budget_audit.tables.base import metadata
from shared.db import columns as c

Table("document_event", metadata, c.key("document_id", Uuid), c.text("event_id"))
Table(
    "to_evaluate",
    metadata,
    c.key("code"),
    c.key("reference"),
    c.at("asked_at"),
    c.text("cause", ""),
)
Table(
    "mismatch",
    metadata,
    c.key("id", Uuid),
    c.text("code"),
    c.text("subject"),
    c.text("period"),
    c.text("reference"),
    c.text("state"),
    c.count("version"),
    c.count("numbers_version"),
    c.big("expected"),
    c.big("actual"),
    c.big("difference"),
    c.big("explained", 0),
    c.text("formula"),
    c.document("ruled_out"),
    c.document("evidence"),
    c.text("owner"),
    c.day("due_on"),
    c.text("caused_by_event"),
    c.at("detected_at"),
    c.text("escalated_to", ""),
    Index("uq_mismatch_code_subject_period", "code", "subject", "period", unique=True),
    Index("ix_mismatch_code_reference", "code", "reference"),
)
Table(
    "mismatch_step",
    metadata,
    Column("id", BigInteger, Identity(always=True), primary_key=True),
    c.uuid("mismatch_id"),
    c.at("at"),
    c.text("step"),
    c.text("person"),
    c.text("text"),
    c.big("amount"),
    c.document("evidence"),
    c.count("numbers_version"),
    c.big("expected"),
    c.big("actual"),
    c.text("event_id"),
    Index("ix_mismatch_step_mismatch_id", "mismatch_id"),
)
