"""SPP, its verification and SPM before the SP2D: numbers, days, four eyes, and a list that changes (USERS.md, bendahara, 1-2)."""

from __future__ import annotations

import io
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from openpyxl import load_workbook

from shared.kernel.clock import FrozenClock
from tests.service.disbursement.desk import Desk
from tests.service.disbursement.paying import Office
from tests.service.disbursement.test_retry_from_holding import answered, from_holding

SPP = {"number": "0012/SPP-LS/1.06/2025", "day": "2025-09-17"}
SPM = {"number": "0012/SPM-LS/1.06/2025", "day": "2025-09-18", "signer": "KPA"}


@pytest.fixture
def clock() -> FrozenClock:
    return FrozenClock(datetime(2025, 9, 19, 3, tzinfo=UTC))


@pytest.fixture
async def office(desk: Desk) -> Office:
    office = Office(desk)
    await office.open_month_with_accounts([1, 2])
    return office


async def write(
    office: Office, batch: dict[str, Any], door: str, body: dict[str, Any], *, who: str = "treasurer", status: int = 201
) -> Any:
    return await office.post(who, f"/batches/{batch['id']}/{door}", body, status=status)


async def verify(office: Office, batch: dict[str, Any], *, agreed: bool = True, who: str = "treasurer2", status: int = 200) -> Any:
    return await write(office, batch, "payment-request/verification", {"agreed": agreed, "note": "SPTJM ada"}, who=who, status=status)


async def test_from_spp_to_spm_and_its_paper(office: Office, desk: Desk) -> None:
    batch = await office.approved()
    early = await desk.as_("treasurer").get(f"/batches/{batch['id']}/papers/spm.xlsx")
    assert (early.status_code, early.json()["code"]) == (409, "illegal-transition")
    asked = await write(office, batch, "payment-request", SPP)
    assert (asked["state"], asked["request"]["amount"]) == ("requested", 600_000)
    assert (await write(office, batch, "payment-order", SPM, status=409))["code"] == "illegal-transition"
    assert (await verify(office, batch, who="treasurer", status=409))["code"] == "four-eyes"
    assert (await verify(office, batch, who="checker"))["state"] == "verified"
    ordered = await write(office, batch, "payment-order", SPM)
    assert (ordered["state"], ordered["order"]["number"], ordered["order"]["signer"]) == ("ordered", SPM["number"], "KPA")
    answer = await desk.as_("treasurer").get(f"/batches/{batch['id']}/papers/spm.xlsx")
    book = load_workbook(io.BytesIO(answer.content))
    cover = {row[0]: row[1] for row in book["Sampul"].iter_rows(values_only=True)}
    assert (cover["Nomor SPM"], cover["Tanggal SPM"], cover["Nomor SPP"]) == (SPM["number"], "18 September 2025", SPP["number"])
    assert (cover["Jumlah yang diperintahkan"], cover["Sidik daftar (SHA-256)"]) == ("Rp600.000", batch["list_hash"])
    assert [list(row) for row in book["Rincian menurut program"].iter_rows(values_only=True)][1:] == [
        ["KLJ", 2, 2, 600_000], ["Jumlah", 2, 2, 600_000],
    ]  # fmt: skip
    pdf = await desk.as_("treasurer").get(f"/batches/{batch['id']}/papers/spm.pdf")
    assert pdf.content.startswith(b"%PDF-")
    # The gate stays SP2D.
    await office.reserve(batch)
    assert (await office.release(batch, status=409))["code"] == "illegal-transition"


async def test_an_spp_that_goes_back_is_made_again(office: Office) -> None:
    batch = await office.approved()
    await write(office, batch, "payment-request", SPP)
    without = {"agreed": False, "note": "  "}
    refused = await write(office, batch, "payment-request/verification", without, who="treasurer2", status=422)
    assert refused["code"] == "invalid-input", "nobody can mend what was sent back without a reason"
    assert (await verify(office, batch, agreed=False))["state"] == "returned"
    assert (await write(office, batch, "payment-order", SPM, status=409))["code"] == "illegal-transition"
    again = await write(office, batch, "payment-request", SPP)  # the same number, mended
    assert [one["step"] for one in again["history"]] == ["requested", "returned", "requested"]


async def test_a_list_that_changes_needs_its_papers_again(office: Office) -> None:
    batch = await office.approved()
    await write(office, batch, "payment-request", SPP)
    await verify(office, batch)
    for who, state in (("operator", "proposed"), ("operator2", "done")):
        lines = await office.lines(batch)
        removed = await office.post(who, f"/batches/{batch['id']}/lines/{lines[0]['person_id']}/removal", {"reason": "salah orang"})
        assert removed["state"] == state
    shown = await office.get(f"/batches/{batch['id']}/payment-papers", "treasurer")
    assert (shown["state"], len(shown["history"])) == ("none", 2)
    assert (await write(office, batch, "payment-request", SPP, status=409))["code"] == "illegal-transition"  # nobody has signed it


async def test_numbers_and_days_that_cannot_be(office: Office, desk: Desk, clock: FrozenClock) -> None:
    draft = await office.compose()
    assert (await write(office, draft, "payment-request", SPP, status=409))["code"] == "illegal-transition"
    batch = await office.sign(draft)
    for body, code in (
        ({**SPP, "day": "2025-09-20"}, "invalid-input"),
        ({**SPP, "day": "besok"}, "request-shape"),
        ({**SPP, "number": ""}, "request-shape"),
        ({**SPP, "number": "    "}, "request-shape"),
        ({"number": SPP["number"]}, "request-shape"),
    ):
        assert (await write(office, batch, "payment-request", body, status=422))["code"] == code
    assert (await desk.as_("operator").post(f"/batches/{batch['id']}/payment-request", json=SPP)).status_code == 403
    await write(office, batch, "payment-request", SPP)
    assert (await write(office, batch, "payment-request", SPP, status=409))["code"] == "illegal-transition"
    await verify(office, batch)
    older = await write(office, batch, "payment-order", {**SPM, "day": "2025-09-16"}, status=422)
    assert (older["code"], older["not_before"]) == ("invalid-input", "2025-09-17")
    assert (await write(office, batch, "payment-order", {**SPM, "signer": "PPTK"}, status=422))["code"] == "request-shape"
    await write(office, batch, "payment-order", SPM)
    await office.reserve(batch)
    await office.pay_in(batch)
    await office.release(batch)
    await office.open_month([1, 2], "2025-10", enrol=False)
    clock.move(timedelta(days=1))
    other = await office.sign(await office.compose("2025-10"))
    used = await write(office, other, "payment-request", {**SPP, "number": f" {SPP['number']} "}, status=409)
    assert (used["code"], used["batch"]) == ("document-number-used", batch["code"])


async def test_a_retry_from_holding_has_no_spp(desk: Desk, clock: FrozenClock) -> None:
    office, _ = await answered(desk, clock)
    batch = await office.sign(await from_holding(office))
    assert (await write(office, batch, "payment-request", SPP, status=409))["code"] == "no-sp2d-needed"
    paper = await desk.as_("treasurer").get(f"/batches/{batch['id']}/papers/spp-ls.xlsx")
    assert (paper.status_code, paper.json()["code"]) == (409, "no-sp2d-needed")
