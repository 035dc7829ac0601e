"""SPP, its verification and SPM of a list, written down on the list's own page by whoever's turn it is."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from fastapi import APIRouter, Request
from fastapi.responses import Response

from services.console.doors import DoorProblem, Doors, DoorsDep
from services.console.forms import typed_of
from services.console.pages.batches import show_batch
from services.console.view import go, link

router = APIRouter()


async def _write(
    request: Request, doors: Doors, batch_id: str, door: str, body: Mapping[str, Any], done: str, typed: dict[str, str]
) -> Response:
    try:
        await doors.post(f"/disbursement/batches/{batch_id}/{door}", body)
    except DoorProblem as problem:
        return await show_batch(request, doors, batch_id, problem, typed)
    return go(request, link(f"/penyaluran/{batch_id}", selesai=done))


@router.post("/penyaluran/{batch_id}/spp")
async def payment_request(batch_id: str, request: Request, doors: DoorsDep) -> Response:
    """The treasurer's SPP-LS: number and day as they stand on the paper."""
    typed = await typed_of(request)
    body = {"number": typed.get("nomor_spp", ""), "day": typed.get("tanggal_spp", "")}
    return await _write(request, doors, batch_id, "payment-request", body, "spp", typed)


@router.post("/penyaluran/{batch_id}/verifikasi-spp")
async def verification(batch_id: str, request: Request, doors: DoorsDep) -> Response:
    """The word of whoever acts for the PPK-SKPD: complete, or back to the treasurer with what lacks."""
    typed = await typed_of(request)
    body = {"agreed": typed.get("lengkap", "") == "ya", "note": typed.get("catatan", "")}
    return await _write(request, doors, batch_id, "payment-request/verification", body, "verifikasi-spp", typed)


@router.post("/penyaluran/{batch_id}/spm")
async def payment_order(batch_id: str, request: Request, doors: DoorsDep) -> Response:
    """The SPM-LS as the PA or KPA signed it."""
    typed = await typed_of(request)
    body = {"number": typed.get("nomor_spm", ""), "day": typed.get("tanggal_spm", ""), "signer": typed.get("penandatangan", "")}
    return await _write(request, doors, batch_id, "payment-order", body, "spm", typed)
