"""How fast the bank may be asked: a token bucket, and so many questions at once."""

from __future__ import annotations

import asyncio


class Pace:
    """``async with pace:`` around each question. A second's worth may go at once; after that, one every 1/rate seconds."""

    def __init__(self, per_second: float, at_once: int) -> None:
        self._gap = 1.0 / per_second
        self._burst = min(per_second, float(at_once))
        self._places = asyncio.Semaphore(at_once)
        self._next = 0.0

    async def __aenter__(self) -> None:
        await self._places.acquire()
        now = asyncio.get_running_loop().time()
        # The next free slot on the clock; an idle bank leaves no more than a burst behind.
        mine = max(self._next, now - self._gap * (self._burst - 1))
        self._next = mine + self._gap
        if mine > now:
            try:
                await asyncio.sleep(mine - now)
            except asyncio.CancelledError:
                self._places.release()
                raise

    async def __aexit__(self, *_: object) -> None:
        self._places.release()
