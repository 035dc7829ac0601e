"""Up to how much somebody signs, for whom, and what looked odd on the list that they signed."""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, Date, Identity, Index, Table, Uuid

from services.disbursement.tables.base import metadata
from shared.db import columns as c

Table(
    "signing_rule",
    metadata,
    c.key("id", Uuid),
    c.text("kind"),
    c.text("role"),
    c.text("person", ""),
    c.text("programme", ""),
    c.big("amount"),
    c.day("valid_from"),
    Column("valid_to", Date),
    c.text("reason"),
    c.text("proposed_by"),
    c.at("proposed_at"),
    c.text("confirmed_by", ""),
    c.at("confirmed_at", nullable=True),
    c.one_of("kind", "maximum", "second_approver"),
    comment="A line never changes: a later one takes its place. It holds once a second person has confirmed it.",
)
Table(
    "delegation",
    metadata,
    c.key("id", Uuid),
    c.text("role"),
    c.text("principal"),
    c.text("delegate"),
    c.day("from_day"),
    c.day("to_day"),
    c.text("reason"),
    c.at("proposed_at"),
    c.text("confirmed_by", ""),
    c.at("confirmed_at", nullable=True),
    c.text("revoked_by", ""),
    c.at("revoked_at", nullable=True),
    c.text("revoked_because", ""),
    Index("ix_delegation_delegate", "delegate"),
    comment="The principal hands a role to the delegate for these days (Jakarta), both included; a third person confirms it.",
)
Table(
    "anomaly_rule",
    metadata,
    c.key("id", Uuid),
    c.text("code"),
    c.document("thresholds"),
    c.flag("blocks"),
    c.day("valid_from"),
    c.text("reason"),
    c.text("proposed_by"),
    c.at("proposed_at"),
    c.text("confirmed_by", ""),
    c.at("confirmed_at", nullable=True),
)
Table(
    "batch_anomaly",
    metadata,
    c.key("batch_id", Uuid),
    c.key("list_hash"),
    c.key("finding_id", Uuid),
    c.text("code"),
    c.text("subject"),
    c.count("people"),
    c.big("amount"),
    c.document("numbers"),
    c.document("person_ids"),
    c.document("thresholds"),
    c.flag("blocks"),
    c.at("at"),
    comment="What was odd on the list with this hash. finding_id is the same as long as the facts are.",
)
Table(
    "batch_anomaly_word",
    metadata,
    Column("id", BigInteger, Identity(always=True), primary_key=True),
    c.uuid("batch_id"),
    c.uuid("finding_id"),
    c.text("role"),
    c.text("person"),
    c.text("on_behalf_of", ""),
    c.text("word"),
    c.at("at"),
    Index("ix_batch_anomaly_word_batch_id", "batch_id"),
)
