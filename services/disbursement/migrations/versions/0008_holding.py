"""The holding account: postings, statements, closed days, the desk of quarantined rows, and what becomes of what stays."""

from __future__ import annotations

from alembic import op

from shared.db.policies import grant

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None

SERVICE = "disbursement"

_ACCOUNTS = "('treasury', 'holding', 'bank', 'distributed', 'sts_due')"

TABLES = (
    f"""CREATE TABLE posting (
        id bigint GENERATED ALWAYS AS IDENTITY,
        at timestamptz NOT NULL,
        day date NOT NULL,
        kind text NOT NULL,
        debit text NOT NULL,
        credit text NOT NULL,
        amount bigint NOT NULL,
        batch text NOT NULL,
        programme text NOT NULL,
        payment_id uuid,
        document text NOT NULL,
        by text NOT NULL,
        CONSTRAINT pk_posting PRIMARY KEY (id),
        CONSTRAINT ck_posting_kind
            CHECK (kind IN ('funding', 'release', 'credit', 'rejection', 'late_return', 'named_for_sts', 'sts')),
        CONSTRAINT ck_posting_debit CHECK (debit IN {_ACCOUNTS}),
        CONSTRAINT ck_posting_credit CHECK (credit IN {_ACCOUNTS}),
        CONSTRAINT ck_posting_amount CHECK (amount > 0),
        CONSTRAINT ck_posting_two_accounts CHECK (debit <> credit))""",
    "CREATE INDEX ix_posting_batch ON posting (batch)",
    "CREATE INDEX ix_posting_payment_id ON posting (payment_id) WHERE payment_id IS NOT NULL",
    """CREATE TABLE statement_staging (
        import_id uuid NOT NULL,
        line bigint NOT NULL,
        day date NOT NULL,
        reference text NOT NULL,
        amount bigint NOT NULL,
        words_enc bytea NOT NULL,
        CONSTRAINT pk_statement_staging PRIMARY KEY (import_id, line))""",
    """CREATE TABLE statement (
        id uuid NOT NULL,
        account text NOT NULL,
        from_day date NOT NULL,
        to_day date NOT NULL,
        opening bigint NOT NULL,
        closing bigint NOT NULL,
        lines integer NOT NULL,
        taken_by text NOT NULL,
        taken_at timestamptz NOT NULL,
        CONSTRAINT pk_statement PRIMARY KEY (id))""",
    """CREATE TABLE statement_line (
        statement_id uuid NOT NULL,
        line bigint NOT NULL,
        day date NOT NULL,
        reference text NOT NULL,
        amount bigint NOT NULL,
        words_enc bytea NOT NULL,
        CONSTRAINT pk_statement_line PRIMARY KEY (statement_id, line))""",
    "CREATE INDEX ix_statement_line_day ON statement_line (day)",
    """CREATE TABLE statement_open (
        statement_id uuid NOT NULL,
        line bigint NOT NULL,
        CONSTRAINT pk_statement_open PRIMARY KEY (statement_id, line))""",
    """CREATE TABLE statement_match (
        id bigint GENERATED ALWAYS AS IDENTITY,
        statement_id uuid NOT NULL,
        line bigint NOT NULL,
        subject text NOT NULL,
        kind text NOT NULL,
        reference text NOT NULL,
        amount bigint NOT NULL,
        counts_from date NOT NULL,
        how text NOT NULL,
        reason text NOT NULL,
        by text NOT NULL,
        at timestamptz NOT NULL,
        CONSTRAINT pk_statement_match PRIMARY KEY (id),
        CONSTRAINT ck_statement_match_kind CHECK (kind IN ('payment', 'batch', 'sp2d', 'sts')),
        CONSTRAINT ck_statement_match_how CHECK (how IN ('single', 'split', 'group', 'by_hand', 'undone')))""",
    "CREATE INDEX ix_statement_match_statement_id_line ON statement_match (statement_id, line)",
    "CREATE INDEX ix_statement_match_reference ON statement_match (reference)",
    """CREATE TABLE statement_difference (
        id bigint GENERATED ALWAYS AS IDENTITY,
        subject text NOT NULL,
        amount bigint NOT NULL,
        reason text NOT NULL,
        owner text NOT NULL,
        due_on date NOT NULL,
        counts_from date NOT NULL,
        by text NOT NULL,
        at timestamptz NOT NULL,
        CONSTRAINT pk_statement_difference PRIMARY KEY (id))""",
    "CREATE INDEX ix_statement_difference_subject ON statement_difference (subject)",
    """CREATE TABLE closed_day (
        day date NOT NULL,
        book bigint NOT NULL,
        statement bigint NOT NULL,
        differences jsonb NOT NULL,
        closed_by text NOT NULL,
        closed_at timestamptz NOT NULL,
        CONSTRAINT pk_closed_day PRIMARY KEY (day))""",
    """CREATE TABLE quarantine_decision (
        id uuid DEFAULT uuidv7() NOT NULL,
        file_id uuid NOT NULL,
        row integer NOT NULL,
        decision text NOT NULL,
        reference text NOT NULL,
        code text NOT NULL,
        settled_on date,
        evidence text NOT NULL,
        state text NOT NULL,
        asked_by text NOT NULL,
        asked_at timestamptz NOT NULL,
        decided_by text DEFAULT '' NOT NULL,
        decided_at timestamptz,
        result_file_id uuid,
        CONSTRAINT pk_quarantine_decision PRIMARY KEY (id),
        CONSTRAINT ck_quarantine_decision_decision CHECK (decision IN ('accept', 'reject', 'leave')),
        CONSTRAINT ck_quarantine_decision_state CHECK (state IN ('proposed', 'done', 'refused', 'left')))""",
    """CREATE UNIQUE INDEX uq_quarantine_decision_file_id_row ON quarantine_decision (file_id, row)
        WHERE state IN ('proposed', 'done')""",
    "CREATE INDEX ix_result_row_quarantined ON result_row (file_id, row) WHERE state = 'quarantined'",
    """CREATE TABLE holding_disposal (
        id uuid DEFAULT uuidv7() NOT NULL,
        year integer NOT NULL,
        batch text NOT NULL,
        programme text NOT NULL,
        payment_id uuid,
        amount bigint NOT NULL,
        way text NOT NULL,
        document text NOT NULL,
        state text NOT NULL,
        asked_by text NOT NULL,
        asked_at timestamptz NOT NULL,
        decided_by text DEFAULT '' NOT NULL,
        decided_at timestamptz,
        CONSTRAINT pk_holding_disposal PRIMARY KEY (id),
        CONSTRAINT ck_holding_disposal_way CHECK (way IN ('sts', 'carried')),
        CONSTRAINT ck_holding_disposal_state CHECK (state IN ('proposed', 'confirmed', 'refused')))""",
    "CREATE INDEX ix_holding_disposal_payment_id ON holding_disposal (payment_id)",
    """CREATE UNIQUE INDEX uq_holding_disposal_year_batch_programme_payment_id
        ON holding_disposal (year, batch, programme, payment_id) NULLS NOT DISTINCT WHERE state <> 'refused'""",
    """CREATE TABLE closed_year (
        year integer NOT NULL,
        returned bigint NOT NULL,
        carried bigint NOT NULL,
        closed_by text NOT NULL,
        closed_at timestamptz NOT NULL,
        document text NOT NULL,
        CONSTRAINT pk_closed_year PRIMARY KEY (year))""",
)

COMMENTS = {
    "posting": "Append-only, double entry in one row. day: the value day, never a closed one. batch: its code.",
    "statement": "A statement of the holding account, day after day without a hole. id: that of its import.",
    "statement_line": ("Append-only. amount: rupiah in (positive) or out (negative). words_enc: the bank's text, which may hold a name."),
    "statement_open": "The queue of lines that are not matched to their last rupiah.",
    "statement_match": ("Append-only: what a line is for; undone by a row with the opposite amount. counts_from: the day it counts from."),
    "statement_difference": (
        "Append-only: a difference that somebody named, with exactly this amount; the newest one of a subject counts."
    ),
    "holding_disposal": "What stays in holding at the end of a year: back to Kas Daerah by an STS, or carried by a document.",
}

# Money that moved before there were postings: as the payments and documents that are there now tell it.
_ANSWERED_ON = """coalesce((SELECT max(r.settled_on) FROM result_row r WHERE r.reference = p.reference AND r.state = 'rejected'),
                           (b.released_at AT TIME ZONE 'Asia/Jakarta')::date)"""
EARLIER = (
    """SELECT 'funding', 'holding', 'treasury', f.date, f.reference, f.programme, NULL::uuid, f.amount, f.sp2d_number
         FROM batch_funding f WHERE f.amount > 0""",
    """SELECT 'release', 'bank', 'holding', (b.released_at AT TIME ZONE 'Asia/Jakarta')::date, b.code, p.programme, NULL::uuid,
              sum(p.amount), b.code
         FROM batch b JOIN payment p ON p.batch_id = b.id AND p.outcome <> 'withdrawn'
        WHERE b.released_at IS NOT NULL GROUP BY b.id, b.released_at, b.code, p.programme""",
    """SELECT 'credit', 'distributed', 'bank', p.settled_on, b.code, p.programme, NULL::uuid, sum(p.amount), b.code
         FROM payment p JOIN batch b ON b.id = p.batch_id WHERE p.outcome IN ('credited', 'returned')
        GROUP BY p.settled_on, b.code, p.programme""",
    f"""SELECT 'rejection', 'holding', 'bank', {_ANSWERED_ON}, b.code, p.programme, p.id, p.amount, b.code
         FROM payment p JOIN batch b ON b.id = p.batch_id WHERE p.outcome = 'rejected'""",
    f"""SELECT 'late_return', 'holding', 'distributed', {_ANSWERED_ON}, b.code, p.programme, p.id, p.amount, b.code
         FROM payment p JOIN batch b ON b.id = p.batch_id WHERE p.outcome = 'returned'""",
    """SELECT 'sts', 'treasury', 'sts_due', s.date, coalesce(b.code, s.batch_id::text), s.programme, NULL::uuid, s.amount,
              s.sts_number
         FROM batch_sts s LEFT JOIN batch b ON b.id = s.batch_id WHERE s.amount > 0""",
)


def earlier_postings() -> list[str]:
    """The statements that post what moved before."""
    into = "INSERT INTO posting (at, kind, debit, credit, day, batch, programme, payment_id, amount, document, by)"
    return [f"{into} SELECT now(), e.*, 'migration 0008' FROM ({earlier}) AS e" for earlier in EARLIER]


def upgrade() -> None:
    for statement in TABLES:
        op.execute(statement)
    for table, comment in COMMENTS.items():
        quoted = comment.replace("'", "''")
        op.execute(f"COMMENT ON TABLE {table} IS '{quoted}'")
    for statement in earlier_postings():
        op.execute(statement)
    grant(op.execute, SERVICE, "statement_staging", "UPDATE, DELETE")
    grant(op.execute, SERVICE, "statement_open", "DELETE")
    grant(op.execute, SERVICE, "quarantine_decision", "UPDATE (state, decided_by, decided_at, result_file_id)", roles=("api",))
    grant(op.execute, SERVICE, "holding_disposal", "UPDATE (state, decided_by, decided_at)", roles=("api",))
