"""Answers on gaps that escalate, lawful exclusions, cases about people (holds, objections, access, recovery), bank caps."""

from __future__ import annotations

from alembic import op

from shared.db.policies import area_policy, grant

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None

SERVICE = "disbursement"

GAP = """ALTER TABLE gap
    ADD COLUMN answer text DEFAULT '' NOT NULL,
    ADD COLUMN expected_on date,
    ADD COLUMN answered_at timestamptz,
    ADD COLUMN escalated_at timestamptz,
    ADD COLUMN escalations integer DEFAULT 0 NOT NULL"""

TABLES = (
    """CREATE TABLE gap_step (
        reason text NOT NULL,
        valid_from date NOT NULL,
        step text NOT NULL,
        words text NOT NULL,
        signed_by text NOT NULL,
        CONSTRAINT pk_gap_step PRIMARY KEY (reason, valid_from))""",
    """CREATE TABLE gap_note (
        id uuid NOT NULL,
        gap_id uuid NOT NULL,
        person_id uuid NOT NULL,
        area text NOT NULL,
        what text NOT NULL,
        body text NOT NULL,
        expected_on date,
        owner_before text DEFAULT '' NOT NULL,
        owner text DEFAULT '' NOT NULL,
        by text NOT NULL,
        at timestamptz NOT NULL,
        CONSTRAINT pk_gap_note PRIMARY KEY (id),
        CONSTRAINT ck_gap_note_what CHECK (what IN ('answer', 'reassigned', 'escalated')))""",
    "CREATE INDEX ix_gap_note_gap_id ON gap_note (gap_id)",
    """CREATE TABLE exclusion_order (
        id uuid NOT NULL,
        gap_id uuid NOT NULL,
        person_id uuid NOT NULL,
        programme text NOT NULL,
        month text NOT NULL,
        area text NOT NULL,
        reason text NOT NULL,
        document text NOT NULL,
        asked_by text NOT NULL,
        asked_at timestamptz NOT NULL,
        state text NOT NULL,
        decided_by text DEFAULT '' NOT NULL,
        decided_at timestamptz,
        CONSTRAINT pk_exclusion_order PRIMARY KEY (id),
        CONSTRAINT ck_exclusion_order_state CHECK (state IN ('proposed', 'confirmed', 'refused')))""",
    "CREATE UNIQUE INDEX uq_exclusion_order_proposed_gap_id ON exclusion_order (gap_id) WHERE state = 'proposed'",
    "CREATE INDEX ix_exclusion_order_month ON exclusion_order (month)",
    """CREATE TABLE case_rule (
        kind text NOT NULL,
        situation text NOT NULL,
        valid_from date NOT NULL,
        step text NOT NULL,
        words text NOT NULL,
        office text NOT NULL,
        working_days integer NOT NULL,
        signed_by text NOT NULL,
        CONSTRAINT pk_case_rule PRIMARY KEY (kind, situation, valid_from))""",
    """CREATE TABLE case_file (
        id uuid NOT NULL,
        kind text NOT NULL,
        about text NOT NULL,
        person_id uuid NOT NULL,
        programme text NOT NULL,
        from_month text NOT NULL,
        to_month text NOT NULL,
        area text NOT NULL,
        state text NOT NULL,
        step text NOT NULL,
        owner text NOT NULL,
        due_on date NOT NULL,
        amount bigint DEFAULT 0 NOT NULL,
        evidence text DEFAULT '' NOT NULL,
        decided_by text DEFAULT '' NOT NULL,
        noticed_on date,
        reply_due_on date,
        opened_by text NOT NULL,
        opened_at timestamptz NOT NULL,
        result text DEFAULT '' NOT NULL,
        closed_by text DEFAULT '' NOT NULL,
        closed_at timestamptz,
        warned_for date,
        version integer DEFAULT 0 NOT NULL,
        entries integer DEFAULT 0 NOT NULL,
        changed_at timestamptz NOT NULL,
        CONSTRAINT pk_case_file PRIMARY KEY (id),
        CONSTRAINT ck_case_file_kind CHECK (kind IN ('hold', 'objection', 'access', 'recovery')),
        CONSTRAINT ck_case_file_state CHECK (state IN ('open', 'notified', 'replied', 'decided', 'answered', 'write_off_asked', 'closed')))""",
    "CREATE INDEX ix_case_file_person_id ON case_file (person_id)",
    """CREATE UNIQUE INDEX uq_case_file_open_hold_person_id_programme ON case_file (person_id, programme)
        WHERE kind = 'hold' AND state <> 'closed'""",
    "CREATE INDEX ix_case_file_open_kind_due_on ON case_file (kind, due_on) WHERE state <> 'closed'",
    """CREATE TABLE case_entry (
        case_id uuid NOT NULL,
        no integer NOT NULL,
        person_id uuid NOT NULL,
        area text NOT NULL,
        what text NOT NULL,
        body text DEFAULT '' NOT NULL,
        on_day date,
        amount bigint DEFAULT 0 NOT NULL,
        document text DEFAULT '' NOT NULL,
        by text NOT NULL,
        at timestamptz NOT NULL,
        CONSTRAINT pk_case_entry PRIMARY KEY (case_id, no))""",
    """CREATE TABLE claim_month (
        person_id uuid NOT NULL,
        programme text NOT NULL,
        month text NOT NULL,
        case_id uuid NOT NULL,
        area text NOT NULL,
        amount bigint NOT NULL,
        CONSTRAINT pk_claim_month PRIMARY KEY (person_id, programme, month))""",
    "CREATE INDEX ix_claim_month_case_id ON claim_month (case_id)",
    """CREATE TABLE bank_cap (
        bank_code text NOT NULL,
        valid_from date NOT NULL,
        max_amount bigint NOT NULL,
        document text NOT NULL,
        asked_by text NOT NULL,
        asked_at timestamptz NOT NULL,
        confirmed_by text DEFAULT '' NOT NULL,
        confirmed_at timestamptz,
        CONSTRAINT pk_bank_cap PRIMARY KEY (bank_code, valid_from))""",
)

COMMENTS = {
    "gap_step": "What has to be done about a gap of this reason, dated; '*' for a reason without a row of its own.",
    "gap_note": "Append-only: what the owner of a gap answered, and who owned it when.",
    "exclusion_order": "A missed month for which a lawful reason was found: one person asks, another decides.",
    "case_rule": "What has to be done in each situation of a case, by which office, within how many working days; dated.",
    "case_file": "A case about (person, programme, months). It never changes an outcome. version: of its events; warned_for: the due date.",
    "case_entry": "Append-only: everything that happened in a case; rupiah of repayments and instalments.",
    "claim_month": "The paid months that a recovery claim is about: each is claimed once.",
    "bank_cap": "Most rupiah that a bank takes in one transfer, from a day on; counts once a second person confirmed it.",
}


def upgrade() -> None:
    op.execute(GAP)
    for statement in TABLES:
        op.execute(statement)
    for table, comment in COMMENTS.items():
        quoted = comment.replace("'", "''")
        op.execute(f"COMMENT ON TABLE {table} IS '{quoted}'")
    for table in ("gap_note", "exclusion_order", "case_file", "case_entry", "claim_month"):
        area_policy(op.execute, SERVICE, table)
    # The owner of a gap answers and hands it on by the doors; opening and closing stay with the worker.
    grant(
        op.execute, SERVICE, "gap",
        "UPDATE (owner, due_on, version, changed_at, answer, expected_on, answered_at, escalated_at, escalations)", roles=("api",),
    )  # fmt: skip
    # When a person moves, what is known about them moves along; nothing else of a note or an entry changes.
    for table in ("gap_note", "case_entry", "claim_month"):
        grant(op.execute, SERVICE, table, "UPDATE (area)", roles=("worker",))
    grant(op.execute, SERVICE, "exclusion_order", "UPDATE (state, decided_by, decided_at)")
    grant(op.execute, SERVICE, "exclusion_order", "UPDATE (area)", roles=("worker",))
    grant(
        op.execute, SERVICE, "case_file",
        """UPDATE (from_month, to_month, area, state, step, owner, due_on, noticed_on, reply_due_on, result, closed_by, closed_at,
                   warned_for, version, entries, changed_at)""",
    )  # fmt: skip
    grant(op.execute, SERVICE, "bank_cap", "UPDATE (confirmed_by, confirmed_at)")
