"""Samples drawn from a finding, and what BPK recommends about it. Rows are facts; none changes but a recommendation's stage."""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, Identity, Index, Integer, Table, Uuid

from services.budget_audit.tables.base import metadata
from shared.db import columns as c

Table(
    "sample",
    metadata,
    c.key("id", Uuid),
    c.uuid("mismatch_id"),
    c.count("numbers_version"),
    c.text("seed"),
    c.text("method"),
    c.document("population"),
    c.text("drawn_by"),
    c.at(),
    Index("ix_sample_mismatch_id", "mismatch_id"),
)
Table("sample_item", metadata, c.key("sample_id", Uuid), c.key("position", Integer), c.text("item"))
Table(
    "sample_note",
    metadata,
    Column("id", BigInteger, Identity(always=True), primary_key=True),
    c.uuid("sample_id"),
    c.count("position"),
    c.at(),
    c.text("person"),
    c.text("kind"),
    c.text("text"),
    c.text("supplier"),
    c.text("file_name"),
    c.text("file_hash"),
    c.blob("file"),
    c.one_of("kind", "note", "supplier_asked", "supplier_answered"),
    Index("ix_sample_note_sample_id", "sample_id"),
)
Table(
    "bpk_recommendation",
    metadata,
    c.key("id", Uuid),
    c.uuid("mismatch_id"),
    c.text("lhp_number"),
    c.day("lhp_date"),
    c.day("received_on"),
    c.text("recommendation"),
    c.big("amount"),
    c.text("stage"),
    c.text("status"),
    c.day("sent_on", nullable=True),
    c.text("recorded_by"),
    c.at(),
    Index("uq_bpk_recommendation_mismatch_id_lhp_number", "mismatch_id", "lhp_number", unique=True),
)
Table(
    "bpk_step",
    metadata,
    Column("id", BigInteger, Identity(always=True), primary_key=True),
    c.uuid("recommendation_id"),
    c.at(),
    c.text("step"),
    c.text("person"),
    c.text("text"),
    c.document("evidence"),
    c.text("status"),
    Index("ix_bpk_step_recommendation_id", "recommendation_id"),
)
