"""A committed status file can be taken back by two people: which states it wrote, and which state takes back which."""

from __future__ import annotations

from alembic import op

from shared.db.policies import grant

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("ALTER TABLE enrolment ADD COLUMN import_id uuid, ADD COLUMN undoes integer")
    op.execute("CREATE INDEX ix_enrolment_import_id ON enrolment (import_id) WHERE import_id IS NOT NULL")
    op.execute(
        """CREATE TABLE import_undo (
            id uuid NOT NULL, import_id uuid NOT NULL, state text NOT NULL, reason text NOT NULL, document text NOT NULL,
            asked_by text NOT NULL, asked_at timestamptz NOT NULL, decided_by text NOT NULL DEFAULT '', decided_at timestamptz,
            changes integer NOT NULL DEFAULT 0,
            CONSTRAINT pk_import_undo PRIMARY KEY (id),
            CONSTRAINT ck_import_undo_state CHECK (state IN ('proposed', 'done', 'refused')),
            CONSTRAINT ck_import_undo_four_eyes CHECK (state <> 'done' OR decided_by <> asked_by))"""
    )
    op.execute("COMMENT ON TABLE import_undo IS 'A committed file that somebody wants taken back: one asks, another decides'")
    op.execute("CREATE UNIQUE INDEX uq_import_undo_import_id ON import_undo (import_id) WHERE state <> 'refused'")
    grant(op.execute, "beneficiary", "import_undo", "UPDATE (state, decided_by, decided_at, changes)", roles=("api",))


def downgrade() -> None:
    raise NotImplementedError("states that were taken back would have no link; restore a backup instead")
