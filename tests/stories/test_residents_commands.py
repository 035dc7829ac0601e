"""A panti's book by the command line."""

from __future__ import annotations

from datetime import timedelta

from shared.kernel.clock import SystemClock
from tests.support.commands import Ritme


def test_a_book_is_opened_written_corrected_and_looked_at(doors_only: Ritme) -> None:
    ritme = doors_only
    first = (SystemClock().today() - timedelta(days=5)).isoformat()
    third = (SystemClock().today() - timedelta(days=3)).isoformat()
    ritme("residents", "open", "BM1", "--from", first)
    name = ("--no-nik", "--name", "Tanpa nama, laki-laki")
    admitted = ritme("residents", "admit", "BM1", "--day", first, "--reason", "rujukan Satpol PP", *name)
    assert admitted["number"] == "BM1-00001"
    about = ("--person", admitted["person_id"])
    left = ritme("residents", "write", "BM1", "leave", *about, "--day", third, "--reason", "keluarga")
    again = ritme("residents", "write", "BM1", "leave", *about, "--day", third, "--reason", "keluarga", code=3)
    assert again["code"] == "illegal-transition"
    assert [one["residents"] for one in ritme("residents", "census", "BM1", "--from", first)["items"]] == [1, 1, 0, 0, 0, 0]
    ritme("residents", "correct", left["entry_id"], "--reason", "salah orang")
    (shown,) = ritme("residents", "list", "BM1")["items"]
    assert (shown["name"], shown["state"]) == ("Tanpa nama, laki-laki", "present")
    assert [one["kind"] for one in ritme("residents", "book", "BM1")["items"]] == ["counter", "leave", "admission"]
    assert len(ritme("residents", "panti")["items"]) == 20
    for words in (("joins",), ("reopenings",), ("panti",), ("book", "BM1"), ("list", "BM1"), ("census", "BM1")):
        assert ritme.run("residents", *words).returncode == 0
