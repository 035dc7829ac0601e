"""Reference data, seeded; dated where the rule is dated."""

from __future__ import annotations

from sqlalchemy import Date, Table

from services.budget_audit.tables.base import metadata
from shared.db import columns as c
from shared.holidays import holiday_table

Table("programme", metadata, c.key("code"), c.text("name"))
Table("account_code", metadata, c.key("code"), c.text("name"), c.text("status"))
Table("activity_code", metadata, c.key("code"), c.text("name"))
Table(
    "food_account",
    metadata,
    c.key("code"),
    c.key("from_day", Date),
    c.day("to_day"),
    c.flag("verified"),
    c.text("note"),
)
Table(
    "food_ceiling",
    metadata,
    c.key("from_day", Date),
    c.day("to_day"),
    c.big("price"),
    c.text("source"),
)
Table("panti", metadata, c.key("code"), c.text("name"), c.text("target"), c.count("capacity"), c.text("source"))
holiday_table(metadata)
Table(
    "mismatch_rule",
    metadata,
    c.key("code"),
    c.text("owner"),
    c.count("working_days"),
    c.text("escalates_to", "kepala-dinas"),
)
