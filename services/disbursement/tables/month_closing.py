"""The closing of a programme's month: what two people signed, with the numbers of that moment."""

from __future__ import annotations

from sqlalchemy import CheckConstraint, Integer, Table

from services.disbursement.tables.base import metadata
from shared.db import columns as c

Table(
    "month_closing",
    metadata,
    c.key("programme"),
    c.key("month"),
    c.key("closing_no", Integer),
    c.uuid("order_id"),
    c.count("seal_no"),
    c.big("entry_id"),
    c.document("numbers"),
    c.text("minutes"),
    c.text("asked_by"),
    c.text("closed_by"),
    c.at("closed_at"),
    CheckConstraint("asked_by <> closed_by", name="four_eyes"),
    CheckConstraint("closing_no >= 1", name="number"),
    comment=(
        "Written once. numbers: people and rupiah by outcome; entry_id: the last entry of the month that they count. Later entries "
        "came after the closing; a second closing counts them too."
    ),
)
