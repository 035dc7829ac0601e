"""Resident-days come from the daily books of the panti, beside files for a panti that keeps none."""

from __future__ import annotations

from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("ALTER TABLE census_count ADD COLUMN source text DEFAULT 'file' NOT NULL, ADD COLUMN count_no integer")
    op.execute("ALTER TABLE census_count ALTER COLUMN import_id DROP NOT NULL")
    op.execute("ALTER TABLE census_count ADD CONSTRAINT ck_census_count_source CHECK (source IN ('file', 'book'))")
    op.execute("""ALTER TABLE census_count ADD CONSTRAINT ck_census_count_whence CHECK (
        (source = 'file') = (import_id IS NOT NULL) AND (source = 'book') = (count_no IS NOT NULL))""")
    op.execute("""COMMENT ON TABLE census_count IS
        'Residents of a day, by a file or by the panti''s daily book (count_no: that book''s count); the book goes before any file'""")


def downgrade() -> None:
    raise NotImplementedError("counts of a book would have no file to name; restore a backup instead")
