"""The tables of this database, as the migrations make them.

``budget_line`` carries its running sums, so that a lock and a CHECK can keep reserved + realised - returned <= ceiling at
every commit (RELIABILITY invariant 13). Everything else about money is append-only.
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import BigInteger, Boolean, CheckConstraint, Column, Date, DateTime, Identity, Index, Integer, Table, Text, Uuid, text
from sqlalchemy.dialects.postgresql import JSONB

from shared.audit import add_audit_tables
from shared.db.base import new_metadata
from shared.imports.tables import add_import_tables
from shared.messaging.tables import add_messaging_tables
from shared.web.transactions import add_web_tables

metadata = new_metadata()
add_messaging_tables(metadata)
add_audit_tables(metadata)
add_web_tables(metadata)
add_import_tables(metadata)


def _text(name: str, *, key: bool = False, empty: bool = False) -> Column[str]:
    return Column(name, Text, primary_key=key, nullable=False, server_default=text("''") if empty else None)


def _big(name: str, *, key: bool = False, zero: bool = False) -> Column[int]:
    return Column(name, BigInteger, primary_key=key, nullable=False, autoincrement=False, server_default=text("0") if zero else None)


def _int(name: str, *, key: bool = False, zero: bool = False) -> Column[int]:
    return Column(name, Integer, primary_key=key, nullable=False, autoincrement=False, server_default=text("0") if zero else None)


# Reference data, seeded; dated where the rule is dated.
Table("programme", metadata, _text("code", key=True), _text("name"))
Table("account_code", metadata, _text("code", key=True), _text("name"), _text("status"))
Table("activity_code", metadata, _text("code", key=True), _text("name"))
Table(
    "food_account",
    metadata,
    _text("code", key=True),
    Column("from_day", Date, primary_key=True),
    Column("to_day", Date, nullable=False),
    Column("verified", Boolean, nullable=False),
    _text("note"),
)
Table(
    "food_ceiling",
    metadata,
    Column("from_day", Date, primary_key=True),
    Column("to_day", Date, nullable=False),
    _big("price"),
    _text("source"),
)
Table("panti", metadata, _text("code", key=True), _text("name"), _text("target"), _int("capacity"), _text("source"))
Table("holiday", metadata, Column("day", Date, primary_key=True), _text("name"), _text("kind"))
Table("mismatch_rule", metadata, _text("code", key=True), _text("owner"), _int("working_days"))

Table(
    "budget_line",
    metadata,
    Column("id", Uuid, primary_key=True),
    _int("year"),
    _text("sub_skpd"),
    _text("sub_activity"),
    _text("account"),
    _text("programme", empty=True),
    _text("panti", empty=True),
    _text("description"),
    _big("ceiling"),
    _big("reserved", zero=True),
    _big("realised", zero=True),
    _big("returned", zero=True),
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
    Column("line_id", Uuid, primary_key=True),
    _int("version", key=True),
    _big("ceiling"),
    Column("import_id", Uuid, nullable=False),
    Column("at", DateTime(timezone=True), nullable=False),
)
Table("cash_plan", metadata, Column("line_id", Uuid, primary_key=True), _text("month", key=True), _big("planned"))

Table(
    "batch",
    metadata,
    Column("id", Uuid, primary_key=True),
    _text("code", empty=True),
    _text("month", empty=True),
    _text("state"),
    _text("list_hash", empty=True),
    _int("result_no", zero=True),
    _int("reservation_version", zero=True),
    Index("ix_batch_code", "code"),
    Index("ix_batch_month", "month"),
)
Table(
    "batch_money",
    metadata,
    Column("batch_id", Uuid, primary_key=True),
    _text("programme", key=True),
    _big("listed"),
    _big("credited", zero=True),
    _big("not_credited"),
)
Table(
    "reservation",
    metadata,
    Column("batch_id", Uuid, primary_key=True),
    _text("list_hash", key=True),
    _text("state"),
    _text("refused_line", empty=True),
    _big("requested"),
    _big("available", zero=True),
    Column("expires_on", Date),
    Column("at", DateTime(timezone=True), nullable=False),
)
Table(
    "reservation_line",
    metadata,
    Column("batch_id", Uuid, primary_key=True),
    _text("list_hash", key=True),
    Column("line_id", Uuid, primary_key=True),
    _text("programme"),
    _big("amount"),
    _big("remaining"),
    CheckConstraint("amount > 0 AND remaining BETWEEN 0 AND amount", name="amounts"),
)

Table(
    "sp2d",
    metadata,
    Column("id", Uuid, primary_key=True),
    _text("number"),
    Column("date", Date, nullable=False),
    _text("reference"),
    Column("import_id", Uuid, nullable=False),
    Column("at", DateTime(timezone=True), nullable=False),
    Index("uq_sp2d_number", "number", unique=True),
    Index("ix_sp2d_reference", "reference"),
)
Table(
    "sp2d_row",
    metadata,
    Column("sp2d_id", Uuid, primary_key=True),
    Column("line_id", Uuid, primary_key=True),
    _text("programme"),
    _big("amount"),
    CheckConstraint("amount > 0", name="amount"),
)
Table(
    "treasury_return",
    metadata,
    Column("id", Uuid, primary_key=True),
    _text("number"),
    Column("date", Date, nullable=False),
    _text("programme"),
    Column("line_id", Uuid, nullable=False),
    Column("batch_id", Uuid),
    _text("reference"),
    _big("amount"),
    Column("import_id", Uuid, nullable=False),
    Column("at", DateTime(timezone=True), nullable=False),
    CheckConstraint("amount > 0", name="amount"),
    Index("uq_treasury_return_number_programme", "number", "programme", unique=True),
    Index("ix_treasury_return_reference", "reference"),
)
Table(
    "posting",
    metadata,
    Column("id", BigInteger, Identity(always=True), primary_key=True),
    Column("at", DateTime(timezone=True), nullable=False),
    _text("transaction"),
    _text("debit"),
    _text("credit"),
    _big("amount"),
    Column("line_id", Uuid),
    Column("batch_id", Uuid),
    _text("source"),
    CheckConstraint("amount > 0", name="amount"),
    CheckConstraint("debit <> credit", name="accounts"),
)

Table(
    "census_count",
    metadata,
    _text("panti", key=True),
    Column("day", Date, primary_key=True),
    _int("version", key=True),
    _int("residents"),
    Column("import_id", Uuid, nullable=False),
    Column("at", DateTime(timezone=True), nullable=False),
    CheckConstraint("residents >= 0", name="residents"),
)
Table(
    "contract",
    metadata,
    _text("panti", key=True),
    Column("from_day", Date, primary_key=True),
    Column("to_day", Date, nullable=False),
    _big("price"),
    Column("import_id", Uuid, nullable=False),
    Column("at", DateTime(timezone=True), nullable=False),
    CheckConstraint("from_day <= to_day AND price > 0", name="terms"),
)
Table(
    "goods_received",
    metadata,
    Column("delivery_id", Uuid, primary_key=True),
    _int("version", key=True),
    _text("reference"),
    _text("kind"),
    _text("place"),
    _big("units"),
    _big("unit_price"),
    _text("event_id"),
    Column("at", DateTime(timezone=True), nullable=False),
    Index("ix_goods_received_reference", "reference"),
)
Table("document_event", metadata, Column("document_id", Uuid, primary_key=True), _text("event_id"))
Table(
    "to_evaluate",
    metadata,
    _text("code", key=True),
    _text("reference", key=True),
    Column("asked_at", DateTime(timezone=True), nullable=False),
)

Table(
    "mismatch",
    metadata,
    Column("id", Uuid, primary_key=True),
    _text("code"),
    _text("subject"),
    _text("period"),
    _text("reference"),
    _text("state"),
    _int("version"),
    _int("numbers_version"),
    _big("expected"),
    _big("actual"),
    _big("difference"),
    _big("explained", zero=True),
    _text("formula"),
    Column("ruled_out", JSONB, nullable=False),
    Column("evidence", JSONB, nullable=False),
    _text("owner"),
    Column("due_on", Date, nullable=False),
    _text("caused_by_event"),
    Column("detected_at", DateTime(timezone=True), nullable=False),
    Index("uq_mismatch_code_subject_period", "code", "subject", "period", unique=True),
    Index("ix_mismatch_code_reference", "code", "reference"),
)
Table(
    "mismatch_step",
    metadata,
    Column("id", BigInteger, Identity(always=True), primary_key=True),
    Column("mismatch_id", Uuid, nullable=False),
    Column("at", DateTime(timezone=True), nullable=False),
    _text("step"),
    _text("person"),
    _text("text"),
    _big("amount"),
    Column("evidence", JSONB, nullable=False),
    _int("numbers_version"),
    _big("expected"),
    _big("actual"),
    _text("event_id"),
    Index("ix_mismatch_step_mismatch_id", "mismatch_id"),
)


def _staging(kind: str, *columns: Column[Any]) -> None:
    Table(f"{kind}_staging", metadata, Column("import_id", Uuid, primary_key=True), _big("line", key=True), *columns)


_staging(
    "dpa",
    Column("line_id", Uuid, nullable=False),
    _int("year"),
    _text("sub_skpd"),
    _text("sub_activity"),
    _text("account"),
    _text("programme"),
    _text("panti"),
    _text("description"),
    _big("ceiling"),
)
_staging("cash_plan", Column("line_id", Uuid, nullable=False), _text("month"), _big("planned"))
_staging(
    "sp2d",
    Column("known", Boolean, nullable=False),
    _text("number"),
    Column("date", Date, nullable=False),
    Column("line_id", Uuid, nullable=False),
    _text("programme"),
    _big("amount"),
    _text("reference"),
)
_staging(
    "sts",
    Column("known", Boolean, nullable=False),
    _text("number"),
    Column("date", Date, nullable=False),
    Column("line_id", Uuid, nullable=False),
    _text("programme"),
    _big("amount"),
    _text("reference"),
    Column("batch_id", Uuid),
)
_staging("census", Column("known", Boolean, nullable=False), _text("panti"), Column("day", Date, nullable=False), _int("residents"))
_staging(
    "contract",
    Column("known", Boolean, nullable=False),
    _text("panti"),
    Column("from_day", Date, nullable=False),
    Column("to_day", Date, nullable=False),
    _big("price"),
)
