"""The tables of this database, as the migrations make them.

Stock is the sum of movements. A device is one row with one holder: its place, or the request whose person has it; the
CHECK and the unique request keep it so (RELIABILITY invariant 15).
"""

from __future__ import annotations

from sqlalchemy import BigInteger, CheckConstraint, Column, Date, Identity, Index, Integer, LargeBinary, Table, Uuid, text

from shared.db import columns as c
from shared.holidays import holiday_table
from shared.tables import service_metadata

metadata = service_metadata()

Table("kind", metadata, c.key("code"), c.text("name"), c.text("iso_9999"), c.flag("iso_verified"))
Table("place", metadata, c.key("code"), c.text("name"), c.text("area"))
holiday_table(metadata)
Table("readiness_rule", metadata, c.key("place"), c.text("owner"), c.count("working_days"))

Table("delivery", metadata, c.key("id", Uuid), c.text("number"), c.count("version"), Index("uq_delivery_number", "number", unique=True))
Table(
    "delivery_line",
    metadata,
    c.key("delivery_id", Uuid),
    c.key("version", Integer),
    c.day("day"),
    c.text("kind"),
    c.text("place"),
    c.big("units"),
    c.big("unit_price"),
    c.uuid("import_id"),
    c.at(),
    CheckConstraint("units > 0 AND unit_price >= 0", name="amounts"),
)
Table(
    "device",
    metadata,
    c.key("id", Uuid),
    c.text("serial"),
    c.flag("own_number"),
    c.text("kind"),
    c.text("place"),
    c.uuid("delivery_id"),
    c.day("received_on"),
    c.big("unit_price"),
    c.text("state"),
    Column("request_id", Uuid),
    c.count("version"),
    CheckConstraint("state IN ('free', 'reserved', 'handed_over') AND (state = 'free') = (request_id IS NULL)", name="holder"),
    Index("uq_device_serial", "serial", unique=True),
    Index("uq_device_request_id", "request_id", unique=True),
    Index("ix_device_kind_place_state", "kind", "place", "state"),
)
Table(
    "movement",
    metadata,
    Column("id", BigInteger, Identity(always=True), primary_key=True),
    c.at(),
    c.day("day"),
    c.text("kind"),
    c.text("place"),
    c.uuid("device_id"),
    c.count("units"),
    c.text("cause"),
    c.text("document"),
    CheckConstraint("units IN (-1, 1)", name="units"),
    Index("ix_movement_kind_place", "kind", "place"),
    # A device comes once and leaves once, until there are returns.
    Index("uq_movement_device_id_cause", "device_id", "cause", unique=True),
)
Table(
    "incoming",
    metadata,
    Column("id", BigInteger, Identity(always=True), primary_key=True),
    c.at(),
    c.text("kind"),
    c.text("place"),
    c.big("units"),
    Column("expected_on", Date),
    c.text("cause"),
    c.text("person"),
    Index("ix_incoming_kind_place", "kind", "place"),
)
Table(
    "request",
    metadata,
    c.key("id", Uuid),
    c.uuid("person_id"),
    c.text("kind"),
    c.text("place"),
    c.text("area"),
    Column("note_enc", LargeBinary),
    c.text("state"),
    c.at("asked_at"),
    c.text("asked_by"),
    c.at("changed_at"),
    c.text("reason"),
    # One person waits once for one kind.
    Index("uq_request_person_id_kind", "person_id", "kind", unique=True, postgresql_where=text("state IN ('waiting', 'reserved')")),
    Index("ix_request_kind_place_state_asked_at", "kind", "place", "state", "asked_at"),
)
Table(
    "handover",
    metadata,
    c.key("request_id", Uuid),
    c.uuid("device_id"),
    c.text("minutes_number"),
    c.day("handed_over_on"),
    c.text("person"),
    c.at(),
    Index("uq_handover_minutes_number", "minutes_number", unique=True),
    Index("uq_handover_device_id", "device_id", unique=True),
)
Table("to_evaluate", metadata, c.key("kind"), c.key("place"), c.at("asked_at"))
Table(
    "readiness",
    metadata,
    c.key("kind"),
    c.key("place"),
    c.text("state"),
    c.count("version"),
    c.big("waiting"),
    c.big("stock"),
    c.big("incoming"),
    c.count("days"),
    c.text("owner"),
    Column("due_on", Date),
    c.at("since"),
)
Table(
    "delivery_staging",
    metadata,
    c.key("import_id", Uuid),
    c.key("line", BigInteger),
    c.flag("known"),
    c.text("number"),
    c.day("day"),
    c.text("place"),
    c.text("kind"),
    c.big("units"),
    c.big("unit_price"),
    c.text("serial"),
)
