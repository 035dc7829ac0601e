"""A published number stays what was said, says whom it counts, and can be counted again."""

from __future__ import annotations

import io
from datetime import datetime, timedelta
from urllib.parse import quote

import pytest
from openpyxl import load_workbook

from shared.kernel.clock import JAKARTA, FrozenClock
from tests.service.disbursement.desk import Desk, open_desk, person
from tests.service.disbursement.paying import MONTH, Office
from tests.support.world import Ground


async def test_a_figure_stays_while_the_month_goes_on(ground: Ground) -> None:
    clock = FrozenClock(datetime(2025, 9, 20, 9, tzinfo=JAKARTA))
    async with open_desk(ground, clock) as desk:
        office = Office(desk)
        for number in (1, 2, 3):
            desk.beneficiary.activate(person(number), cohort="new" if number == 3 else "existing")
        desk.beneficiary.suspend(person(2))
        await office.open_month([], enrol=False)
        office.give_account(1)
        office.give_account(3)
        clock.move(timedelta(seconds=1))
        before = await office.post("operator", "/figures", {"name": "PKD September, dibuka", "month": MONTH}, status=201)
        assert before["numbers"] == {
            "people": 3, "rupiah": 900_000,
            "by_outcome": {"due": {"people": 2, "rupiah": 600_000}, "held": {"people": 1, "rupiah": 300_000}},
            "by_reason": [
                {"outcome": "due", "reason": "", "people": 2, "rupiah": 600_000},
                {"outcome": "held", "reason": "verification", "people": 1, "rupiah": 300_000},
            ],
        }  # fmt: skip

        clock.move(timedelta(days=5))
        batch = await office.released()
        await office.send_results(batch, [await office.row(batch, 1), await office.row(batch, 3)])
        await desk.settle()
        clock.move(timedelta(seconds=1))
        new = {"name": "Penerima baru, dibayar", "month": MONTH, "cohort": "new"}
        assert (await office.post("leader", "/figures", new, status=201))["numbers"]["by_outcome"] == {
            "paid": {"people": 1, "rupiah": 300_000}
        }
        early = {"name": "Seperti 21 September", "month": MONTH, "as_of": "2025-09-21"}
        assert (await office.post("operator", "/figures", early, status=201))["numbers"] == before["numbers"]

        for name in ("PKD September, dibuka", "Penerima baru, dibayar"):
            found = await office.get(f"/figures/{name}/check")
            assert (found["same"], found["frozen"]) == (True, found["counted"])
        listed = (await office.get(f"/figures?month={MONTH}"))["items"]
        assert sorted(one["name"] for one in listed) == sorted(("PKD September, dibuka", new["name"], early["name"]))


async def test_what_cannot_be_frozen(desk: Desk) -> None:
    office = Office(desk)
    await office.open_month([1])
    good = {"name": "Angka September", "month": MONTH}
    await office.post("operator", "/figures", good, status=201)
    assert (await office.post("operator", "/figures", good, status=409))["code"] == "figure-exists"
    assert (await office.post("operator", "/figures", good | {"name": "Oktober", "month": "2025-10"}, status=404))["code"] == "not-found"
    assert (await office.post("operator", "/figures", good | {"name": "Besok", "as_of": "2999-01-01"}, status=422))[
        "code"
    ] == "invalid-input"
    for name in ("   ", "Angka\x00", "Angka/check", "Angka 1/paper.pdf"):
        assert (await office.post("operator", "/figures", good | {"name": name}, status=422))["code"] in ("request-shape", "request-value")
    assert (await office.post("operator", "/figures", good | {"name": " Angka/paper/kedua "}, status=201))["name"] == "Angka/paper/kedua"
    assert (await office.post("auditor", "/figures", good | {"name": "Lain"}, status=403))["code"] == "not-allowed"


@pytest.mark.parametrize(("definition", "people"), [({"area": "31.71"}, 2), ({"area": "31.72"}, 0), ({"programmes": ["KAJ"]}, 0)])
async def test_whom_it_counts(desk: Desk, definition: dict[str, object], people: int) -> None:
    office = Office(desk)
    await office.open_month([1, 2])
    made = await office.post("operator", "/figures", {"name": "Sebagian", "month": MONTH, **definition}, status=201)
    assert made["numbers"]["people"] == people


async def test_a_figure_is_a_page_that_reads_the_same_tomorrow(ground: Ground) -> None:
    clock = FrozenClock(datetime(2025, 9, 20, 9, tzinfo=JAKARTA))
    async with open_desk(ground, clock) as desk:
        office = Office(desk)
        desk.beneficiary.activate(person(1))
        desk.beneficiary.activate(person(2))
        desk.beneficiary.suspend(person(2))
        await office.open_month([], enrol=False)
        clock.move(timedelta(seconds=1))
        name = "Siaran pers 12/2025"
        body = {"name": name, "month": MONTH, "programmes": ["KLJ"], "area": "31.71", "cohort": "existing"}
        made = await office.post("operator", "/figures", body, status=201)
        assert (await office.get(f"/figures/{quote(name, safe='')}"))["sha256"] == made["sha256"]
        path = f"/figures/{quote(name, safe='')}/paper"
        first = await desk.as_("leader").get(f"{path}.pdf")
        assert (first.status_code, first.headers["content-type"], first.content[:5]) == (200, "application/pdf", b"%PDF-")
        assert first.content.count(b"/Type /Page\n") == 1
        assert "Siaran-pers-12-2025.pdf" in first.headers["content-disposition"]
        clock.move(timedelta(days=1))
        office.give_account(1)
        await office.released()
        assert (await desk.as_("leader").get(f"{path}.pdf")).content == first.content
        book = load_workbook(io.BytesIO((await desk.as_("leader").get(f"{path}.xlsx")).content))
        cover = {row[0]: row[1] for row in book["Sampul"].iter_rows(values_only=True)}
        assert cover["Menghitung"] == "KLJ; Kota Administrasi Jakarta Pusat; penerima lama"
        assert (cover["Orang"], cover["Hak bulan itu"]) == ("2", "Rp600.000")
        assert cover["Seperti diketahui sampai"] == "20 September 2025, 09.00 WIB"
        assert cover["Sidik angka (SHA-256)"] == made["sha256"]
        states = [list(row) for row in book["Menurut keadaan"].iter_rows(values_only=True)]
        assert states[1:] == [["belum dibayar", 1, 300_000], ["ditahan", 1, 300_000], ["Jumlah", 2, 600_000]]
        assert (await desk.as_("leader").get(f"{path}.docx")).status_code == 404


async def test_nobody_can_change_a_figure(desk: Desk) -> None:
    office = Office(desk)
    await office.open_month([1])
    await office.post("operator", "/figures", {"name": "Angka", "month": MONTH}, status=201)
    rights = desk.sql(
        """SELECT has_table_privilege('disbursement_api', 'figure', 'UPDATE'), has_table_privilege('disbursement_api', 'figure', 'DELETE'),
                  has_table_privilege('disbursement_worker', 'figure', 'UPDATE')"""
    )
    assert rights == [(False, False, False)]
