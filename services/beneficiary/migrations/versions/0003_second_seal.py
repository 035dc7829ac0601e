"""A proposed status order can be taken back; a sealed month can be sealed again (that needs no table of its own)."""

from __future__ import annotations

from alembic import op

from shared.db.policies import grant

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("ALTER TABLE status_order ADD COLUMN cancelled_by text")
    op.execute("ALTER TABLE status_order ADD COLUMN cancelled_at timestamptz")
    op.execute("ALTER TABLE status_order ADD COLUMN cancel_reason text")
    op.execute("ALTER TABLE status_order DROP CONSTRAINT ck_status_order_state")
    op.execute("ALTER TABLE status_order ADD CONSTRAINT ck_status_order_state CHECK (state IN ('proposed', 'done', 'cancelled'))")
    op.execute(
        "ALTER TABLE status_order ADD CONSTRAINT ck_status_order_cancelled CHECK ((state = 'cancelled') = (cancelled_by IS NOT NULL))"
    )
    grant(op.execute, "beneficiary", "status_order", "UPDATE (cancelled_by, cancelled_at, cancel_reason)", roles=("api",))


def downgrade() -> None:
    raise NotImplementedError("orders that were cancelled would have no state; restore a backup instead")
