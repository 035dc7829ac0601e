"""Stories told while the product dies: which process, at which named failpoint, and its start again on the same data."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, Self, TypeVar

import httpx
import psutil

from ritme.instance import Instance, launch, wait_ready
from shared.db.embedded_postgres import EmbeddedPostgres

T = TypeVar("T")

STORY = "cengkareng-2025-09"
PATIENCE_S = 300
POLL_S = 0.02


class NeverCame(AssertionError):
    """What was awaited did not happen in time."""


def until(what: str, look: Callable[[], T | None]) -> T:
    """The first thing ``look`` finds that is not None."""
    deadline = time.monotonic() + PATIENCE_S
    while (found := look()) is None:
        if time.monotonic() > deadline:
            raise NeverCame(f"waited {PATIENCE_S} s for {what}")
        time.sleep(POLL_S)
    return found


@dataclass
class Telling:
    """A story on its way, in a process of its own; its files stay in ``folder``, so that another can go on with it."""

    instance: Instance
    folder: Path
    url: str = ""
    """Where the story goes; by default straight to the instance."""
    process: subprocess.Popen[bytes] = field(init=False)
    workers: list[subprocess.Popen[bytes]] = field(default_factory=list)

    def __enter__(self) -> Self:
        self.process = self._start()
        return self

    def __exit__(self, *_: object) -> None:
        for process in (self.process, *self.workers):
            process.kill()
            process.wait()

    def _start(self, *words: str) -> subprocess.Popen[bytes]:
        url = self.url or self.instance.url
        command = [sys.executable, "-m", "ritme", "replay", STORY, "--url", url, "--out", str(self.folder), "--json", *words]
        with (self.folder / "told.out").open("wb") as out, (self.folder / "told.err").open("ab") as err:
            return subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=out, stderr=err, env=self.instance.environment)

    def kill(self) -> None:
        self.process.kill()
        self.process.wait()

    def go_on(self) -> None:
        """Another process takes the story up where the services stand."""
        self.process = self._start("--resume")

    def worker(self, failpoint: str = "") -> subprocess.Popen[bytes]:
        """``ritme work`` in a process of its own; beside an instance that runs its doors only."""
        with (self.instance.data / "instance.log").open("ab") as output:
            process = subprocess.Popen(
                [sys.executable, "-m", "ritme", "work"], stdin=subprocess.DEVNULL, stdout=output, stderr=output,
                env=self.instance.environment | {"FAILPOINT": failpoint},
            )  # fmt: skip
        self.workers.append(process)
        return process

    @property
    def over(self) -> bool:
        return self.process.poll() is not None

    def report(self) -> dict[str, Any]:
        """Its JSON object; it must have ended well."""
        self.process.wait(PATIENCE_S)
        out, err = ((self.folder / name).read_text(encoding="utf-8") for name in ("told.out", "told.err"))
        assert self.process.returncode == 0, f"exit {self.process.returncode}\n{out[-2000:]}\n{err[-3000:]}\n{self.last_words()}"
        answer = json.loads(out.splitlines()[-1])
        assert isinstance(answer, dict)
        return answer

    def last_words(self) -> str:
        """Of the services, for a failure's message."""
        return (self.instance.data / "instance.log").read_text(encoding="utf-8", errors="replace")[-6000:]

    def death_of(self, process: subprocess.Popen[bytes], where: str) -> None:
        """Wait until it was killed by its failpoint; a story that ends first never came by."""

        def look() -> int | None:
            code = process.poll()
            assert code is not None or not self.over, f"the story ended without coming by {where}\n{self.last_words()}"
            return code

        code = until(f"death at {where}", look)
        assert code == -signal.SIGKILL, f"{where}: ended with {code}\n{self.last_words()}"


def start_again(instance: Instance, failpoint: str = "") -> None:
    """``ritme serve`` once more on the same data and port, as whoever watches over it would do."""
    instance.serve = launch(instance.data, instance.environment | {"FAILPOINT": failpoint})
    wait_ready(instance)


def kill_postgres_at_stops(telling: Telling) -> int:
    """Until the story ends: wherever a process of the product was stopped, PostgreSQL dies, and the process goes on.

    How many times that was.
    """
    postgres = EmbeddedPostgres(telling.instance.data, durable=False)
    kills = 0

    def look() -> bool | None:
        nonlocal kills
        for process in telling.instance.processes():
            try:
                if process.status() != psutil.STATUS_STOPPED:
                    continue
            except psutil.NoSuchProcess:
                continue
            postgres.kill()
            kills += 1
            process.send_signal(signal.SIGCONT)
        return True if telling.over else None

    until("the story's end", look)
    return kills


def worker_beside(instance: Instance) -> psutil.Process | None:
    """The worker that ``ritme serve`` started for itself, where one lives."""
    try:
        children = psutil.Process(instance.serve.pid).children()
        living = [child for child in children if child.status() != psutil.STATUS_ZOMBIE and "work" in child.cmdline()]
    except psutil.NoSuchProcess:
        return None
    return living[0] if living else None


@contextmanager
def losing_answers(url: str) -> Iterator[tuple[str, set[str]]]:
    """A way to the doors on which each POST arrives and its first answer is lost; its address, and the paths concerned."""
    lost: set[str] = set()
    doors = httpx.Client(base_url=url, timeout=PATIENCE_S)

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            body = self.rfile.read(int(self.headers.get("content-length", 0)))
            headers = {name: value for name, value in self.headers.items() if name.lower() not in ("host", "content-length")}
            answer = doors.request(self.command, self.path, content=body, headers=headers)
            if self.command == "POST" and self.path not in lost:
                lost.add(self.path)
                self.close_connection = True
                return
            self.send_response(answer.status_code)
            self.send_header("content-type", answer.headers.get("content-type", "application/json"))
            self.send_header("content-length", str(len(answer.content)))
            self.end_headers()
            self.wfile.write(answer.content)

        def do_POST(self) -> None:
            self.do_GET()

        def log_message(self, *_: object) -> None:
            """Nobody reads it."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}", lost
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
        doors.close()
