"""Orders of two people: freezes, the end of unknown, a budget year that lapsed; the bank's cut-off hours."""

from __future__ import annotations

from alembic import op

from shared.db.policies import area_policy, areas_policy, grant

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

SERVICE = "disbursement"

TABLES = (
    """CREATE TABLE two_person_order (
        id uuid NOT NULL,
        kind text NOT NULL,
        state text NOT NULL,
        subject jsonb NOT NULL,
        reason text NOT NULL,
        document text NOT NULL,
        person_months integer NOT NULL,
        rupiah bigint NOT NULL,
        areas text[] NOT NULL,
        asked_by text NOT NULL,
        asked_at timestamptz NOT NULL,
        confirmed_by text,
        confirmed_at timestamptz,
        cancelled_by text,
        cancelled_at timestamptz,
        CONSTRAINT pk_two_person_order PRIMARY KEY (id),
        CONSTRAINT ck_two_person_order_kind
            CHECK (kind IN ('freeze', 'lift', 'not_executed', 'lapse', 'reopen_year', 'cutoff_hour', 'close')),
        CONSTRAINT ck_two_person_order_state CHECK (state IN ('proposed', 'done', 'cancelled')),
        CONSTRAINT ck_two_person_order_four_eyes CHECK (confirmed_by <> asked_by),
        CONSTRAINT ck_two_person_order_done CHECK ((state = 'done') = (confirmed_by IS NOT NULL)))""",
    """CREATE TABLE stoppage (
        id uuid NOT NULL,
        scope text NOT NULL,
        programme text DEFAULT '' NOT NULL,
        batch_id uuid,
        person_id uuid,
        area text NOT NULL,
        reason text NOT NULL,
        until date,
        frozen_at timestamptz NOT NULL,
        lifted_at timestamptz,
        lifted_by_order uuid,
        CONSTRAINT pk_stoppage PRIMARY KEY (id),
        CONSTRAINT ck_stoppage_scope CHECK (scope IN ('programme', 'batch', 'person')),
        CONSTRAINT ck_stoppage_lifted CHECK ((lifted_at IS NULL) = (lifted_by_order IS NULL)))""",
    "CREATE INDEX ix_stoppage_person_id ON stoppage (person_id)",
    """CREATE TABLE not_executed (
        payment_id uuid NOT NULL,
        order_id uuid NOT NULL,
        CONSTRAINT pk_not_executed PRIMARY KEY (payment_id))""",
    """CREATE TABLE bank_cutoff_hour (
        bank_code text NOT NULL,
        programme text NOT NULL,
        valid_from date NOT NULL,
        hour text NOT NULL,
        order_id uuid,
        CONSTRAINT pk_bank_cutoff_hour PRIMARY KEY (bank_code, programme, valid_from),
        CONSTRAINT ck_bank_cutoff_hour_hour CHECK (hour ~ '^([01][0-9]|2[0-3]):[0-5][0-9]$'))""",
)

COMMENTS = {
    "two_person_order": "One person asks, another confirms, and only then it is done; what stops, ends or closes goes this way.",
    "stoppage": "A programme, a batch or a person that no list takes and no release passes. id: of its order; the whole agency has area 31.",
    "not_executed": "Unknown payments that two people ended by two closed statements and the letter of the bank.",
    "bank_cutoff_hour": "Asia/Jakarta. A release after it counts for the next working day. *: any bank, any programme; no order: seed.",
}


def upgrade() -> None:
    for statement in TABLES:
        op.execute(statement)
    for table, comment in COMMENTS.items():
        op.execute(f"COMMENT ON TABLE {table} IS '{comment}'")
    op.execute("ALTER TABLE batch ADD COLUMN value_on date")
    area_policy(op.execute, SERVICE, "stoppage")
    areas_policy(op.execute, SERVICE, "two_person_order")
    grant(op.execute, SERVICE, "two_person_order", "UPDATE (state, confirmed_by, confirmed_at, cancelled_by, cancelled_at)", roles=("api",))
    grant(op.execute, SERVICE, "stoppage", "UPDATE (lifted_at, lifted_by_order)", roles=("api",))
    grant(op.execute, SERVICE, "stoppage", "UPDATE (area)", roles=("worker",))
