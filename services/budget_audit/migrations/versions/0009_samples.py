"""Samples drawn from a finding with notes and suppliers' answers; BPK's recommendations and their steps."""

from __future__ import annotations

from alembic import op

from shared.db.policies import grant

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None

TABLES = (
    """CREATE TABLE sample (
        id uuid NOT NULL, mismatch_id uuid NOT NULL, numbers_version integer NOT NULL, seed text NOT NULL, method text NOT NULL,
        population jsonb NOT NULL, drawn_by text NOT NULL, at timestamptz NOT NULL,
        CONSTRAINT pk_sample PRIMARY KEY (id))""",
    "CREATE INDEX ix_sample_mismatch_id ON sample (mismatch_id)",
    """CREATE TABLE sample_item (
        sample_id uuid NOT NULL, position integer NOT NULL, item text NOT NULL,
        CONSTRAINT pk_sample_item PRIMARY KEY (sample_id, position))""",
    """CREATE TABLE sample_note (
        id bigint GENERATED ALWAYS AS IDENTITY, sample_id uuid NOT NULL, position integer NOT NULL, at timestamptz NOT NULL,
        person text NOT NULL, kind text NOT NULL, text text NOT NULL, supplier text NOT NULL, file_name text NOT NULL,
        file_hash text NOT NULL, file bytea NOT NULL,
        CONSTRAINT pk_sample_note PRIMARY KEY (id),
        CONSTRAINT ck_sample_note_kind CHECK (kind IN ('note', 'supplier_asked', 'supplier_answered')))""",
    "CREATE INDEX ix_sample_note_sample_id ON sample_note (sample_id)",
    """CREATE TABLE bpk_recommendation (
        id uuid NOT NULL, mismatch_id uuid NOT NULL, lhp_number text NOT NULL, lhp_date date NOT NULL, received_on date NOT NULL,
        recommendation text NOT NULL, amount bigint NOT NULL, stage text NOT NULL, status text NOT NULL, sent_on date,
        recorded_by text NOT NULL, at timestamptz NOT NULL,
        CONSTRAINT pk_bpk_recommendation PRIMARY KEY (id))""",
    "CREATE UNIQUE INDEX uq_bpk_recommendation_mismatch_id_lhp_number ON bpk_recommendation (mismatch_id, lhp_number)",
    """CREATE TABLE bpk_step (
        id bigint GENERATED ALWAYS AS IDENTITY, recommendation_id uuid NOT NULL, at timestamptz NOT NULL, step text NOT NULL,
        person text NOT NULL, text text NOT NULL, evidence jsonb NOT NULL, status text NOT NULL,
        CONSTRAINT pk_bpk_step PRIMARY KEY (id))""",
    "CREATE INDEX ix_bpk_step_recommendation_id ON bpk_step (recommendation_id)",
)


def upgrade() -> None:
    for statement in TABLES:
        op.execute(statement)
    grant(op.execute, "budget_audit", "bpk_recommendation", "UPDATE", ("api",))


def downgrade() -> None:
    raise NotImplementedError("samples and answers would have no place; restore a backup instead")
