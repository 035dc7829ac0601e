"""Where the money goes: one account a person and programme, and how it becomes another one."""

from __future__ import annotations

from sqlalchemy import CheckConstraint, Column, Date, Index, Table, Text, Uuid, text

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

_OPEN = text("state IN ('proposed', 'waiting')")

Table(
    "account_change",
    metadata,
    c.key("id", Uuid),
    c.uuid("person_id"),
    c.text("programme"),
    c.text("state"),
    c.count("version", 0),
    c.uuid("account_id"),
    c.text("bank_code"),
    c.blob("number_enc"),
    c.blob("holder_enc"),
    c.blob("number_index"),
    c.text("account_ref"),
    c.blob("holder_index"),
    c.flag("card_handed_over"),
    c.text("ref_before"),
    c.text("area"),
    c.text("reason"),
    c.text("document"),
    c.uuid("import_id", nullable=True),
    c.text("asked_by"),
    c.at("asked_at"),
    Column("confirmed_by", Text),
    c.at("confirmed_at", nullable=True),
    c.day("in_force_on", nullable=True),
    c.at("in_force_at", nullable=True),
    Column("cancelled_by", Text),
    c.at("cancelled_at", nullable=True),
    c.text("cancelled_because", ""),
    c.day("told_on", nullable=True),
    c.text("told_by", ""),
    c.text("told_how", ""),
    # One change of an account at a time: what the second of two would change is not known yet.
    Index("uq_account_change_open", "person_id", "programme", unique=True, postgresql_where=_OPEN),
    Index("ix_account_change_in_force_on", "in_force_on", postgresql_where=text("state = 'waiting'")),
    Index("ix_account_change_person_id", "person_id"),
    c.one_of("state", "proposed", "waiting", "in_force", "cancelled"),
    CheckConstraint("confirmed_by <> asked_by", name="four_eyes"),
    CheckConstraint(
        "(confirmed_by IS NULL) = (in_force_on IS NULL) AND (state <> 'proposed' OR confirmed_by IS NULL)"
        " AND (state NOT IN ('waiting', 'in_force') OR confirmed_by IS NOT NULL)",
        name="confirmed",
    ),
    CheckConstraint("(state = 'in_force') = (in_force_at IS NOT NULL)", name="in_force"),
    CheckConstraint("(state = 'cancelled') = (cancelled_by IS NOT NULL)", name="cancelled"),
    comment="One person asks, another confirms, and from in_force_on (Jakarta) the account is this one. "
    "account_id: to which the ciphertexts are bound; it becomes the account's id.",
)
Table(
    "account_cooling_off",
    metadata,
    c.key("valid_from", Date),
    c.count("working_days"),
    c.text("document"),
    c.text("asked_by"),
    c.at("asked_at"),
    Column("confirmed_by", Text),
    c.at("confirmed_at", nullable=True),
    CheckConstraint("working_days BETWEEN 0 AND 30", name="working_days"),
    CheckConstraint("confirmed_by <> asked_by", name="four_eyes"),
    comment="Working days between confirmation and force, from a day on; counts once a second person confirmed it.",
)
