"""Files on their way to the bank and from it; and what was agreed with the bank about their form, by two people."""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, Identity, Index, Table, Uuid

from services.disbursement.tables.base import metadata
from shared.db import columns as c

Table(
    "bank_file_form",
    metadata,
    c.key("file_id", Uuid),
    c.text("channel"),
    c.document("details"),
    c.uuid("template_id", nullable=True),
    c.text("media_type"),
    c.one_of("channel", "column_file", "iso20022"),
    comment="As it was at the release. No row: a file from before templates were data, in the first template.",
)
Table(
    "bank_handover",
    metadata,
    c.key("file_id", Uuid),
    c.at("at"),
    c.at("receipt_due_at", nullable=True),
)
Table(
    "bank_handover_trouble",
    metadata,
    Column("id", BigInteger, Identity(always=True), primary_key=True),
    c.uuid("file_id"),
    c.at("at"),
    c.text("problem"),
    Index("ix_bank_handover_trouble_file_id", "file_id"),
)
Table(
    "bank_receipt",
    metadata,
    c.key("file_id", Uuid),
    c.at("received_at"),
    c.text("received_by"),
    c.text("source"),
    c.at("noted_at"),
    c.text("noted_by"),
    c.one_of("source", "file", "by_hand", "status_report"),
    comment="received_by: whoever took it at the bank, as we were told. noted_by: whoever of ours wrote it down.",
)
Table(
    "bank_inbox",
    metadata,
    c.key("id", Uuid),
    c.text("name"),
    c.text("sha256"),
    c.at("at"),
    c.text("state"),
    c.document("answer"),
    c.at("moved_at", nullable=True),
    Index("ix_bank_inbox_at", "at"),
    c.one_of("state", "applied", "duplicate", "receipt", "refused"),
    comment="Decided first, moved out of the folder afterwards: a crash between the two moves it once more.",
)
Table(
    "result_file_form",
    metadata,
    c.key("file_id", Uuid),
    c.uuid("template_id"),
    comment="The agreed template that a result file was read by. No row: the published form, or a message of ISO 20022.",
)
Table(
    "bank_setting",
    metadata,
    c.key("id", Uuid),
    c.text("kind"),
    c.text("bank"),
    c.day("valid_from"),
    c.document("body"),
    c.text("document"),
    c.text("state"),
    c.text("proposed_by"),
    c.at("proposed_at"),
    c.text("decided_by", ""),
    c.at("decided_at", nullable=True),
    Index("ix_bank_setting_kind_bank_valid_from", "kind", "bank", "valid_from"),
    c.one_of("kind", "template_out", "template_results", "template_statement", "channel", "code"),
    c.one_of("state", "proposed", "confirmed", "declined"),
    comment="document: the bank's letter or the minutes that it rests on.",
)
