"""What loops that never end have in common: they back off with a cap, and stop soon when told to."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Coroutine
from contextlib import suppress
from typing import Any

import structlog

from shared.messaging.failures import is_transient

log = structlog.get_logger()

_BACKOFF_MAX_S = 10.0
_GRACE_S = 5.0


def backoff(failures: int, first_s: float) -> float:
    """Seconds to wait after so many failures in a row: doubling, at most ten seconds, however long an outage lasts."""
    return float(min(first_s * 2.0 ** min(failures, 16), _BACKOFF_MAX_S))


async def repeat(name: str, service: str, turn: Callable[[], Awaitable[float]], stop: asyncio.Event, *, first_s: float) -> None:
    """Until told to stop: turn after turn, each answering how many seconds to pause; what fails is logged and tried again, ever later."""
    failures = 0
    while not stop.is_set():
        try:
            pause = await turn()
            failures = 0
        except Exception as error:  # noqa: BLE001 - the loop outlives whatever happens to bus or database
            failures += 1
            pause = backoff(failures, first_s)
            report = log.warning if is_transient(error) else log.error
            report(f"{name}.failed", service=service, error=repr(error), failures=failures, retry_in_s=pause)
        await pause_unless_stopped(pause, stop)


async def pause_unless_stopped(seconds: float, stop: asyncio.Event) -> None:
    if seconds:
        with suppress(TimeoutError):
            await asyncio.wait_for(stop.wait(), seconds)


async def unless_stopped(work: Coroutine[Any, Any, int], stop: asyncio.Event) -> int:
    """The work's result; once told to stop it has a few seconds to end, then its transaction is rolled back (0)."""
    working, stopping = asyncio.ensure_future(work), asyncio.ensure_future(stop.wait())
    try:
        await asyncio.wait({working, stopping}, return_when=asyncio.FIRST_COMPLETED)
        if not working.done():
            await asyncio.wait({working}, timeout=_GRACE_S)
        if working.done():
            return working.result()
        return 0
    finally:
        stopping.cancel()
        if not working.done():
            working.cancel()
            with suppress(asyncio.CancelledError):
                await working
