"""Programmes that exclude one another, as two people write them: a dated table, empty at first."""

from __future__ import annotations

from alembic import op

from shared.db.policies import grant

revision = "0017"
down_revision = "0016"
branch_labels = None
depends_on = None

TABLE = """CREATE TABLE exclusive_programmes (
    id uuid NOT NULL,
    keeps text NOT NULL,
    gives_way text NOT NULL,
    from_month text NOT NULL,
    holds boolean NOT NULL,
    reason text NOT NULL,
    document text NOT NULL,
    asked_by text NOT NULL,
    asked_at timestamptz NOT NULL,
    state text NOT NULL,
    decided_by text DEFAULT '' NOT NULL,
    decided_at timestamptz,
    CONSTRAINT pk_exclusive_programmes PRIMARY KEY (id),
    CONSTRAINT ck_exclusive_programmes_state CHECK (state IN ('proposed', 'confirmed', 'refused')),
    CONSTRAINT ck_exclusive_programmes_two CHECK (keeps <> gives_way),
    CONSTRAINT ck_exclusive_programmes_four_eyes CHECK (state <> 'confirmed' OR decided_by <> asked_by))"""


def upgrade() -> None:
    op.execute(TABLE)
    op.execute(
        """COMMENT ON TABLE exclusive_programmes IS 'A line never changes: a later one of the same pair takes its place. It holds once a second person has confirmed it.'"""
    )
    op.execute(
        """CREATE UNIQUE INDEX uq_exclusive_programmes_pair_month ON exclusive_programmes (keeps, gives_way, from_month)
           WHERE state <> 'refused'"""
    )
    grant(op.execute, "disbursement", "exclusive_programmes", "UPDATE (state, decided_by, decided_at)", roles=("api",))


def downgrade() -> None:
    op.execute("DROP TABLE exclusive_programmes")
