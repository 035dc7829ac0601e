"""Fixture C: its proof of completeness, exported by the command and checked by the script that knows nothing of Ritme."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

from tests.support.commands import Told

SCRIPT = Path(__file__).resolve().parents[2] / "scripts" / "check_proof.py"


def test_the_month_is_proved_by_a_script_that_shares_nothing(cengkareng: Told, tmp_path: Path) -> None:
    answer = cengkareng.ritme("proof", "--month", "2025-09", "--out", str(tmp_path))
    rows = {one["name"]: (one["rows"], one["sum"]) for one in answer["files"]}
    assert rows["sealed.csv"] == rows["heads.csv"] == (1000, 300_000_000)
    assert rows["gaps.csv"][0] == 188
    assert rows["holds.csv"][0] == 12
    done = subprocess.run([sys.executable, "-I", str(SCRIPT), str(tmp_path)], capture_output=True, text=True, check=False, timeout=60)
    assert json.loads(done.stdout.splitlines()[-1]) == {"missing": 0, "extra": 0, "double": 0, "unexplained": 0}, done.stderr
    assert done.returncode == 0
    assert "1000 person-months, 300000000 rupiah" in done.stdout


def test_a_carried_in_month_has_no_seal_and_is_proved_all_the_same(cengkareng: Told, tmp_path: Path) -> None:
    answer = cengkareng.ritme("proof", "--month", "2025-07", "--out", str(tmp_path))
    assert {one["name"]: one["rows"] for one in answer["files"]}["heads.csv"] == 3
    done = subprocess.run([sys.executable, "-I", str(SCRIPT), str(tmp_path)], capture_output=True, text=True, check=False, timeout=60)
    assert done.returncode == 0, done.stderr


def test_the_held_ask_for_their_notice(cengkareng: Told) -> None:
    found = cengkareng.ritme("case", "list", "--kind", "hold")
    assert (found["holds_without_notice"], len(found["items"])) == (12, 12)
    shown = cengkareng.ritme("case", "show", found["items"][0]["id"])
    assert [entry["what"] for entry in shown["entries"]] == ["opened"]
    assert cengkareng.ritme("case", "list", "--kind", "access")["items"] == []


def test_a_gap_is_shown_and_answered_from_the_command_line(cengkareng: Told) -> None:
    gaps = cengkareng.ritme("gaps", "--month", "2025-09", "--items", "--reason", "card_not_handed_over")["items"]
    answered = cengkareng.ritme("gap", "answer", gaps[0]["id"], "--text", "Undangan ketiga dikirim")
    assert (answered["answer"], answered["next_step"]) == ("Undangan ketiga dikirim", "invite_for_card")
    refused = cengkareng.ritme("gap", "reassign", gaps[0]["id"], "--owner", "warung", "--reason", "coba saja", code=1)
    assert refused["code"] == "invalid-input"
    assert cengkareng.ritme("bank-cap", "list")["items"] == []
