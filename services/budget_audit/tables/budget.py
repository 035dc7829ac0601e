"""Budget lines, their ceilings and cash plans.

``budget_line`` carries its running sums, so that a lock and a CHECK can keep reserved + realised - returned <= ceiling at
every commit (RELIABILITY invariant 13). One lawful case passes it: a revision (DPPA) below what is spent. What that left
without a ceiling stands in ``uncovered``, exact at every commit; only a revision can raise it, and nothing can be taken
from it. A line that a revision dropped stays, with ceiling 0. Everything else about money is append-only.
"""

from __future__ import annotations

from sqlalchemy import CheckConstraint, Column, Date, Index, Integer, Table, Uuid, text

from services.budget_audit.tables.base import metadata
from shared.db import columns as c

Table(
    "budget_line",
    metadata,
    c.key("id", Uuid),
    c.count("year"),
    c.text("sub_skpd"),
    c.text("sub_activity"),
    c.text("account"),
    c.text("programme", ""),
    c.text("panti", ""),
    c.text("description"),
    c.big("ceiling"),
    c.big("reserved", 0),
    c.big("realised", 0),
    c.big("returned", 0),
    c.big("uncovered", 0),
    c.flag("dropped", False),
    CheckConstraint("reserved + realised - returned <= ceiling + uncovered", name="within_ceiling"),
    CheckConstraint("uncovered = greatest(0, reserved + realised - returned - ceiling)", name="uncovered"),
    CheckConstraint(
        "ceiling >= 0 AND reserved >= 0 AND returned >= 0 AND returned <= realised AND (NOT dropped OR ceiling = 0)", name="amounts"
    ),
    CheckConstraint("programme = '' OR panti = ''", name="one_owner"),
    Index("uq_budget_line_key", "year", "sub_skpd", "sub_activity", "account", "programme", "panti", unique=True),
    # A batch names its programme only: one line of cash aid per programme and year takes it.
    Index(
        "uq_budget_line_year_programme",
        "year",
        "programme",
        unique=True,
        postgresql_where=text("programme <> '' AND account = '5.1.06.01.01.0001' AND NOT dropped"),
    ),
)
Table(
    "ceiling_version",
    metadata,
    c.key("line_id", Uuid),
    c.key("version", Integer),
    c.big("ceiling"),
    c.uuid("import_id"),
    c.at("at"),
    c.count("budget_version"),
    c.flag("dropped", False),
    c.big("uncovered", 0),
    Index("ix_ceiling_version_budget_version", "budget_version"),
)
Table(
    "budget_version",
    metadata,
    c.key("year", Integer),
    c.key("version", Integer),
    c.uuid("year_id"),
    c.count("event_version"),
    c.text("document"),
    c.text("number"),
    Column("dated", Date),
    c.text("covers"),
    c.uuid("import_id"),
    c.text("by_person"),
    c.at("at"),
    c.count("added"),
    c.count("dropped"),
    c.count("raised"),
    c.count("lowered"),
    c.big("ceiling"),
    c.big("uncovered"),
    c.one_of("document", "", "dpa", "dppa", "pergeseran"),
    c.one_of("covers", "lines", "sub_skpd", "year"),
)
Table("cash_plan", metadata, c.key("line_id", Uuid), c.key("month"), c.big("planned"))
