"""A list that is paid from the holding account: what it took, and what the list whose rupiah they were gave."""

from __future__ import annotations

from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("""ALTER TABLE batch_money
        ADD COLUMN from_holding bigint DEFAULT 0 NOT NULL,
        ADD COLUMN paid_on bigint DEFAULT 0 NOT NULL""")
