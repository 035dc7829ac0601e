"""New recipients on their way to a card: collective opening at the bank, invitations, visits at home."""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, Date, Index, Table, Text, Uuid, text

from services.disbursement.tables.base import metadata
from shared.db import columns as c

Table(
    "account_opening",
    metadata,
    c.key("id", Uuid),
    Column("code", Text, nullable=False, unique=True),
    c.text("programme"),
    c.count("count"),
    c.text("asked_by"),
    c.at("asked_at"),
    comment="One collective opening (burekol): the accounts that the bank was asked for by one file.",
)
Table(
    "account_opening_line",
    metadata,
    c.key("opening_id", Uuid),
    c.key("person_id", Uuid),
    Column("reference", Text, nullable=False, unique=True),
    c.text("programme"),
    c.text("outcome"),
    c.text("reason", ""),
    c.at("answered_at", nullable=True),
    c.text("area"),
    # A person is asked for once at a time: two lines would open two accounts.
    Index("uq_account_opening_line_asked", "person_id", "programme", unique=True, postgresql_where=text("outcome = 'asked'")),
    Index("ix_account_opening_line_person_id_programme", "person_id", "programme"),
    c.one_of("outcome", "asked", "opened", "failed"),
)
Table(
    "invitation_wave",
    metadata,
    c.key("id", Uuid),
    Column("code", Text, nullable=False, unique=True),
    c.text("programme"),
    c.text("area"),
    c.text("place"),
    c.day("day"),
    c.text("hours"),
    c.count("count"),
    c.text("made_by"),
    c.at("made_at"),
)
Table(
    "invitation",
    metadata,
    c.key("wave_id", Uuid),
    c.key("person_id", Uuid),
    c.text("programme"),
    c.count("no"),
    c.text("state"),
    Column("reported_on", Date),
    c.text("area"),
    Index("ix_invitation_person_id_programme", "person_id", "programme"),
    c.one_of("state", "invited", "handed_over", "absent"),
    comment="no: the first, second or third call of this person for this card.",
)
Table(
    "home_service",
    metadata,
    c.key("id", Uuid),
    c.uuid("person_id"),
    c.text("programme"),
    c.text("reason"),
    c.text("asked_by"),
    c.at("asked_at"),
    c.text("state"),
    Column("visited_on", Date),
    c.text("result", ""),
    c.text("closed_by", ""),
    c.text("area"),
    Index("uq_home_service_asked", "person_id", "programme", unique=True, postgresql_where=text("state = 'asked'")),
    c.one_of("state", "asked", "handed_over", "not_handed_over"),
    comment="Somebody bedridden: the bank comes to the house.",
)
Table(
    "account_opening_staging",
    metadata,
    c.key("import_id", Uuid),
    c.key("line", BigInteger),
    c.text("reference"),
    c.uuid("person_id"),
    c.text("programme"),
    c.text("outcome"),
    c.text("reason"),
    c.uuid("id"),
    c.text("bank_code"),
    c.blob("number_enc"),
    c.blob("holder_enc"),
    c.blob("number_index"),
    c.text("account_ref"),
    c.blob("holder_index", nullable=True),
)
Table(
    "card_distribution_staging",
    metadata,
    c.key("import_id", Uuid),
    c.key("line", BigInteger),
    c.uuid("person_id"),
    c.text("programme"),
    c.flag("came"),
    c.flag("handed_over"),
    c.day("day"),
)
