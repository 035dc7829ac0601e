"""The console on a world of all services, in one process; a visitor clicks, a page is what it says."""

from __future__ import annotations

import html
import re
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from typing import Any

import httpx
import pytest

from services.console.main import console_app
from tests.support.world import World

ADDRESS = "http://ritme.test"


def words(answer: httpx.Response) -> str:
    """The text of a page as it is read, tags and spacing aside."""
    bare = re.sub(r"<(script|style|head)\b.*?</\1>", " ", answer.text, flags=re.DOTALL)
    return " ".join(html.unescape(re.sub(r"<[^>]+>", " ", bare)).split())


@dataclass
class Visitor:
    """Somebody's browser: keeps cookies, and sends forms from the console's own pages."""

    http: httpx.AsyncClient

    async def enters_as(self, person: str) -> Visitor:
        self.http.cookies.clear()
        answer = await self.http.post("/masuk", data={"orang": person})
        assert answer.status_code == 303, answer.text
        return self

    async def reads(self, path: str, *, status: int = 200) -> str:
        answer = await self.http.get(path)
        assert answer.status_code == status, (path, answer.status_code, words(answer))
        return words(answer)

    async def sends(self, path: str, data: dict[str, Any] | None = None, *, file: tuple[str, bytes] | None = None) -> httpx.Response:
        return await self.http.post(path, data=data or {}, files={"file": file} if file else None)

    async def does(self, path: str, data: dict[str, Any] | None = None, *, file: tuple[str, bytes] | None = None) -> str:
        """Send a form that works; the path of the page that follows."""
        answer = await self.sends(path, data, file=file)
        assert answer.status_code == 303, (path, answer.status_code, words(answer))
        return answer.headers["location"]


OpenConsole = Callable[..., Visitor]


@pytest.fixture
async def console(world: World) -> AsyncIterator[OpenConsole]:
    """A new visitor of a console; ``transport``: another way to the doors, such as one where a service is silent."""
    opened: list[httpx.AsyncClient] = []

    def visitor(*, transport: httpx.AsyncBaseTransport | None = None, origin: str = ADDRESS) -> Visitor:
        doors = transport or httpx.ASGITransport(world.house.app())
        app = console_app(world.house.settings, transport=doors, clock=world.clock)
        http = httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url=ADDRESS, headers={"origin": origin} if origin else {})
        opened.append(http)
        return Visitor(http)

    yield visitor
    for http in opened:
        await http.aclose()
