"""Whether an account was asked for is said by its line of a collective opening: the flag beside the account was never set.

Accounts that come by a collective opening have their holder's index too.
"""

from __future__ import annotations

from alembic import op

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("ALTER TABLE account DROP COLUMN opening_asked")
    op.execute("ALTER TABLE account_opening_staging ADD COLUMN holder_index bytea")
