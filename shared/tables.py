"""The tables that every service has beside its own: outbox and positions, audit, kept answers, imports."""

from __future__ import annotations

from sqlalchemy import MetaData

from shared.audit import add_audit_tables
from shared.db.base import new_metadata
from shared.imports.tables import add_import_tables
from shared.messaging.tables import add_messaging_tables
from shared.web.transactions import add_web_tables


def service_metadata() -> MetaData:
    """Metadata of one service with these tables declared; its first migration makes them."""
    metadata = new_metadata()
    add_messaging_tables(metadata)
    add_audit_tables(metadata)
    add_web_tables(metadata)
    add_import_tables(metadata)
    return metadata
