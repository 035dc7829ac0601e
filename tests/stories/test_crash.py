"""API, workers and PostgreSQL die by SIGKILL in the middle of Cengkareng; afterwards nobody can tell from the figures."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from ritme.instance import throw_away_instance
from tests.support.commands import Ritme, Told
from tests.support.crash import Telling, kill_postgres_at_stops, losing_answers, start_again, until, worker_beside

pytestmark = pytest.mark.slow

DOORS = (
    "beneficiary.decree.before_commit:1", "beneficiary.seal.before_commit:2", "disbursement.opening.before_commit:1",
    "disbursement.release.proved:1", "disbursement.release.before_commit:1", "disbursement.results.before_commit:1",
)  # fmt: skip
"""In the order of the story; of the seal's three programmes the first is in."""

WORKERS = ("relay.after_append:2", "consumer.before_commit:2", "relay.before_append:1", "consumer.after_commit:3")
"""Sent and not marked as sent; applied and not committed; not sent; committed and not told to the bus."""

POSTGRES = (
    "beneficiary.decree.before_commit:1", "relay.after_append:2", "consumer.before_commit:4", "disbursement.release.before_commit:1",
    "disbursement.results.before_commit:1",
)  # fmt: skip


def test_doors_killed_at_six_failpoints(cengkareng: Told, tmp_path: Path) -> None:
    """Every second time the story's own process dies as well, and another goes on with --resume."""
    first, *others = DOORS
    with throw_away_instance(extra={"FAILPOINT": f"{first}:kill"}) as instance:
        instance.environment.pop("FAILPOINT")
        with Telling(instance, tmp_path) as telling:
            for nth, order in enumerate([*others, ""]):
                telling.death_of(instance.serve, DOORS[nth])
                if nth % 2:
                    telling.kill()
                start_again(instance, f"{order}:kill" if order else "")
                if nth % 2:
                    telling.go_on()
            same_month(telling, cengkareng)
        folder = instance.data / "bank" / "out"
        until("the hand-over", lambda: next(folder.glob("*.sha256"), None))
        out = sorted(one.name for one in folder.iterdir())
        assert out == ["2025-09-M01.csv", "2025-09-M01.csv.sha256"]  # released three times, one file, no half one


def test_workers_killed_at_four_failpoints(cengkareng: Told, tmp_path: Path) -> None:
    with throw_away_instance(api_only=True) as instance, Telling(instance, tmp_path) as telling:
        for order in WORKERS:
            telling.death_of(telling.worker(f"{order}:kill"), order)
        telling.worker()
        same_month(telling, cengkareng)


def test_postgresql_killed_at_five_failpoints(cengkareng: Told, tmp_path: Path) -> None:
    """Who had a transaction open was stopped in it and goes on; requests are answered with 503 until it is back."""
    orders = ",".join(f"{order}:stop" for order in POSTGRES)
    with throw_away_instance(extra={"FAILPOINT": orders}) as instance, Telling(instance, tmp_path) as telling:
        assert kill_postgres_at_stops(telling) == len(POSTGRES)
        same_month(telling, cengkareng)


def test_every_first_answer_lost(cengkareng: Told, tmp_path: Path) -> None:
    """Each order arrives, and who gave it never hears so: asked again, it has been done once."""
    with (
        throw_away_instance() as instance, losing_answers(instance.url) as (url, lost), Telling(instance, tmp_path, url) as telling,
    ):  # fmt: skip
        same_month(telling, cengkareng)
    assert {path.rsplit("/", 1)[-1] for path in lost} >= {
        "decree", "commit", "confirmation", "cutoffs", "opening", "batches", "submission", "check", "approval", "release", "results",
    }  # fmt: skip


def test_a_dead_worker_is_started_again_and_does_its_work() -> None:
    with throw_away_instance() as instance:
        first = until("the worker", lambda: worker_beside(instance))
        first.kill()
        again = until("another worker", lambda: worker_beside(instance) if worker_beside(instance) != first else None)
        report = Ritme(instance)("replay", "budi-mulia-2025-09", "--url", instance.url)
        assert [one["state"] for one in report["mismatches"]] == ["closed"]  # found by events alone
        assert worker_beside(instance) == again


def same_month(telling: Telling, undisturbed: Told) -> None:
    """The report of the undisturbed story, and every promise kept."""
    report = telling.report()
    assert comparable(report) == comparable(undisturbed.report)
    ritme = Ritme(telling.instance)
    status = ritme("status")
    assert (status["pending"], status["parked"]) == (0, 0)
    proofs = ritme("verify")
    assert (proofs["ok"], proofs["quiesced"]) == (True, True), json.dumps(proofs)[:3000]
    assert sum(one["checked"] for one in proofs["invariants"]) > 1_000


def comparable(report: dict[str, Any]) -> dict[str, Any]:
    """Without what differs between two undisturbed stories too: seconds, and the seal's hash, since a person's id is drawn anew."""
    seal = report["seal"]
    assert seal["beneficiary"] == seal["disbursement"] != ""
    return {key: value for key, value in report.items() if key not in ("seconds", "peak_rss_mb", "seal")}
