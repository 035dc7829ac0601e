"""What is looked at before a name goes under a list: last month's beside it, what is odd, accounts, lines that do not fit the bank."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, Final
from urllib.parse import quote

from fastapi import APIRouter, Request
from fastapi.responses import Response

from services.console.doors import DoorProblem, Doors, DoorsDep, together
from services.console.forms import typed_of
from services.console.pages.batches import show_batch
from services.console.pages.month import crumbs, level_below
from services.console.view import go, link, page

router = APIRouter()

KINDS: Final = ("entered", "left", "changed")
DOWNLOADS: Final = {"perbandingan.csv": "comparison/people.csv", "tidak-masuk.csv": "not-listed.csv"}


def sum_cells(cells: Iterable[Mapping[str, Any]], key: str) -> dict[str, tuple[int, int, int]]:
    """People, rupiah now and before, by reason (with its detail) or area, the most people first."""
    found: dict[str, tuple[int, int, int]] = {}
    for cell in cells:
        name = f"{cell['reason']}/{cell['detail']}" if key == "reason" else cell[key]
        people, now, before = found.get(name, (0, 0, 0))
        found[name] = (people + cell["people"], now + cell["sum"], before + cell["sum_before"])
    return dict(sorted(found.items(), key=lambda one: (-one[1][0], one[0])))


@router.get("/penyaluran/{batch_id}/perbandingan")
async def comparison_page(
    batch_id: str, request: Request, doors: DoorsDep, *, wilayah: str = "", jenis: str = "", lawan: str = "", ringkas: str = ""
) -> Response:
    """Entered, left, changed against last month, by reason and down by area; ``ringkas``: its few numbers, for the list's own page."""
    if jenis and jenis not in KINDS:
        raise DoorProblem(404, "not-found", "there is no such kind")
    level = level_below(wilayah) or "kelurahan"
    found, areas = await together(
        doors.get(f"/disbursement/batches/{batch_id}/comparison", level="city" if ringkas else level, against=lawan), doors.area_names()
    )
    if ringkas:
        return page(request, "_compared.html", doors, found=found, batch_id=batch_id, areas=areas)
    within = [cell for cell in found["cells"] if not wilayah or cell["area"] == wilayah or cell["area"].startswith(f"{wilayah}.")]
    parts = {
        kind: {key: sum_cells([cell for cell in within if cell["kind"] == kind], key) for key in ("reason", "area")}
        for kind in KINDS
        if not jenis or kind == jenis
    }
    return page(
        request, "compared.html", doors, found=found, parts=parts, area=wilayah, kind=jenis, against=lawan, batch_id=batch_id,
        level=level_below(wilayah), crumbs=crumbs(wilayah), areas=areas, here=f"/penyaluran/{batch_id}/perbandingan",
    )  # fmt: skip


@router.get("/penyaluran/{batch_id}/berkas-orang/{name}")
async def people_file(batch_id: str, name: str, doors: DoorsDep, lawan: str = "") -> Response:
    """Who entered, left or changed; who is entitled and not listed: ids and codes, recorded by the service."""
    if name not in DOWNLOADS:
        raise DoorProblem(404, "not-found", "there is no such file")
    against = lawan if name == "perbandingan.csv" else ""
    path = link(f"/disbursement/batches/{batch_id}/{DOWNLOADS[name]}", against=against, purpose=doors.purpose)
    return await doors.download(path, name)


@router.get("/penyaluran/{batch_id}/bentuk-berkas")
async def form_problems(batch_id: str, request: Request, doors: DoorsDep) -> Response:
    """Lines that the bank's form has no place for. Names and accounts are read for it, so it is a page that somebody opens on purpose."""
    batch, problems = await together(
        doors.get(f"/disbursement/batches/{batch_id}"), doors.get(f"/disbursement/batches/{batch_id}/bank-file/problems")
    )
    return page(request, "form_problems.html", doors, batch=batch, problems=problems)


async def _knock(request: Request, doors: Doors, batch_id: str, door: str, body: Mapping[str, Any], done: str) -> Response:
    try:
        await doors.post(door, body)
    except DoorProblem as problem:
        return await show_batch(request, doors, batch_id, problem, await typed_of(request))
    return go(request, link(f"/penyaluran/{batch_id}", selesai=done))


@router.post("/penyaluran/{batch_id}/keterangan")
async def word(batch_id: str, request: Request, doors: DoorsDep) -> Response:
    """A word about the chosen anomalies of exactly this list, or about all of one rule that had none when the page was made."""
    form = await request.form()
    body = {
        "list_hash": str(form.get("list_hash", "")),
        "findings": [str(one) for one in form.getlist("belum" if form.get("semua") else "temuan")],
        "word": str(form.get("keterangan", "")).strip(), "on_behalf_of": str(form.get("untuk", "")),
    }  # fmt: skip
    return await _knock(request, doors, batch_id, f"/disbursement/batches/{batch_id}/anomalies/acknowledgement", body, "keterangan")


@router.post("/penyaluran/{batch_id}/keluarkan")
async def leave_out(batch_id: str, request: Request, doors: DoorsDep) -> Response:
    """Leave a person out: the first asks, a second one says the same and it is done."""
    form = await request.form()
    person = str(form.get("orang", "")).strip()
    door = f"/disbursement/batches/{batch_id}/lines/{quote(person, safe='')}/removal"
    return await _knock(request, doors, batch_id, door, {"reason": str(form.get("alasan", "")).strip()}, "keluarkan")


@router.post("/penyaluran/{batch_id}/tanya-rekening")
async def ask_accounts(batch_id: str, request: Request, doors: DoorsDep) -> Response:
    """Have the bank say of the accounts of one programme whether they exist and whose they are."""
    form = await request.form()
    body = {"month": str(form.get("bulan", "")), "programme": str(form.get("program", ""))}
    return await _knock(request, doors, batch_id, "/disbursement/accounts:verify", body, "tanya-rekening")


# --- what two people order about a list ---------------------------------------------------------------------------------


@router.post("/penyaluran/{batch_id}/bekukan")
async def freeze(batch_id: str, request: Request, doors: DoorsDep) -> Response:
    form = await request.form()
    body = {"scope": "batch", "batch_id": batch_id, "reason": str(form.get("alasan", "")).strip()}
    return await _knock(request, doors, batch_id, "/disbursement/freezes", body, "bekukan")


@router.post("/penyaluran/{batch_id}/tidak-dijalankan")
async def not_executed(batch_id: str, request: Request, doors: DoorsDep) -> Response:
    """Two closed statements and the bank's letter say that it never carried these payments out; all silent ones where none is named."""
    typed = await typed_of(request)
    body = {
        "references": typed.get("rujukan", "").split(), "reason": typed.get("alasan", ""),
        "statements": [{"number": typed.get(f"koran_{n}", ""), "day": typed.get(f"koran_{n}_tanggal", "")} for n in (1, 2)],
        "letter": {"number": typed.get("surat", ""), "day": typed.get("surat_tanggal", "")},
    }  # fmt: skip
    return await _knock(request, doors, batch_id, f"/disbursement/batches/{batch_id}/not-executed", body, "minta-perintah")


@router.post("/penyaluran/{batch_id}/tutup")
async def close(batch_id: str, request: Request, doors: DoorsDep) -> Response:
    """The minutes close the list, once another person agrees."""
    form = await request.form()
    body = {"minutes": str(form.get("berita_acara", "")).strip()}
    return await _knock(request, doors, batch_id, f"/disbursement/batches/{batch_id}/closing", body, "minta-perintah")


@router.post("/penyaluran/{batch_id}/jatuh-tempo")
async def results_due(batch_id: str, request: Request, doors: DoorsDep) -> Response:
    """No more results are to come: whoever has none is asked for, and is a finding."""
    return await _knock(request, doors, batch_id, f"/disbursement/batches/{batch_id}/results-due", {}, "jatuh-tempo")
