"""Errors as problem+json (RFC 9457) with a stable ``code``; nothing of the request's content is echoed."""

from __future__ import annotations

import json
import re
from typing import Any

import psycopg
import structlog
from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from sqlalchemy.exc import DBAPIError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from starlette.exceptions import HTTPException

from shared.kernel import context
from shared.kernel.errors import Refusal
from shared.messaging.log import BusUnavailable

log = structlog.get_logger()


def problem(status: int, code: str, detail: str, **data: Any) -> JSONResponse:
    body = {
        "type": f"urn:ritme:problem:{code}", "title": code.replace("-", " "), "status": status, "code": code,
        "detail": detail, "correlation_id": context.correlation_id.get(), **data,
    }  # fmt: skip
    return _ProblemResponse(body, status, media_type="application/problem+json")


class _ProblemResponse(JSONResponse):
    """A detail may repeat a word of the request, and half a surrogate pair in it must not break the answer about it."""

    def render(self, content: Any) -> bytes:
        return json.dumps(content, ensure_ascii=False, separators=(",", ":")).encode("utf-8", "replace")


async def _refusal(request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, Refusal)
    return problem(error.status, error.code, error.detail, **error.data)


_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_-]{0,39}")


def _place(part: int | str) -> str:
    """A field's name or an item's number; a key that was made up by the caller may be anything, a NIK for one."""
    return str(part) if isinstance(part, int) or _NAME.fullmatch(part) else "?"


async def _shape(request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, RequestValidationError)
    errors = [{"at": ".".join(map(_place, e["loc"])), "problem": e["msg"]} for e in error.errors()]
    return problem(422, "request-shape", "the request does not have the right shape", errors=errors)


async def _http(request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, HTTPException)
    code = {404: "not-found", 405: "method-not-allowed", 413: "too-large"}.get(error.status_code, "http-error")
    return problem(error.status_code, code, str(error.detail))


async def _value(request: Request, error: Exception) -> JSONResponse:
    """A NUL, half a surrogate pair, a number past 64 bits: no column takes it, and no client is helped by a 500."""
    log.info("request.value", error=type(error).__name__)
    return problem(422, "request-value", "a text or number of the request cannot be kept or looked for: NUL, broken characters, too large")


async def _unavailable(request: Request, error: Exception) -> JSONResponse:
    if isinstance(error, DBAPIError) and isinstance(error.orig, psycopg.DataError):
        return await _value(request, error)
    if isinstance(error, DBAPIError) and not isinstance(error, OperationalError) and not error.connection_invalidated:
        return await _unexpected(request, error)
    log.warning("dependency.unavailable", error=type(error).__name__)
    return problem(503, "unavailable", "a part this needs does not answer now; nothing was changed, try again")


async def _unexpected(request: Request, error: Exception) -> JSONResponse:
    cause = getattr(error, "orig", None)
    log.error(
        "request.failed",
        path=request.scope.get("route_path"),
        error=type(error).__name__,
        cause=type(cause).__name__,
        exc_info=cause is None,
    )
    return problem(500, "internal-error", "this is our fault; the correlation id tells us which request it was")


def install(app: FastAPI) -> None:
    app.add_exception_handler(Refusal, _refusal)
    app.add_exception_handler(RequestValidationError, _shape)
    app.add_exception_handler(HTTPException, _http)
    for kind in (OperationalError, DBAPIError, PoolTimeout, BusUnavailable):
        app.add_exception_handler(kind, _unavailable)
    app.add_exception_handler(UnicodeEncodeError, _value)
    app.add_exception_handler(Exception, _unexpected)
