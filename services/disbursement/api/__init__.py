"""The doors of disbursement, assembled: months, batches, results, gaps (each file has one ``router``)."""

from __future__ import annotations

from importlib import import_module
from importlib.util import find_spec

from fastapi import APIRouter

router = APIRouter()
for _part in ("months", "batches", "results", "gaps"):
    if find_spec(f"{__name__}.{_part}") is not None:  # while the halves are being written
        router.include_router(import_module(f"{__name__}.{_part}").router)
