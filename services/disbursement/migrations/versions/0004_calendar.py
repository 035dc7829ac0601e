"""Steps with deadlines, holidays by two people, published days."""

from __future__ import annotations

from alembic import op

from shared.db.policies import grant

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

SERVICE = "disbursement"

TABLES = (
    """CREATE TABLE calendar_change (
        id uuid NOT NULL,
        kind text NOT NULL,
        subject text NOT NULL,
        content jsonb NOT NULL,
        source text NOT NULL,
        state text NOT NULL,
        proposed_by text NOT NULL,
        proposed_at timestamptz NOT NULL,
        decided_by text,
        decided_at timestamptz,
        CONSTRAINT pk_calendar_change PRIMARY KEY (id),
        CONSTRAINT ck_calendar_change_kind CHECK (kind IN ('holiday_added', 'holiday_removed', 'step', 'announcement')),
        CONSTRAINT ck_calendar_change_state CHECK (state IN ('proposed', 'confirmed', 'withdrawn')),
        CONSTRAINT ck_calendar_change_four_eyes CHECK (state <> 'confirmed' OR decided_by <> proposed_by))""",
    "CREATE INDEX ix_calendar_change_subject ON calendar_change (subject)",
    "CREATE UNIQUE INDEX uq_calendar_change_open_subject ON calendar_change (subject) WHERE state = 'proposed'",
    """CREATE TABLE calendar_step (
        programme text NOT NULL,
        step text NOT NULL,
        from_month text NOT NULL,
        version integer NOT NULL,
        working_day integer NOT NULL,
        warn_days integer NOT NULL,
        role text NOT NULL,
        escalate_to text NOT NULL,
        change_id uuid,
        CONSTRAINT pk_calendar_step PRIMARY KEY (programme, step, from_month, version),
        CONSTRAINT ck_calendar_step_days CHECK (working_day >= 1 AND warn_days >= 0))""",
    """CREATE TABLE announced_date (
        programme text NOT NULL,
        month text NOT NULL,
        cohort text NOT NULL,
        version integer NOT NULL,
        day date NOT NULL,
        change_id uuid NOT NULL,
        at timestamptz NOT NULL,
        CONSTRAINT pk_announced_date PRIMARY KEY (programme, month, cohort, version))""",
    """CREATE TABLE step_notice (
        id uuid NOT NULL,
        programme text NOT NULL,
        month text NOT NULL,
        step text NOT NULL,
        kind text NOT NULL,
        due_on date NOT NULL,
        role text NOT NULL,
        at timestamptz NOT NULL,
        CONSTRAINT pk_step_notice PRIMARY KEY (id),
        CONSTRAINT uq_step_notice_programme_month_step_kind UNIQUE (programme, month, step, kind),
        CONSTRAINT ck_step_notice_kind CHECK (kind IN ('warning', 'escalation')))""",
    "CREATE INDEX ix_step_notice_month ON step_notice (month)",
)

COMMENTS = {
    "calendar_change": "Every change of the calendar, as one person proposed it and another confirmed it; source: the paper it rests on.",
    "calendar_step": "Due on the n-th working day of the benefit month. programme *: whoever has no rule of its own. Append-only.",
    "announced_date": "The day that people were told. A new one is a new version; the old one stays.",
    "step_notice": "Who was told that a step is near or late: each once.",
}

# No role of the service takes rows from a table for good, so the one day that two people took away goes by this door: it
# looks for their confirmed change, and the change stays as history.
TAKE_AWAY = """
CREATE FUNCTION take_holiday_away(change uuid) RETURNS void LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
    DELETE FROM holiday h USING calendar_change c
     WHERE c.id = change AND c.kind = 'holiday_removed' AND c.state = 'confirmed' AND h.day = CAST(c.content ->> 'day' AS date);
    IF NOT FOUND THEN
        RAISE EXCEPTION 'no confirmed change takes this holiday away' USING ERRCODE = 'invalid_parameter_value';
    END IF;
END $$
"""


def upgrade() -> None:
    for statement in TABLES:
        op.execute(statement)
    for table, comment in COMMENTS.items():
        op.execute(f"COMMENT ON TABLE {table} IS '{comment}'")
    op.execute(TAKE_AWAY)
    op.execute("REVOKE ALL ON FUNCTION take_holiday_away(uuid) FROM PUBLIC")
    op.execute("GRANT EXECUTE ON FUNCTION take_holiday_away(uuid) TO disbursement_api")
    # No person is in these tables: no row-level security.
    grant(op.execute, SERVICE, "calendar_change", "UPDATE (state, decided_by, decided_at)", roles=("api",))
