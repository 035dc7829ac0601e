"""The whole system in containers, on Kafka: it comes up by one command and a month passes on it."""

from __future__ import annotations

import json
import os
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
UP_SECONDS = 600
STORY_SECONDS = 600


@dataclass(frozen=True)
class System:
    """A running compose project of this test alone."""

    name: str
    port: int

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def compose(self, *arguments: str, timeout: float = 120) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            ("docker", "compose", "-p", self.name, *arguments),
            cwd=PROJECT,
            env={**os.environ, "RITME_PORT": str(self.port)},
            capture_output=True,
            text=True,
            check=False,
            timeout=timeout,
        )

    def up(self) -> None:
        done = self.compose("up", "--build", "--wait", timeout=UP_SECONDS)
        if done.returncode != 0:
            pytest.fail(f"{done.stderr[-3000:]}\n{self.compose('logs', '--tail', '40').stdout[-6000:]}")


@pytest.fixture(scope="module")
def system() -> Iterator[System]:
    if shutil.which("docker") is None:
        pytest.skip("no docker command on this machine")
    for question in (("docker", "info"), ("docker", "compose", "version")):
        answer = subprocess.run(question, capture_output=True, text=True, check=False, timeout=30)
        if answer.returncode != 0:
            pytest.skip(f"{' '.join(question)} says: {answer.stderr.strip() or answer.stdout.strip()}")
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = int(probe.getsockname()[1])
    system = System(f"ritme-test-{port}", port)
    try:
        system.up()
        yield system
    finally:
        system.compose("down", "--volumes", "--remove-orphans")


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


def test_a_month_passes_on_kafka(system: System) -> None:
    done = subprocess.run(
        (sys.executable, "-m", "ritme", "replay", "cengkareng-2025-09", "--json", "--url", system.url),
        cwd=PROJECT,
        capture_output=True,
        text=True,
        check=False,
        timeout=STORY_SECONDS,
    )
    assert done.returncode == 0, done.stdout[-2000:] + done.stderr[-4000:]
    told = json.loads(done.stdout.splitlines()[-1])
    assert told["equation"]["holds"] is True
    assert told["equation"]["paid"] == 796
    assert told["gaps"]["open"] == 188


def test_what_was_paid_is_there_after_a_restart(system: System) -> None:
    """Runs after the month: every container is stopped and started, the volumes stay."""
    assert system.compose("down", timeout=180).returncode == 0
    system.up()
    asked = subprocess.run(
        (sys.executable, "-m", "ritme", "gaps", "--month", "2025-09", "--json", "--as", "leader"),
        cwd=PROJECT,
        env={**os.environ, "RITME_URL": system.url},
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert asked.returncode == 0, asked.stderr
    assert json.loads(asked.stdout.splitlines()[-1])["open"] == 188
