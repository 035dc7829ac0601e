"""Which right stays and which gives way where somebody is in two programmes."""

from __future__ import annotations

from sqlalchemy import CheckConstraint, Index, Table, Uuid

from services.disbursement.tables.base import metadata
from shared.db import columns as c

Table(
    "exclusive_programmes",
    metadata,
    c.key("id", Uuid),
    c.text("keeps"),
    c.text("gives_way"),
    c.text("from_month"),
    c.flag("holds"),
    c.text("reason"),
    c.text("document"),
    c.text("asked_by"),
    c.at("asked_at"),
    c.text("state"),
    c.text("decided_by", ""),
    c.at("decided_at", nullable=True),
    c.one_of("state", "proposed", "confirmed", "refused"),
    CheckConstraint("keeps <> gives_way", name="two"),
    CheckConstraint("state <> 'confirmed' OR decided_by <> asked_by", name="four_eyes"),
    Index("uq_exclusive_programmes_pair_month", "keeps", "gives_way", "from_month", unique=True, postgresql_where="state <> 'refused'"),
    comment="A line never changes: a later one of the same pair takes its place. It holds once a second person has confirmed it.",
)
