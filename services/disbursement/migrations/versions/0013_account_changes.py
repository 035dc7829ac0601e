"""Account changes that wait: proposed, confirmed by another person, in force after a cooling-off."""

from __future__ import annotations

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Nothing yet."""
