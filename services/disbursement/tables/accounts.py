"""Where the money goes: one account a person and programme."""

from __future__ import annotations

from sqlalchemy import Table, Uuid

from services.disbursement.tables.base import metadata
from shared.db import columns as c

Table(
    "account",
    metadata,
    c.key("person_id", Uuid),
    c.key("programme"),
    c.uuid("id"),
    c.count("version", 1),
    c.text("bank_code"),
    c.blob("number_enc"),
    c.blob("holder_enc"),
    c.blob("number_index"),
    c.text("account_ref"),
    c.flag("card_handed_over"),
    c.text("area"),
    c.at("changed_at"),
    c.blob("holder_index", nullable=True),
    comment="id is new whenever number or holder change; the ciphertexts, copies in payment included, are bound to it.",
)
