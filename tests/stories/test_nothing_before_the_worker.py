"""Detection is asynchronous: with only the doors running, nothing is found; after the worker, everything is.

The whole month by single commands, as a script of an office would run it.
"""

from __future__ import annotations

import csv
import json
from pathlib import Path
from typing import Any

import pytest

from ritme.replay import cengkareng, files
from tests.support.commands import Ritme

MONTH = cengkareng.MONTH


class Desk:
    """The commands of one month, in order; the worker runs only between them."""

    def __init__(self, ritme: Ritme, folder: Path) -> None:
        self.ritme = ritme
        self.folder = folder
        self.cast = cengkareng.write_cast(folder)

    def bring_in(self, kind: str, file: Path, controls: dict[str, Any], *, by: str = "operator", commit_by: str = "operator2") -> None:
        view = self.ritme("import", kind, str(file), "--controls", json.dumps(controls), "--as", by)
        assert view["ready"], view["not_ready"]
        assert self.ritme("import-commit", view["id"], "--as", commit_by)["state"] == "committed"

    def decree(self) -> None:
        controls = cengkareng.decree_controls(
            self.cast.counts, self.cast.counts, cengkareng.DECREE, cengkareng.DECREE_MONTHS, cengkareng.AMOUNT
        )
        self.bring_in("decree", self.cast.decree, controls)

    def status(self) -> None:
        self.bring_in("status", self.cast.status, {"count": self.cast.rows["status"]})

    def budget(self) -> None:
        rows = [(*line.key, f"Bantuan sosial {code}", *line.owner, 10**9) for code, line in cengkareng.lines().items()]
        self.bring_in("dpa", files.write(self.folder, "dpa", rows), {"count": 3, "sum": 3 * 10**9}, by="treasurer", commit_by="treasurer2")

    def older_months(self) -> None:
        controls = {"count": 6, "months": dict.fromkeys(cengkareng.OLDER, 3)}
        self.bring_in("carry-in", self.cast.carry_in, controls)
        niks = self.folder / "niks.txt"
        niks.write_text("\n".join(person.nik for person in self.cast.resumed))
        ids = self.ritme("people", "resolve", str(niks))["ids"]
        items = [
            {
                "person_id": one, "programme": person.programme, "action": "resume", "reason": "cleared",
                "from_month": cengkareng.OLDER[0], "evidence": "BA-33/IX/2025",
            }
            for one, person in zip(ids, self.cast.resumed, strict=True)
        ]  # fmt: skip
        order = self.ritme("status-change", json.dumps({"items": items}))
        assert order["state"] == "proposed"
        assert self.ritme("status-confirm", order["id"], "--as", "operator", code=3)["code"] == "four-eyes"
        assert self.ritme("status-confirm", order["id"])["state"] == "done"

    def sp2d(self, batch: dict[str, Any], extra: int) -> None:
        budget = cengkareng.lines()
        amounts = {one["programme"]: one["sum"] for one in batch["totals"]}
        amounts["KLJ"] += extra
        rows = [("SP2D-1", "2025-09-22", *budget[code].key, *budget[code].owner, amount, batch["code"]) for code, amount in amounts.items()]
        controls = {"count": 3, "sum": sum(amounts.values())}
        self.bring_in("sp2d", files.write(self.folder, "sp2d", rows), controls, by="treasurer", commit_by="treasurer2")

    def results(self, batch: dict[str, Any]) -> Path:
        self.ritme("bank", "file", batch["code"], "--out", str(self.folder / "bank.csv"))
        target = self.folder / "results.csv"
        files.bank_results(self.folder / "bank.csv", target, day="2025-09-25", code_of=lambda account: self.cast.bank.get(account, "00"))
        return target


@pytest.fixture
def desk(doors_only: Ritme, tmp_path: Path) -> Desk:
    return Desk(doors_only, tmp_path)


def test_gaps_and_mismatches_are_found_by_the_worker_alone(desk: Desk) -> None:
    ritme = desk.ritme
    batch = approved(desk)
    desk.sp2d(batch, extra=3_000_000)
    assert ritme("mismatches", "--year", "2025")["items"] == []
    ritme.work()
    found = ritme("mismatches", "--year", "2025")["items"]
    assert len(found) == 1
    one = found[0]
    assert (one["code"], one["expected"], one["actual"], one["difference"]) == (
        "settled_differs_from_sp2d", 243_000_000, 246_000_000, 3_000_000,
    )  # fmt: skip
    assert one["evidence"]
    assert one["owner"]
    assert one["due_on"]
    assert one["caused_by_event"]

    assert ritme("batch", "release", batch["code"], "--as", "approver", code=3)["code"] == "four-eyes"
    assert ritme("batch", "release", batch["code"], "--list-hash", "0" * 64, code=3)["code"] == "list-hash-changed"
    ritme("batch", "release", batch["code"])
    answer = ritme("bank", "results", str(desk.results(batch)))
    assert (answer["applied"], answer["rejected"], answer["quarantined"]) == (801, 5, 0)
    assert ritme("gaps", "--month", MONTH)["open"] == 0
    status = ritme("status")
    assert status["pending"] > 0
    assert status["oldest_pending_age_s"] is not None
    ritme.work()
    gaps = ritme("gaps", "--month", MONTH)
    assert (gaps["open"], gaps["without_owner"], gaps["without_due_date"], gaps["parked"]) == (188, 0, 0, 0)
    assert gaps["by_reason"]["card_not_handed_over"] == 180


def test_a_changed_amount_is_quarantined_and_the_rest_applied(desk: Desk) -> None:
    ritme = desk.ritme
    batch = approved(desk)
    desk.sp2d(batch, extra=0)
    ritme.work()
    ritme("batch", "release", batch["code"])
    changed = with_one_amount_changed(desk.results(batch))
    answer = ritme("bank", "results", str(changed), code=4)
    assert (answer["applied"], answer["quarantined"]) == (800, 1)
    rows = ritme("bank", "rows", answer["file_id"])["items"]
    assert [row["problem"] for row in rows] == ["changed_amount"]


def approved(desk: Desk) -> dict[str, Any]:
    """Up to the approved batch with its budget; the worker is idle again."""
    ritme = desk.ritme
    desk.budget()
    desk.decree()
    ritme.work()
    desk.bring_in("accounts", desk.cast.accounts, {"count": 1000})
    desk.status()
    desk.older_months()
    ritme("month", "seal", MONTH)
    refused = ritme("month", "open", MONTH, code=3)
    assert (refused["opened"], refused["refused"]) == (False, "not_sealed")  # disbursement has not heard of the seal yet
    ritme.work()
    assert ritme("month", "open", MONTH)["opened"] is True
    batch = ritme("batch", "compose", MONTH)
    assert (batch["payments"], batch["allocations"], batch["sum"]) == (804, 810, 243_000_000)
    for step in ("submit", "check", "approve"):
        batch = ritme("batch", step, batch["id"])
    ritme.work()
    batch = ritme("batch", "show", batch["id"])
    assert batch["state"] == "reserved"
    return batch


def with_one_amount_changed(results: Path) -> Path:
    with results.open(encoding="utf-8", newline="") as file:
        rows = list(csv.reader(file, delimiter=";"))
    row = next(row for row in rows[2:] if row[3] == "00" and row[2] == "300000")
    row[2] = "290000"
    rows[0][4] = str(int(rows[0][4]) - 10_000)
    target = results.with_name("changed.csv")
    with target.open("w", encoding="utf-8", newline="") as file:
        csv.writer(file, delimiter=";").writerows(rows)
    return target
