"""The whole system in containers, on Kafka: it comes up by one command and a month passes on it."""

from __future__ import annotations

import json
import os
import re
import shutil
import socket
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest

pytestmark = pytest.mark.compose

PROJECT = Path(__file__).resolve().parents[2]
SERVICES = {"beneficiary", "disbursement", "budget_audit", "assistive_devices"}
UP_SECONDS = 900
PULL_SECONDS = 300
STORY_SECONDS = 600
WORKERS = {f"{service.replace('_', '-')}-worker" for service in SERVICES}


@dataclass(frozen=True)
class System:
    """A running compose project of this test alone."""

    name: str
    port: int

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def image(self) -> str:
        """An image of its own, so that nobody's running system finds its own replaced."""
        return f"ritme:{self.name}"

    @property
    def environment(self) -> dict[str, str]:
        """Settings of whoever runs the tests are for another system."""
        kept = {name: value for name, value in os.environ.items() if not name.startswith(("RITME_", "FAILPOINT", "COMPOSE_"))}
        return kept | {"RITME_PORT": str(self.port), "RITME_IMAGE": self.image}

    def ritme(self, *words: str, timeout: float) -> subprocess.CompletedProcess[str]:
        """The command of this machine against the doors of that system."""
        return subprocess.run(
            (sys.executable, "-m", "ritme", *words, "--json", "--url", self.url),
            cwd=PROJECT,
            env=self.environment,
            capture_output=True,
            text=True,
            check=False,
            timeout=timeout,
        )

    def compose(self, *arguments: str, timeout: float = 120) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            ("docker", "compose", "-p", self.name, *arguments),
            cwd=PROJECT,
            env=self.environment,
            capture_output=True,
            text=True,
            check=False,
            timeout=timeout,
        )

    def up(self, *how: str) -> None:
        done = self.compose("up", "--wait", *how, timeout=UP_SECONDS)
        if done.returncode != 0:
            pytest.fail(f"{done.stderr[-3000:]}\n{self.compose('logs', '--tail', '40').stdout[-6000:]}")


def run(*words: str, timeout: float = 60) -> subprocess.CompletedProcess[str]:
    return subprocess.run(words, cwd=PROJECT, capture_output=True, text=True, check=False, timeout=timeout)


def need_engine_and_images() -> None:
    """Skip where no engine answers, or where an image that is not our own is neither here nor to be had."""
    if shutil.which("docker") is None:
        pytest.skip("no docker command on this machine")
    for question in (("docker", "info"), ("docker", "compose", "version")):
        answer = run(*question)
        if answer.returncode != 0:
            pytest.skip(f"{' '.join(question)} says: {answer.stderr.strip() or answer.stdout.strip()}")
    named = run("docker", "compose", "config", "--images").stdout.split()
    bases = re.findall(r"^FROM (\S+)", (PROJECT / "Dockerfile").read_text(), re.MULTILINE)
    for image in sorted({*named, *bases}):
        if image.startswith("ritme:") or run("docker", "image", "inspect", image).returncode == 0:
            continue
        try:
            pulled = run("docker", "pull", "--quiet", image, timeout=PULL_SECONDS)
        except subprocess.TimeoutExpired:
            pytest.skip(f"image {image} is not here, and could not be pulled in {PULL_SECONDS} s")
        if pulled.returncode != 0:
            pytest.skip(f"image {image} is not here, and docker pull says: {pulled.stderr.strip()}")


@pytest.fixture(scope="module")
def system() -> Iterator[System]:
    need_engine_and_images()
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = int(probe.getsockname()[1])
    system = System(f"ritme-test-{port}", port)
    try:
        system.up("--build")
        yield system
    finally:
        system.compose("down", "--volumes", "--remove-orphans", timeout=180)
        run("docker", "image", "rm", system.image)


def test_all_services_are_ready_behind_one_address(system: System) -> None:
    answer = httpx.get(f"{system.url}/health/ready", timeout=30)
    assert answer.status_code == 200
    ready: dict[str, Any] = answer.json()
    assert ready["status"] == "ready"
    assert ready["bus"] == "kafka"
    assert set(ready["services"]) == SERVICES


def test_every_door_answers(system: System) -> None:
    with httpx.Client(base_url=system.url, timeout=30) as client:
        for service in SERVICES:
            assert client.get(f"/{service}/health").status_code == 200, service
            assert client.get(f"/{service}/status").status_code == 401, service
        token = client.post("/demo/token", json={"person": "operator"}).json()["access_token"]
        for service in SERVICES:
            answer = client.get(f"/{service}/status", headers={"authorization": f"Bearer {token}"})
            assert answer.status_code == 200, service


def test_migrating_again_changes_nothing(system: System) -> None:
    again = system.compose("run", "--rm", "migrate", timeout=180)
    assert again.returncode == 0, again.stderr


def test_the_console_answers_and_knows_who_may_enter(system: System) -> None:
    as_a_browser = {"origin": system.url}  # forms count from the console's own pages alone
    with httpx.Client(base_url=system.url, timeout=30, follow_redirects=True, headers=as_a_browser) as client:
        assert client.get("/").url.path == "/masuk"
        page = client.post("/masuk", data={"orang": "operator"})
        assert page.status_code == 200
        assert page.url.path != "/masuk"


def test_workers_are_seen_to_work(system: System) -> None:
    shown = system.compose("ps", "--format", "{{.Service}} {{.Health}}")
    health = dict(line.split() for line in shown.stdout.splitlines() if len(line.split()) == 2)
    assert {name for name, state in health.items() if state == "healthy"} >= WORKERS


def test_a_month_passes_on_kafka(system: System) -> None:
    done = system.ritme("replay", "cengkareng-2025-09", timeout=STORY_SECONDS)
    assert done.returncode == 0, done.stdout[-2000:] + done.stderr[-4000:]
    told = json.loads(done.stdout.splitlines()[-1])
    assert told["equation"]["holds"] is True
    assert told["equation"]["paid"] == 796
    assert told["gaps"]["open"] == 188


def test_verify_reads_the_databases_from_inside(system: System) -> None:
    """After the month, as the runbook says."""
    done = system.compose("exec", "-T", "console", "ritme", "verify", "--json", timeout=180)
    assert done.returncode == 0, done.stdout[-4000:] + done.stderr[-2000:]
    report = json.loads(done.stdout.splitlines()[-1])
    assert len(report["invariants"]) > 15
    assert sum(one["checked"] for one in report["invariants"]) > 1_000


def test_a_service_that_is_gone_is_named_and_comes_back(system: System) -> None:
    assert system.compose("stop", "disbursement-api").returncode == 0
    answer = httpx.get(f"{system.url}/health/ready", timeout=30)
    assert answer.status_code == 503
    assert answer.json()["status"] == "not_ready"
    assert {name for name, state in answer.json()["services"].items() if state != "ready"} == {"disbursement"}
    system.up()
    assert httpx.get(f"{system.url}/health/ready", timeout=30).status_code == 200


def test_what_was_paid_is_there_after_a_restart(system: System) -> None:
    """After the month: every container is thrown away and made again, the volumes stay."""
    assert system.compose("down", timeout=180).returncode == 0
    system.up()
    asked = system.ritme("gaps", "--month", "2025-09", "--as", "leader", timeout=120)
    assert asked.returncode == 0, asked.stderr
    assert json.loads(asked.stdout.splitlines()[-1])["open"] == 188
