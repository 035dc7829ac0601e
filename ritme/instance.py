"""A throw-away instance: API and workers as processes of their own on a free port and an empty data folder."""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import httpx
import psutil

START_S = 90


@dataclass
class Instance:
    """Where it answers, where its data lies, and what its processes took."""

    url: str
    data: Path
    environment: dict[str, str]
    serve: subprocess.Popen[bytes]
    _peaks: dict[int, float] = field(default_factory=dict)

    def processes(self) -> list[psutil.Process]:
        """The product's own processes (API, worker), PostgreSQL apart."""
        try:
            top = psutil.Process(self.serve.pid)
            family = [top, *top.children(recursive=True)]
            return [p for p in family if "python" in p.name().lower() and "postgres" not in p.name().lower()]
        except psutil.NoSuchProcess:
            return []

    def peak_rss_mb(self) -> float:
        """Of the largest process so far, in MB; the kernel's own high-water mark where it keeps one."""
        for process in self.processes():
            try:
                self._peaks[process.pid] = max(self._peaks.get(process.pid, 0), _high_water_mb(process))
            except (psutil.NoSuchProcess, FileNotFoundError):
                continue
        return round(max(self._peaks.values(), default=0.0), 1)


def _high_water_mb(process: psutil.Process) -> float:
    status = Path(f"/proc/{process.pid}/status")
    if status.exists():
        for line in status.read_text().splitlines():
            if line.startswith("VmHWM:"):
                return int(line.split()[1]) / 1024
    return float(process.memory_info().rss) / 2**20


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextmanager
def throw_away_instance(*, api_only: bool = False, extra: Mapping[str, str] | None = None, keep: bool = False) -> Iterator[Instance]:
    """Started and answering; stopped and deleted at the end (``keep`` leaves the data folder)."""
    data = Path(tempfile.mkdtemp(prefix="ritme-"))
    port = free_port()
    environment = {
        **os.environ, "RITME_DATA": str(data), "RITME_PORT": str(port), "RITME_URL": f"http://127.0.0.1:{port}",
        "RITME_DURABLE": "0", **(extra or {}),
    }  # fmt: skip
    instance = Instance(environment["RITME_URL"], data, environment, launch(data, environment, api_only=api_only))
    try:
        wait_ready(instance)
        yield instance
    finally:
        stop(instance.serve)
        if not keep:
            shutil.rmtree(data, ignore_errors=True)


def launch(data: Path, environment: Mapping[str, str], *, api_only: bool = False) -> subprocess.Popen[bytes]:
    """``ritme serve`` on this data folder; what it says goes to ``instance.log`` there."""
    command = [sys.executable, "-m", "ritme", "serve", "--no-demo-month", *(["--api-only"] if api_only else [])]
    with (data / "instance.log").open("ab") as output:
        return subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=output, stderr=output, env=dict(environment))


def wait_ready(instance: Instance) -> None:
    """Raise RuntimeError with the end of its log where it does not come up."""
    deadline = time.monotonic() + START_S
    while time.monotonic() < deadline:
        if instance.serve.poll() is not None:
            break
        try:
            if httpx.get(f"{instance.url}/health/ready", timeout=5).status_code == 200:
                return
        except httpx.HTTPError:
            pass
        time.sleep(0.1)
    tail = (instance.data / "instance.log").read_text()[-3000:]
    raise RuntimeError(f"the instance did not become ready:\n{tail}")


def stop(serve: subprocess.Popen[bytes]) -> None:
    if serve.poll() is None:
        serve.send_signal(signal.SIGINT)
        try:
            serve.wait(40)
        except subprocess.TimeoutExpired:
            serve.kill()
            serve.wait()
