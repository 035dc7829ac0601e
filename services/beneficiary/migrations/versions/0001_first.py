"""The first tables of beneficiary: areas, programmes, decrees, people, enrolments, cut-offs, staging."""

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

SERVICE = "beneficiary"

TABLES = (
    """CREATE TABLE area (
        code text NOT NULL,
        level text NOT NULL,
        name text NOT NULL,
        parent text NOT NULL,
        postal_code text NOT NULL,
        valid_from date NOT NULL,
        valid_to date,
        CONSTRAINT pk_area PRIMARY KEY (code))""",
    """CREATE TABLE area_successor (
        predecessor text NOT NULL,
        successor_name text NOT NULL,
        successor text,
        decree text NOT NULL,
        CONSTRAINT pk_area_successor PRIMARY KEY (predecessor, successor_name))""",
    """CREATE TABLE programme (
        code text NOT NULL,
        id uuid NOT NULL,
        name text NOT NULL,
        next_cutoff_no integer NOT NULL,
        stream_version integer NOT NULL,
        CONSTRAINT pk_programme PRIMARY KEY (code))""",
    """CREATE TABLE tariff (
        programme text NOT NULL,
        from_month text NOT NULL,
        to_month text,
        amount bigint NOT NULL,
        CONSTRAINT pk_tariff PRIMARY KEY (programme, from_month),
        CONSTRAINT ck_tariff_amount CHECK (amount > 0))""",
    """CREATE TABLE status_reason (
        action text NOT NULL,
        code text NOT NULL,
        words text NOT NULL,
        CONSTRAINT pk_status_reason PRIMARY KEY (action, code))""",
    """CREATE TABLE decree (
        id uuid NOT NULL,
        number text NOT NULL,
        from_month text NOT NULL,
        to_month text NOT NULL,
        CONSTRAINT pk_decree PRIMARY KEY (id),
        CONSTRAINT uq_decree_number UNIQUE (number),
        CONSTRAINT ck_decree_months CHECK (from_month <= to_month))""",
    """CREATE TABLE decree_programme (
        decree_id uuid NOT NULL,
        programme text NOT NULL,
        count integer NOT NULL,
        sum bigint NOT NULL,
        quota integer NOT NULL,
        import_id uuid NOT NULL,
        uploaded_by text NOT NULL,
        committed_by text NOT NULL,
        committed_at timestamptz NOT NULL,
        CONSTRAINT pk_decree_programme PRIMARY KEY (decree_id, programme),
        CONSTRAINT ck_decree_programme_four_eyes CHECK (uploaded_by <> committed_by))""",
    """CREATE TABLE person (
        id uuid NOT NULL,
        nik_enc bytea NOT NULL,
        nik_index bytea NOT NULL,
        name_enc bytea NOT NULL,
        address_enc bytea NOT NULL,
        birth_date_enc bytea NOT NULL,
        area text NOT NULL,
        version integer NOT NULL,
        CONSTRAINT pk_person PRIMARY KEY (id),
        CONSTRAINT uq_person_nik_index UNIQUE (nik_index)) WITH (fillfactor = 90)""",
    """CREATE TABLE enrolment (
        person_id uuid NOT NULL,
        person_version integer NOT NULL,
        programme text NOT NULL,
        status text NOT NULL,
        reason text NOT NULL,
        amount bigint NOT NULL,
        area text NOT NULL,
        cohort text NOT NULL,
        decree_id uuid NOT NULL,
        from_month text NOT NULL,
        to_month text NOT NULL,
        cutoff_no integer NOT NULL,
        evidence text NOT NULL,
        author text NOT NULL,
        at timestamptz NOT NULL,
        CONSTRAINT pk_enrolment PRIMARY KEY (person_id, person_version),
        CONSTRAINT ck_enrolment_status CHECK (status IN ('active', 'suspended', 'ended')),
        CONSTRAINT ck_enrolment_cohort CHECK (cohort IN ('existing', 'new')),
        CONSTRAINT ck_enrolment_months CHECK (from_month <= to_month))""",
    "CREATE INDEX ix_enrolment_programme_person_id_person_version ON enrolment (programme, person_id, person_version)",
    """CREATE TABLE status_order (
        id uuid NOT NULL,
        state text NOT NULL,
        items jsonb NOT NULL,
        ordered_by text NOT NULL,
        ordered_at timestamptz NOT NULL,
        confirmed_by text,
        confirmed_at timestamptz,
        CONSTRAINT pk_status_order PRIMARY KEY (id),
        CONSTRAINT ck_status_order_state CHECK (state IN ('proposed', 'done')),
        CONSTRAINT ck_status_order_four_eyes CHECK (confirmed_by <> ordered_by))""",
    """CREATE TABLE cutoff (
        id uuid NOT NULL,
        programme text NOT NULL,
        month text NOT NULL,
        seal_no integer NOT NULL,
        cutoff_no integer NOT NULL,
        count integer NOT NULL,
        sum bigint NOT NULL,
        hash text NOT NULL,
        quota integer NOT NULL,
        active integer NOT NULL,
        suspended integer NOT NULL,
        ended integer NOT NULL,
        author text NOT NULL,
        at timestamptz NOT NULL,
        CONSTRAINT pk_cutoff PRIMARY KEY (id),
        CONSTRAINT uq_cutoff_programme_month_seal_no UNIQUE (programme, month, seal_no),
        CONSTRAINT uq_cutoff_programme_cutoff_no UNIQUE (programme, cutoff_no),
        CONSTRAINT ck_cutoff_count CHECK (active + suspended + ended = count))""",
    """CREATE TABLE cutoff_line (
        cutoff_id uuid NOT NULL,
        person_id uuid NOT NULL,
        status text NOT NULL,
        reason text NOT NULL,
        amount bigint NOT NULL,
        CONSTRAINT pk_cutoff_line PRIMARY KEY (cutoff_id, person_id))""",
    # Staging is logged: a checked file must still be there after the server was killed.
    """CREATE TABLE decree_staging (
        import_id uuid NOT NULL,
        line bigint NOT NULL,
        person_id uuid NOT NULL,
        programme text NOT NULL,
        cohort text NOT NULL,
        area text NOT NULL,
        amount bigint NOT NULL,
        nik_index bytea NOT NULL,
        nik_enc bytea NOT NULL,
        name_enc bytea NOT NULL,
        address_enc bytea NOT NULL,
        birth_date_enc bytea NOT NULL,
        CONSTRAINT pk_decree_staging PRIMARY KEY (import_id, line))""",
    """CREATE TABLE status_staging (
        import_id uuid NOT NULL,
        line bigint NOT NULL,
        person_id uuid NOT NULL,
        programme text NOT NULL,
        action text NOT NULL,
        reason text NOT NULL,
        from_month text NOT NULL,
        evidence text NOT NULL,
        CONSTRAINT pk_status_staging PRIMARY KEY (import_id, line))""",
)

COMMENTS = {
    "area": "Kemendagri's areas, dated: one that was split or renamed keeps its row and gets a valid_to",
    "area_successor": "What an area became; successor is null until the ministry gives a code",
    "programme": (
        "A cash programme; next_cutoff_no is read under the advisory lock of CORE.md section 3, stream_version is its topic's version"
    ),
    "tariff": "Rupiah a month, dated",
    "status_reason": "Lawful reasons of a suspension or an end, with the office's words",
    "decree_programme": "A decree's list of one programme, as two people took it from the signed paper",
    "person": "The only place of a NIK, a name, an address; area is the present one; version is the person's in beneficiary.person",
    "enrolment": ("Every state of every enrolment: the highest person_version with from_month <= M <= to_month and cutoff_no <= n holds"),
    "status_order": "Status changes ordered through the API; what reaches a sealed month or resumes waits for a second person",
    "cutoff_line": "The sealed list; written once with its cut-off",
    "decree_staging": "Good rows of a checked decree; fields are encrypted for the person that they become",
}


def upgrade() -> None:
    create_messaging_tables(op.execute, SERVICE)
    create_audit_tables(op.execute)
    create_web_tables(op.execute)
    create_import_tables(op.execute, SERVICE)
    for statement in TABLES:
        op.execute(statement)
    for table, comment in COMMENTS.items():
        quoted = comment.replace("'", "''")
        op.execute(f"COMMENT ON TABLE {table} IS '{quoted}'")
    for table in ("person", "enrolment"):
        area_policy(op.execute, SERVICE, table)
    # Whatever is not named here can be appended to and read, never changed: states, decrees, seals and their lines.
    grant(op.execute, SERVICE, "programme", "UPDATE (next_cutoff_no, stream_version)", roles=("api",))
    grant(op.execute, SERVICE, "person", "UPDATE (name_enc, address_enc, birth_date_enc, area, version)", roles=("api",))
    # The protected area of a state is the person's present one: it follows the person, the event keeps the old one.
    grant(op.execute, SERVICE, "enrolment", "UPDATE (area)", roles=("api",))
    grant(op.execute, SERVICE, "status_order", "UPDATE (state, confirmed_by, confirmed_at)", roles=("api",))
    grant(op.execute, SERVICE, "decree_staging", "UPDATE, DELETE", roles=("api",))
    grant(op.execute, SERVICE, "status_staging", "DELETE", roles=("api",))


def downgrade() -> None:
    raise NotImplementedError("the first tables are not taken away; restore a backup instead")
