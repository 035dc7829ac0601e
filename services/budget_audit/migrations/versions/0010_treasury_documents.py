"""Papers of the treasury by number with every source and version, up to which day a source has spoken, and SPD."""

from __future__ import annotations

from alembic import op

from shared.db.policies import grant

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None

TABLES = (
    """CREATE TABLE treasury_document (
        id uuid NOT NULL, kind text NOT NULL, number text NOT NULL,
        CONSTRAINT pk_treasury_document PRIMARY KEY (id),
        CONSTRAINT ck_treasury_document_kind CHECK (kind IN ('SPP', 'SPM', 'SP2D', 'SPJ', 'BKU', 'NPD', 'STS')))""",
    "CREATE UNIQUE INDEX uq_treasury_document_kind_number ON treasury_document (kind, number)",
    """CREATE TABLE treasury_document_entry (
        document_id uuid NOT NULL, n integer NOT NULL, version integer NOT NULL, source text NOT NULL, nature text NOT NULL,
        dated date NOT NULL, amount bigint NOT NULL, line_id uuid, reference text NOT NULL, proves text NOT NULL,
        copy_sha256 text NOT NULL, copy_name text NOT NULL, import_id uuid, by_person text NOT NULL, at timestamptz NOT NULL,
        CONSTRAINT pk_treasury_document_entry PRIMARY KEY (document_id, n),
        CONSTRAINT ck_treasury_document_entry_source CHECK (source IN ('typed', 'imported')),
        CONSTRAINT ck_treasury_document_entry_nature CHECK (nature IN ('', 'UP', 'GU', 'TU', 'LS')),
        CONSTRAINT ck_treasury_document_entry_amount CHECK (amount > 0))""",
    "CREATE INDEX ix_treasury_document_entry_proves ON treasury_document_entry (proves)",
    """CREATE TABLE treasury_document_staging (
        import_id uuid NOT NULL, line bigint NOT NULL, kind text NOT NULL, number text NOT NULL, nature text NOT NULL, dated date NOT NULL,
        amount bigint NOT NULL, line_id uuid, reference text NOT NULL, proves text NOT NULL,
        CONSTRAINT pk_treasury_document_staging PRIMARY KEY (import_id, line))""",
    """CREATE TABLE source_coverage (
        source text NOT NULL, import_id uuid NOT NULL, from_day date, to_day date NOT NULL, at timestamptz NOT NULL,
        CONSTRAINT pk_source_coverage PRIMARY KEY (source, import_id),
        CONSTRAINT ck_source_coverage_days CHECK (from_day IS NULL OR from_day <= to_day))""",
    """CREATE TABLE spd (
        number text NOT NULL, line_id uuid NOT NULL, version integer NOT NULL, date date NOT NULL, from_month text NOT NULL,
        to_month text NOT NULL, amount bigint NOT NULL, import_id uuid NOT NULL, at timestamptz NOT NULL,
        CONSTRAINT pk_spd PRIMARY KEY (number, line_id, version),
        CONSTRAINT ck_spd_amount CHECK (amount >= 0),
        CONSTRAINT ck_spd_months CHECK (from_month <= to_month))""",
    "CREATE INDEX ix_spd_line_id ON spd (line_id)",
    """CREATE TABLE spd_staging (
        import_id uuid NOT NULL, line bigint NOT NULL, number text NOT NULL, line_id uuid NOT NULL, date date NOT NULL,
        from_month text NOT NULL, to_month text NOT NULL, amount bigint NOT NULL,
        CONSTRAINT pk_spd_staging PRIMARY KEY (import_id, line))""",
    # A later file may bring another amount: then a row says by how much, and sums stay sums.
    """ALTER TABLE sp2d_row
        ADD COLUMN version integer DEFAULT 1 NOT NULL,
        DROP CONSTRAINT pk_sp2d_row,
        DROP CONSTRAINT ck_sp2d_row_amount,
        ADD CONSTRAINT pk_sp2d_row PRIMARY KEY (sp2d_id, line_id, version),
        ADD CONSTRAINT ck_sp2d_row_amount CHECK (amount <> 0 AND (version > 1 OR amount > 0))""",
    "ALTER TABLE sp2d_staging ADD COLUMN correction bigint DEFAULT 0 NOT NULL",
    # What is on record already came by file.
    """WITH recorded AS (
            SELECT 'SP2D' AS kind, s.number, s.date, s.reference, s.import_id, s.at, sum(r.amount)::bigint AS amount
              FROM sp2d s JOIN sp2d_row r ON r.sp2d_id = s.id GROUP BY s.id
            UNION ALL
            SELECT 'STS', number, min(date), min(reference), (array_agg(import_id))[1], min(at), sum(amount)::bigint
              FROM treasury_return GROUP BY number),
          made AS (INSERT INTO treasury_document SELECT gen_random_uuid(), kind, number FROM recorded RETURNING *)
        INSERT INTO treasury_document_entry
        SELECT m.id, 1, 1, 'imported', '', r.date, r.amount, NULL, r.reference, '', '', '', r.import_id, '', r.at
          FROM recorded r JOIN made m USING (kind, number)""",
    """INSERT INTO source_coverage
        SELECT 'sp2d', import_id, CAST(NULL AS date), max(date), max(at) FROM sp2d GROUP BY import_id
        UNION ALL SELECT 'sts', import_id, NULL, max(date), max(at) FROM treasury_return GROUP BY import_id""",
)


def upgrade() -> None:
    for statement in TABLES:
        op.execute(statement)
    grant(op.execute, "budget_audit", "treasury_document_staging, spd_staging", "DELETE", ("api",))
