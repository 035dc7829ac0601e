"""First tables: budget lines, treasury documents, panti, detectors' findings."""

from __future__ import annotations

from alembic import op

from shared.audit import create_audit_tables
from shared.db.policies import grant
from shared.imports.tables import create_import_tables
from shared.messaging.schema import create_messaging_tables
from shared.web.transactions import create_web_tables

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

SERVICE = "budget_audit"

TABLES = (
    """CREATE TABLE programme (
        code text NOT NULL, name text NOT NULL,
        CONSTRAINT pk_programme PRIMARY KEY (code))""",
    """CREATE TABLE account_code (
        code text NOT NULL, name text NOT NULL, status text NOT NULL,
        CONSTRAINT pk_account_code PRIMARY KEY (code))""",
    """CREATE TABLE activity_code (
        code text NOT NULL, name text NOT NULL,
        CONSTRAINT pk_activity_code PRIMARY KEY (code))""",
    """CREATE TABLE food_account (
        code text NOT NULL, from_day date NOT NULL, to_day date NOT NULL, verified boolean NOT NULL, note text NOT NULL,
        CONSTRAINT pk_food_account PRIMARY KEY (code, from_day))""",
    """CREATE TABLE food_ceiling (
        from_day date NOT NULL, to_day date NOT NULL, price bigint NOT NULL, source text NOT NULL,
        CONSTRAINT pk_food_ceiling PRIMARY KEY (from_day))""",
    """CREATE TABLE panti (
        code text NOT NULL, name text NOT NULL, target text NOT NULL, capacity integer NOT NULL, source text NOT NULL,
        CONSTRAINT pk_panti PRIMARY KEY (code))""",
    """CREATE TABLE holiday (
        day date NOT NULL, name text NOT NULL, kind text NOT NULL,
        CONSTRAINT pk_holiday PRIMARY KEY (day))""",
    """CREATE TABLE mismatch_rule (
        code text NOT NULL, owner text NOT NULL, working_days integer NOT NULL,
        CONSTRAINT pk_mismatch_rule PRIMARY KEY (code))""",
    """CREATE TABLE budget_line (
        id uuid NOT NULL, year integer NOT NULL, sub_skpd text NOT NULL, sub_activity text NOT NULL, account text NOT NULL,
        programme text DEFAULT '' NOT NULL, panti text DEFAULT '' NOT NULL, description text NOT NULL, ceiling bigint NOT NULL,
        reserved bigint DEFAULT 0 NOT NULL, realised bigint DEFAULT 0 NOT NULL, returned bigint DEFAULT 0 NOT NULL,
        CONSTRAINT pk_budget_line PRIMARY KEY (id),
        CONSTRAINT ck_budget_line_within_ceiling CHECK (reserved + realised - returned <= ceiling),
        CONSTRAINT ck_budget_line_amounts CHECK (ceiling >= 0 AND reserved >= 0 AND returned >= 0 AND returned <= realised),
        CONSTRAINT ck_budget_line_one_owner CHECK (programme = '' OR panti = ''))""",
    "CREATE UNIQUE INDEX uq_budget_line_key ON budget_line (year, sub_skpd, sub_activity, account, programme, panti)",
    "CREATE UNIQUE INDEX uq_budget_line_year_programme ON budget_line (year, programme) WHERE programme <> '' AND account = '5.1.06.01.01.0001'",
    """CREATE TABLE ceiling_version (
        line_id uuid NOT NULL, version integer NOT NULL, ceiling bigint NOT NULL, import_id uuid NOT NULL, at timestamptz NOT NULL,
        CONSTRAINT pk_ceiling_version PRIMARY KEY (line_id, version))""",
    """CREATE TABLE cash_plan (
        line_id uuid NOT NULL, month text NOT NULL, planned bigint NOT NULL,
        CONSTRAINT pk_cash_plan PRIMARY KEY (line_id, month))""",
    """CREATE TABLE batch (
        id uuid NOT NULL, code text DEFAULT '' NOT NULL, month text DEFAULT '' NOT NULL, state text NOT NULL,
        list_hash text DEFAULT '' NOT NULL, result_no integer DEFAULT 0 NOT NULL, reservation_version integer DEFAULT 0 NOT NULL,
        CONSTRAINT pk_batch PRIMARY KEY (id))""",
    "CREATE INDEX ix_batch_code ON batch (code)",
    "CREATE INDEX ix_batch_month ON batch (month)",
    """CREATE TABLE batch_money (
        batch_id uuid NOT NULL, programme text NOT NULL, listed bigint NOT NULL, credited bigint DEFAULT 0 NOT NULL,
        not_credited bigint NOT NULL,
        CONSTRAINT pk_batch_money PRIMARY KEY (batch_id, programme))""",
    """CREATE TABLE reservation (
        batch_id uuid NOT NULL, list_hash text NOT NULL, state text NOT NULL, refused_line text DEFAULT '' NOT NULL,
        requested bigint NOT NULL, available bigint DEFAULT 0 NOT NULL, expires_on date, at timestamptz NOT NULL,
        CONSTRAINT pk_reservation PRIMARY KEY (batch_id, list_hash))""",
    """CREATE TABLE reservation_line (
        batch_id uuid NOT NULL, list_hash text NOT NULL, line_id uuid NOT NULL, programme text NOT NULL, amount bigint NOT NULL,
        remaining bigint NOT NULL,
        CONSTRAINT pk_reservation_line PRIMARY KEY (batch_id, list_hash, line_id),
        CONSTRAINT ck_reservation_line_amounts CHECK (amount > 0 AND remaining BETWEEN 0 AND amount))""",
    """CREATE TABLE sp2d (
        id uuid NOT NULL, number text NOT NULL, date date NOT NULL, reference text NOT NULL, import_id uuid NOT NULL,
        at timestamptz NOT NULL,
        CONSTRAINT pk_sp2d PRIMARY KEY (id))""",
    "CREATE INDEX ix_sp2d_reference ON sp2d (reference)",
    "CREATE UNIQUE INDEX uq_sp2d_number ON sp2d (number)",
    """CREATE TABLE sp2d_row (
        sp2d_id uuid NOT NULL, line_id uuid NOT NULL, programme text NOT NULL, amount bigint NOT NULL,
        CONSTRAINT pk_sp2d_row PRIMARY KEY (sp2d_id, line_id),
        CONSTRAINT ck_sp2d_row_amount CHECK (amount > 0))""",
    """CREATE TABLE treasury_return (
        id uuid NOT NULL, number text NOT NULL, date date NOT NULL, programme text NOT NULL, line_id uuid NOT NULL, batch_id uuid,
        reference text NOT NULL, amount bigint NOT NULL, import_id uuid NOT NULL, at timestamptz NOT NULL,
        CONSTRAINT pk_treasury_return PRIMARY KEY (id),
        CONSTRAINT ck_treasury_return_amount CHECK (amount > 0))""",
    "CREATE INDEX ix_treasury_return_reference ON treasury_return (reference)",
    "CREATE UNIQUE INDEX uq_treasury_return_number_programme ON treasury_return (number, programme)",
    """CREATE TABLE posting (
        id bigint GENERATED ALWAYS AS IDENTITY, at timestamptz NOT NULL, transaction text NOT NULL, debit text NOT NULL,
        credit text NOT NULL, amount bigint NOT NULL, line_id uuid, batch_id uuid, source text NOT NULL,
        CONSTRAINT pk_posting PRIMARY KEY (id),
        CONSTRAINT ck_posting_amount CHECK (amount > 0),
        CONSTRAINT ck_posting_accounts CHECK (debit <> credit))""",
    """CREATE TABLE census_count (
        panti text NOT NULL, day date NOT NULL, version integer NOT NULL, residents integer NOT NULL, import_id uuid NOT NULL,
        at timestamptz NOT NULL,
        CONSTRAINT pk_census_count PRIMARY KEY (panti, day, version),
        CONSTRAINT ck_census_count_residents CHECK (residents >= 0))""",
    """CREATE TABLE contract (
        panti text NOT NULL, from_day date NOT NULL, to_day date NOT NULL, price bigint NOT NULL, import_id uuid NOT NULL,
        at timestamptz NOT NULL,
        CONSTRAINT pk_contract PRIMARY KEY (panti, from_day),
        CONSTRAINT ck_contract_terms CHECK (from_day <= to_day AND price > 0))""",
    """CREATE TABLE goods_received (
        delivery_id uuid NOT NULL, version integer NOT NULL, reference text NOT NULL, kind text NOT NULL, place text NOT NULL,
        units bigint NOT NULL, unit_price bigint NOT NULL, event_id text NOT NULL, at timestamptz NOT NULL,
        CONSTRAINT pk_goods_received PRIMARY KEY (delivery_id, version))""",
    "CREATE INDEX ix_goods_received_reference ON goods_received (reference)",
    """CREATE TABLE document_event (
        document_id uuid NOT NULL, event_id text NOT NULL,
        CONSTRAINT pk_document_event PRIMARY KEY (document_id))""",
    """CREATE TABLE to_evaluate (
        code text NOT NULL, reference text NOT NULL, asked_at timestamptz NOT NULL,
        CONSTRAINT pk_to_evaluate PRIMARY KEY (code, reference))""",
    """CREATE TABLE mismatch (
        id uuid NOT NULL, code text NOT NULL, subject text NOT NULL, period text NOT NULL, reference text NOT NULL, state text NOT NULL,
        version integer NOT NULL, numbers_version integer NOT NULL, expected bigint NOT NULL, actual bigint NOT NULL,
        difference bigint NOT NULL, explained bigint DEFAULT 0 NOT NULL, formula text NOT NULL, ruled_out jsonb NOT NULL,
        evidence jsonb NOT NULL, owner text NOT NULL, due_on date NOT NULL, caused_by_event text NOT NULL,
        detected_at timestamptz NOT NULL,
        CONSTRAINT pk_mismatch PRIMARY KEY (id))""",
    "CREATE INDEX ix_mismatch_code_reference ON mismatch (code, reference)",
    "CREATE UNIQUE INDEX uq_mismatch_code_subject_period ON mismatch (code, subject, period)",
    """CREATE TABLE mismatch_step (
        id bigint GENERATED ALWAYS AS IDENTITY, mismatch_id uuid NOT NULL, at timestamptz NOT NULL, step text NOT NULL,
        person text NOT NULL, text text NOT NULL, amount bigint NOT NULL, evidence jsonb NOT NULL, numbers_version integer NOT NULL,
        expected bigint NOT NULL, actual bigint NOT NULL, event_id text NOT NULL,
        CONSTRAINT pk_mismatch_step PRIMARY KEY (id))""",
    "CREATE INDEX ix_mismatch_step_mismatch_id ON mismatch_step (mismatch_id)",
    """CREATE TABLE dpa_staging (
        import_id uuid NOT NULL, line bigint NOT NULL, line_id uuid NOT NULL, year integer NOT NULL, sub_skpd text NOT NULL,
        sub_activity text NOT NULL, account text NOT NULL, programme text NOT NULL, panti text NOT NULL, description text NOT NULL,
        ceiling bigint NOT NULL,
        CONSTRAINT pk_dpa_staging PRIMARY KEY (import_id, line))""",
    """CREATE TABLE cash_plan_staging (
        import_id uuid NOT NULL, line bigint NOT NULL, line_id uuid NOT NULL, month text NOT NULL, planned bigint NOT NULL,
        CONSTRAINT pk_cash_plan_staging PRIMARY KEY (import_id, line))""",
    """CREATE TABLE sp2d_staging (
        import_id uuid NOT NULL, line bigint NOT NULL, known boolean NOT NULL, number text NOT NULL, date date NOT NULL,
        line_id uuid NOT NULL, programme text NOT NULL, amount bigint NOT NULL, reference text NOT NULL,
        CONSTRAINT pk_sp2d_staging PRIMARY KEY (import_id, line))""",
    """CREATE TABLE sts_staging (
        import_id uuid NOT NULL, line bigint NOT NULL, known boolean NOT NULL, number text NOT NULL, date date NOT NULL,
        line_id uuid NOT NULL, programme text NOT NULL, amount bigint NOT NULL, reference text NOT NULL, batch_id uuid,
        CONSTRAINT pk_sts_staging PRIMARY KEY (import_id, line))""",
    """CREATE TABLE census_staging (
        import_id uuid NOT NULL, line bigint NOT NULL, known boolean NOT NULL, panti text NOT NULL, day date NOT NULL,
        residents integer NOT NULL,
        CONSTRAINT pk_census_staging PRIMARY KEY (import_id, line))""",
    """CREATE TABLE contract_staging (
        import_id uuid NOT NULL, line bigint NOT NULL, known boolean NOT NULL, panti text NOT NULL, from_day date NOT NULL,
        to_day date NOT NULL, price bigint NOT NULL,
        CONSTRAINT pk_contract_staging PRIMARY KEY (import_id, line))""",
)

# Documents, postings, counts and steps are append-only: no UPDATE or DELETE on them for anybody but the owner.
UPDATES = (
    ("budget_line", "UPDATE", ("api", "worker")),
    ("cash_plan", "UPDATE", ("api",)),
    ("batch", "UPDATE", ("api", "worker")),  # the api role locks it while an SP2D takes over the reservation
    ("batch_money", "UPDATE", ("worker",)),
    ("reservation", "UPDATE", ("api", "worker")),
    ("reservation_line", "UPDATE", ("api", "worker")),
    ("to_evaluate", "UPDATE", ("api", "worker")),
    ("to_evaluate", "DELETE", ("worker",)),
    ("mismatch", "UPDATE", ("api", "worker")),
    ("dpa_staging, cash_plan_staging, sp2d_staging, sts_staging, census_staging, contract_staging", "DELETE", ("api",)),
)


def upgrade() -> None:
    create_messaging_tables(op.execute, SERVICE)
    create_audit_tables(op.execute)
    create_web_tables(op.execute)
    create_import_tables(op.execute, SERVICE)
    for statement in TABLES:
        op.execute(statement)
    for table, what, roles in UPDATES:
        grant(op.execute, SERVICE, table, what, roles)


def downgrade() -> None:
    raise NotImplementedError("the first revision is not taken back; restore a backup instead")
