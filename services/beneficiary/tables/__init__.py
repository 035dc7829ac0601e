"""The tables of this database, each declared once; the migrations make them and ``alembic check`` compares."""

from __future__ import annotations

from services.beneficiary.tables import book, registry
from services.beneficiary.tables.base import metadata

__all__ = ["book", "metadata", "registry"]
