"""Rows of files on their way in."""

from __future__ import annotations

from typing import Any

from sqlalchemy import BigInteger, Column, Table, Uuid

from services.budget_audit.tables.base import metadata
from shared.db import columns as c


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
    c.big("correction", 0),
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
