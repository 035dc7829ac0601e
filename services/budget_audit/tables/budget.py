"""Budget lines, their ceilings and cash plans.

``budget_line`` carries its running sums, so that a lock and a CHECK can keep reserved + realised - returned <= ceiling at
every commit (RELIABILITY invariant 13). Everything else about money is append-only.
"""

from __future__ import annotations

from sqlalchemy import CheckConstraint, Index, Integer, Table, Uuid, text

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
    CheckConstraint("reserved + realised - returned <= ceiling", name="within_ceiling"),
    CheckConstraint("ceiling >= 0 AND reserved >= 0 AND returned >= 0 AND returned <= realised", name="amounts"),
    CheckConstraint("programme = '' OR panti = ''", name="one_owner"),
    Index("uq_budget_line_key", "year", "sub_skpd", "sub_activity", "account", "programme", "panti", unique=True),
    # A batch names its programme only: one line of cash aid per programme and year takes it.
    Index(
        "uq_budget_line_year_programme",
        "year",
        "programme",
        unique=True,
        postgresql_where=text("programme <> '' AND account = '5.1.06.01.01.0001'"),
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
)
Table("cash_plan", metadata, c.key("line_id", Uuid), c.key("month"), c.big("planned"))
