"""``ritme serve``: the doors of all services, or of some, on one address; embedded with a worker process beside it."""

from __future__ import annotations

import asyncio
import os
import socket
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager

import structlog
import uvicorn

from ritme.start import WATCH_S, ground, spare_the_collector, stop_signal, watch_over
from services.embedded import CONSOLE, SERVICES, open_house
from shared.db.embedded_postgres import EmbeddedPostgres
from shared.observability import configure_logging
from shared.settings import Settings

log = structlog.get_logger()

GRACE_S = 20
STEADY_S = 60
AGAIN_MAX_S = 30
"""Seconds: a child that lived so long is started again at once, the others after a pause that doubles up to here."""


def serve(names: Sequence[str] = (), *, api_only: bool = False, demo_month: bool = False) -> None:
    """Run until Ctrl-C. With no names: every service and the console; without ``api_only`` the workers too.

    ``demo_month``: an empty data folder gets the Cengkareng month in the background (development only).
    """
    settings = Settings()
    configure_logging("api")
    with _listening(settings) as listener, ground(settings) as postgres:
        asyncio.run(_serve(settings, listener, postgres, names, api_only=api_only, demo_month=demo_month))


def _listening(settings: Settings) -> socket.socket:
    """The port, taken before anything is started; where it is another's, one sentence instead of a half start."""
    try:
        return socket.create_server((settings.host, settings.port))
    except OSError as error:
        raise SystemExit(
            f"Ritme cannot listen on {settings.host}:{settings.port}: {error.strerror}. Stop what runs there, or choose another port:"
            " RITME_PORT=8001 RITME_URL=http://127.0.0.1:8001 make run"
        ) from None


async def _serve(
    settings: Settings,
    listener: socket.socket,
    postgres: EmbeddedPostgres | None,
    names: Sequence[str],
    *,
    api_only: bool,
    demo_month: bool,
) -> None:
    services = [name for name in names if name != CONSOLE] or (SERVICES if not names else ())
    console = not names or CONSOLE in names
    stop = stop_signal()
    async with open_house(settings, "api", services, console=console, postgres=postgres) as house:
        server = _Server(
            uvicorn.Config(
                house.app(), host=settings.host, port=settings.port, log_level="warning", access_log=False, lifespan="off",
                timeout_graceful_shutdown=GRACE_S,
            )
        )  # fmt: skip
        spare_the_collector()
        worker = not api_only and postgres is not None
        async with _beside(["work", *names], stop, wanted=worker):
            with _demo(settings, wanted=demo_month):
                log.info("serving", url=f"http://{settings.host}:{settings.port}", services=list(services), console=console)
                async with asyncio.TaskGroup() as group:
                    group.create_task(watch_over(postgres, stop))
                    group.create_task(_until(server, listener, stop))
        log.info("stopped")


async def _until(server: uvicorn.Server, listener: socket.socket, stop: asyncio.Event) -> None:
    async def leave() -> None:
        await stop.wait()
        server.should_exit = True

    leaving = asyncio.create_task(leave())
    try:
        await server.serve(sockets=[listener])
    finally:
        stop.set()
        await leaving
    if not server.started:
        raise SystemExit(1)  # uvicorn said why


class _Server(uvicorn.Server):
    """Leaves signals to us: uvicorn would raise them again after its own shutdown, in the middle of ours."""

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


class _Child:
    """A process that lives as long as we do: it stops when its standard input ends, and is started again where it dies."""

    def __init__(self, arguments: Sequence[str]) -> None:
        self._arguments = arguments
        self._process = self._start()

    def _start(self) -> subprocess.Popen[bytes]:
        self._since = time.monotonic()
        return subprocess.Popen(
            [sys.executable, "-m", "ritme", *self._arguments], stdin=subprocess.PIPE, env={**os.environ, "RITME_CHILD": "1"}
        )

    async def keep(self, stop: asyncio.Event) -> None:
        """Until ``stop``. While no worker lives, events stand still and with them people's money."""
        deaths = 0
        while not await _stopped_within(WATCH_S, stop):
            code = self._process.poll()
            if code is None:
                continue
            deaths = 1 if time.monotonic() - self._since > STEADY_S else deaths + 1
            pause = min(2 ** (deaths - 1), AGAIN_MAX_S)
            log.error("child.died", arguments=list(self._arguments), code=code, deaths=deaths, again_in_s=pause)
            if await _stopped_within(pause, stop):
                return
            self._process = self._start()

    def end(self) -> None:
        assert self._process.stdin is not None
        self._process.stdin.close()
        try:
            self._process.wait(GRACE_S)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()


async def _stopped_within(seconds: float, stop: asyncio.Event) -> bool:
    try:
        await asyncio.wait_for(stop.wait(), seconds)
    except TimeoutError:
        return False
    return True


@asynccontextmanager
async def _beside(arguments: Sequence[str], stop: asyncio.Event, *, wanted: bool) -> AsyncIterator[None]:
    if not wanted:
        yield
        return
    child = _Child(arguments)
    keeping = asyncio.create_task(child.keep(stop))
    try:
        yield
    finally:
        keeping.cancel()
        child.end()


@contextmanager
def _demo(settings: Settings, *, wanted: bool) -> Iterator[None]:
    """The first start of an empty data folder gets a month to look at; an interrupted one goes on."""
    done = settings.data / "demo-month.json"
    if not wanted or not settings.demo or done.exists():
        yield
        return
    environment = {**os.environ, "RITME_URL": f"http://{settings.host}:{settings.port}", "RITME_DEMO_MONTH": str(done)}
    with (settings.data / "demo-month.log").open("ab") as output:
        child = subprocess.Popen(
            [sys.executable, "-m", "ritme.demo_month"], stdin=subprocess.DEVNULL, stdout=output, stderr=output, env=environment
        )
        try:
            yield
        finally:
            child.terminate()
            child.wait(GRACE_S)
