"""The doors of ``/budget_audit``."""

from __future__ import annotations

from fastapi import APIRouter

from services.budget_audit.api import absorption, budget, detectors, documents, findings, mismatches, money, panti, reality, versions

router = APIRouter()
for _part in (budget, absorption, versions, documents, money, mismatches, findings, panti, reality, detectors):
    router.include_router(_part.router)
