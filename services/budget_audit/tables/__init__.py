"""The tables of this database, as the migrations make them. Money in whole rupiah (BIGINT), months are text ``YYYY-MM``."""

from __future__ import annotations

from services.budget_audit.tables import batches, budget, documents, findings, mismatches, panti, reality, reference, staging, treasury
from services.budget_audit.tables.base import metadata

__all__ = [
    "batches", "budget", "documents", "findings", "metadata", "mismatches", "panti", "reality", "reference", "staging", "treasury",
]  # fmt: skip
