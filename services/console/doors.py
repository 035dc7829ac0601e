"""The services' doors, asked over HTTP with the token of the person who looks."""

from __future__ import annotations

import asyncio
import base64
import binascii
import json
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass, field
from hashlib import sha256
from time import monotonic
from typing import Annotated, Any, BinaryIO, Final

import httpx
from fastapi import Depends, Request
from fastapi.responses import StreamingResponse

from shared.kernel import context
from shared.web.auth import WHOLE_AGENCY

COOKIE: Final = "ritme_token"
ONCE: Final = "sekali"
"""The hidden field that every form of one page has in common: which page, so that two clicks are one."""
_ONCE_MAX: Final = 40
READ_S: Final = 30.0
UPLOAD_S: Final = 600.0
"""Seconds: a sheet of 220,000 people is checked within the request that brings it."""
REMEMBER_S: Final = 600.0
"""Seconds that names of areas, offices and people are kept; they change by decree, not by the minute."""


PAYMENT_ROLES: Final = ("operator", "checker", "approver", "releaser", "treasurer")
"""Who reads lists of people for the payment itself; everybody else but auditors works with sums (the services decide)."""


class NotLoggedIn(Exception):
    """There is no token, or the services do not take it (any more)."""

    def __init__(self, *, expired: bool) -> None:
        super().__init__("not logged in")
        self.expired = expired


class DoorProblem(Exception):
    """A door refused or did not answer; ``code`` is the stable one of its problem+json, ``labels`` what the page calls its fields."""

    def __init__(self, status: int, code: str, detail: str, data: Mapping[str, Any] | None = None) -> None:
        super().__init__(detail)
        self.status, self.code, self.detail, self.data = status, code, detail, data or {}
        self.labels: Mapping[str, str] = {}


class Told(dict[str, Any]):
    """What a door is told, with the page's label of each key, so that a refusal can name the field that it is about."""

    def __init__(self, said: Mapping[str, Any], labels: Mapping[str, str]) -> None:
        super().__init__(said)
        self.labels = labels


@dataclass(frozen=True)
class Person:
    """What the token says of its bearer. For showing only: nothing is allowed here, the services look for themselves."""

    id: str
    name: str
    roles: frozenset[str]
    areas: tuple[str, ...]

    @property
    def whole_agency(self) -> bool:
        return WHOLE_AGENCY in self.areas

    def is_any(self, *roles: str) -> bool:
        return bool(self.roles & set(roles))

    @staticmethod
    def of(token: str) -> Person:
        try:
            payload = token.split(".")[1]
            claims = json.loads(base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4)))
            return Person(str(claims["sub"]), str(claims["name"]), frozenset(claims["roles"]), tuple(claims["areas"]))
        except (IndexError, KeyError, TypeError, ValueError, binascii.Error):
            raise NotLoggedIn(expired=True) from None


@dataclass
class Memory:
    """Names that many pages need, kept for a while; never anything of a person's or a month's."""

    http: httpx.AsyncClient
    _kept: dict[str, tuple[float, Any]] = field(default_factory=dict)

    def recall(self, key: str) -> Any:
        at, value = self._kept.get(key, (0.0, None))
        return value if monotonic() - at < REMEMBER_S else None

    def keep(self, key: str, value: Any) -> Any:
        self._kept[key] = (monotonic(), value)
        return value


class Doors:
    """Every door of the services for one person. Raises DoorProblem, or NotLoggedIn where the token is not taken."""

    def __init__(self, memory: Memory, token: str, once: str = "") -> None:
        """``once``: the page from which a form was sent. The same form of it again, by a second click, gets the first answer."""
        self._memory, self._http, self._token, self._once = memory, memory.http, token, once
        self.person = Person.of(token) if token else None

    @property
    def purpose(self) -> str:
        """What a look at a list of people is for, where the role alone does not say it: an auditor looks for the audit, on record."""
        person = self.person
        return "audit" if person is not None and person.is_any("auditor") and not person.is_any(*PAYMENT_ROLES) else ""

    @property
    def _headers(self) -> dict[str, str]:
        found = {"authorization": f"Bearer {self._token}"} if self._token else {}
        correlation = context.correlation_id.get()
        return found | ({"x-correlation-id": correlation} if correlation else {})

    async def get(self, path: str, **params: Any) -> Any:
        """The answer as JSON; parameters that are None or empty are left out."""
        given = {key: value for key, value in params.items() if value not in (None, "")}
        return (await self._send("GET", path, params=given)).json()

    async def ask(self, path: str, **params: Any) -> Any:
        """Like ``get``, but a problem is the answer: one silent service must not empty the whole page."""
        try:
            return await self.get(path, **params)
        except DoorProblem as problem:
            return problem

    async def post(self, path: str, body: Mapping[str, Any] | None = None) -> Any:
        content = json.dumps(dict(body or {})).encode()
        headers = self._headers | {"content-type": "application/json"}
        if self._once:
            headers["idempotency-key"] = sha256(f"{self._once} {path} ".encode() + content).hexdigest()
        try:
            return (await self._send("POST", path, content=content, headers=headers)).json()
        except DoorProblem as problem:
            problem.labels = body.labels if isinstance(body, Told) else {}
            raise

    async def upload(self, path: str, name: str, content: BinaryIO, form: Mapping[str, str] | None = None) -> Any:
        """A file as it came, streamed; ``form`` is what stands beside it."""
        answer = await self._send("POST", path, files={"file": (name, content)}, data=dict(form or {}), timeout=UPLOAD_S)
        return answer.json()

    async def download(self, path: str, fallback: str) -> StreamingResponse:
        """A file through this console, as the door sends it, in flat memory."""
        try:
            request = self._http.build_request("GET", path, headers=self._headers, timeout=UPLOAD_S)
            answer = await self._http.send(request, stream=True)
        except httpx.InvalidURL:
            raise DoorProblem(404, "not-found", "there is no such file") from None
        except httpx.HTTPError as error:
            raise _unreachable(error) from None
        if answer.is_error:
            await answer.aread()
            await answer.aclose()
            raise _problem(answer)
        kept = {"content-disposition": answer.headers.get("content-disposition", f'attachment; filename="{fallback}"')}

        async def body() -> AsyncIterator[bytes]:
            try:
                async for block in answer.aiter_bytes():
                    yield block
            finally:
                await answer.aclose()

        return StreamingResponse(body(), media_type=answer.headers.get("content-type"), headers=kept)

    async def area_names(self) -> dict[str, str]:
        """Code to name of every area; empty where beneficiary does not answer (codes are shown then)."""
        known: dict[str, str] | None = self._memory.recall("areas")
        if known is not None:
            return known
        answer = await self.ask("/beneficiary/areas")
        if isinstance(answer, DoorProblem):
            return {}
        kept: dict[str, str] = self._memory.keep("areas", {one["code"]: one["name"] for one in answer["items"]})
        return kept

    async def people_names(self) -> dict[str, str]:
        """What the demo people are called; empty where people come from the office's own directory."""
        known: dict[str, str] | None = self._memory.recall("people")
        if known is not None:
            return known
        answer = await self.ask("/demo/people")
        found: dict[str, str] = {} if isinstance(answer, DoorProblem) else answer
        kept: dict[str, str] = self._memory.keep("people", found) if found else found
        return kept

    async def _send(self, method: str, path: str, **given: Any) -> httpx.Response:
        given.setdefault("timeout", READ_S)
        try:
            answer = await self._http.request(method, path, **{"headers": self._headers, **given})
        except httpx.InvalidURL:  # a piece of the page's own address that no address can hold
            raise DoorProblem(404, "not-found", "there is no such page") from None
        except httpx.HTTPError as error:
            raise _unreachable(error) from None
        if answer.is_error:
            raise _problem(answer)
        return answer


def _unreachable(error: httpx.HTTPError) -> DoorProblem:
    return DoorProblem(503, "unavailable", f"the service does not answer ({type(error).__name__})")


def _problem(answer: httpx.Response) -> Exception:
    if answer.status_code == 401:
        return NotLoggedIn(expired=True)
    try:
        body = answer.json()
        return DoorProblem(answer.status_code, str(body["code"]), str(body["detail"]), body)
    except (ValueError, KeyError, TypeError):
        return DoorProblem(answer.status_code, "unavailable" if answer.status_code >= 502 else "http-error", answer.reason_phrase)


async def together(*questions: Any) -> list[Any]:
    """Ask several doors at once; one refused token speaks for all."""
    return list(await asyncio.gather(*questions))


async def doors_of(request: Request) -> Doors:
    """The doors for whoever sent this request; raise NotLoggedIn for nobody."""
    token = request.cookies.get(COOKIE, "")
    if not token:
        raise NotLoggedIn(expired=False)
    typed = request.headers.get("content-type", "").startswith("application/x-www-form-urlencoded")
    once = (await request.form()).get(ONCE, "") if typed and request.method == "POST" else ""
    return Doors(request.app.state.memory, token, once if isinstance(once, str) and len(once) <= _ONCE_MAX else "")


DoorsDep = Annotated[Doors, Depends(doors_of)]
