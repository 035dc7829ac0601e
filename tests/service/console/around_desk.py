"""The console in front of one desk: disbursement as it is, its neighbours played, so that a page's month is made in a second."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

import httpx
from fastapi import FastAPI

from services.console.main import console_app
from shared.kernel.clock import SystemClock
from shared.settings import Settings
from shared.web import demo, problems
from shared.web.app import service_app
from tests.service.console.conftest import ADDRESS, Visitor
from tests.service.disbursement.desk import Desk

DeskConsole = Callable[[], Visitor]


def doors_of_desk(desk: Desk) -> FastAPI:
    """What stands behind the console's address: this desk, the neighbours' doors that it uses, and the demo issuer."""
    app = FastAPI()
    app.state.verifier, app.state.clock = desk.verifier, SystemClock()  # tokens are of today, whatever hour the desk goes by
    problems.install(app)
    app.include_router(demo.router)
    app.mount("/disbursement", service_app(desk.api, desk.verifier))
    app.mount("/", desk.beneficiary.app())
    return app


@asynccontextmanager
async def console_of(desk: Desk) -> AsyncIterator[DeskConsole]:
    opened: list[httpx.AsyncClient] = []
    doors = doors_of_desk(desk)

    def visitor() -> Visitor:
        app = console_app(Settings(data=desk.api.settings.data, url=ADDRESS), transport=httpx.ASGITransport(doors), clock=desk.clock)
        http = httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url=ADDRESS, headers={"origin": ADDRESS})
        opened.append(http)
        return Visitor(http)

    yield visitor
    for http in opened:
        await http.aclose()
