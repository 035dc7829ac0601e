"""The daily books of the panti.

What was written stays: a wrong line gets a counter-line. ``stay`` and ``census_ask`` follow from the lines and are made anew;
a counted day is never changed, it gets another version. Rows are fenced by panti (``app.panti``), as people are by area.
"""

from __future__ import annotations

from sqlalchemy import BigInteger, CheckConstraint, Column, Date, Identity, Index, Integer, Table, Text, Time, UniqueConstraint, Uuid, text

from services.beneficiary.tables.base import metadata
from shared.db import columns as c

Table(
    "panti",
    metadata,
    c.key("code"),
    c.uuid("id"),
    c.text("name"),
    c.text("target"),
    c.count("capacity"),
    c.text("source"),
    c.count("stream_version", 0),
    c.count("provisional_no", 0),
    comment="stream_version is the panti's on beneficiary.panti; provisional_no the last number given to somebody without NIK",
)
Table(
    "panti_book",
    metadata,
    c.key("panti"),
    c.day("from_day"),
    c.text("opened_by"),
    c.at("opened_at"),
    comment="Since when a panti keeps its book; days before have no census here",
)
Table(
    "book_rule",
    metadata,
    c.key("from_day", Date),
    c.flag("leave_counts"),
    c.flag("flight_counts"),
    c.count("late_days"),
    c.text("source"),
    CheckConstraint("late_days >= 0", name="late_days"),
    comment="Dated: whether nights of leave and of flight count, and how many days back one person may enter",
)
Table(
    "provisional_person",
    metadata,
    c.key("person_id", Uuid),
    c.text("number"),
    c.text("panti"),
    c.text("author"),
    c.at("at"),
    UniqueConstraint("number"),
    comment="Residents without NIK, by a number of ours until somebody knows who they are",
)
Table(
    "person_join",
    metadata,
    c.key("id", Uuid),
    c.uuid("provisional_id"),
    c.uuid("person_id"),
    c.text("state"),
    c.text("evidence"),
    c.text("asked_by"),
    c.at("asked_at"),
    Column("decided_by", Text),
    c.at("decided_at", nullable=True),
    c.one_of("state", "proposed", "done", "refused"),
    CheckConstraint("state <> 'done' OR decided_by <> asked_by", name="four_eyes"),
    CheckConstraint("(state = 'proposed') = (decided_by IS NULL)", name="decided"),
    Index("uq_person_join_provisional_id", "provisional_id", unique=True, postgresql_where=text("state <> 'refused'")),
    comment="Somebody provisional is a known person: two people say so, and the book's lines count for that person",
)
Table(
    "book_entry",
    metadata,
    c.key("id", Uuid),
    Column("no", BigInteger, Identity(always=True), nullable=False),
    c.uuid("person_id"),
    c.text("kind"),
    c.text("panti"),
    c.text("to_panti", ""),
    c.day("day"),
    Column("hour", Time),
    c.day("expected_return", nullable=True),
    c.text("reason"),
    c.text("paper"),
    c.uuid("takes_back", nullable=True),
    c.text("author"),
    c.at("at"),
    c.one_of("kind", "admission", "transfer", "leave", "flight", "return", "discharge", "death", "counter"),
    CheckConstraint("kind = 'counter' OR (kind = 'transfer') = (to_panti <> '')", name="transfer"),
    CheckConstraint("(kind = 'counter') = (takes_back IS NOT NULL)", name="counter"),
    CheckConstraint("panti <> to_panti", name="elsewhere"),
    Index("ix_book_entry_person_id", "person_id"),
    Index("ix_book_entry_panti_no", "panti", "no"),
    Index("ix_book_entry_to_panti_no", "to_panti", "no", postgresql_where=text("to_panti <> ''")),
    Index("uq_book_entry_takes_back", "takes_back", unique=True),
    comment="The book: one line each; a counter-line takes one back, and nothing is ever edited",
)
Table(
    "stay",
    metadata,
    c.key("person_id", Uuid),
    c.key("from_day", Date),
    c.day("to_day"),
    c.text("panti"),
    c.text("state"),
    c.day("since"),
    c.one_of("state", "present", "on_leave", "fled"),
    CheckConstraint("from_day <= to_day", name="days"),
    Index("ix_stay_panti_to_day", "panti", "to_day"),
    comment="Nights of a person in one state, as the book says now; 9999-12-31 goes on",
)
Table(
    "census_ask",
    metadata,
    c.key("panti"),
    c.day("from_day"),
    comment="From which day on a panti's counted days must be looked at again",
)
Table(
    "census_day",
    metadata,
    c.key("panti"),
    c.key("day", Date),
    c.key("version", Integer),
    c.count("residents"),
    c.count("on_leave"),
    c.count("fled"),
    c.at("counted_at"),
    CheckConstraint("residents >= 0 AND on_leave >= 0 AND fled >= 0", name="counts"),
    comment="Closed days; what the book says otherwise later is another version",
)
Table(
    "reopening",
    metadata,
    c.key("id", Uuid),
    c.uuid("person_id"),
    c.text("programme"),
    c.day("discharged_on"),
    c.uuid("entry_id"),
    c.text("state"),
    c.uuid("order_id", nullable=True),
    c.at("opened_at"),
    c.at("changed_at"),
    c.one_of("state", "open", "ordered", "withdrawn"),
    Index("uq_reopening_person_id_programme", "person_id", "programme", unique=True, postgresql_where=text("state = 'open'")),
    comment="Somebody left a panti whose enrolment was on hold for it: a person looks and orders the resumption",
)
Table(
    "daily_book_staging",
    metadata,
    c.key("import_id", Uuid),
    c.key("line", BigInteger),
    c.uuid("entry_id"),
    c.uuid("person_id"),
    c.flag("new_person"),
    c.text("number"),
    c.blob("nik_index"),
    c.blob("nik_enc"),
    c.blob("name_enc"),
    c.blob("address_enc"),
    c.blob("birth_date_enc"),
    c.text("area"),
    c.text("kind"),
    c.text("panti"),
    c.text("to_panti"),
    c.day("day"),
    Column("hour", Time),
    c.day("expected_return", nullable=True),
    c.text("reason"),
    c.text("paper"),
    comment="Good rows of a checked book; fields are encrypted for the person that they become",
)
