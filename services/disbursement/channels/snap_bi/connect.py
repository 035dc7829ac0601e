"""The bank's doors, opened for one turn of the worker; its token outlives the turn."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import lru_cache

import httpx

from services.disbursement.channels.snap_bi.client import SnapBank, Tokens
from services.disbursement.channels.snap_bi.settings import SnapSettings
from shared.kernel.clock import Clock


@lru_cache(maxsize=8)
def _tokens(url: str, client_id: str) -> Tokens:
    return Tokens()


@asynccontextmanager
async def connected(clock: Clock, settings: SnapSettings | None = None) -> AsyncIterator[tuple[SnapBank, SnapSettings] | None]:
    """None where no bank is named in ``RITME_SNAP_URL``."""
    settings = settings or SnapSettings()
    if not settings.url:
        yield None
        return
    limits = httpx.Limits(max_connections=settings.at_once, max_keepalive_connections=settings.at_once)
    async with httpx.AsyncClient(base_url=settings.url, timeout=settings.timeout_s, limits=limits, follow_redirects=False) as http:
        yield SnapBank(settings, http, clock, _tokens(settings.url, settings.client_id)), settings
