"""The doors of disbursement, assembled (those of the imports: ``imports``)."""

from __future__ import annotations

from fastapi import APIRouter

from services.disbursement.api import (
    batches,
    cards,
    figures,
    gaps,
    handover,
    holding,
    months,
    papers,
    quarantine,
    results,
    statements,
)

router = APIRouter()
for _part in (
    months,
    batches,
    cards,
    figures,
    results,
    gaps,
    holding,
    papers,
    quarantine,
    statements,
    handover,
):
    router.include_router(_part.router)
