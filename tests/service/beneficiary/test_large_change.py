"""A file that stops an unusual part of a kelurahan is stopped itself, until a document says why (USERS.md, operator, step 7)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytest

from tests.service.beneficiary.story import Citizen, commit, decreed, send, status_file
from tests.support.world import World

ELSEWHERE = "31.71.01.1001"
TWENTY = [Citizen(n) for n in range(1, 21)]


async def suspended(world: World, people: Sequence[Citizen], **typed: Any) -> dict[str, Any]:
    rows = [(one, "tangguhkan", "data tidak padan", "2025-10") for one in people]
    status, view = await send(world, "status", status_file(rows), {"count": len(rows), **typed})
    assert status == 201, view
    return view


async def test_a_quarter_that_stops_half_a_kelurahan_waits_for_its_document(world: World) -> None:
    await decreed(world, [*(Citizen(n) for n in range(1, 41)), *(Citizen(n, area=ELSEWHERE) for n in range(41, 46))])
    view = await suspended(world, [*TWENTY, Citizen(41, area=ELSEWHERE)])
    assert (view["accepted"], view["ready"]) == (21, False)
    assert view["not_ready"] == [
        "31.73.01.1001: 20 dari 40 penerima aktif berubah sekaligus; ketik nomor dokumen penjelasan atau periksa berkasnya"
    ]
    assert view["totals"] == {"count": 21, "actions": {"suspend": 21}, "large": {"31.73.01.1001": 20}}
    status, refused = await commit(world, view["id"])
    assert (status, refused["code"]) == (409, "totals-differ")

    explained = await suspended(world, [*TWENTY, Citizen(41, area=ELSEWHERE)], explained_by="ND Pusdatin 5/2025")
    assert explained["ready"]
    status, done = await commit(world, explained["id"])
    assert (status, done["result"]) == (200, {"changes": 21})
    back = status_file([(one, "lanjutkan", "", "2025-10") for one in TWENTY])
    _, view = await send(world, "status", back, {"count": 20})
    assert view["ready"], "who comes back loses nothing"


@pytest.mark.parametrize(("active", "stopped", "ready"), [(19, 19, True), (199, 20, False), (200, 20, True)])
async def test_a_tenth_and_nineteen_people_are_no_large_change(world: World, active: int, stopped: int, *, ready: bool) -> None:
    await decreed(world, [Citizen(n) for n in range(1, active + 1)])
    assert (await suspended(world, [Citizen(n) for n in range(1, stopped + 1)]))["ready"] is ready
