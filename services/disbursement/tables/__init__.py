"""Every table of disbursement, declared once; the migrations make them and ``alembic check`` compares.

Amounts are rupiah (BIGINT), months are text ``YYYY-MM``, days are dates, instants timestamptz. No foreign keys between
ledger, entry and payment: a check command compares them instead (DESIGN.md, Storage rules).
"""

from __future__ import annotations

from services.disbursement.tables import (
    account_opening,
    accounts,
    approval,
    batches,
    calendar,
    cases,
    channels,
    exclusive,
    figure,
    holding,
    inquiries,
    ledger,
    month_closing,
    payment_order,
    reference,
    staging,
    stops,
)
from services.disbursement.tables.base import metadata

__all__ = [
    "account_opening",
    "accounts",
    "approval",
    "batches",
    "calendar",
    "cases",
    "channels",
    "exclusive",
    "figure",
    "holding",
    "inquiries",
    "ledger",
    "metadata",
    "month_closing",
    "payment_order",
    "reference",
    "staging",
    "stops",
]
