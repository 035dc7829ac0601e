"""Holidays follow what two people agree on at the desk of disbursement."""

from __future__ import annotations

from alembic import op

from shared.holidays import follow_holidays_upgrade

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    follow_holidays_upgrade(op.execute, "assistive_devices")
