"""The daily books of the panti: residents as persons, lines that stay, nights and counts that follow from them."""

from __future__ import annotations

from alembic import op

from shared.db.policies import grant

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

SERVICE = "beneficiary"

TABLES = (
    """CREATE TABLE panti (
        code text NOT NULL, id uuid NOT NULL, name text NOT NULL, target text NOT NULL, capacity integer NOT NULL, source text NOT NULL,
        stream_version integer DEFAULT 0 NOT NULL, provisional_no integer DEFAULT 0 NOT NULL,
        CONSTRAINT pk_panti PRIMARY KEY (code))""",
    """CREATE TABLE panti_book (
        panti text NOT NULL, from_day date NOT NULL, opened_by text NOT NULL, opened_at timestamptz NOT NULL,
        CONSTRAINT pk_panti_book PRIMARY KEY (panti))""",
    """CREATE TABLE book_rule (
        from_day date NOT NULL, leave_counts boolean NOT NULL, flight_counts boolean NOT NULL, late_days integer NOT NULL,
        source text NOT NULL,
        CONSTRAINT pk_book_rule PRIMARY KEY (from_day),
        CONSTRAINT ck_book_rule_late_days CHECK (late_days >= 0))""",
    """CREATE TABLE provisional_person (
        person_id uuid NOT NULL, number text NOT NULL, panti text NOT NULL, author text NOT NULL, at timestamptz NOT NULL,
        CONSTRAINT pk_provisional_person PRIMARY KEY (person_id),
        CONSTRAINT uq_provisional_person_number UNIQUE (number))""",
    """CREATE TABLE person_join (
        id uuid NOT NULL, provisional_id uuid NOT NULL, person_id uuid NOT NULL, state text NOT NULL, evidence text NOT NULL,
        asked_by text NOT NULL, asked_at timestamptz NOT NULL, decided_by text, decided_at timestamptz,
        CONSTRAINT pk_person_join PRIMARY KEY (id),
        CONSTRAINT ck_person_join_state CHECK (state IN ('proposed', 'done', 'refused')),
        CONSTRAINT ck_person_join_four_eyes CHECK (state <> 'done' OR decided_by <> asked_by),
        CONSTRAINT ck_person_join_decided CHECK ((state = 'proposed') = (decided_by IS NULL)))""",
    "CREATE UNIQUE INDEX uq_person_join_provisional_id ON person_join (provisional_id) WHERE state <> 'refused'",
    """CREATE TABLE book_entry (
        id uuid NOT NULL, no bigint GENERATED ALWAYS AS IDENTITY, person_id uuid NOT NULL, kind text NOT NULL, panti text NOT NULL,
        to_panti text DEFAULT '' NOT NULL, day date NOT NULL, hour time, expected_return date, reason text NOT NULL, paper text NOT NULL,
        takes_back uuid, author text NOT NULL, at timestamptz NOT NULL,
        CONSTRAINT pk_book_entry PRIMARY KEY (id),
        CONSTRAINT ck_book_entry_kind CHECK (
            kind IN ('admission', 'transfer', 'leave', 'flight', 'return', 'discharge', 'death', 'counter')),
        CONSTRAINT ck_book_entry_transfer CHECK (kind = 'counter' OR (kind = 'transfer') = (to_panti <> '')),
        CONSTRAINT ck_book_entry_counter CHECK ((kind = 'counter') = (takes_back IS NOT NULL)),
        CONSTRAINT ck_book_entry_elsewhere CHECK (panti <> to_panti))""",
    "CREATE INDEX ix_book_entry_person_id ON book_entry (person_id)",
    "CREATE INDEX ix_book_entry_panti_no ON book_entry (panti, no)",
    "CREATE INDEX ix_book_entry_to_panti_no ON book_entry (to_panti, no) WHERE to_panti <> ''",
    "CREATE UNIQUE INDEX uq_book_entry_takes_back ON book_entry (takes_back)",
    """CREATE TABLE stay (
        person_id uuid NOT NULL, from_day date NOT NULL, to_day date NOT NULL, panti text NOT NULL, state text NOT NULL,
        since date NOT NULL,
        CONSTRAINT pk_stay PRIMARY KEY (person_id, from_day),
        CONSTRAINT ck_stay_state CHECK (state IN ('present', 'on_leave', 'fled')),
        CONSTRAINT ck_stay_days CHECK (from_day <= to_day))""",
    "CREATE INDEX ix_stay_panti_to_day ON stay (panti, to_day)",
    "CREATE TABLE census_ask (panti text NOT NULL, from_day date NOT NULL, CONSTRAINT pk_census_ask PRIMARY KEY (panti))",
    """CREATE TABLE census_day (
        panti text NOT NULL, day date NOT NULL, version integer NOT NULL, residents integer NOT NULL, on_leave integer NOT NULL,
        fled integer NOT NULL, counted_at timestamptz NOT NULL,
        CONSTRAINT pk_census_day PRIMARY KEY (panti, day, version),
        CONSTRAINT ck_census_day_counts CHECK (residents >= 0 AND on_leave >= 0 AND fled >= 0))""",
    """CREATE TABLE reopening (
        id uuid NOT NULL, person_id uuid NOT NULL, programme text NOT NULL, discharged_on date NOT NULL, entry_id uuid NOT NULL,
        state text NOT NULL, order_id uuid, opened_at timestamptz NOT NULL, changed_at timestamptz NOT NULL,
        CONSTRAINT pk_reopening PRIMARY KEY (id),
        CONSTRAINT ck_reopening_state CHECK (state IN ('open', 'ordered', 'withdrawn')))""",
    "CREATE UNIQUE INDEX uq_reopening_person_id_programme ON reopening (person_id, programme) WHERE state = 'open'",
    """CREATE TABLE daily_book_staging (
        import_id uuid NOT NULL, line bigint NOT NULL, entry_id uuid NOT NULL, person_id uuid NOT NULL, new_person boolean NOT NULL,
        number text NOT NULL, nik_index bytea NOT NULL, nik_enc bytea NOT NULL, name_enc bytea NOT NULL, address_enc bytea NOT NULL,
        birth_date_enc bytea NOT NULL, area text NOT NULL, kind text NOT NULL, panti text NOT NULL, to_panti text NOT NULL,
        day date NOT NULL, hour time, expected_return date, reason text NOT NULL, paper text NOT NULL,
        CONSTRAINT pk_daily_book_staging PRIMARY KEY (import_id, line))""",
)

COMMENTS = {
    "panti": "stream_version is the panti''s on beneficiary.panti; provisional_no the last number given to somebody without NIK",
    "panti_book": "Since when a panti keeps its book; days before have no census here",
    "book_rule": "Dated: whether nights of leave and of flight count, and how many days back one person may enter",
    "provisional_person": "Residents without NIK, by a number of ours until somebody knows who they are",
    "person_join": "Somebody provisional is a known person: two people say so, and the book''s lines count for that person",
    "book_entry": "The book: one line each; a counter-line takes one back, and nothing is ever edited",
    "stay": "Nights of a person in one state, as the book says now; 9999-12-31 goes on",
    "census_ask": "From which day on a panti''s counted days must be looked at again",
    "census_day": "Closed days; what the book says otherwise later is another version",
    "reopening": "Somebody left a panti whose enrolment was on hold for it: a person looks and orders the resumption",
    "daily_book_staging": "Good rows of a checked book; fields are encrypted for the person that they become",
}

UPDATES = (
    ("panti", "UPDATE (stream_version)", ("worker",)),
    ("panti", "UPDATE (provisional_no)", ("api",)),
    ("person_join", "UPDATE (state, decided_by, decided_at)", ("api",)),
    ("stay", "DELETE", ("api",)),
    ("census_ask", "UPDATE", ("api",)),
    ("census_ask", "UPDATE, DELETE", ("worker",)),
    ("reopening", "UPDATE (state, order_id, changed_at)", ("api", "worker")),
    ("daily_book_staging", "DELETE", ("api",)),
    ("person", "UPDATE (version)", ("worker",)),  # a hold that could not be dated earlier is made by the clock
)

_CODES = "(SELECT string_to_array(nullif(current_setting('app.panti', true), ''), ','))"


def _fence(table: str, *columns: str) -> None:
    """Rows of the panti that the transaction was opened for, in both directions; without one, none."""
    inside = " OR ".join(f"{column} LIKE ANY ({_CODES}::text[])" for column in columns)
    op.execute(f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY")
    op.execute(f"ALTER TABLE {table} FORCE ROW LEVEL SECURITY")
    op.execute(f"CREATE POLICY panti ON {table} TO {SERVICE}_api USING ({inside}) WITH CHECK ({inside})")
    op.execute(f"CREATE POLICY migrations ON {table} TO {SERVICE}_owner USING (true) WITH CHECK (true)")


def upgrade() -> None:
    for statement in TABLES:
        op.execute(statement)
    for table, comment in COMMENTS.items():
        op.execute(f"COMMENT ON TABLE {table} IS '{comment}'")
    _fence("book_entry", "panti", "to_panti")
    _fence("stay", "panti")
    for table, what, roles in UPDATES:
        grant(op.execute, SERVICE, table, what, roles)


def downgrade() -> None:
    raise NotImplementedError("a book that was written is not thrown away; restore a backup instead")
