"""First tables: kinds and places, deliveries and devices, requests, readiness."""

from __future__ import annotations

from alembic import op

from shared.audit import create_audit_tables
from shared.db.policies import area_policy, grant
from shared.imports.tables import create_import_tables
from shared.messaging.schema import create_messaging_tables
from shared.web.transactions import create_web_tables

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

SERVICE = "assistive_devices"

TABLES = (
    """CREATE TABLE kind (
        code text NOT NULL, name text NOT NULL, iso_9999 text NOT NULL, iso_verified boolean NOT NULL,
        CONSTRAINT pk_kind PRIMARY KEY (code))""",
    """CREATE TABLE place (
        code text NOT NULL, name text NOT NULL, area text NOT NULL,
        CONSTRAINT pk_place PRIMARY KEY (code))""",
    """CREATE TABLE holiday (
        day date NOT NULL, name text NOT NULL, kind text NOT NULL,
        CONSTRAINT pk_holiday PRIMARY KEY (day))""",
    """CREATE TABLE readiness_rule (
        place text NOT NULL, owner text NOT NULL, working_days integer NOT NULL,
        CONSTRAINT pk_readiness_rule PRIMARY KEY (place))""",
    """CREATE TABLE delivery (
        id uuid NOT NULL, number text NOT NULL, version integer NOT NULL,
        CONSTRAINT pk_delivery PRIMARY KEY (id))""",
    "CREATE UNIQUE INDEX uq_delivery_number ON delivery (number)",
    """CREATE TABLE delivery_line (
        delivery_id uuid NOT NULL, version integer NOT NULL, day date NOT NULL, kind text NOT NULL, place text NOT NULL,
        units bigint NOT NULL, unit_price bigint NOT NULL, import_id uuid NOT NULL, at timestamptz NOT NULL,
        CONSTRAINT pk_delivery_line PRIMARY KEY (delivery_id, version),
        CONSTRAINT ck_delivery_line_amounts CHECK (units > 0 AND unit_price >= 0))""",
    """CREATE TABLE device (
        id uuid NOT NULL, serial text NOT NULL, own_number boolean NOT NULL, kind text NOT NULL, place text NOT NULL,
        delivery_id uuid NOT NULL, received_on date NOT NULL, unit_price bigint NOT NULL, state text NOT NULL, request_id uuid,
        version integer NOT NULL,
        CONSTRAINT pk_device PRIMARY KEY (id),
        CONSTRAINT ck_device_holder CHECK (state IN ('free', 'reserved', 'handed_over') AND (state = 'free') = (request_id IS NULL)))""",
    "CREATE INDEX ix_device_kind_place_state ON device (kind, place, state)",
    "CREATE UNIQUE INDEX uq_device_request_id ON device (request_id)",
    "CREATE UNIQUE INDEX uq_device_serial ON device (serial)",
    """CREATE TABLE movement (
        id bigint GENERATED ALWAYS AS IDENTITY, at timestamptz NOT NULL, day date NOT NULL, kind text NOT NULL, place text NOT NULL,
        device_id uuid NOT NULL, units integer NOT NULL, cause text NOT NULL, document text NOT NULL,
        CONSTRAINT pk_movement PRIMARY KEY (id),
        CONSTRAINT ck_movement_units CHECK (units IN (-1, 1)))""",
    "CREATE INDEX ix_movement_kind_place ON movement (kind, place)",
    "CREATE UNIQUE INDEX uq_movement_device_id_cause ON movement (device_id, cause)",
    """CREATE TABLE incoming (
        id bigint GENERATED ALWAYS AS IDENTITY, at timestamptz NOT NULL, kind text NOT NULL, place text NOT NULL, units bigint NOT NULL,
        expected_on date, cause text NOT NULL, person text NOT NULL,
        CONSTRAINT pk_incoming PRIMARY KEY (id))""",
    "CREATE INDEX ix_incoming_kind_place ON incoming (kind, place)",
    """CREATE TABLE request (
        id uuid NOT NULL, person_id uuid NOT NULL, kind text NOT NULL, place text NOT NULL, area text NOT NULL, note_enc BYTEA,
        state text NOT NULL, asked_at timestamptz NOT NULL, asked_by text NOT NULL, changed_at timestamptz NOT NULL, reason text NOT NULL,
        CONSTRAINT pk_request PRIMARY KEY (id))""",
    "CREATE INDEX ix_request_kind_place_state_asked_at ON request (kind, place, state, asked_at)",
    "CREATE UNIQUE INDEX uq_request_person_id_kind ON request (person_id, kind) WHERE state IN ('waiting', 'reserved')",
    """CREATE TABLE handover (
        request_id uuid NOT NULL, device_id uuid NOT NULL, minutes_number text NOT NULL, handed_over_on date NOT NULL,
        person text NOT NULL, at timestamptz NOT NULL,
        CONSTRAINT pk_handover PRIMARY KEY (request_id))""",
    "CREATE UNIQUE INDEX uq_handover_device_id ON handover (device_id)",
    "CREATE UNIQUE INDEX uq_handover_minutes_number ON handover (minutes_number)",
    """CREATE TABLE to_evaluate (
        kind text NOT NULL, place text NOT NULL, asked_at timestamptz NOT NULL,
        CONSTRAINT pk_to_evaluate PRIMARY KEY (kind, place))""",
    """CREATE TABLE readiness (
        kind text NOT NULL, place text NOT NULL, state text NOT NULL, version integer NOT NULL, waiting bigint NOT NULL,
        stock bigint NOT NULL, incoming bigint NOT NULL, days integer NOT NULL, owner text NOT NULL, due_on date,
        since timestamptz NOT NULL,
        CONSTRAINT pk_readiness PRIMARY KEY (kind, place))""",
    """CREATE TABLE delivery_staging (
        import_id uuid NOT NULL, line bigint NOT NULL, known boolean NOT NULL, number text NOT NULL, day date NOT NULL,
        place text NOT NULL, kind text NOT NULL, units bigint NOT NULL, unit_price bigint NOT NULL, serial text NOT NULL,
        CONSTRAINT pk_delivery_staging PRIMARY KEY (import_id, line))""",
)

# Movements, deliveries, what is coming and handovers are append-only: no UPDATE or DELETE on them but for the owner.
UPDATES = (
    ("delivery (version)", ("api",)),
    ("device (state, request_id, version)", ("api",)),
    ("request (state, changed_at, reason)", ("api",)),
    ("readiness", ("worker",)),
    ("to_evaluate", ("api", "worker")),
)


def upgrade() -> None:
    create_messaging_tables(op.execute, SERVICE)
    create_audit_tables(op.execute)
    create_web_tables(op.execute)
    create_import_tables(op.execute, SERVICE)
    for statement in TABLES:
        op.execute(statement)
    for table, roles in UPDATES:
        name, _, columns = table.partition(" ")
        grant(op.execute, SERVICE, name, f"UPDATE {columns}".strip(), roles)
    grant(op.execute, SERVICE, "to_evaluate", "DELETE", ("worker",))
    grant(op.execute, SERVICE, "delivery_staging", "DELETE", ("api",))
    area_policy(op.execute, SERVICE, "request")


def downgrade() -> None:
    raise NotImplementedError("the first revision is not taken back; restore a backup instead")
