"""Mismatches without an answer at their date are told to the office above."""

from __future__ import annotations

from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("ALTER TABLE mismatch_rule ADD COLUMN escalates_to text DEFAULT 'kepala-dinas' NOT NULL")
    op.execute("ALTER TABLE mismatch ADD COLUMN escalated_to text DEFAULT '' NOT NULL")


def downgrade() -> None:
    raise NotImplementedError("steps that were taken would have no place; restore a backup instead")
