"""The hand-over of bank files, and what is agreed with the bank about their form."""

from __future__ import annotations

from alembic import op

from shared.db.policies import grant

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

SERVICE = "disbursement"

TABLES = (
    """CREATE TABLE bank_file_form (
        file_id uuid NOT NULL, channel text NOT NULL, details jsonb NOT NULL, template_id uuid, media_type text NOT NULL,
        CONSTRAINT pk_bank_file_form PRIMARY KEY (file_id),
        CONSTRAINT ck_bank_file_form_channel CHECK (channel IN ('column_file', 'iso20022')))""",
    """CREATE TABLE bank_handover (
        file_id uuid NOT NULL, at timestamptz NOT NULL, receipt_due_at timestamptz,
        CONSTRAINT pk_bank_handover PRIMARY KEY (file_id))""",
    """CREATE TABLE bank_handover_trouble (
        id bigint GENERATED ALWAYS AS IDENTITY, file_id uuid NOT NULL, at timestamptz NOT NULL, problem text NOT NULL,
        CONSTRAINT pk_bank_handover_trouble PRIMARY KEY (id))""",
    "CREATE INDEX ix_bank_handover_trouble_file_id ON bank_handover_trouble (file_id)",
    """CREATE TABLE bank_receipt (
        file_id uuid NOT NULL, received_at timestamptz NOT NULL, received_by text NOT NULL, source text NOT NULL,
        noted_at timestamptz NOT NULL, noted_by text NOT NULL,
        CONSTRAINT pk_bank_receipt PRIMARY KEY (file_id),
        CONSTRAINT ck_bank_receipt_source CHECK (source IN ('file', 'by_hand', 'status_report')))""",
    """CREATE TABLE bank_inbox (
        id uuid NOT NULL, name text NOT NULL, sha256 text NOT NULL, at timestamptz NOT NULL, state text NOT NULL,
        answer jsonb NOT NULL, moved_at timestamptz,
        CONSTRAINT pk_bank_inbox PRIMARY KEY (id),
        CONSTRAINT ck_bank_inbox_state CHECK (state IN ('applied', 'duplicate', 'receipt', 'refused')))""",
    "CREATE INDEX ix_bank_inbox_at ON bank_inbox (at)",
    """CREATE TABLE bank_setting (
        id uuid NOT NULL, kind text NOT NULL, bank text NOT NULL, valid_from date NOT NULL, body jsonb NOT NULL,
        document text NOT NULL, state text NOT NULL, proposed_by text NOT NULL, proposed_at timestamptz NOT NULL,
        decided_by text NOT NULL DEFAULT '', decided_at timestamptz,
        CONSTRAINT pk_bank_setting PRIMARY KEY (id),
        CONSTRAINT ck_bank_setting_kind CHECK (kind IN ('template_out', 'channel', 'code')),
        CONSTRAINT ck_bank_setting_state CHECK (state IN ('proposed', 'confirmed', 'declined')))""",
    "CREATE INDEX ix_bank_setting_kind_bank_valid_from ON bank_setting (kind, bank, valid_from)",
)

COMMENTS = {
    "bank_file_form": "As it was at the release. No row: a file from before templates were data, in the first template.",
    "bank_receipt": "received_by: whoever took it at the bank, as we were told. noted_by: whoever of ours wrote it down.",
    "bank_inbox": "Decided first, moved out of the folder afterwards: a crash between the two moves it once more.",
    "bank_setting": "document: the bank's letter or the minutes that it rests on.",
}


def upgrade() -> None:
    for statement in TABLES:
        op.execute(statement)
    for table, comment in COMMENTS.items():
        quoted = comment.replace("'", "''")
        op.execute(f"COMMENT ON TABLE {table} IS '{quoted}'")
    # Until now a file was in its place when its release committed.
    op.execute("INSERT INTO bank_handover (file_id, at) SELECT id, written_at FROM bank_file")
    grant(op.execute, SERVICE, "bank_inbox", "UPDATE (moved_at)", roles=("worker",))
    grant(op.execute, SERVICE, "bank_setting", "UPDATE (state, decided_by, decided_at)", roles=("api",))


def downgrade() -> None:
    raise NotImplementedError("what was handed over to the bank is not forgotten; restore a backup instead")
