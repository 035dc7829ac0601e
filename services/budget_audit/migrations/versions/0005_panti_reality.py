"""What was promised, handed over, cooked and billed in panti; thresholds that two people change; audits of a year."""

from __future__ import annotations

from alembic import op

from shared.db.policies import grant

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

SERVICE = "budget_audit"

_ITEM = """supplier text NOT NULL, supplier_key text NOT NULL, panti text[] NOT NULL, from_day date NOT NULL, to_day date NOT NULL,
        unit text NOT NULL, price bigint NOT NULL, quantity bigint NOT NULL, people integer NOT NULL, every_days integer NOT NULL,
        capacity bigint NOT NULL"""
_CAME = "import_id uuid NOT NULL, at timestamptz NOT NULL"
_STAGED = "import_id uuid NOT NULL, line bigint NOT NULL, known boolean NOT NULL"

TABLES = (
    f"""CREATE TABLE supply_item (
        contract text NOT NULL, item text NOT NULL, {_ITEM}, {_CAME},
        CONSTRAINT pk_supply_item PRIMARY KEY (contract, item),
        CONSTRAINT ck_supply_item_terms CHECK (from_day <= to_day AND price > 0 AND quantity > 0))""",
    "CREATE INDEX ix_supply_item_supplier_key ON supply_item (supplier_key)",
    f"""CREATE TABLE standard_price (
        year integer NOT NULL, item text NOT NULL, unit text NOT NULL, price bigint NOT NULL, source text NOT NULL, {_CAME},
        CONSTRAINT pk_standard_price PRIMARY KEY (year, item, unit),
        CONSTRAINT ck_standard_price_price CHECK (price > 0))""",
    f"""CREATE TABLE handover (
        number text NOT NULL, contract text NOT NULL, panti text NOT NULL, item text NOT NULL, unit text NOT NULL,
        day date NOT NULL, quantity bigint NOT NULL, amount bigint NOT NULL, {_CAME},
        CONSTRAINT pk_handover PRIMARY KEY (number, contract, panti, item, unit),
        CONSTRAINT ck_handover_amounts CHECK (quantity > 0 AND amount > 0))""",
    "CREATE INDEX ix_handover_contract_day ON handover (contract, day)",
    "CREATE INDEX ix_handover_panti_day ON handover (panti, day)",
    f"""CREATE TABLE kitchen_count (
        panti text NOT NULL, day date NOT NULL, version integer NOT NULL, portions integer NOT NULL, {_CAME},
        CONSTRAINT pk_kitchen_count PRIMARY KEY (panti, day, version))""",
    f"""CREATE TABLE staff_count (
        panti text NOT NULL, month text NOT NULL, version integer NOT NULL, staff integer NOT NULL, {_CAME},
        CONSTRAINT pk_staff_count PRIMARY KEY (panti, month, version))""",
    f"""CREATE TABLE movement_count (
        panti text NOT NULL, day date NOT NULL, version integer NOT NULL, arrived integer NOT NULL, departed integer NOT NULL, {_CAME},
        CONSTRAINT pk_movement_count PRIMARY KEY (panti, day, version))""",
    f"""CREATE TABLE invoice (
        supplier_key text NOT NULL, number text NOT NULL, paid_by text NOT NULL, supplier text NOT NULL, folded text NOT NULL,
        day date NOT NULL, amount bigint NOT NULL, contract text NOT NULL, panti text NOT NULL, {_CAME},
        CONSTRAINT pk_invoice PRIMARY KEY (supplier_key, number, paid_by),
        CONSTRAINT ck_invoice_amount CHECK (amount > 0))""",
    "CREATE INDEX ix_invoice_supplier_key_folded ON invoice (supplier_key, folded)",
    "CREATE INDEX ix_invoice_contract ON invoice (contract)",
    "CREATE INDEX ix_invoice_panti_day ON invoice (panti, day)",
    """CREATE TABLE food_for_others (
        code text NOT NULL, from_day date NOT NULL, to_day date NOT NULL, note text NOT NULL,
        CONSTRAINT pk_food_for_others PRIMARY KEY (code, from_day))""",
    """CREATE TABLE detector_setting (
        id uuid NOT NULL, name text NOT NULL, from_day date NOT NULL, value bigint NOT NULL, source text NOT NULL, state text NOT NULL,
        proposed_by text NOT NULL, proposed_at timestamptz NOT NULL, decided_by text DEFAULT '' NOT NULL, decided_at timestamptz,
        CONSTRAINT pk_detector_setting PRIMARY KEY (id),
        CONSTRAINT ck_detector_setting_state CHECK (state IN ('proposed', 'confirmed', 'withdrawn')))""",
    "CREATE INDEX ix_detector_setting_name ON detector_setting (name)",
    """CREATE TABLE year_audit (
        id uuid NOT NULL, year integer NOT NULL, asked_by text NOT NULL, asked_at timestamptz NOT NULL, done_at timestamptz,
        result jsonb DEFAULT '{}'::jsonb NOT NULL,
        CONSTRAINT pk_year_audit PRIMARY KEY (id))""",
    f"""CREATE TABLE supply_item_staging ({_STAGED}, contract text NOT NULL, item text NOT NULL, {_ITEM},
        CONSTRAINT pk_supply_item_staging PRIMARY KEY (import_id, line))""",
    f"""CREATE TABLE standard_price_staging ({_STAGED}, year integer NOT NULL, item text NOT NULL, unit text NOT NULL, price bigint NOT NULL,
        source text NOT NULL, CONSTRAINT pk_standard_price_staging PRIMARY KEY (import_id, line))""",
    f"""CREATE TABLE handover_staging ({_STAGED}, number text NOT NULL, contract text NOT NULL, panti text NOT NULL, item text NOT NULL,
        unit text NOT NULL, day date NOT NULL, quantity bigint NOT NULL, amount bigint NOT NULL,
        CONSTRAINT pk_handover_staging PRIMARY KEY (import_id, line))""",
    f"""CREATE TABLE kitchen_count_staging ({_STAGED}, panti text NOT NULL, day date NOT NULL, portions integer NOT NULL,
        CONSTRAINT pk_kitchen_count_staging PRIMARY KEY (import_id, line))""",
    f"""CREATE TABLE staff_count_staging ({_STAGED}, panti text NOT NULL, month text NOT NULL, staff integer NOT NULL,
        CONSTRAINT pk_staff_count_staging PRIMARY KEY (import_id, line))""",
    f"""CREATE TABLE movement_count_staging ({_STAGED}, panti text NOT NULL, day date NOT NULL, arrived integer NOT NULL,
        departed integer NOT NULL, CONSTRAINT pk_movement_count_staging PRIMARY KEY (import_id, line))""",
    f"""CREATE TABLE invoice_staging ({_STAGED}, supplier_key text NOT NULL, number text NOT NULL, paid_by text NOT NULL,
        supplier text NOT NULL, folded text NOT NULL, day date NOT NULL, amount bigint NOT NULL, contract text NOT NULL,
        panti text NOT NULL, CONSTRAINT pk_invoice_staging PRIMARY KEY (import_id, line))""",
    # What a file or a changed threshold asks to compare names the event that asked.
    "ALTER TABLE to_evaluate ADD COLUMN cause text DEFAULT '' NOT NULL",
)

STAGED = ("supply_item", "standard_price", "handover", "kitchen_count", "staff_count", "movement_count", "invoice")


def upgrade() -> None:
    for statement in TABLES:
        op.execute(statement)
    grant(op.execute, SERVICE, "detector_setting", "UPDATE", ("api",))
    grant(op.execute, SERVICE, "year_audit", "UPDATE", ("worker",))
    grant(op.execute, SERVICE, ", ".join(f"{table}_staging" for table in STAGED), "DELETE", ("api",))
