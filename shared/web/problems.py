"""Errors as problem+json (RFC 9457) with a stable ``code``; nothing of the request's content is echoed."""

from __future__ import annotations

from typing import Any

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
    return JSONResponse(body, status, media_type="application/problem+json")


async def _refusal(request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, Refusal)
    return problem(error.status, error.code, error.detail, **error.data)


async def _shape(request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, RequestValidationError)
    errors = [{"at": ".".join(map(str, e["loc"])), "problem": e["msg"]} for e in error.errors()]
    return problem(422, "request-shape", "the request does not have the right shape", errors=errors)


async def _http(request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, HTTPException)
    code = {404: "not-found", 405: "method-not-allowed", 413: "too-large"}.get(error.status_code, "http-error")
    return problem(error.status_code, code, str(error.detail))


async def _unavailable(request: Request, error: Exception) -> JSONResponse:
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
    app.add_exception_handler(Exception, _unexpected)
