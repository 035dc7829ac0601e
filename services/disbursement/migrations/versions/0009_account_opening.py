"""Collective account opening, invitations, visits."""

from __future__ import annotations

from alembic import op

from shared.db.policies import area_policy, grant

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None

SERVICE = "disbursement"

TABLES = (
    """CREATE TABLE account_opening (
        id uuid NOT NULL,
        code text NOT NULL,
        programme text NOT NULL,
        count integer NOT NULL,
        asked_by text NOT NULL,
        asked_at timestamptz NOT NULL,
        CONSTRAINT pk_account_opening PRIMARY KEY (id),
        CONSTRAINT uq_account_opening_code UNIQUE (code))""",
    """CREATE TABLE account_opening_line (
        opening_id uuid NOT NULL,
        person_id uuid NOT NULL,
        reference text NOT NULL,
        programme text NOT NULL,
        outcome text NOT NULL,
        reason text NOT NULL DEFAULT '',
        answered_at timestamptz,
        area text NOT NULL,
        CONSTRAINT pk_account_opening_line PRIMARY KEY (opening_id, person_id),
        CONSTRAINT uq_account_opening_line_reference UNIQUE (reference),
        CONSTRAINT ck_account_opening_line_outcome CHECK (outcome IN ('asked', 'opened', 'failed')))""",
    "CREATE UNIQUE INDEX uq_account_opening_line_asked ON account_opening_line (person_id, programme) WHERE outcome = 'asked'",
    "CREATE INDEX ix_account_opening_line_person_id_programme ON account_opening_line (person_id, programme)",
    """CREATE TABLE invitation_wave (
        id uuid NOT NULL,
        code text NOT NULL,
        programme text NOT NULL,
        area text NOT NULL,
        place text NOT NULL,
        day date NOT NULL,
        hours text NOT NULL,
        count integer NOT NULL,
        made_by text NOT NULL,
        made_at timestamptz NOT NULL,
        CONSTRAINT pk_invitation_wave PRIMARY KEY (id),
        CONSTRAINT uq_invitation_wave_code UNIQUE (code))""",
    """CREATE TABLE invitation (
        wave_id uuid NOT NULL,
        person_id uuid NOT NULL,
        programme text NOT NULL,
        no integer NOT NULL,
        state text NOT NULL,
        reported_on date,
        area text NOT NULL,
        CONSTRAINT pk_invitation PRIMARY KEY (wave_id, person_id),
        CONSTRAINT ck_invitation_state CHECK (state IN ('invited', 'handed_over', 'absent')))""",
    "CREATE INDEX ix_invitation_person_id_programme ON invitation (person_id, programme)",
    """CREATE TABLE home_service (
        id uuid NOT NULL,
        person_id uuid NOT NULL,
        programme text NOT NULL,
        reason text NOT NULL,
        asked_by text NOT NULL,
        asked_at timestamptz NOT NULL,
        state text NOT NULL,
        visited_on date,
        result text NOT NULL DEFAULT '',
        closed_by text NOT NULL DEFAULT '',
        area text NOT NULL,
        CONSTRAINT pk_home_service PRIMARY KEY (id),
        CONSTRAINT ck_home_service_state CHECK (state IN ('asked', 'handed_over', 'not_handed_over')))""",
    "CREATE UNIQUE INDEX uq_home_service_asked ON home_service (person_id, programme) WHERE state = 'asked'",
    """CREATE TABLE account_opening_staging (
        import_id uuid NOT NULL,
        line bigint NOT NULL,
        reference text NOT NULL,
        person_id uuid NOT NULL,
        programme text NOT NULL,
        outcome text NOT NULL,
        reason text NOT NULL,
        id uuid NOT NULL,
        bank_code text NOT NULL,
        number_enc bytea NOT NULL,
        holder_enc bytea NOT NULL,
        number_index bytea NOT NULL,
        account_ref text NOT NULL,
        CONSTRAINT pk_account_opening_staging PRIMARY KEY (import_id, line))""",
    """CREATE TABLE card_distribution_staging (
        import_id uuid NOT NULL,
        line bigint NOT NULL,
        person_id uuid NOT NULL,
        programme text NOT NULL,
        came boolean NOT NULL,
        handed_over boolean NOT NULL,
        day date NOT NULL,
        CONSTRAINT pk_card_distribution_staging PRIMARY KEY (import_id, line))""",
)


def upgrade() -> None:
    for statement in TABLES:
        op.execute(statement)
    op.execute(
        "COMMENT ON TABLE account_opening IS 'One collective opening (burekol): the accounts that the bank was asked for by one file.'"
    )
    op.execute("COMMENT ON TABLE invitation IS 'no: the first, second or third call of this person for this card.'")
    op.execute("COMMENT ON TABLE home_service IS 'Somebody bedridden: the bank comes to the house.'")
    for table in ("account_opening_line", "invitation", "home_service"):
        area_policy(op.execute, SERVICE, table)
        grant(op.execute, SERVICE, table, "UPDATE")
    for table in ("account_opening_staging", "card_distribution_staging"):
        grant(op.execute, SERVICE, table, "DELETE")
