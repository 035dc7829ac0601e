"""``ritme serve``: the doors of all services, or of some, on one address; embedded with a worker process beside it."""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

import structlog
import uvicorn

from ritme.start import ground, stop_signal, watch_over
from services.embedded import CONSOLE, SERVICES, open_house
from shared.db.embedded_postgres import EmbeddedPostgres
from shared.observability import configure_logging
from shared.settings import Settings

log = structlog.get_logger()

GRACE_S = 20


def serve(names: Sequence[str] = (), *, api_only: bool = False, demo_month: bool = False) -> None:
    """Run until Ctrl-C. With no names: every service and the console; without ``api_only`` the workers too.

    ``demo_month``: an empty data folder gets the Cengkareng month in the background (development only).
    """
    settings = Settings()
    configure_logging("api")
    with ground(settings) as postgres:
        asyncio.run(_serve(settings, postgres, names, api_only=api_only, demo_month=demo_month))


async def _serve(settings: Settings, postgres: EmbeddedPostgres | None, names: Sequence[str], *, api_only: bool, demo_month: bool) -> None:
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
        with _beside(["work", *names], wanted=not api_only and postgres is not None), _demo(settings, wanted=demo_month):
            log.info("serving", url=f"http://{settings.host}:{settings.port}", services=list(services), console=console)
            async with asyncio.TaskGroup() as group:
                group.create_task(watch_over(postgres, stop))
                group.create_task(_until(server, stop))
        log.info("stopped")


async def _until(server: uvicorn.Server, stop: asyncio.Event) -> None:
    async def leave() -> None:
        await stop.wait()
        server.should_exit = True

    leaving = asyncio.create_task(leave())
    try:
        await server.serve()
    finally:
        stop.set()
        await leaving
    if not server.started:
        raise SystemExit(1)  # the port is taken; uvicorn said so


class _Server(uvicorn.Server):
    """Leaves signals to us: uvicorn would raise them again after its own shutdown, in the middle of ours."""

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


@contextmanager
def _beside(arguments: Sequence[str], *, wanted: bool) -> Iterator[None]:
    """A child that lives as long as we do: it stops when its standard input ends."""
    if not wanted:
        yield
        return
    child = subprocess.Popen([sys.executable, "-m", "ritme", *arguments], stdin=subprocess.PIPE, env={**os.environ, "RITME_CHILD": "1"})
    try:
        yield
    finally:
        assert child.stdin is not None
        child.stdin.close()
        try:
            child.wait(GRACE_S)
        except subprocess.TimeoutExpired:
            child.kill()
            child.wait()


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
