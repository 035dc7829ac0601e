"""Orders of two people, and what they stop or end."""

from __future__ import annotations

from sqlalchemy import ARRAY, CheckConstraint, Column, Date, Index, Table, Text, Uuid

from services.disbursement.tables.base import metadata
from shared.db import columns as c

Table(
    "two_person_order",
    metadata,
    c.key("id", Uuid),
    c.text("kind"),
    c.text("state"),
    c.document("subject"),
    c.text("reason"),
    c.text("document"),
    c.count("person_months"),
    c.big("rupiah"),
    Column("areas", ARRAY(Text), nullable=False),
    c.text("asked_by"),
    c.at("asked_at"),
    Column("confirmed_by", Text),
    c.at("confirmed_at", nullable=True),
    Column("cancelled_by", Text),
    c.at("cancelled_at", nullable=True),
    c.one_of("kind", "freeze", "lift", "not_executed", "lapse", "reopen_year", "cutoff_hour", "close", "close_month"),
    c.one_of("state", "proposed", "done", "cancelled"),
    CheckConstraint("confirmed_by <> asked_by", name="four_eyes"),
    CheckConstraint("(state = 'done') = (confirmed_by IS NOT NULL)", name="done"),
    comment="One person asks, another confirms, and only then it is done; what stops, ends or closes goes this way.",
)
Table(
    "stoppage",
    metadata,
    c.key("id", Uuid),
    c.text("scope"),
    c.text("programme", ""),
    c.uuid("batch_id", nullable=True),
    c.uuid("person_id", nullable=True),
    c.text("area"),
    c.text("reason"),
    c.day("until", nullable=True),
    c.at("frozen_at"),
    c.at("lifted_at", nullable=True),
    c.uuid("lifted_by_order", nullable=True),
    c.one_of("scope", "programme", "batch", "person"),
    CheckConstraint("(lifted_at IS NULL) = (lifted_by_order IS NULL)", name="lifted"),
    Index("ix_stoppage_person_id", "person_id"),
    comment="A programme, a batch or a person that no list takes and no release passes. id: of its order; the whole agency has area 31.",
)
Table(
    "not_executed",
    metadata,
    c.key("payment_id", Uuid),
    c.uuid("order_id"),
    comment="Unknown payments that two people ended by two closed statements and the letter of the bank.",
)
Table(
    "bank_cutoff_hour",
    metadata,
    c.key("bank_code"),
    c.key("programme"),
    c.key("valid_from", Date),
    c.text("hour"),
    c.uuid("order_id", nullable=True),
    CheckConstraint("hour ~ '^([01][0-9]|2[0-3]):[0-5][0-9]$'", name="hour"),
    comment="Asia/Jakarta. A release after it counts for the next working day. *: any bank, any programme; no order: seed.",
)
