"""Every table of beneficiary, declared once; ``migrations/versions/0001_first.py`` makes them and ``alembic check`` compares.

Amounts are rupiah a month (BIGINT), months are text ``YYYY-MM``, days are dates, instants timestamptz. A state of an
enrolment and a sealed line are written once and never changed: nobody has the right to (migration, grants).
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import BigInteger, CheckConstraint, Column, Date, DateTime, Index, Integer, LargeBinary, Table, Text, UniqueConstraint, Uuid
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


def _key(name: str, kind: Any) -> Column[Any]:
    return Column(name, kind, primary_key=True, autoincrement=False)


def _must(name: str, kind: Any) -> Column[Any]:
    return Column(name, kind, nullable=False)


def _one_of(column: str, *values: str) -> CheckConstraint:
    return CheckConstraint(f"{column} IN ({', '.join(repr(v) for v in values)})", name=column)


_AT = DateTime(timezone=True)

# --- reference -----------------------------------------------------------------------------------------------------

Table(
    "area",
    metadata,
    _key("code", Text),
    _must("level", Text),
    _must("name", Text),
    _must("parent", Text),
    _must("postal_code", Text),
    _must("valid_from", Date),
    Column("valid_to", Date),
    comment="Kemendagri's areas, dated: one that was split or renamed keeps its row and gets a valid_to",
)
Table(
    "area_successor",
    metadata,
    _key("predecessor", Text),
    _key("successor_name", Text),
    Column("successor", Text),
    _must("decree", Text),
    comment="What an area became; successor is null until the ministry gives a code",
)
Table(
    "programme",
    metadata,
    _key("code", Text),
    _must("id", Uuid),
    _must("name", Text),
    _must("next_cutoff_no", Integer),
    _must("stream_version", Integer),
    comment="A cash programme; next_cutoff_no is read under the advisory lock of CORE.md section 3, stream_version is its topic's version",
)
Table(
    "tariff",
    metadata,
    _key("programme", Text),
    _key("from_month", Text),
    Column("to_month", Text),
    _must("amount", BigInteger),
    CheckConstraint("amount > 0", name="amount"),
    comment="Rupiah a month, dated",
)
Table(
    "status_reason",
    metadata,
    _key("action", Text),
    _key("code", Text),
    _must("words", Text),
    comment="Lawful reasons of a suspension or an end, with the office's words",
)

# --- decrees -------------------------------------------------------------------------------------------------------

Table(
    "decree",
    metadata,
    _key("id", Uuid),
    _must("number", Text),
    _must("from_month", Text),
    _must("to_month", Text),
    UniqueConstraint("number"),
    CheckConstraint("from_month <= to_month", name="months"),
)
Table(
    "decree_programme",
    metadata,
    _key("decree_id", Uuid),
    _key("programme", Text),
    _must("count", Integer),
    _must("sum", BigInteger),
    _must("quota", Integer),
    _must("import_id", Uuid),
    _must("uploaded_by", Text),
    _must("committed_by", Text),
    _must("committed_at", _AT),
    CheckConstraint("uploaded_by <> committed_by", name="four_eyes"),
    comment="A decree's list of one programme, as two people took it from the signed paper",
)

# --- people and enrolments -------------------------------------------------------------------------------------------

Table(
    "person",
    metadata,
    _key("id", Uuid),
    _must("nik_enc", LargeBinary),
    _must("nik_index", LargeBinary),
    _must("name_enc", LargeBinary),
    _must("address_enc", LargeBinary),
    _must("birth_date_enc", LargeBinary),
    _must("area", Text),
    _must("version", Integer),
    UniqueConstraint("nik_index"),
    comment="The only place of a NIK, a name, an address; area is the present one; version is the person's in beneficiary.person",
)
Table(
    "enrolment",
    metadata,
    _key("person_id", Uuid),
    _key("person_version", Integer),
    _must("programme", Text),
    _must("status", Text),
    _must("reason", Text),
    _must("amount", BigInteger),
    _must("area", Text),
    _must("cohort", Text),
    _must("decree_id", Uuid),
    _must("from_month", Text),
    _must("to_month", Text),
    _must("cutoff_no", Integer),
    _must("evidence", Text),
    _must("author", Text),
    _must("at", _AT),
    _one_of("status", "active", "suspended", "ended"),
    _one_of("cohort", "existing", "new"),
    CheckConstraint("from_month <= to_month", name="months"),
    Index("ix_enrolment_programme_person_id_person_version", "programme", "person_id", "person_version"),
    comment="Every state of every enrolment: the highest person_version with from_month <= M <= to_month and cutoff_no <= n holds",
)
Table(
    "status_order",
    metadata,
    _key("id", Uuid),
    _must("state", Text),
    _must("items", JSONB),
    _must("ordered_by", Text),
    _must("ordered_at", _AT),
    Column("confirmed_by", Text),
    Column("confirmed_at", _AT),
    _one_of("state", "proposed", "done"),
    CheckConstraint("confirmed_by <> ordered_by", name="four_eyes"),
    comment="Status changes ordered through the API; what reaches a sealed month or resumes waits for a second person",
)

# --- cut-off ---------------------------------------------------------------------------------------------------------

Table(
    "cutoff",
    metadata,
    _key("id", Uuid),
    _must("programme", Text),
    _must("month", Text),
    _must("seal_no", Integer),
    _must("cutoff_no", Integer),
    _must("count", Integer),
    _must("sum", BigInteger),
    _must("hash", Text),
    _must("quota", Integer),
    _must("active", Integer),
    _must("suspended", Integer),
    _must("ended", Integer),
    _must("author", Text),
    _must("at", _AT),
    UniqueConstraint("programme", "month", "seal_no"),
    UniqueConstraint("programme", "cutoff_no"),
    CheckConstraint("active + suspended + ended = count", name="count"),
)
Table(
    "cutoff_line",
    metadata,
    _key("cutoff_id", Uuid),
    _key("person_id", Uuid),
    _must("status", Text),
    _must("reason", Text),
    _must("amount", BigInteger),
    comment="The sealed list; written once with its cut-off",
)

# --- files on their way in ---------------------------------------------------------------------------------------------

Table(
    "decree_staging",
    metadata,
    _key("import_id", Uuid),
    _key("line", BigInteger),
    _must("person_id", Uuid),
    _must("programme", Text),
    _must("cohort", Text),
    _must("area", Text),
    _must("amount", BigInteger),
    _must("nik_index", LargeBinary),
    _must("nik_enc", LargeBinary),
    _must("name_enc", LargeBinary),
    _must("address_enc", LargeBinary),
    _must("birth_date_enc", LargeBinary),
    comment="Good rows of a checked decree; fields are encrypted for the person that they become",
)
Table(
    "status_staging",
    metadata,
    _key("import_id", Uuid),
    _key("line", BigInteger),
    _must("person_id", Uuid),
    _must("programme", Text),
    _must("action", Text),
    _must("reason", Text),
    _must("from_month", Text),
    _must("evidence", Text),
)
