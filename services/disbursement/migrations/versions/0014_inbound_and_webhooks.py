"""Column templates for what the bank sends, and subscribers that are told over HTTP."""

from __future__ import annotations

from alembic import op

from shared.webhooks.schema import create_webhook_tables

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None

SERVICE = "disbursement"


def upgrade() -> None:
    op.execute("ALTER TABLE bank_setting DROP CONSTRAINT ck_bank_setting_kind")
    op.execute(
        """ALTER TABLE bank_setting ADD CONSTRAINT ck_bank_setting_kind
           CHECK (kind IN ('template_out', 'template_results', 'template_statement', 'channel', 'code'))"""
    )
    op.execute(
        """CREATE TABLE result_file_form (
            file_id uuid NOT NULL, template_id uuid NOT NULL,
            CONSTRAINT pk_result_file_form PRIMARY KEY (file_id))"""
    )
    op.execute(
        """COMMENT ON TABLE result_file_form IS
           'The agreed template that a result file was read by. No row: the published form, or a message of ISO 20022.'"""
    )
    create_webhook_tables(op.execute, SERVICE)


def downgrade() -> None:
    raise NotImplementedError("what was read by a template names it; restore a backup instead")
