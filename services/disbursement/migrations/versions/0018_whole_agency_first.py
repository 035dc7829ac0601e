"""Policies of the large tables: who has the whole agency is asked once a statement."""

from __future__ import annotations

from alembic import op

from shared.db.policies import whole_agency_first

revision = "0018"
down_revision = "0017"
branch_labels = None
depends_on = None


def upgrade() -> None:
    for table in ("enrolment_history", "entitlement_month", "entitlement_entry", "account", "payment", "gap"):
        whole_agency_first(op.execute, table)
