"""The tables of this database, as the migrations make them. Money in whole rupiah (BIGINT), months are text ``YYYY-MM``."""

from __future__ import annotations

from services.budget_audit.tables import batches, budget, findings, mismatches, panti, reality, reference, staging, treasury
from services.budget_audit.tables.base import metadata

__all__ = ["batches", "budget", "findings", "metadata", "mismatches", "panti", "reality", "reference", "staging", "treasury"]
