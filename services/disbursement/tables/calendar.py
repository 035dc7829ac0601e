"""The rhythm: when each step of a month is due, which days were announced, and what two people changed of it."""

from __future__ import annotations

from sqlalchemy import CheckConstraint, Column, Date, Index, Integer, Table, Text, UniqueConstraint, Uuid, text

from services.disbursement.tables.base import metadata
from shared.db import columns as c

Table(
    "calendar_change",
    metadata,
    c.key("id", Uuid),
    c.text("kind"),
    c.text("subject"),
    c.document("content"),
    c.text("source"),
    c.text("state"),
    c.text("proposed_by"),
    c.at("proposed_at"),
    Column("decided_by", Text),
    c.at("decided_at", nullable=True),
    c.one_of("kind", "holiday_added", "holiday_removed", "step", "announcement"),
    c.one_of("state", "proposed", "confirmed", "withdrawn"),
    CheckConstraint("state <> 'confirmed' OR decided_by <> proposed_by", name="four_eyes"),
    Index("ix_calendar_change_subject", "subject"),
    Index("uq_calendar_change_open_subject", "subject", unique=True, postgresql_where=text("state = 'proposed'")),
    comment="Every change of the calendar, as one person proposed it and another confirmed it; source: the paper it rests on.",
)
Table(
    "calendar_step",
    metadata,
    c.key("programme"),
    c.key("step"),
    c.key("from_month"),
    c.key("version", Integer),
    c.count("working_day"),
    c.count("warn_days"),
    c.text("role"),
    c.text("escalate_to"),
    c.uuid("change_id", nullable=True),
    CheckConstraint("working_day >= 1 AND warn_days >= 0", name="days"),
    comment="Due on the n-th working day of the benefit month. programme *: whoever has no rule of its own. Append-only.",
)
Table(
    "announced_date",
    metadata,
    c.key("programme"),
    c.key("month"),
    c.key("cohort"),
    c.key("version", Integer),
    Column("day", Date, nullable=False),
    c.uuid("change_id"),
    c.at("at"),
    comment="The day that people were told. A new one is a new version; the old one stays.",
)
Table(
    "step_notice",
    metadata,
    c.key("id", Uuid),
    c.text("programme"),
    c.text("month"),
    c.text("step"),
    c.text("kind"),
    c.day("due_on"),
    c.text("role"),
    c.at("at"),
    UniqueConstraint("programme", "month", "step", "kind"),
    c.one_of("kind", "warning", "escalation"),
    Index("ix_step_notice_month", "month"),
    comment="Who was told that a step is near or late: each once.",
)
