"""What scripts rely on: exit codes, one JSON object on the last line, options that may stand anywhere."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

import pytest


def ritme(*words: str, url: str = "http://127.0.0.1:9", given: str = "") -> subprocess.CompletedProcess[str]:
    """``given``: what is typed where the command asks."""
    return subprocess.run(
        [sys.executable, "-m", "ritme", *words],
        input=given,
        env={**os.environ, "RITME_URL": url},
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )


@contextmanager
def answering(status: int, body: dict[str, Any]) -> Iterator[str]:
    """An address where every door gives this answer, but for the token's."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            self.rfile.read(int(self.headers.get("content-length", 0)))
            if self.path == "/demo/token":
                self.answer(200, {"access_token": "a"})
            else:
                self.answer(status, body)

        def do_GET(self) -> None:
            self.answer(status, body)

        def answer(self, status: int, body: dict[str, Any]) -> None:
            content = json.dumps(body).encode()
            self.send_response(status)
            self.send_header("content-length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, *_: object) -> None: ...

    server = HTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def test_nobody_answers() -> None:
    done = ritme("gaps", "--month", "2025-09", "--json")
    assert done.returncode == 1
    assert json.loads(done.stdout.splitlines()[-1])["code"] == "unreachable"
    assert "ritme serve" in done.stderr


@pytest.mark.parametrize(
    "words",
    [
        ("gaps",),
        ("no-such-command",),
        ("import", "no-such-kind", __file__),
        ("import", "decree", "no-such-file.csv"),
        ("import", "decree", __file__, "--controls", "not json"),
        ("import", "decree", __file__, "--controls", "[1]"),
        ("replay", "no-such-story"),
        ("replay", "august-2025", "--scale", "2"),
    ],
)
def test_usage_is_exit_2(words: tuple[str, ...]) -> None:
    assert ritme(*words).returncode == 2


@pytest.mark.parametrize(("status", "code", "expected"), [(409, "four-eyes", 3), (422, "totals-differ", 1), (403, "not-allowed", 1)])
def test_a_problem_becomes_words_and_an_exit_code(status: int, code: str, expected: int) -> None:
    with answering(status, {"code": code, "status": status, "detail": "in plain words"}) as url:
        done = ritme("money", "--month", "2025-09", "--json", url=url)
    assert done.returncode == expected
    assert json.loads(done.stdout.splitlines()[-1])["code"] == code
    assert "in plain words" in done.stderr


def test_a_refused_opening_shows_the_difference() -> None:
    body = {
        "type": "urn:x", "title": "seal differs", "status": 409, "code": "seal-differs", "detail": "our list differs", "month": "2025-09",
        "opened": False, "refused": "seal_differs", "only_in_beneficiary": 1, "only_in_disbursement": 0, "differs": 0,
        "programmes": [{"programme": "KLJ", "state": "seal_differs", "only_in_beneficiary": 1}],
    }  # fmt: skip
    with answering(409, body) as url:
        done = ritme("month", "open", "2025-09", "--json", url=url)
    assert done.returncode == 3
    answer = json.loads(done.stdout.splitlines()[-1])
    assert (answer["opened"], answer["refused"], answer["only_in_beneficiary"]) == (False, "seal_differs", 1)


def test_common_options_may_stand_anywhere() -> None:
    body = {"open": 0, "by_reason": {}, "without_owner": 0, "without_due_date": 0, "parked": 0, "items": []}
    with answering(200, body) as url:
        lines = [
            ritme(*words).stdout.splitlines()[-1]
            for words in (
                ("--json", "--url", url, "gaps", "--month", "2025-09"),
                ("gaps", f"--url={url}", "--month", "2025-09", "--json", "--as", "leader"),
            )
        ]
    assert lines[0] == lines[1]
    assert json.loads(lines[0]) == {"open": 0, "by_reason": {}, "without_owner": 0, "without_due_date": 0, "parked": 0}


CHANGE: dict[str, Any] = {
    "id": "c-1", "programme": "KLJ", "person_id": "p-1", "state": "proposed", "reason": "kartu hilang", "document": "surat 1",
    "asked_by": "operator", "confirmed_by": None, "in_force_on": None, "told_on": None, "cancelled_by": None, "cancelled_because": None,
    "lists": [], "account_now": {"bank_code": "111", "ends_with": "0001", "holder": "SITI"},
    "account_asked": {"bank_code": "111", "ends_with": "0017", "holder": "SITI"},
}  # fmt: skip


def test_changes_of_accounts_are_asked_for_without_a_number_in_the_history() -> None:
    said = ("--bank", "111", "--holder", "SITI", "--card", "--reason", "kartu hilang", "--document", "surat 1")
    with answering(201, CHANGE) as url:
        prompted = ritme("account", "propose", "p-1", "KLJ", *said, url=url, given="7000000017\n")
        assert prompted.returncode == 0, prompted.stderr
        assert "7000000017" not in prompted.stdout
        assert "proposed" in prompted.stdout
        confirmed = ritme("account", "confirm", "c-1", "--json", url=url, given="7000000017\n")
        assert json.loads(confirmed.stdout.splitlines()[-1]) == CHANGE
        assert "0017" in ritme("account", "show", "c-1", url=url).stdout
        assert ritme("account", "cancel", "c-1", url=url).returncode == 2  # without a reason
        assert ritme("account", "notice", "c-1", "--day", "2025-09-04", "--how", "telepon", url=url).returncode == 0
    with answering(200, {"items": [CHANGE], "next": None}) as url:
        assert "KLJ" in ritme("account", "list", "--untold", url=url).stdout
    rules = {"items": [], "otherwise": {"working_days": 3, "assumed": True}}
    with answering(200, rules) as url:
        assert "3 working days" in ritme("account", "rules", url=url).stdout
        assert ritme("account", "propose-rule", "5", "--from", "2025-09-08", "--document", "SK 3/2025", url=url).returncode == 0
        assert ritme("account", "confirm-rule", "2025-09-08", url=url).returncode == 0
    with answering(409, {"code": "four-eyes", "status": 409, "detail": "another person must confirm the change"}) as url:
        assert ritme("account", "confirm", "c-1", "--number", "7000000017", url=url).returncode == 3


def test_names_of_the_people_who_are_visited_stay_with_whoever_asked(tmp_path: Path) -> None:
    out = tmp_path / "kunjungan.csv"
    with answering(200, {"id": "v-1", "state": "asked", "items": []}) as url:
        assert ritme("cards", "names", "visits", "--out", str(out), url=url).returncode == 0
        assert out.stat().st_mode & 0o077 == 0, "nobody else on this machine reads it"
        assert "asked" in ritme("cards", "visit", "p-1", "KLJ", "--reason", "terbaring", url=url).stdout
        assert ritme("cards", "visited", "v-1", "--day", "2025-09-25", "--result", "tidak di rumah", url=url).returncode == 2
        assert ritme("cards", "visited", "v-1", "--day", "2025-09-25", "--no-card", "--result", "pindah", url=url).returncode == 0
        assert ritme("cards", "funnel", url=url).returncode == 0
        assert ritme("cards", "visits", url=url).returncode == 0


def test_quarantined_rows_are_exit_4_and_a_duplicate_is_not(tmp_path: Path) -> None:
    file = tmp_path / "results.csv"
    file.write_text("x")
    with answering(201, {"applied": 800, "rejected": 5, "quarantined": 1}) as url:
        assert ritme("bank", "results", str(file), "--json", url=url).returncode == 4
    with answering(200, {"applied": 800, "rejected": 5, "quarantined": 1, "duplicate_of": "x"}) as url:
        assert ritme("bank", "results", str(file), "--json", url=url).returncode == 0
