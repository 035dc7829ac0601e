"""The doors of ``/beneficiary``."""

from __future__ import annotations

from fastapi import APIRouter

from services.beneficiary.api import book, registry, undo

router = APIRouter()
for _part in (registry, undo, book):
    router.include_router(_part.router)
