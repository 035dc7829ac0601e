"""Account changes that wait: proposed, confirmed by another person, in force after a cooling-off."""

from __future__ import annotations

from alembic import op

from shared.db.policies import area_policy, grant

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None

SERVICE = "disbursement"

TABLES = (
    """CREATE TABLE account_change (
        id uuid NOT NULL,
        person_id uuid NOT NULL,
        programme text NOT NULL,
        state text NOT NULL,
        version integer DEFAULT 0 NOT NULL,
        account_id uuid NOT NULL,
        bank_code text NOT NULL,
        number_enc bytea NOT NULL,
        holder_enc bytea NOT NULL,
        number_index bytea NOT NULL,
        account_ref text NOT NULL,
        holder_index bytea NOT NULL,
        card_handed_over boolean NOT NULL,
        ref_before text NOT NULL,
        area text NOT NULL,
        reason text NOT NULL,
        document text NOT NULL,
        import_id uuid,
        asked_by text NOT NULL,
        asked_at timestamptz NOT NULL,
        confirmed_by text,
        confirmed_at timestamptz,
        in_force_on date,
        in_force_at timestamptz,
        cancelled_by text,
        cancelled_at timestamptz,
        cancelled_because text DEFAULT '' NOT NULL,
        told_on date,
        told_by text DEFAULT '' NOT NULL,
        told_how text DEFAULT '' NOT NULL,
        CONSTRAINT pk_account_change PRIMARY KEY (id),
        CONSTRAINT ck_account_change_state CHECK (state IN ('proposed', 'waiting', 'in_force', 'cancelled')),
        CONSTRAINT ck_account_change_four_eyes CHECK (confirmed_by <> asked_by),
        CONSTRAINT ck_account_change_confirmed CHECK (
            (confirmed_by IS NULL) = (in_force_on IS NULL)
            AND (state <> 'proposed' OR confirmed_by IS NULL)
            AND (state NOT IN ('waiting', 'in_force') OR confirmed_by IS NOT NULL)),
        CONSTRAINT ck_account_change_in_force CHECK ((state = 'in_force') = (in_force_at IS NOT NULL)),
        CONSTRAINT ck_account_change_cancelled CHECK ((state = 'cancelled') = (cancelled_by IS NOT NULL)))""",
    """CREATE UNIQUE INDEX uq_account_change_open ON account_change (person_id, programme)
        WHERE state IN ('proposed', 'waiting')""",
    "CREATE INDEX ix_account_change_in_force_on ON account_change (in_force_on) WHERE state = 'waiting'",
    "CREATE INDEX ix_account_change_person_id ON account_change (person_id)",
    """CREATE TABLE account_cooling_off (
        valid_from date NOT NULL,
        working_days integer NOT NULL,
        document text NOT NULL,
        asked_by text NOT NULL,
        asked_at timestamptz NOT NULL,
        confirmed_by text,
        confirmed_at timestamptz,
        CONSTRAINT pk_account_cooling_off PRIMARY KEY (valid_from),
        CONSTRAINT ck_account_cooling_off_working_days CHECK (working_days BETWEEN 0 AND 30),
        CONSTRAINT ck_account_cooling_off_four_eyes CHECK (confirmed_by <> asked_by))""",
)

COMMENTS = {
    "account_change": "One person asks, another confirms, and from in_force_on (Jakarta) the account is this one. account_id: to which the ciphertexts are bound; it becomes the account''s id.",
    "account_cooling_off": "Working days between confirmation and force, from a day on; counts once a second person confirmed it.",
}


def upgrade() -> None:
    for statement in TABLES:
        op.execute(statement)
    for table, comment in COMMENTS.items():
        op.execute(f"COMMENT ON TABLE {table} IS '{comment}'")
    area_policy(op.execute, SERVICE, "account_change")
    columns = (
        "state, version, confirmed_by, confirmed_at, in_force_on, in_force_at, cancelled_by, cancelled_at, cancelled_because, "
        "told_on, told_by, told_how"
    )
    grant(op.execute, SERVICE, "account_change", f"UPDATE ({columns})", roles=("api",))
    grant(op.execute, SERVICE, "account_change", "UPDATE (state, version, in_force_at, area)", roles=("worker",))
    grant(op.execute, SERVICE, "account_cooling_off", "UPDATE (confirmed_by, confirmed_at)", roles=("api",))
