"""The tables of this database, as the migrations make them.

Stock is the sum of movements. A device is one row with one holder: its place, or the request whose person has it; the
CHECK and the unique request keep it so (RELIABILITY invariant 15).
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import (
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    Date,
    DateTime,
    Identity,
    Index,
    Integer,
    LargeBinary,
    Table,
    Text,
    Uuid,
    text,
)

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


def _text(name: str, *, key: bool = False) -> Column[str]:
    return Column(name, Text, primary_key=key, nullable=False)


def _big(name: str, *, key: bool = False) -> Column[int]:
    return Column(name, BigInteger, primary_key=key, nullable=False, autoincrement=False)


def _int(name: str, *, key: bool = False) -> Column[int]:
    return Column(name, Integer, primary_key=key, nullable=False, autoincrement=False)


def _at(name: str = "at") -> Column[Any]:
    return Column(name, DateTime(timezone=True), nullable=False)


def _id(name: str, *, key: bool = False) -> Column[Any]:
    return Column(name, Uuid, primary_key=key, nullable=False)


Table("kind", metadata, _text("code", key=True), _text("name"), _text("iso_9999"), Column("iso_verified", Boolean, nullable=False))
Table("place", metadata, _text("code", key=True), _text("name"), _text("area"))
Table("holiday", metadata, Column("day", Date, primary_key=True), _text("name"), _text("kind"))
Table("readiness_rule", metadata, _text("place", key=True), _text("owner"), _int("working_days"))

Table("delivery", metadata, _id("id", key=True), _text("number"), _int("version"), Index("uq_delivery_number", "number", unique=True))
Table(
    "delivery_line",
    metadata,
    _id("delivery_id", key=True),
    _int("version", key=True),
    Column("day", Date, nullable=False),
    _text("kind"),
    _text("place"),
    _big("units"),
    _big("unit_price"),
    _id("import_id"),
    _at(),
    CheckConstraint("units > 0 AND unit_price >= 0", name="amounts"),
)
Table(
    "device",
    metadata,
    _id("id", key=True),
    _text("serial"),
    Column("own_number", Boolean, nullable=False),
    _text("kind"),
    _text("place"),
    _id("delivery_id"),
    Column("received_on", Date, nullable=False),
    _big("unit_price"),
    _text("state"),
    Column("request_id", Uuid),
    _int("version"),
    CheckConstraint("state IN ('free', 'reserved', 'handed_over') AND (state = 'free') = (request_id IS NULL)", name="holder"),
    Index("uq_device_serial", "serial", unique=True),
    Index("uq_device_request_id", "request_id", unique=True),
    Index("ix_device_kind_place_state", "kind", "place", "state"),
)
Table(
    "movement",
    metadata,
    Column("id", BigInteger, Identity(always=True), primary_key=True),
    _at(),
    Column("day", Date, nullable=False),
    _text("kind"),
    _text("place"),
    _id("device_id"),
    _int("units"),
    _text("cause"),
    _text("document"),
    CheckConstraint("units IN (-1, 1)", name="units"),
    Index("ix_movement_kind_place", "kind", "place"),
    # A device comes once and leaves once, until there are returns.
    Index("uq_movement_device_id_cause", "device_id", "cause", unique=True),
)
Table(
    "incoming",
    metadata,
    Column("id", BigInteger, Identity(always=True), primary_key=True),
    _at(),
    _text("kind"),
    _text("place"),
    _big("units"),
    Column("expected_on", Date),
    _text("cause"),
    _text("person"),
    Index("ix_incoming_kind_place", "kind", "place"),
)
Table(
    "request",
    metadata,
    _id("id", key=True),
    _id("person_id"),
    _text("kind"),
    _text("place"),
    _text("area"),
    Column("note_enc", LargeBinary),
    _text("state"),
    _at("asked_at"),
    _text("asked_by"),
    Column("changed_at", DateTime(timezone=True), nullable=False),
    _text("reason"),
    # One person waits once for one kind.
    Index("uq_request_person_id_kind", "person_id", "kind", unique=True, postgresql_where=text("state IN ('waiting', 'reserved')")),
    Index("ix_request_kind_place_state_asked_at", "kind", "place", "state", "asked_at"),
)
Table(
    "handover",
    metadata,
    _id("request_id", key=True),
    _id("device_id"),
    _text("minutes_number"),
    Column("handed_over_on", Date, nullable=False),
    _text("person"),
    _at(),
    Index("uq_handover_minutes_number", "minutes_number", unique=True),
    Index("uq_handover_device_id", "device_id", unique=True),
)
Table("to_evaluate", metadata, _text("kind", key=True), _text("place", key=True), _at("asked_at"))
Table(
    "readiness",
    metadata,
    _text("kind", key=True),
    _text("place", key=True),
    _text("state"),
    _int("version"),
    _big("waiting"),
    _big("stock"),
    _big("incoming"),
    _int("days"),
    _text("owner"),
    Column("due_on", Date),
    Column("since", DateTime(timezone=True), nullable=False),
)
Table(
    "delivery_staging",
    metadata,
    _id("import_id", key=True),
    _big("line", key=True),
    Column("known", Boolean, nullable=False),
    _text("number"),
    Column("day", Date, nullable=False),
    _text("place"),
    _text("kind"),
    _big("units"),
    _big("unit_price"),
    _text("serial"),
)
