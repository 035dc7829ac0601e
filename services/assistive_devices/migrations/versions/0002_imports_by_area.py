"""Imports are fenced by the areas of whoever sent them, and remember everybody who sent a part."""

from __future__ import annotations

from alembic import op

from shared.imports.tables import fence_imports

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    fence_imports(op.execute, "assistive_devices")
