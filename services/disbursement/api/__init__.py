"""The doors of disbursement, assembled (those of the imports: ``imports``)."""

from __future__ import annotations

from fastapi import APIRouter

from services.disbursement.api import (
    account_changes,
    approval,
    bank_settings,
    batches,
    calendar,
    cards,
    cases,
    comparison,
    exclusive,
    figures,
    gaps,
    handover,
    holding,
    inquiries,
    month_closing,
    months,
    outlook,
    papers,
    payment_order,
    proof,
    quarantine,
    results,
    statements,
    stops,
)

router = APIRouter()
for _part in (
    months,
    month_closing,
    proof,
    batches,
    comparison,
    approval,
    cards,
    figures,
    results,
    gaps,
    cases,
    holding,
    papers,
    payment_order,
    quarantine,
    statements,
    handover,
    bank_settings,
    calendar,
    outlook,
    inquiries,
    stops,
    exclusive,
    account_changes,
):
    router.include_router(_part.router)
