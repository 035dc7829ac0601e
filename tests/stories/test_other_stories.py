"""The panti's finding and the published August, by the command line on instances of their own."""

from __future__ import annotations

import json
import subprocess
import sys
from typing import Any


def replay(*words: str) -> dict[str, Any]:
    done = subprocess.run(
        [sys.executable, "-m", "ritme", "replay", *words, "--json"], capture_output=True, text=True, check=False, timeout=300
    )
    assert done.returncode == 0, f"{done.stdout[-2000:]}\n{done.stderr[-3000:]}"
    answer = json.loads(done.stdout.splitlines()[-1])
    assert isinstance(answer, dict)
    return answer


def test_budi_mulia_ends_closed() -> None:
    report = replay("budi-mulia-2025-09")
    assert report["mismatches"] == [
        {
            "code": "food_differs_from_resident_days", "expected": 133_980_000, "actual": 139_755_000, "difference": 5_775_000,
            "state": "closed",
        }
    ]  # fmt: skip
    assert "equation" not in report  # does not apply
    assert report["peak_rss_mb"] > 0


def test_o23_august_2025_does_not_close_by_itself_and_says_so() -> None:
    report = replay("august-2025", "--scale", "0.01")
    assert report["scale"] == 0.01
    assert report["quota"] - report["named"] == report["vacant"] == 132
    assert report["equation"]["paid"] == 1_653
    assert report["unpaid_by_reason"] == {"card_not_handed_over": 390, "cause_not_known": 2, "left_reason_not_published": 16}
    assert report["gaps"] == {"open": 392, "without_owner": 0, "without_due_date": 0}
    assert report["equation"]["entitled"] - report["equation"]["paid"] == sum(report["unpaid_by_reason"].values())
    assert any("167" in one for one in report["assumed"])
