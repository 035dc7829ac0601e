"""The one metadata that all tables of disbursement are declared on."""

from __future__ import annotations

from shared.tables import service_metadata
from shared.webhooks.tables import add_webhook_tables

metadata = service_metadata()
add_webhook_tables(metadata)
