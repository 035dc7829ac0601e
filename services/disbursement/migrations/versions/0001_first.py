"""The first tables of disbursement: what beneficiary said, the ledger, accounts, batches, gaps, staging."""

from __future__ import annotations

from alembic import op

from shared.audit import create_audit_tables
from shared.db.policies import area_policy, grant
from shared.imports.tables import create_import_tables
from shared.messaging.schema import create_messaging_tables
from shared.web.transactions import create_web_tables

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

SERVICE = "disbursement"

TABLES = (
    """CREATE TABLE enrolment_history (
        person_id uuid NOT NULL,
        person_version integer NOT NULL,
        programme text NOT NULL,
        status text NOT NULL,
        reason text NOT NULL,
        amount bigint NOT NULL,
        area text NOT NULL,
        cohort text NOT NULL,
        from_month text NOT NULL,
        to_month text NOT NULL,
        cutoff_no integer NOT NULL,
        resumed boolean NOT NULL,
        CONSTRAINT pk_enrolment_history PRIMARY KEY (person_id, person_version),
        CONSTRAINT ck_enrolment_history_status CHECK (status IN ('active', 'suspended', 'ended')))""",
    "CREATE INDEX ix_enrolment_history_programme_person_id_person_version ON enrolment_history (programme, person_id, person_version)",
    """CREATE TABLE seal (
        programme text NOT NULL,
        month text NOT NULL,
        seal_no integer NOT NULL,
        cutoff_id uuid NOT NULL,
        cutoff_no integer NOT NULL,
        count integer NOT NULL,
        sum bigint NOT NULL,
        hash text NOT NULL,
        quota integer NOT NULL,
        list text NOT NULL,
        arrived_at timestamptz NOT NULL,
        opened_at timestamptz,
        CONSTRAINT pk_seal PRIMARY KEY (programme, month, seal_no))""",
    """CREATE TABLE seal_end (
        programme text NOT NULL,
        month text NOT NULL,
        seal_no integer NOT NULL,
        partition integer NOT NULL,
        end_offset bigint NOT NULL,
        CONSTRAINT pk_seal_end PRIMARY KEY (programme, month, seal_no, partition))""",
    """CREATE TABLE programme_month (
        id uuid NOT NULL,
        programme text NOT NULL,
        month text NOT NULL,
        state text NOT NULL,
        version integer DEFAULT 0 NOT NULL,
        opened_at timestamptz,
        seal_no integer,
        quota integer DEFAULT 0 NOT NULL,
        due integer DEFAULT 0 NOT NULL,
        held integer DEFAULT 0 NOT NULL,
        excluded integer DEFAULT 0 NOT NULL,
        CONSTRAINT pk_programme_month PRIMARY KEY (id),
        CONSTRAINT uq_programme_month_month_programme UNIQUE (month, programme),
        CONSTRAINT ck_programme_month_state CHECK (state IN ('sealed', 'opened', 'carried_in', 'closed'))) WITH (fillfactor = 70)""",
    """CREATE TABLE unreconciled (
        programme text NOT NULL,
        month text NOT NULL,
        person_id uuid NOT NULL,
        kind text NOT NULL,
        found_at timestamptz NOT NULL,
        CONSTRAINT pk_unreconciled PRIMARY KEY (programme, month, person_id),
        CONSTRAINT ck_unreconciled_kind CHECK (kind IN ('only_in_beneficiary', 'only_in_disbursement', 'status', 'reason', 'amount')))""",
    """CREATE TABLE entitlement_month (
        month text NOT NULL,
        programme text NOT NULL,
        person_id uuid NOT NULL,
        outcome text NOT NULL,
        reason text DEFAULT '' NOT NULL,
        amount bigint NOT NULL,
        area text NOT NULL,
        area_at_cutoff text NOT NULL,
        cohort text NOT NULL,
        standing text DEFAULT '' NOT NULL,
        cause text NOT NULL,
        version integer DEFAULT 1 NOT NULL,
        changed_at timestamptz NOT NULL,
        CONSTRAINT pk_entitlement_month PRIMARY KEY (month, programme, person_id),
        CONSTRAINT ck_entitlement_month_outcome CHECK (outcome IN ('due', 'in_payment', 'unknown', 'paid', 'held', 'missed', 'excluded'))
    )
 PARTITION BY LIST (month)""",
    """CREATE TABLE entitlement_entry (
        month text NOT NULL,
        id bigint GENERATED ALWAYS AS IDENTITY,
        programme text NOT NULL,
        person_id uuid NOT NULL,
        version integer NOT NULL,
        from_outcome text DEFAULT '' NOT NULL,
        outcome text NOT NULL,
        reason text DEFAULT '' NOT NULL,
        amount bigint NOT NULL,
        area text NOT NULL,
        at timestamptz NOT NULL,
        author text NOT NULL,
        cause text NOT NULL,
        evidence text DEFAULT '' NOT NULL,
        CONSTRAINT pk_entitlement_entry PRIMARY KEY (month, id)
    )
 PARTITION BY LIST (month)""",
    """CREATE TABLE account (
        person_id uuid NOT NULL,
        programme text NOT NULL,
        id uuid NOT NULL,
        version integer DEFAULT 1 NOT NULL,
        bank_code text NOT NULL,
        number_enc bytea NOT NULL,
        holder_enc bytea NOT NULL,
        number_index bytea NOT NULL,
        account_ref text NOT NULL,
        card_handed_over boolean NOT NULL,
        opening_asked boolean DEFAULT false NOT NULL,
        area text NOT NULL,
        changed_at timestamptz NOT NULL,
        CONSTRAINT pk_account PRIMARY KEY (person_id, programme)) WITH (fillfactor = 70)""",
    """CREATE TABLE batch (
        id uuid NOT NULL,
        code text NOT NULL,
        month text NOT NULL,
        kind text NOT NULL,
        state text NOT NULL,
        version integer DEFAULT 0 NOT NULL,
        composed_by text NOT NULL,
        composed_at timestamptz NOT NULL,
        list_hash text DEFAULT '' NOT NULL,
        payments integer DEFAULT 0 NOT NULL,
        allocations integer DEFAULT 0 NOT NULL,
        sum bigint DEFAULT 0 NOT NULL,
        programmes jsonb DEFAULT '[]'::jsonb NOT NULL,
        totals jsonb DEFAULT '[]'::jsonb NOT NULL,
        refused jsonb,
        changed jsonb,
        released_at timestamptz,
        results_due_at timestamptz,
        results_due boolean DEFAULT false NOT NULL,
        result_no integer DEFAULT 0 NOT NULL,
        file_id uuid,
        CONSTRAINT pk_batch PRIMARY KEY (id),
        CONSTRAINT uq_batch_code UNIQUE (code)) WITH (fillfactor = 70)""",
    "CREATE INDEX ix_batch_month ON batch (month)",
    """CREATE TABLE batch_signature (
        id bigint GENERATED ALWAYS AS IDENTITY,
        batch_id uuid NOT NULL,
        step text NOT NULL,
        person text NOT NULL,
        at timestamptz NOT NULL,
        list_hash text NOT NULL,
        void boolean DEFAULT false NOT NULL,
        CONSTRAINT pk_batch_signature PRIMARY KEY (id))""",
    "CREATE INDEX ix_batch_signature_batch_id ON batch_signature (batch_id)",
    """CREATE TABLE batch_reservation (
        batch_id uuid NOT NULL,
        list_hash text NOT NULL,
        state text NOT NULL,
        lines jsonb NOT NULL,
        at timestamptz NOT NULL,
        CONSTRAINT pk_batch_reservation PRIMARY KEY (batch_id, list_hash))""",
    """CREATE TABLE batch_funding (
        sp2d_id uuid NOT NULL,
        row integer NOT NULL,
        reference text NOT NULL,
        programme text NOT NULL,
        amount bigint NOT NULL,
        sp2d_number text NOT NULL,
        date date NOT NULL,
        CONSTRAINT pk_batch_funding PRIMARY KEY (sp2d_id, row))""",
    "CREATE INDEX ix_batch_funding_reference ON batch_funding (reference)",
    """CREATE TABLE batch_sts (
        return_id uuid NOT NULL,
        batch_id uuid NOT NULL,
        programme text NOT NULL,
        amount bigint NOT NULL,
        sts_number text NOT NULL,
        date date NOT NULL,
        CONSTRAINT pk_batch_sts PRIMARY KEY (return_id))""",
    "CREATE INDEX ix_batch_sts_batch_id ON batch_sts (batch_id)",
    """CREATE TABLE payment (
        id uuid DEFAULT uuidv7() NOT NULL,
        batch_id uuid NOT NULL,
        seq integer NOT NULL,
        reference text NOT NULL,
        person_id uuid NOT NULL,
        programme text NOT NULL,
        amount bigint NOT NULL,
        bank_code text NOT NULL,
        number_enc bytea NOT NULL,
        holder_enc bytea NOT NULL,
        number_index bytea NOT NULL,
        account_ref text NOT NULL,
        account_id uuid NOT NULL,
        outcome text DEFAULT 'prepared' NOT NULL,
        code text DEFAULT '' NOT NULL,
        reason text DEFAULT '' NOT NULL,
        settled_on date,
        withdrawn_on date,
        area text NOT NULL,
        CONSTRAINT pk_payment PRIMARY KEY (id),
        CONSTRAINT ck_payment_outcome CHECK (outcome IN ('prepared', 'in_payment', 'credited', 'rejected', 'unknown', 'returned', 'withdrawn')),
        CONSTRAINT uq_payment_reference UNIQUE (reference)) WITH (fillfactor = 70)""",
    "CREATE INDEX ix_payment_batch_id ON payment (batch_id)",
    "CREATE INDEX ix_payment_person_id ON payment (person_id)",
    """CREATE TABLE payment_month (
        payment_id uuid NOT NULL,
        month text NOT NULL,
        batch_id uuid NOT NULL,
        person_id uuid NOT NULL,
        programme text NOT NULL,
        amount bigint NOT NULL,
        account_ref text NOT NULL,
        live boolean DEFAULT true NOT NULL,
        CONSTRAINT pk_payment_month PRIMARY KEY (payment_id, month))""",
    "CREATE INDEX ix_payment_month_batch_id ON payment_month (batch_id)",
    "CREATE UNIQUE INDEX uq_payment_month_live_person_id_programme_month ON payment_month (person_id, programme, month) WHERE live",
    """CREATE TABLE left_out (
        person_id uuid NOT NULL,
        programme text NOT NULL,
        month text NOT NULL,
        batch_id uuid NOT NULL,
        reason text NOT NULL,
        asked_by text NOT NULL,
        confirmed_by text NOT NULL,
        at timestamptz NOT NULL,
        CONSTRAINT pk_left_out PRIMARY KEY (person_id, programme, month))""",
    """CREATE TABLE bank_file (
        id uuid NOT NULL,
        batch_id uuid NOT NULL,
        name text NOT NULL,
        count integer NOT NULL,
        sum bigint NOT NULL,
        entry_hash bigint NOT NULL,
        sha256 text NOT NULL,
        written_at timestamptz NOT NULL,
        by text NOT NULL,
        CONSTRAINT pk_bank_file PRIMARY KEY (id))""",
    "CREATE INDEX ix_bank_file_batch_id ON bank_file (batch_id)",
    """CREATE TABLE result_file (
        id uuid NOT NULL,
        sha256 text NOT NULL,
        name text NOT NULL,
        batch_id uuid NOT NULL,
        part integer NOT NULL,
        parts integer NOT NULL,
        count integer NOT NULL,
        sum bigint NOT NULL,
        received_at timestamptz NOT NULL,
        received_by text NOT NULL,
        applied integer NOT NULL,
        rejected integer NOT NULL,
        quarantined integer NOT NULL,
        unchanged integer NOT NULL,
        CONSTRAINT pk_result_file PRIMARY KEY (id),
        CONSTRAINT uq_result_file_sha256 UNIQUE (sha256))""",
    "CREATE INDEX ix_result_file_batch_id ON result_file (batch_id)",
    """CREATE TABLE result_row (
        file_id uuid NOT NULL,
        row integer NOT NULL,
        reference text NOT NULL,
        number_index bytea NOT NULL,
        amount bigint NOT NULL,
        code text NOT NULL,
        settled_on date,
        state text NOT NULL,
        problem text DEFAULT '' NOT NULL,
        CONSTRAINT pk_result_row PRIMARY KEY (file_id, row),
        CONSTRAINT ck_result_row_state CHECK (state IN ('applied', 'rejected', 'unchanged', 'quarantined')))""",
    """CREATE TABLE gap (
        id uuid DEFAULT uuidv7() NOT NULL,
        kind text DEFAULT 'month' NOT NULL,
        person_id uuid NOT NULL,
        programme text NOT NULL,
        month text NOT NULL,
        outcome text NOT NULL,
        reason text NOT NULL,
        area text NOT NULL,
        owner text NOT NULL,
        due_on date NOT NULL,
        state text NOT NULL,
        version integer DEFAULT 1 NOT NULL,
        how text DEFAULT '' NOT NULL,
        opened_at timestamptz NOT NULL,
        closed_at timestamptz,
        changed_at timestamptz NOT NULL,
        CONSTRAINT pk_gap PRIMARY KEY (id),
        CONSTRAINT uq_gap_person_id_programme_month UNIQUE (person_id, programme, month),
        CONSTRAINT ck_gap_kind CHECK (kind IN ('month', 'system_parked')),
        CONSTRAINT ck_gap_state CHECK (state IN ('open', 'closed'))) WITH (fillfactor = 70)""",
    "CREATE INDEX ix_gap_month_state ON gap (month, state)",
    """CREATE TABLE gap_position (
        month text NOT NULL,
        entry_id bigint NOT NULL,
        unsure_until bigint DEFAULT 0 NOT NULL,
        CONSTRAINT pk_gap_position PRIMARY KEY (month))""",
    """CREATE TABLE bank_code (
        code text NOT NULL,
        outcome text NOT NULL,
        reason text DEFAULT '' NOT NULL,
        withdrawn boolean,
        valid_from date NOT NULL,
        signed_by text NOT NULL,
        note text DEFAULT '' NOT NULL,
        CONSTRAINT pk_bank_code PRIMARY KEY (code),
        CONSTRAINT ck_bank_code_outcome CHECK (outcome IN ('credited', 'rejected', 'pending')))""",
    """CREATE TABLE gap_owner (
        reason text NOT NULL,
        office text NOT NULL,
        working_days integer NOT NULL,
        valid_from date NOT NULL,
        CONSTRAINT pk_gap_owner PRIMARY KEY (reason))""",
    """CREATE TABLE holiday (
        day date NOT NULL,
        name text NOT NULL,
        kind text NOT NULL,
        CONSTRAINT pk_holiday PRIMARY KEY (day))""",
    """CREATE TABLE accounts_staging (
        import_id uuid NOT NULL,
        line bigint NOT NULL,
        person_id uuid NOT NULL,
        programme text NOT NULL,
        id uuid NOT NULL,
        bank_code text NOT NULL,
        number_enc bytea NOT NULL,
        holder_enc bytea NOT NULL,
        number_index bytea NOT NULL,
        account_ref text NOT NULL,
        card_handed_over boolean NOT NULL,
        CONSTRAINT pk_accounts_staging PRIMARY KEY (import_id, line))""",
    """CREATE TABLE carry_in_staging (
        import_id uuid NOT NULL,
        line bigint NOT NULL,
        person_id uuid NOT NULL,
        programme text NOT NULL,
        month text NOT NULL,
        outcome text NOT NULL,
        reason text NOT NULL,
        evidence text NOT NULL,
        CONSTRAINT pk_carry_in_staging PRIMARY KEY (import_id, line))""",
    """CREATE UNLOGGED TABLE result_staging (
        file_id uuid NOT NULL,
        row integer NOT NULL,
        reference text NOT NULL,
        number_index bytea NOT NULL,
        amount bigint NOT NULL,
        code text NOT NULL,
        settled_on date,
        payment_id uuid,
        state text DEFAULT '' NOT NULL,
        problem text DEFAULT '' NOT NULL,
        CONSTRAINT pk_result_staging PRIMARY KEY (file_id, row))""",
)

COMMENTS = {
    "enrolment_history": "Every enrolment event, kept for good: the state as of a cut-off is computed from it (CORE.md section 3).",
    "seal": "beneficiary's own list of a programme month: three values, and the path that serves the list.",
    "seal_end": "Ends of beneficiary.person when the seal arrived: whoever has read to here has everything that stands before it.",
    "programme_month": "version: of the topic disbursement.month for this key. carried_in: from before Ritme, it has no seal and says so.",
    "entitlement_month": "The head: one outcome per person, programme and benefit month (CORE.md section 4).",
    "entitlement_entry": "Append-only: every transition of a head, with author, cause and evidence.",
    "gap_position": "Up to which entry of a month the gaps were compared; unsure_until: a transaction that was in flight then.",
    "batch": "programmes: what was asked for. changed: whose line voided the signatures last. version: of its stream.",
    "account": "id is new whenever number or holder change; the ciphertexts, copies in payment included, are bound to it.",
}

# Partitions are made as tables of their own and attached: that takes no lock that stops readers or writers of the ledger.
# They live in a schema that only the owner may enter, so the parents' policies cannot be walked around.
ENSURE_MONTH = """
CREATE FUNCTION ensure_month(m text) RETURNS void LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
    parent text;
    child text;
BEGIN
    IF m !~ '^[0-9]{4}-(0[1-9]|1[0-2])$' THEN
        RAISE EXCEPTION '% is not a month', m USING ERRCODE = 'invalid_parameter_value';
    END IF;
    PERFORM pg_advisory_xact_lock(hashtext('ensure_month/' || m));
    FOREACH parent IN ARRAY ARRAY['entitlement_month', 'entitlement_entry'] LOOP
        child := parent || '_' || replace(m, '-', '_');
        CONTINUE WHEN to_regclass(format('part.%I', child)) IS NOT NULL;
        EXECUTE format(
            'CREATE TABLE part.%I (LIKE %I INCLUDING ALL EXCLUDING IDENTITY, CHECK (month = %L)) WITH (fillfactor = %s)',
            child, parent, m, CASE parent WHEN 'entitlement_month' THEN 50 ELSE 100 END);
        EXECUTE format('REVOKE ALL ON part.%I FROM disbursement_api, disbursement_worker', child);
        EXECUTE format('ALTER TABLE %I ATTACH PARTITION part.%I FOR VALUES IN (%L)', parent, child, m);
    END LOOP;
END $$
"""


def upgrade() -> None:
    create_messaging_tables(op.execute, SERVICE)
    create_audit_tables(op.execute)
    create_web_tables(op.execute)
    create_import_tables(op.execute, SERVICE)
    for statement in TABLES:
        op.execute(statement)
    for table, comment in COMMENTS.items():
        quoted = comment.replace("'", "''")
        op.execute(f"COMMENT ON TABLE {table} IS '{quoted}'")
    op.execute("CREATE SCHEMA part")
    op.execute("REVOKE ALL ON SCHEMA part FROM disbursement_api, disbursement_worker")
    op.execute(ENSURE_MONTH)
    op.execute("REVOKE ALL ON FUNCTION ensure_month(text) FROM PUBLIC")
    op.execute("GRANT EXECUTE ON FUNCTION ensure_month(text) TO disbursement_api, disbursement_worker")
    for table in ("enrolment_history", "entitlement_month", "entitlement_entry", "account", "payment", "gap"):
        area_policy(op.execute, SERVICE, table)
    _grants()


def _grants() -> None:
    """Whatever is not named here can be appended to and read, never changed: entries, seals, funding, result rows."""
    # A head changes through its transition table only; who, which month and how much stand still (CORE.md section 4).
    grant(op.execute, SERVICE, "entitlement_month", "UPDATE (outcome, reason, standing, version, changed_at, area)")
    grant(op.execute, SERVICE, "seal", "UPDATE (opened_at)")
    grant(op.execute, SERVICE, "programme_month", "UPDATE")
    grant(op.execute, SERVICE, "unreconciled", "DELETE")
    grant(op.execute, SERVICE, "account", "UPDATE")
    grant(op.execute, SERVICE, "batch", "UPDATE")
    grant(op.execute, SERVICE, "batch_signature", "UPDATE (void)")
    grant(op.execute, SERVICE, "batch_reservation", "UPDATE (state, lines, at)")
    grant(op.execute, SERVICE, "payment", "UPDATE (outcome, code, reason, settled_on, withdrawn_on, area)")
    grant(op.execute, SERVICE, "payment_month", "UPDATE (live)")
    grant(op.execute, SERVICE, "left_out", "UPDATE (batch_id, reason, asked_by, confirmed_by, at)")
    grant(op.execute, SERVICE, "gap", "UPDATE", roles=("worker",))
    grant(op.execute, SERVICE, "gap_position", "UPDATE", roles=("worker",))
    for staging in ("accounts_staging", "carry_in_staging", "result_staging"):
        grant(op.execute, SERVICE, staging, "UPDATE, DELETE")


def downgrade() -> None:
    raise NotImplementedError("the first tables are not taken away; restore a backup instead")
