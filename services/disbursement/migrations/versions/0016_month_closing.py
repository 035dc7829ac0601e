"""A programme's month closes by its minutes and two people."""

from __future__ import annotations

from alembic import op

revision = "0016"
down_revision = "0015"
branch_labels = None
depends_on = None

_KINDS = "('freeze', 'lift', 'not_executed', 'lapse', 'reopen_year', 'cutoff_hour', 'close', 'close_month')"

STATEMENTS = (
    f"ALTER TABLE two_person_order DROP CONSTRAINT ck_two_person_order_kind, ADD CONSTRAINT ck_two_person_order_kind CHECK (kind IN {_KINDS})",
    """CREATE TABLE month_closing (
        programme text NOT NULL,
        month text NOT NULL,
        closing_no integer NOT NULL,
        order_id uuid NOT NULL,
        seal_no integer NOT NULL,
        entry_id bigint NOT NULL,
        numbers jsonb NOT NULL,
        minutes text NOT NULL,
        asked_by text NOT NULL,
        closed_by text NOT NULL,
        closed_at timestamptz NOT NULL,
        CONSTRAINT pk_month_closing PRIMARY KEY (programme, month, closing_no),
        CONSTRAINT ck_month_closing_four_eyes CHECK (asked_by <> closed_by),
        CONSTRAINT ck_month_closing_number CHECK (closing_no >= 1))""",
    """COMMENT ON TABLE month_closing IS 'Written once. numbers: people and rupiah by outcome; entry_id: the last entry of the month that they count. Later entries came after the closing; a second closing counts them too.'""",
)

# Entries get their numbers before they are committed. A closing says "up to this entry": while it counts, nobody may be writing
# one, or an entry with a smaller number would appear behind it. The lock on the parent stops all writers of entries, for the
# moment of a closing (three a month); readers go on. No role of the service may lock a table it cannot change, hence the door.
HOLD_ENTRIES = """
CREATE FUNCTION hold_entries() RETURNS void LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
    LOCK TABLE ONLY entitlement_entry IN SHARE MODE;
END $$
"""


def upgrade() -> None:
    for statement in STATEMENTS:
        op.execute(statement)
    op.execute(HOLD_ENTRIES)
    op.execute("REVOKE ALL ON FUNCTION hold_entries() FROM PUBLIC")
    op.execute("GRANT EXECUTE ON FUNCTION hold_entries() TO disbursement_api")
