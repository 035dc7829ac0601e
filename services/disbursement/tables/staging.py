"""Rows on their way in: no policies, since COPY is refused under them."""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, Date, Integer, Table, Uuid

from services.disbursement.tables.base import metadata
from shared.db import columns as c

Table(
    "accounts_staging",
    metadata,
    c.key("import_id", Uuid),
    c.key("line", BigInteger),
    c.uuid("person_id"),
    c.text("programme"),
    c.uuid("id"),
    c.text("bank_code"),
    c.blob("number_enc"),
    c.blob("holder_enc"),
    c.blob("number_index"),
    c.text("account_ref"),
    c.flag("card_handed_over"),
    c.blob("holder_index", nullable=True),
)
Table(
    "carry_in_staging",
    metadata,
    c.key("import_id", Uuid),
    c.key("line", BigInteger),
    c.uuid("person_id"),
    c.text("programme"),
    c.text("month"),
    c.text("outcome"),
    c.text("reason"),
    c.text("evidence"),
)
Table(
    "result_staging",
    metadata,
    c.key("file_id", Uuid),
    c.key("row", Integer),
    c.text("reference"),
    c.blob("number_index"),
    c.big("amount"),
    c.text("code"),
    Column("settled_on", Date),
    Column("payment_id", Uuid),
    c.text("state", ""),
    c.text("problem", ""),
    prefixes=["UNLOGGED"],
)
