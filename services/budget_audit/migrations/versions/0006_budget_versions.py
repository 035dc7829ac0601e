"""A budget year's documents as numbered versions, and lines that a revision left below what they have spent."""

from __future__ import annotations

from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

TABLES = (
    """CREATE TABLE budget_version (
        year integer NOT NULL, version integer NOT NULL, year_id uuid NOT NULL, event_version integer NOT NULL,
        document text NOT NULL, number text NOT NULL, dated date, covers text NOT NULL, import_id uuid NOT NULL,
        by_person text NOT NULL, at timestamptz NOT NULL, added integer NOT NULL, dropped integer NOT NULL, raised integer NOT NULL,
        lowered integer NOT NULL, ceiling bigint NOT NULL, uncovered bigint NOT NULL,
        CONSTRAINT pk_budget_version PRIMARY KEY (year, version),
        CONSTRAINT ck_budget_version_document CHECK (document IN ('', 'dpa', 'dppa', 'pergeseran')),
        CONSTRAINT ck_budget_version_covers CHECK (covers IN ('lines', 'sub_skpd', 'year')))""",
    # What a revision leaves uncovered is exact: no document can use it as room above the ceiling.
    """ALTER TABLE budget_line
        ADD COLUMN uncovered bigint DEFAULT 0 NOT NULL,
        ADD COLUMN dropped boolean DEFAULT false NOT NULL,
        DROP CONSTRAINT ck_budget_line_within_ceiling,
        DROP CONSTRAINT ck_budget_line_amounts,
        ADD CONSTRAINT ck_budget_line_within_ceiling CHECK (reserved + realised - returned <= ceiling + uncovered),
        ADD CONSTRAINT ck_budget_line_uncovered CHECK (uncovered = greatest(0, reserved + realised - returned - ceiling)),
        ADD CONSTRAINT ck_budget_line_amounts
            CHECK (ceiling >= 0 AND reserved >= 0 AND returned >= 0 AND returned <= realised AND (NOT dropped OR ceiling = 0))""",
    "DROP INDEX uq_budget_line_year_programme",
    """CREATE UNIQUE INDEX uq_budget_line_year_programme ON budget_line (year, programme)
        WHERE programme <> '' AND account = '5.1.06.01.01.0001' AND NOT dropped""",
    """ALTER TABLE ceiling_version
        ADD COLUMN budget_version integer DEFAULT 0 NOT NULL,
        ADD COLUMN dropped boolean DEFAULT false NOT NULL,
        ADD COLUMN uncovered bigint DEFAULT 0 NOT NULL""",
    # Files from before are versions too: one per file and year, in the order in which they came.
    """INSERT INTO budget_version
        SELECT year, row_number() OVER (PARTITION BY year ORDER BY at, import_id), gen_random_uuid(), 0, '', '', NULL, 'lines', import_id,
               '', at, lines, 0, 0, 0, ceiling, 0
          FROM (SELECT l.year, v.import_id, min(v.at) AS at, count(*) AS lines, sum(v.ceiling)::bigint AS ceiling
                  FROM ceiling_version v JOIN budget_line l ON l.id = v.line_id GROUP BY l.year, v.import_id) AS files""",
    """UPDATE ceiling_version v SET budget_version = b.version
         FROM budget_version b, budget_line l WHERE l.id = v.line_id AND b.year = l.year AND b.import_id = v.import_id""",
    "ALTER TABLE ceiling_version ALTER COLUMN budget_version DROP DEFAULT",
    "CREATE INDEX ix_ceiling_version_budget_version ON ceiling_version (budget_version)",
)


def upgrade() -> None:
    for statement in TABLES:
        op.execute(statement)
