"""The doors over HTTP as one named person: tokens, problem+json, and the exit code that a refusal means."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, BinaryIO, Final

import httpx

DEFAULT_URL: Final = "http://127.0.0.1:8000"
TIMEOUT_S: Final = 600
"""A file of 220,000 people is checked within one request."""
TOKEN_S: Final = 45 * 60
"""A demo token is good for an hour; a long story asks again before."""

DONE, FAILED, USAGE, REFUSED, QUARANTINED = 0, 1, 2, 3, 4
"""Exit codes (CORE.md section 8)."""

Json = dict[str, Any]


class Problem(Exception):
    """A door answered with a problem: ``code`` is stable, ``detail`` is for people, ``body`` is all of it."""

    def __init__(self, status: int, body: Json) -> None:
        self.status = status
        self.body = body
        self.code = str(body.get("code", f"http-{status}"))
        self.detail = str(body.get("detail", "")) or f"HTTP {status}"
        super().__init__(f"{self.code}: {self.detail}")

    @property
    def exit_code(self) -> int:
        """A conflict with the state of things is a refusal; anything else has failed."""
        return REFUSED if self.status == 409 else FAILED


class Unreachable(Exception):
    """Nobody answers, or a part behind the door does not: nothing is known about the request, ask for the state again."""


class Doors:
    """All services at one address, as one person. Tokens are asked for once per process."""

    def __init__(self, url: str, person: str) -> None:
        self.url = url.rstrip("/")
        self.person = person
        self._http = httpx.Client(base_url=self.url, timeout=httpx.Timeout(TIMEOUT_S, connect=10))

    def close(self) -> None:
        self._http.close()

    def get(self, path: str, **parameters: Any) -> Json:
        """Parameters that are None are left out."""
        return self._json("GET", path, params={name: value for name, value in parameters.items() if value is not None})

    def post(self, path: str, body: Json | None = None, *, key: str = "") -> Json:
        """``key``: the same request again gives the first answer (Idempotency-Key)."""
        return self._json("POST", path, json=body or {}, headers={"idempotency-key": key} if key else {})

    def upload(self, path: str, file: Path, fields: Mapping[str, str] | None = None) -> Json:
        with file.open("rb") as content:
            return self._json("POST", path, files={"file": (file.name, content)}, data=dict(fields or {}))

    def download(self, path: str, target: BinaryIO, **parameters: Any) -> int:
        """The bytes as they come, in flat memory; how many."""
        size = 0
        with self._stream(path, {name: value for name, value in parameters.items() if value is not None}) as response:
            for block in response.iter_bytes(1 << 16):
                size += target.write(block)
        return size

    def items(self, path: str, **parameters: Any) -> Iterator[Json]:
        """Every item of a door that answers page by page."""
        after: str | None = None
        while True:
            page = self.get(path, **parameters, after=after)
            yield from page["items"]
            after = page.get("next")
            if not after:
                return

    @contextmanager
    def _stream(self, path: str, parameters: Mapping[str, Any]) -> Iterator[httpx.Response]:
        try:
            with self._http.stream("GET", path, params=dict(parameters), headers=self._headers()) as response:
                if response.is_error:
                    response.read()
                _refuse(response)
                yield response
        except httpx.TransportError as error:
            raise Unreachable(f"{self.url} does not answer: {type(error).__name__}") from error

    def _json(self, method: str, path: str, headers: Mapping[str, str] | None = None, **request: Any) -> Json:
        try:
            response = self._http.request(method, path, headers={**self._headers(), **(headers or {})}, **request)
        except httpx.TransportError as error:
            raise Unreachable(f"{self.url} does not answer: {type(error).__name__}") from error
        _refuse(response)
        answer = response.json()
        return answer if isinstance(answer, dict) else {"items": answer}

    def _headers(self) -> dict[str, str]:
        return {"authorization": f"Bearer {self._token()}"} if self.person else {}

    def _token(self) -> str:
        given = os.environ.get("RITME_TOKEN")
        if given:
            return given
        key = (self.url, self.person)
        token, since = _tokens.get(key, ("", 0.0))
        if not token or time.monotonic() - since > TOKEN_S:
            try:
                response = self._http.post("/demo/token", json={"person": self.person})
            except httpx.TransportError as error:
                raise Unreachable(f"{self.url} does not answer: {type(error).__name__}") from error
            _refuse(response)
            token = str(response.json()["access_token"])
            _tokens[key] = (token, time.monotonic())
        return token


_tokens: dict[tuple[str, str], tuple[str, float]] = {}


def _refuse(response: httpx.Response) -> None:
    if not response.is_error:
        return
    try:
        body = response.json()
    except ValueError:
        body = {"detail": response.text[:200]}
    if not isinstance(body, dict):
        body = {"detail": str(body)[:200]}
    if response.status_code in (502, 503, 504):
        raise Unreachable(f"{response.url.path}: {body.get('detail', response.status_code)}")
    raise Problem(response.status_code, body)
