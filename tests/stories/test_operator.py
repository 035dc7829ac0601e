"""The operator's month (USERS.md, operator of imports): a decree with 23 bad rows, cards, the bank's results; crosses included.

The decree of Cengkareng has 1,000 people: KLJ 760, KPDJ 90, KAJ 150, 300,000,000 rupiah a month; 300 of them are new and without card.
"""

from __future__ import annotations

import csv
import json
from collections.abc import Callable, Iterator, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

import httpx
import pytest

from ritme.instance import throw_away_instance
from ritme.replay import cengkareng, files
from shared.kernel.clock import JAKARTA
from tests.service.console.conftest import Visitor
from tests.support.commands import Ritme
from tests.support.kecamatan import AUGUST, SEPTEMBER, Kecamatan, cengkareng_in_august, september_comes_in
from tests.support.world import Ground

PAPER = {
    "number": "Kepgub 900/2025 (sintetis)", "from_month": "2025-07", "to_month": "2025-12", "count": 1000, "sum": 300_000_000,
    "programmes": {
        "KLJ": {"count": 760, "sum": 228_000_000, "quota": 760}, "KPDJ": {"count": 90, "sum": 27_000_000, "quota": 90},
        "KAJ": {"count": 150, "sum": 45_000_000, "quota": 150},
    },
}  # fmt: skip
"""What stands on the signed page."""

Row = dict[str, str]


@pytest.fixture
def ritme() -> Iterator[Ritme]:
    with throw_away_instance() as instance:
        yield Ritme(instance)


def rows_of(file: Path) -> list[Row]:
    with file.open(encoding="utf-8", newline="") as source:
        return list(csv.DictReader(source, delimiter=";"))


def mistakes(rows: Sequence[Row]) -> dict[int, tuple[str, str]]:
    """23 of the rows as they should not be: place in the file to column and wrong cell."""
    wrong = {10: ("nik", rows[9]["nik"])}  # somebody twice
    wrong |= {at: ("nik", "3,17E+15") for at in range(100, 106)}
    wrong |= {at: ("kode_kelurahan", "31.73.01.9999") for at in range(200, 206)}
    wrong |= {at: ("nominal", "200000") for at in range(300, 305)}
    wrong |= {at: ("program", "KLX") for at in range(400, 403)}
    wrong |= {at: ("tanggal_lahir", "2035-01-01") for at in range(500, 502)}
    assert len(wrong) == 23
    return wrong


async def test_the_month_of_the_operator(ritme: Ritme, tmp_path: Path) -> None:
    cast = cengkareng.write_cast(tmp_path)
    rows = rows_of(cast.decree)
    async with httpx.AsyncClient(base_url=ritme.instance.url, headers={"origin": ritme.instance.url}, timeout=60) as http:
        operator = await Visitor(http).enters_as("operator")
        the_paper_has_two_fewer(ritme, cast.decree)
        sent = await twenty_three_problems(ritme, operator, rows, tmp_path)
        await mended(ritme, operator, sent, rows, tmp_path)
        await committed_by_another(ritme, operator, sent)
        await the_end_of_the_day(ritme, operator, cast.accounts)
        cards_are_handed_over(ritme, rows, tmp_path)


def the_paper_has_two_fewer(ritme: Ritme, decree: Path) -> None:
    """Cross of step 1: file 1,000, decree 998. It stops and shows the two."""
    typed = PAPER | {
        "count": 998, "sum": 299_400_000, "programmes": PAPER["programmes"] | {"KLJ": {"count": 758, "sum": 227_400_000, "quota": 760}},  # type: ignore[operator]
    }  # fmt: skip
    sent = ritme("import", "decree", str(decree), "--controls", json.dumps(typed))
    assert (sent["rows"], sent["accepted"], sent["ready"]) == (1000, 1000, False)
    assert sent["not_ready"] == [
        "Jumlah keseluruhan: berkas 1000 orang, Rp300.000.000; SK 998 orang, Rp299.400.000",
        "KLJ: berkas 760 orang, Rp228.000.000; SK 758 orang, Rp227.400.000",
    ]
    refused = ritme("import-commit", sent["id"], "--as", "operator2", code=3)
    assert refused["code"] == "totals-differ"
    assert ritme("import-cancel", sent["id"])["state"] == "cancelled"


async def twenty_three_problems(ritme: Ritme, operator: Visitor, rows: Sequence[Row], folder: Path) -> dict[str, Any]:
    """Steps 1 and 2: totals typed from the signed paper; each problem by row and column, in words."""
    wrong = mistakes(rows)
    dirty = [row | ({wrong[at][0]: wrong[at][1]} if at in wrong else {}) for at, row in enumerate(rows)]
    file = files.write(folder, "decree", [tuple(row.values()) for row in dirty], "lampiran")
    sent = ritme("import", "decree", str(file), "--controls", json.dumps(PAPER))
    assert (sent["rows"], sent["accepted"], sent["rejected"], sent["ready"]) == (1000, 977, 23, False)
    assert sent["not_ready"][0] == "23 baris bermasalah belum diperbaiki"
    found = ritme("import-problems", sent["id"])
    assert found["problems"] == 23
    assert {(one["row"], one["column"]) for one in found["items"]} == {(at + 2, column) for at, (column, _) in wrong.items()}
    assert all(len(one["message"]) > 15 for one in found["items"])
    read = await operator.reads(f"/impor/beneficiary/{sent['id']}")
    for expected in ("1.000 Baris", "977 Lolos", "23 Bermasalah", "Belum dapat disimpan", "Unduh Baris Bermasalah"):
        assert expected in read, expected
    refused = ritme("import-commit", sent["id"], "--as", "operator2", code=3)
    assert refused["code"] == "rows-rejected"
    return sent


async def mended(ritme: Ritme, operator: Visitor, sent: dict[str, Any], rows: Sequence[Row], folder: Path) -> None:
    """Step 2: the rejected rows come down, are mended and go back; the first 977 stay as they were."""
    rejected = folder / "bermasalah.csv"
    assert ritme("import-problems", sent["id"], "--rejected", str(rejected))["problems"] == 23
    with rejected.open(encoding="utf-8-sig", newline="") as source:
        assert len(list(csv.reader(source, delimiter=";"))) == 1 + 23
    right = [tuple(rows[at].values()) for at in mistakes(rows)]
    lost = files.write(folder, "decree", right[:20], "perbaikan-kurang")
    refused = ritme("import-mend", sent["id"], str(lost), code=3)
    assert (refused["code"], refused["waiting"], refused["sent"]) == ("rows-missing", 23, 20)
    whole = files.write(folder, "decree", right, "perbaikan")
    view = ritme("import-mend", sent["id"], str(whole))
    assert (view["rows"], view["accepted"], view["rejected"], view["ready"]) == (1000, 1000, 0, True)
    assert "1.000 Lolos" in await operator.reads(f"/impor/beneficiary/{sent['id']}")


async def committed_by_another(ritme: Ritme, operator: Visitor, sent: dict[str, Any]) -> None:
    """Step 4; what is committed does not go away by a button."""
    own = ritme("import-commit", sent["id"], "--as", "operator", code=3)
    assert own["code"] == "four-eyes"
    second = await Visitor(operator.http).enters_as("operator2")
    await second.does(f"/impor/beneficiary/{sent['id']}/simpan")
    assert "Disimpan" in await second.reads(f"/impor/beneficiary/{sent['id']}")
    await operator.enters_as("operator")
    refused = ritme("import-cancel", sent["id"], code=3)
    assert (refused["code"], refused["state"]) == ("illegal-transition", "committed")


async def the_end_of_the_day(ritme: Ritme, operator: Visitor, accounts: Path) -> None:
    """Step 8: what is done, and what waits for whom."""
    without_cards = [tuple((row | ({"kartu_diserahkan": "belum"} if row["kartu_diserahkan"] else {})).values()) for row in rows_of(accounts)]
    print(len(without_cards), await operator.reads("/impor"))


def cards_are_handed_over(ritme: Ritme, rows: Sequence[Row], folder: Path) -> None:
    """Step 5: 300 are called, 120 come and have their card; the others were called once, and when and where."""


# --- results ------------------------------------------------------------------------------------------------------------


async def test_results_in_two_parts_with_an_older_month_between(ground: Ground, tmp_path: Path) -> None:
    """Step 6 and its three crosses."""
    async with cengkareng_in_august(ground, tmp_path) as here:
        await here.comes("2025-08-11")
        print(here)
