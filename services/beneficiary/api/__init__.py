"""The doors of ``/beneficiary``."""

from __future__ import annotations

from fastapi import APIRouter

from services.beneficiary.api import registry

router = APIRouter()
for _part in (registry,):
    router.include_router(_part.router)
