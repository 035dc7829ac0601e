"""Limits, delegation and what a list is compared with."""

from __future__ import annotations

from alembic import op

from shared.db.policies import grant

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

SERVICE = "disbursement"

TABLES = (
    """CREATE TABLE signing_rule (
        id uuid NOT NULL,
        kind text NOT NULL,
        role text NOT NULL,
        person text DEFAULT '' NOT NULL,
        programme text DEFAULT '' NOT NULL,
        amount bigint NOT NULL,
        valid_from date NOT NULL,
        valid_to date,
        reason text NOT NULL,
        proposed_by text NOT NULL,
        proposed_at timestamptz NOT NULL,
        confirmed_by text DEFAULT '' NOT NULL,
        confirmed_at timestamptz,
        CONSTRAINT pk_signing_rule PRIMARY KEY (id),
        CONSTRAINT ck_signing_rule_kind CHECK (kind IN ('maximum', 'second_approver')))""",
    """COMMENT ON TABLE signing_rule IS
       'A line never changes: a later one takes its place. It holds once a second person has confirmed it.'""",
    """CREATE TABLE delegation (
        id uuid NOT NULL,
        role text NOT NULL,
        principal text NOT NULL,
        delegate text NOT NULL,
        from_day date NOT NULL,
        to_day date NOT NULL,
        reason text NOT NULL,
        proposed_at timestamptz NOT NULL,
        confirmed_by text DEFAULT '' NOT NULL,
        confirmed_at timestamptz,
        revoked_by text DEFAULT '' NOT NULL,
        revoked_at timestamptz,
        revoked_because text DEFAULT '' NOT NULL,
        CONSTRAINT pk_delegation PRIMARY KEY (id))""",
    "CREATE INDEX ix_delegation_delegate ON delegation (delegate)",
    """COMMENT ON TABLE delegation IS
       'The principal hands a role to the delegate for these days (Jakarta), both included; a third person confirms it.'""",
    """CREATE TABLE anomaly_rule (
        id uuid NOT NULL,
        code text NOT NULL,
        thresholds jsonb NOT NULL,
        blocks boolean NOT NULL,
        valid_from date NOT NULL,
        reason text NOT NULL,
        proposed_by text NOT NULL,
        proposed_at timestamptz NOT NULL,
        confirmed_by text DEFAULT '' NOT NULL,
        confirmed_at timestamptz,
        CONSTRAINT pk_anomaly_rule PRIMARY KEY (id))""",
    # Agency-wide findings: the doors show of the people only those of the reader's areas, as they do for batch.changed.
    """CREATE TABLE batch_anomaly (
        batch_id uuid NOT NULL,
        list_hash text NOT NULL,
        finding_id uuid NOT NULL,
        code text NOT NULL,
        subject text NOT NULL,
        people integer NOT NULL,
        amount bigint NOT NULL,
        numbers jsonb NOT NULL,
        person_ids jsonb NOT NULL,
        thresholds jsonb NOT NULL,
        blocks boolean NOT NULL,
        at timestamptz NOT NULL,
        CONSTRAINT pk_batch_anomaly PRIMARY KEY (batch_id, list_hash, finding_id))""",
    """COMMENT ON TABLE batch_anomaly IS
       'What was odd on the list with this hash. finding_id is the same as long as the facts are.'""",
    """CREATE TABLE batch_anomaly_word (
        id bigint GENERATED ALWAYS AS IDENTITY,
        batch_id uuid NOT NULL,
        finding_id uuid NOT NULL,
        role text NOT NULL,
        person text NOT NULL,
        on_behalf_of text DEFAULT '' NOT NULL,
        word text NOT NULL,
        at timestamptz NOT NULL,
        CONSTRAINT pk_batch_anomaly_word PRIMARY KEY (id))""",
    "CREATE INDEX ix_batch_anomaly_word_batch_id ON batch_anomaly_word (batch_id)",
)

COLUMNS = (
    "ALTER TABLE batch ADD COLUMN approvers integer DEFAULT 1 NOT NULL",
    "ALTER TABLE batch_signature ADD COLUMN on_behalf_of text DEFAULT '' NOT NULL, ADD COLUMN delegation_id uuid",
    # Empty for accounts from before: the next file that changes one fills it in.
    "ALTER TABLE account ADD COLUMN holder_index bytea",
    "ALTER TABLE accounts_staging ADD COLUMN holder_index bytea",
)


def upgrade() -> None:
    for statement in (*TABLES, *COLUMNS):
        op.execute(statement)
    # Everything else of these tables is append-only: findings, words, and what was proposed.
    for table in ("signing_rule", "anomaly_rule"):
        grant(op.execute, SERVICE, table, "UPDATE (confirmed_by, confirmed_at)", roles=("api",))
    grant(op.execute, SERVICE, "delegation", "UPDATE (confirmed_by, confirmed_at, revoked_by, revoked_at, revoked_because)", roles=("api",))
