"""The treasurer's month (USERS.md, Bendahara pengeluaran) by the command line, on the story of Cengkareng."""

from __future__ import annotations

import json
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from openpyxl import load_workbook

from shared.kernel.clock import JAKARTA
from tests.support.commands import Told

MONTH, BATCH = "2025-09", "2025-09-M01"


def sheets(file: Path) -> dict[str, list[list[Any]]]:
    return {
        sheet.title: [list(row) for row in sheet.iter_rows(values_only=True)] for sheet in load_workbook(file, read_only=True).worksheets
    }


def test_the_spp_package_has_the_totals_of_the_list(cengkareng: Told) -> None:
    target = cengkareng.folder / "spp.xlsx"
    cengkareng.ritme("papers", "spp-ls", BATCH, "--form", "xlsx", "--out", str(target))
    book = sheets(target)
    assert book["Ringkasan menurut program"][-1] == ["Jumlah", 804, 810, 243_000_000]
    assert book["Ringkasan menurut kelurahan"][-1][-3:] == [804, 810, 243_000_000]
    names = book["Daftar nama"]
    assert len(names) == 1 + 804 + 1
    assert all(isinstance(row[2], str) and len(row[2]) == 16 for row in names[1:-1])
    assert all(isinstance(row[8], str) for row in names[1:-1])
    assert len({row[2] for row in names[1:-1]}) == 804


@pytest.mark.parametrize(("paper", "of"), [("spp-ls", BATCH), ("payment-list", BATCH), ("reconciliation", MONTH), ("minutes", MONTH)])
def test_every_paper_is_a_pdf(cengkareng: Told, paper: str, of: str) -> None:
    target = cengkareng.folder / f"{paper}.pdf"
    assert cengkareng.ritme("papers", paper, of, "--out", str(target))["bytes"] == target.stat().st_size
    assert target.read_bytes().startswith(b"%PDF-")


def test_the_balance_is_five_returns_and_three_unanswered_by_person(cengkareng: Told) -> None:
    shown = cengkareng.ritme("holding", "show")
    assert shown["holding"] == 2_400_000
    assert (sum(one["held"] for one in shown["by_age"]), sum(one["with_bank"] for one in shown["by_age"])) == (1_500_000, 900_000)
    assert (sum(one["people"] for one in shown["by_age"]), shown["unnamed"], shown["sts_due"]) == (8, [], [])
    assert len(cengkareng.ritme("holding", "people")["items"]) == 8


def test_the_month_reconciles_to_the_rupiah(cengkareng: Told) -> None:
    target = cengkareng.folder / "reconciliation.xlsx"
    cengkareng.ritme("papers", "reconciliation", MONTH, "--form", "xlsx", "--out", str(target))
    assert sheets(target)["SP2D, penyaluran, dan penampung"][-1] == ["Jumlah", 243_000_000, 0, 240_600_000, 0, 0, 2_400_000, 0]


def test_the_statement_is_matched_and_its_days_close(cengkareng: Told) -> None:
    """The SP2D comes in, the batch goes out as one line, the five come back: what is left is with the bank, and gets a name."""
    ritme = cengkareng.ritme
    batch = ritme("batch", "show", BATCH)
    rows = ["tanggal;rujukan;masuk;keluar;keterangan"]
    numbers = {one["sp2d_number"]: (one["date"], sum(f["amount"] for f in batch["funding"] if f["sp2d_number"] == one["sp2d_number"]))
               for one in batch["funding"]}  # fmt: skip
    first = min(day for day, _ in numbers.values())
    last = datetime.fromisoformat(batch["released_at"]).astimezone(JAKARTA).date().isoformat()
    rows += [f"{day};{number};{amount};;DROPPING" for number, (day, amount) in sorted(numbers.items())]
    rows += [f"{last};;;{batch['sum']};PKD {BATCH}"]
    rows += [
        f"{last};{one['reference']};{one['amount']};;RETUR" for one in ritme("holding", "people")["items"] if one["standing"] == "held"
    ]
    file = cengkareng.folder / "statement.csv"
    file.write_text("\n".join([*rows, ""]))
    controls = {"account": "1010101010", "from_day": first, "to_day": last, "opening": 0, "closing": 1_500_000}
    sent = ritme("import", "statement", str(file), "--controls", json.dumps(controls))
    assert sent["ready"], sent["not_ready"]
    assert ritme("import-commit", sent["id"], "--as", "treasurer")["result"] == {"matched": len(rows) - 1, "open": 0}
    assert ritme("statement", "lines", sent["id"])["items"] == []
    day = ritme("statement", "day", last)
    assert (day["statement"], day["book"], day["unnamed"]) == (1_500_000, 2_400_000, 1)
    ((subject, difference),) = [(one["subject"], one["difference"]) for one in day["differences"]]
    assert (subject, difference) == (f"batch:{BATCH}", -900_000)
    assert ritme("statement", "close", last, code=3)["code"] == "differences-not-named"
    ritme(
        "statement", "name", last, subject, "--amount", "-900000", "--reason", "tiga pembayaran menunggu bank", "--owner", "bendahara",
        "--due-on", "2025-10-31",
    )  # fmt: skip
    assert ritme("statement", "close", last)["state"] == "closed"


def test_what_still_keeps_the_month_open_and_what_stays_of_its_year(cengkareng: Told) -> None:
    ritme = cengkareng.ritme
    lacks = {one["programme"]: [each["lack"] for each in one["lacks"]] for one in ritme("month", "closing", MONTH)["programmes"]}
    assert lacks == {"KAJ": ["lists"], "KLJ": ["lists"], "KPDJ": ["lists"]}, "the list has no minutes yet"
    assert ritme("month", "close", MONTH, "KLJ", "--minutes", "BA-12/X/2025", code=3)["code"] == "month-not-finished"
    (stays,) = ritme("holding", "findings")["items"]
    assert (stays["year"], stays["amount"], stays["payments"], stays["overdue"]) == (2025, 2_400_000, 8, True)
    sent = ritme("batch", "send-back", BATCH, "--reason", "terlambat", "--as", "approver", code=3)
    assert sent["code"] == "illegal-transition"


def test_a_past_day_can_be_shown_again(cengkareng: Told) -> None:
    today = cengkareng.ritme("month", "show", MONTH)
    day = datetime.fromisoformat(today["data_as_of"]).astimezone(JAKARTA).date()
    opened = cengkareng.ritme("month", "show", MONTH, "--as-of", day.isoformat())
    assert (opened["entitled"], opened["paid"], opened["holds"]) == (1000, 796, True)
