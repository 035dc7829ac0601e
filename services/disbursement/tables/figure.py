"""Official figures: frozen under a name, with the definition of whom they count."""

from __future__ import annotations

from sqlalchemy import Index, Table

from services.disbursement.tables.base import metadata
from shared.db import columns as c

Table(
    "figure",
    metadata,
    c.key("name"),
    c.text("month"),
    c.document("definition"),
    c.at("known_until"),
    c.document("numbers"),
    c.text("sha256"),
    c.text("note"),
    c.text("frozen_by"),
    c.at("frozen_at"),
    Index("ix_figure_month", "month"),
    comment="Written once. known_until: which entries of the ledger it counts, so that it can be computed again.",
)
