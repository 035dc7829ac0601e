"""A retry that is paid from what lies in the holding account; SPP and SPM of a list that an SP2D pays."""

from __future__ import annotations

from alembic import op

from shared.db.policies import grant

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None

SERVICE = "disbursement"

_ACCOUNTS = "('treasury', 'holding', 'bank', 'distributed', 'sts_due', 'reissued')"
_KINDS = "('funding', 'release', 'credit', 'rejection', 'late_return', 'named_for_sts', 'sts', 'drawn', 'from_holding')"

STATEMENTS = (
    """ALTER TABLE batch ADD COLUMN financing text DEFAULT 'sp2d' NOT NULL,
        ADD CONSTRAINT ck_batch_financing CHECK (financing IN ('sp2d', 'holding'))""",
    """CREATE TABLE repayment (
        payment_id uuid NOT NULL,
        month text NOT NULL,
        batch_id uuid NOT NULL,
        source_id uuid NOT NULL,
        amount bigint NOT NULL,
        live boolean DEFAULT true NOT NULL,
        CONSTRAINT pk_repayment PRIMARY KEY (payment_id, month))""",
    "CREATE UNIQUE INDEX uq_repayment_live_source_id_month ON repayment (source_id, month) WHERE live",
    "CREATE INDEX ix_repayment_batch_id ON repayment (batch_id)",
    f"""ALTER TABLE posting DROP CONSTRAINT ck_posting_kind, DROP CONSTRAINT ck_posting_debit, DROP CONSTRAINT ck_posting_credit,
        ADD CONSTRAINT ck_posting_kind CHECK (kind IN {_KINDS}),
        ADD CONSTRAINT ck_posting_debit CHECK (debit IN {_ACCOUNTS}),
        ADD CONSTRAINT ck_posting_credit CHECK (credit IN {_ACCOUNTS})""",
    """CREATE TABLE payment_paper (
        id bigint GENERATED ALWAYS AS IDENTITY,
        batch_id uuid NOT NULL,
        list_hash text NOT NULL,
        step text NOT NULL,
        number text DEFAULT '' NOT NULL,
        day date,
        amount bigint NOT NULL,
        signer text DEFAULT '' NOT NULL,
        note text DEFAULT '' NOT NULL,
        by text NOT NULL,
        at timestamptz NOT NULL,
        CONSTRAINT pk_payment_paper PRIMARY KEY (id),
        CONSTRAINT ck_payment_paper_step CHECK (step IN ('requested', 'returned', 'verified', 'ordered')))""",
    "CREATE INDEX ix_payment_paper_batch_id ON payment_paper (batch_id)",
    "CREATE UNIQUE INDEX uq_payment_paper_ordered_number ON payment_paper (number) WHERE step = 'ordered'",
)

COMMENTS = {
    "batch": (
        "programmes: what was asked for. changed: whose line voided the signatures last. version: of its stream. "
        "financing: by an SP2D of its own, or (a retry) from what lies in the holding account for its people."
    ),
    "repayment": (
        "A month that is paid again from the holding account: source_id is the returned payment whose rupiah are used. "
        "live: false once its line was taken off before the list went out."
    ),
    "payment_paper": (
        "Append-only: SPP (requested), its verification or return, SPM (ordered), each for one list hash; the last row counts."
    ),
}


def upgrade() -> None:
    for statement in STATEMENTS:
        op.execute(statement)
    for table, comment in COMMENTS.items():
        quoted = comment.replace("'", "''")
        op.execute(f"COMMENT ON TABLE {table} IS '{quoted}'")
    grant(op.execute, SERVICE, "repayment", "UPDATE (live)")
