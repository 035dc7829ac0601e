"""Areas, programmes, decrees, people, enrolments and cut-offs.

Amounts are rupiah a month (BIGINT), months are text ``YYYY-MM``, days are dates, instants timestamptz. A state of an
enrolment and a sealed line are written once and never changed: nobody has the right to (migration, grants).
"""

from __future__ import annotations

from sqlalchemy import BigInteger, CheckConstraint, Column, Date, Index, Integer, Table, Text, UniqueConstraint, Uuid

from services.beneficiary.tables.base import metadata
from shared.db import columns as c

# --- reference -----------------------------------------------------------------------------------------------------

Table(
    "area",
    metadata,
    c.key("code"),
    c.text("level"),
    c.text("name"),
    c.text("parent"),
    c.text("postal_code"),
    c.day("valid_from"),
    Column("valid_to", Date),
    comment="Kemendagri's areas, dated: one that was split or renamed keeps its row and gets a valid_to",
)
Table(
    "area_successor",
    metadata,
    c.key("predecessor"),
    c.key("successor_name"),
    Column("successor", Text),
    c.text("decree"),
    comment="What an area became; successor is null until the ministry gives a code",
)
Table(
    "programme",
    metadata,
    c.key("code"),
    c.uuid("id"),
    c.text("name"),
    c.count("next_cutoff_no"),
    c.count("stream_version"),
    comment="A cash programme; next_cutoff_no is read under the advisory lock of CORE.md section 3, stream_version is its topic's version",
)
Table(
    "tariff",
    metadata,
    c.key("programme"),
    c.key("from_month"),
    Column("to_month", Text),
    c.big("amount"),
    CheckConstraint("amount > 0", name="amount"),
    comment="Rupiah a month, dated",
)
Table(
    "status_reason",
    metadata,
    c.key("action"),
    c.key("code"),
    c.text("words"),
    comment="Lawful reasons of a suspension or an end, with the office's words",
)

# --- decrees -------------------------------------------------------------------------------------------------------

Table(
    "decree",
    metadata,
    c.key("id", Uuid),
    c.text("number"),
    c.text("from_month"),
    c.text("to_month"),
    UniqueConstraint("number"),
    CheckConstraint("from_month <= to_month", name="months"),
)
Table(
    "decree_programme",
    metadata,
    c.key("decree_id", Uuid),
    c.key("programme"),
    c.count("count"),
    c.big("sum"),
    c.count("quota"),
    c.uuid("import_id"),
    c.text("uploaded_by"),
    c.text("committed_by"),
    c.at("committed_at"),
    CheckConstraint("uploaded_by <> committed_by", name="four_eyes"),
    comment="A decree's list of one programme, as two people took it from the signed paper",
)

# --- people and enrolments -------------------------------------------------------------------------------------------

Table(
    "person",
    metadata,
    c.key("id", Uuid),
    c.blob("nik_enc"),
    c.blob("nik_index"),
    c.blob("name_enc"),
    c.blob("address_enc"),
    c.blob("birth_date_enc"),
    c.text("area"),
    c.count("version"),
    UniqueConstraint("nik_index"),
    comment="The only place of a NIK, a name, an address; area is the present one; version is the person's in beneficiary.person",
)
Table(
    "enrolment",
    metadata,
    c.key("person_id", Uuid),
    c.key("person_version", Integer),
    c.text("programme"),
    c.text("status"),
    c.text("reason"),
    c.big("amount"),
    c.text("area"),
    c.text("cohort"),
    c.uuid("decree_id"),
    c.text("from_month"),
    c.text("to_month"),
    c.count("cutoff_no"),
    c.text("evidence"),
    c.text("author"),
    c.at("at"),
    Column("import_id", Uuid),
    Column("undoes", Integer),
    c.one_of("status", "active", "suspended", "ended"),
    c.one_of("cohort", "existing", "new"),
    CheckConstraint("from_month <= to_month", name="months"),
    Index("ix_enrolment_programme_person_id_person_version", "programme", "person_id", "person_version"),
    Index("ix_enrolment_import_id", "import_id", postgresql_where="import_id IS NOT NULL"),
    comment="Every state of every enrolment: the highest person_version with from_month <= M <= to_month and cutoff_no <= n holds",
)
Table(
    "status_order",
    metadata,
    c.key("id", Uuid),
    c.text("state"),
    c.document("items"),
    c.text("ordered_by"),
    c.at("ordered_at"),
    Column("confirmed_by", Text),
    c.at("confirmed_at", nullable=True),
    Column("cancelled_by", Text),
    c.at("cancelled_at", nullable=True),
    Column("cancel_reason", Text),
    c.one_of("state", "proposed", "done", "cancelled"),
    CheckConstraint("(state = 'cancelled') = (cancelled_by IS NOT NULL)", name="cancelled"),
    CheckConstraint("confirmed_by <> ordered_by", name="four_eyes"),
    comment="Status changes ordered through the API; what reaches a sealed month or resumes waits for a second person",
)

# --- cut-off ---------------------------------------------------------------------------------------------------------

Table(
    "cutoff",
    metadata,
    c.key("id", Uuid),
    c.text("programme"),
    c.text("month"),
    c.count("seal_no"),
    c.count("cutoff_no"),
    c.count("count"),
    c.big("sum"),
    c.text("hash"),
    c.count("quota"),
    c.count("active"),
    c.count("suspended"),
    c.count("ended"),
    c.text("author"),
    c.at("at"),
    UniqueConstraint("programme", "month", "seal_no"),
    UniqueConstraint("programme", "cutoff_no"),
    CheckConstraint("active + suspended + ended = count", name="count"),
)
Table(
    "cutoff_line",
    metadata,
    c.key("cutoff_id", Uuid),
    c.key("person_id", Uuid),
    c.text("status"),
    c.text("reason"),
    c.big("amount"),
    comment="The sealed list; written once with its cut-off",
)

# --- files that are taken back ------------------------------------------------------------------------------------------

Table(
    "import_undo",
    metadata,
    c.key("id", Uuid),
    c.uuid("import_id"),
    c.text("state"),
    c.text("reason"),
    c.text("document"),
    c.text("asked_by"),
    c.at("asked_at"),
    c.text("decided_by", ""),
    c.at("decided_at", nullable=True),
    c.count("changes", 0),
    c.one_of("state", "proposed", "done", "refused"),
    CheckConstraint("state <> 'done' OR decided_by <> asked_by", name="four_eyes"),
    Index("uq_import_undo_import_id", "import_id", unique=True, postgresql_where="state <> 'refused'"),
    comment="A committed file that somebody wants taken back: one asks, another decides",
)

# --- files on their way in ---------------------------------------------------------------------------------------------

Table(
    "decree_staging",
    metadata,
    c.key("import_id", Uuid),
    c.key("line", BigInteger),
    c.uuid("person_id"),
    c.text("programme"),
    c.text("cohort"),
    c.text("area"),
    c.big("amount"),
    c.blob("nik_index"),
    c.blob("nik_enc"),
    c.blob("name_enc"),
    c.blob("address_enc"),
    c.blob("birth_date_enc"),
    comment="Good rows of a checked decree; fields are encrypted for the person that they become",
)
Table(
    "status_staging",
    metadata,
    c.key("import_id", Uuid),
    c.key("line", BigInteger),
    c.uuid("person_id"),
    c.text("programme"),
    c.text("action"),
    c.text("reason"),
    c.text("from_month"),
    c.text("evidence"),
)
