"""What was promised, handed over, cooked and billed in panti; thresholds of the detectors; audits of a year.

Quantities in thousandths of their unit, money in whole rupiah. Facts are append-only; what may be counted again has a version.
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import ARRAY, BigInteger, CheckConstraint, Column, Date, Index, Integer, Table, Text, Uuid

from services.budget_audit.tables.base import metadata
from shared.db import columns as c


def _panti_list() -> Column[Any]:
    return Column("panti", ARRAY(Text), nullable=False)


def _staging(kind: str, *columns: Column[Any]) -> None:
    Table(f"{kind}_staging", metadata, c.key("import_id", Uuid), c.key("line", BigInteger), c.flag("known"), *columns)


def _item_columns() -> tuple[Column[Any], ...]:
    return (
        c.text("contract"), c.text("item"), c.text("supplier"), c.text("supplier_key"), _panti_list(), c.day("from_day"), c.day("to_day"),
        c.text("unit"), c.big("price"), c.big("quantity"), c.count("people"), c.count("every_days"), c.big("capacity"),
    )  # fmt: skip


def _handover_columns() -> tuple[Column[Any], ...]:
    return (c.day("day"), c.big("quantity"), c.big("amount"))


Table(
    "supply_item",
    metadata,
    c.key("contract"),
    c.key("item"),
    *_item_columns()[2:],
    c.uuid("import_id"),
    c.at("at"),
    CheckConstraint("from_day <= to_day AND price > 0 AND quantity > 0", name="terms"),
    Index("ix_supply_item_supplier_key", "supplier_key"),
)
Table(
    "standard_price",
    metadata,
    c.key("year", Integer),
    c.key("item"),
    c.key("unit"),
    c.big("price"),
    c.text("source"),
    c.uuid("import_id"),
    c.at("at"),
    CheckConstraint("price > 0", name="price"),
)
Table(
    "handover",
    metadata,
    c.key("number"),
    c.key("contract"),
    c.key("panti"),
    c.key("item"),
    c.key("unit"),
    *_handover_columns(),
    c.uuid("import_id"),
    c.at("at"),
    CheckConstraint("quantity > 0 AND amount > 0", name="amounts"),
    Index("ix_handover_contract_day", "contract", "day"),
    Index("ix_handover_panti_day", "panti", "day"),
)
Table(
    "kitchen_count",
    metadata,
    c.key("panti"),
    c.key("day", Date),
    c.key("version", Integer),
    c.count("portions"),
    c.uuid("import_id"),
    c.at("at"),
)
Table(
    "staff_count",
    metadata,
    c.key("panti"),
    c.key("month"),
    c.key("version", Integer),
    c.count("staff"),
    c.uuid("import_id"),
    c.at("at"),
)
Table(
    "movement_count",
    metadata,
    c.key("panti"),
    c.key("day", Date),
    c.key("version", Integer),
    c.count("arrived"),
    c.count("departed"),
    c.uuid("import_id"),
    c.at("at"),
)
Table(
    "invoice",
    metadata,
    c.key("supplier_key"),
    c.key("number"),
    c.key("paid_by"),
    c.text("supplier"),
    c.text("folded"),
    c.day("day"),
    c.big("amount"),
    c.text("contract"),
    c.text("panti"),
    c.uuid("import_id"),
    c.at("at"),
    CheckConstraint("amount > 0", name="amount"),
    Index("ix_invoice_supplier_key_folded", "supplier_key", "folded"),
    Index("ix_invoice_contract", "contract"),
    Index("ix_invoice_panti_day", "panti", "day"),
)
Table("food_for_others", metadata, c.key("code"), c.key("from_day", Date), c.day("to_day"), c.text("note"))
Table(
    "detector_setting",
    metadata,
    c.key("id", Uuid),
    c.text("name"),
    c.day("from_day"),
    c.big("value"),
    c.text("source"),
    c.text("state"),
    c.text("proposed_by"),
    c.at("proposed_at"),
    c.text("decided_by", ""),
    c.at("decided_at", nullable=True),
    c.one_of("state", "proposed", "confirmed", "withdrawn"),
    Index("ix_detector_setting_name", "name"),
)
Table(
    "year_audit",
    metadata,
    c.key("id", Uuid),
    c.count("year"),
    c.text("asked_by"),
    c.at("asked_at"),
    c.at("done_at", nullable=True),
    c.document("result", "{}"),
)

_staging("supply_item", *_item_columns())
_staging("standard_price", c.count("year"), c.text("item"), c.text("unit"), c.big("price"), c.text("source"))
_staging("handover", c.text("number"), c.text("contract"), c.text("panti"), c.text("item"), c.text("unit"), *_handover_columns())
_staging("kitchen_count", c.text("panti"), c.day("day"), c.count("portions"))
_staging("staff_count", c.text("panti"), c.text("month"), c.count("staff"))
_staging("movement_count", c.text("panti"), c.day("day"), c.count("arrived"), c.count("departed"))
_staging(
    "invoice",
    c.text("supplier_key"),
    c.text("number"),
    c.text("paid_by"),
    c.text("supplier"),
    c.text("folded"),
    c.day("day"),
    c.big("amount"),
    c.text("contract"),
    c.text("panti"),
)
