"""Signed reference data: the bank's codes, who owns a gap, the days that are no working days."""

from __future__ import annotations

from sqlalchemy import Boolean, Column, Date, Table

from services.disbursement.tables.base import metadata
from shared.db import columns as c

Table(
    "bank_code",
    metadata,
    c.key("code"),
    c.text("outcome"),
    c.text("reason", ""),
    Column("withdrawn", Boolean),
    c.day("valid_from"),
    c.text("signed_by"),
    c.text("note", ""),
    c.one_of("outcome", "credited", "rejected", "pending"),
)
Table(
    "gap_owner",
    metadata,
    c.key("reason"),
    c.text("office"),
    c.count("working_days"),
    c.day("valid_from"),
)
Table(
    "holiday",
    metadata,
    c.key("day", Date),
    c.text("name"),
    c.text("kind"),
)
