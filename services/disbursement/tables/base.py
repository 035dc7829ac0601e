"""The one metadata that all tables of disbursement are declared on."""

from __future__ import annotations

from shared.tables import service_metadata

metadata = service_metadata()
