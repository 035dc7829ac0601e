"""Official figures, frozen under a name."""

from __future__ import annotations

from alembic import op

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute(
        """CREATE TABLE figure (
            name text NOT NULL,
            month text NOT NULL,
            definition jsonb NOT NULL,
            known_until timestamptz NOT NULL,
            numbers jsonb NOT NULL,
            sha256 text NOT NULL,
            note text NOT NULL,
            frozen_by text NOT NULL,
            frozen_at timestamptz NOT NULL,
            CONSTRAINT pk_figure PRIMARY KEY (name))"""
    )
    op.execute("CREATE INDEX ix_figure_month ON figure (month)")
    op.execute(
        "COMMENT ON TABLE figure IS 'Written once. known_until: which entries of the ledger it counts, so that it can be computed again.'"
    )
