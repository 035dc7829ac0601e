"""Payments that are asked for at the bank (SNAP BI)."""

from __future__ import annotations

from alembic import op

from shared.db.policies import area_policy

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

SERVICE = "disbursement"

TABLES = (
    """CREATE TABLE inquiry (
        id uuid NOT NULL,
        payment_id uuid NOT NULL,
        batch_id uuid NOT NULL,
        request_id uuid,
        attempt integer NOT NULL,
        at timestamptz NOT NULL,
        http integer NOT NULL,
        code text NOT NULL,
        status text NOT NULL,
        table_code text NOT NULL,
        meaning text NOT NULL,
        settled_on date,
        result_file_id uuid,
        next_at timestamptz,
        area text NOT NULL,
        CONSTRAINT pk_inquiry PRIMARY KEY (id),
        CONSTRAINT ck_inquiry_meaning CHECK (meaning IN ('credited', 'rejected', 'in_process', 'not_found', 'unknown_code',
                                                         'differs', 'unreadable', 'our_mistake', 'try_later')))""",
    "CREATE INDEX ix_inquiry_payment_id_attempt ON inquiry (payment_id, attempt)",
    "CREATE INDEX ix_inquiry_batch_id ON inquiry (batch_id)",
    "CREATE INDEX ix_inquiry_at ON inquiry (at)",
    """CREATE TABLE inquiry_request (
        id uuid NOT NULL,
        payment_id uuid NOT NULL,
        asked_by text NOT NULL,
        asked_at timestamptz NOT NULL,
        area text NOT NULL,
        CONSTRAINT pk_inquiry_request PRIMARY KEY (id))""",
    "CREATE INDEX ix_inquiry_request_payment_id ON inquiry_request (payment_id)",
    """CREATE TABLE account_check_request (
        id uuid NOT NULL,
        account_id uuid NOT NULL,
        person_id uuid NOT NULL,
        programme text NOT NULL,
        asked_by text NOT NULL,
        asked_at timestamptz NOT NULL,
        area text NOT NULL,
        CONSTRAINT pk_account_check_request PRIMARY KEY (id, account_id))""",
    "CREATE INDEX ix_account_check_request_account_id ON account_check_request (account_id)",
    """CREATE TABLE account_check (
        request_id uuid NOT NULL,
        account_id uuid NOT NULL,
        at timestamptz NOT NULL,
        http integer NOT NULL,
        code text NOT NULL,
        result text NOT NULL,
        area text NOT NULL,
        CONSTRAINT pk_account_check PRIMARY KEY (request_id, account_id),
        CONSTRAINT ck_account_check_result CHECK (result IN ('exists', 'name_similar', 'name_differs', 'closed', 'dormant',
                                                             'not_found', 'not_known')))""",
    "CREATE INDEX ix_account_check_account_id ON account_check (account_id)",
)

COMMENTS = {
    "inquiry": "One question and its answer, never with the account. result_file_id: what it changed, as a result of the bank.",
    "inquiry_request": "Somebody wants one payment asked for now; the worker does it.",
    "account_check": "What the bank said of an account on that day, beside it and never in its way.",
}


def upgrade() -> None:
    for statement in TABLES:
        op.execute(statement)
    for table, comment in COMMENTS.items():
        op.execute(f"COMMENT ON TABLE {table} IS '{comment}'")
    for table in ("inquiry", "inquiry_request", "account_check_request", "account_check"):
        area_policy(op.execute, SERVICE, table)
