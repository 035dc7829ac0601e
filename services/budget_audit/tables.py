"""The tables of this database, as the migrations make them.

``budget_line`` carries its running sums, so that a lock and a CHECK can keep reserved + realised - returned <= ceiling at
every commit (RELIABILITY invariant 13). Everything else about money is append-only.
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import BigInteger, CheckConstraint, Column, Date, Identity, Index, Integer, Table, Uuid, text

from shared.db import columns as c
from shared.holidays import holiday_table
from shared.tables import service_metadata

metadata = service_metadata()

# Reference data, seeded; dated where the rule is dated.
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
Table("mismatch_rule", metadata, c.key("code"), c.text("owner"), c.count("working_days"))

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

Table(
    "batch",
    metadata,
    c.key("id", Uuid),
    c.text("code", ""),
    c.text("month", ""),
    c.text("state"),
    c.text("list_hash", ""),
    c.count("result_no", 0),
    c.count("reservation_version", 0),
    Index("ix_batch_code", "code"),
    Index("ix_batch_month", "month"),
)
Table(
    "batch_money",
    metadata,
    c.key("batch_id", Uuid),
    c.key("programme"),
    c.big("listed"),
    c.big("credited", 0),
    c.big("not_credited"),
    c.big("from_holding", 0),
    c.big("paid_on", 0),
)
Table(
    "reservation",
    metadata,
    c.key("batch_id", Uuid),
    c.key("list_hash"),
    c.text("state"),
    c.text("refused_line", ""),
    c.big("requested"),
    c.big("available", 0),
    Column("expires_on", Date),
    c.at("at"),
)
Table(
    "reservation_line",
    metadata,
    c.key("batch_id", Uuid),
    c.key("list_hash"),
    c.key("line_id", Uuid),
    c.text("programme"),
    c.big("amount"),
    c.big("remaining"),
    CheckConstraint("amount > 0 AND remaining BETWEEN 0 AND amount", name="amounts"),
)

Table(
    "sp2d",
    metadata,
    c.key("id", Uuid),
    c.text("number"),
    c.day("date"),
    c.text("reference"),
    c.uuid("import_id"),
    c.at("at"),
    Index("uq_sp2d_number", "number", unique=True),
    Index("ix_sp2d_reference", "reference"),
)
Table(
    "sp2d_row",
    metadata,
    c.key("sp2d_id", Uuid),
    c.key("line_id", Uuid),
    c.text("programme"),
    c.big("amount"),
    CheckConstraint("amount > 0", name="amount"),
)
Table(
    "treasury_return",
    metadata,
    c.key("id", Uuid),
    c.text("number"),
    c.day("date"),
    c.text("programme"),
    c.uuid("line_id"),
    Column("batch_id", Uuid),
    c.text("reference"),
    c.big("amount"),
    c.uuid("import_id"),
    c.at("at"),
    CheckConstraint("amount > 0", name="amount"),
    Index("uq_treasury_return_number_programme", "number", "programme", unique=True),
    Index("ix_treasury_return_reference", "reference"),
)
Table(
    "posting",
    metadata,
    Column("id", BigInteger, Identity(always=True), primary_key=True),
    c.at("at"),
    c.text("transaction"),
    c.text("debit"),
    c.text("credit"),
    c.big("amount"),
    Column("line_id", Uuid),
    Column("batch_id", Uuid),
    c.text("source"),
    CheckConstraint("amount > 0", name="amount"),
    CheckConstraint("debit <> credit", name="accounts"),
)

Table(
    "census_count",
    metadata,
    c.key("panti"),
    c.key("day", Date),
    c.key("version", Integer),
    c.count("residents"),
    c.uuid("import_id"),
    c.at("at"),
    CheckConstraint("residents >= 0", name="residents"),
)
Table(
    "contract",
    metadata,
    c.key("panti"),
    c.key("from_day", Date),
    c.day("to_day"),
    c.big("price"),
    c.uuid("import_id"),
    c.at("at"),
    CheckConstraint("from_day <= to_day AND price > 0", name="terms"),
)
Table(
    "goods_received",
    metadata,
    c.key("delivery_id", Uuid),
    c.key("version", Integer),
    c.text("reference"),
    c.text("kind"),
    c.text("place"),
    c.big("units"),
    c.big("unit_price"),
    c.text("event_id"),
    c.at("at"),
    Index("ix_goods_received_reference", "reference"),
)
Table("document_event", metadata, c.key("document_id", Uuid), c.text("event_id"))
Table(
    "to_evaluate",
    metadata,
    c.key("code"),
    c.key("reference"),
    c.at("asked_at"),
)

Table(
    "mismatch",
    metadata,
    c.key("id", Uuid),
    c.text("code"),
    c.text("subject"),
    c.text("period"),
    c.text("reference"),
    c.text("state"),
    c.count("version"),
    c.count("numbers_version"),
    c.big("expected"),
    c.big("actual"),
    c.big("difference"),
    c.big("explained", 0),
    c.text("formula"),
    c.document("ruled_out"),
    c.document("evidence"),
    c.text("owner"),
    c.day("due_on"),
    c.text("caused_by_event"),
    c.at("detected_at"),
    Index("uq_mismatch_code_subject_period", "code", "subject", "period", unique=True),
    Index("ix_mismatch_code_reference", "code", "reference"),
)
Table(
    "mismatch_step",
    metadata,
    Column("id", BigInteger, Identity(always=True), primary_key=True),
    c.uuid("mismatch_id"),
    c.at("at"),
    c.text("step"),
    c.text("person"),
    c.text("text"),
    c.big("amount"),
    c.document("evidence"),
    c.count("numbers_version"),
    c.big("expected"),
    c.big("actual"),
    c.text("event_id"),
    Index("ix_mismatch_step_mismatch_id", "mismatch_id"),
)


def _staging(kind: str, *columns: Column[Any]) -> None:
    Table(f"{kind}_staging", metadata, c.key("import_id", Uuid), c.key("line", BigInteger), *columns)


_staging(
    "dpa",
    c.uuid("line_id"),
    c.count("year"),
    c.text("sub_skpd"),
    c.text("sub_activity"),
    c.text("account"),
    c.text("programme"),
    c.text("panti"),
    c.text("description"),
    c.big("ceiling"),
)
_staging("cash_plan", c.uuid("line_id"), c.text("month"), c.big("planned"))
_staging(
    "sp2d",
    c.flag("known"),
    c.text("number"),
    c.day("date"),
    c.uuid("line_id"),
    c.text("programme"),
    c.big("amount"),
    c.text("reference"),
)
_staging(
    "sts",
    c.flag("known"),
    c.text("number"),
    c.day("date"),
    c.uuid("line_id"),
    c.text("programme"),
    c.big("amount"),
    c.text("reference"),
    Column("batch_id", Uuid),
)
_staging("census", c.flag("known"), c.text("panti"), c.day("day"), c.count("residents"))
_staging(
    "contract",
    c.flag("known"),
    c.text("panti"),
    c.day("from_day"),
    c.day("to_day"),
    c.big("price"),
)
