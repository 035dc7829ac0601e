"""The console as one app; mounted at ``/`` beside the services, or alone in front of them."""

from __future__ import annotations

from urllib.parse import urlsplit

import httpx
from fastapi import Depends, FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import Response
from fastapi.staticfiles import StaticFiles
from starlette.exceptions import HTTPException

from services.console.doors import COOKIE, DoorProblem, Doors, Memory, NotLoggedIn
from services.console.pages import (
    absorption,
    accounts,
    ahead,
    balances,
    bank,
    batches,
    budget,
    calendar,
    cases,
    exclusive,
    findings,
    gaps,
    holding,
    imports,
    limits,
    login,
    month,
    official_figures,
    orders,
    panti_book,
    panti_month,
    payment_papers,
    recipients,
    scrutiny,
    steps,
    subscribers,
    trial,
    year_end,
)
from services.console.view import STATIC, go, link, page
from shared.kernel.clock import Clock, SystemClock
from shared.settings import Settings


async def same_origin(request: Request) -> None:
    """A form comes from a page of ours, or it is refused: the cookie is SameSite=Strict, and this is the second lock."""
    if request.method in ("GET", "HEAD"):
        return
    if request.headers.get("sec-fetch-site") == "same-origin":
        return
    origin = urlsplit(request.headers.get("origin", "")).netloc
    if not origin or origin != request.headers.get("host", ""):
        raise DoorProblem(403, "foreign-form", "the form was not sent from a page of this console")


async def _not_logged_in(request: Request, error: Exception) -> Response:
    assert isinstance(error, NotLoggedIn)
    wanted = request.url.path + (f"?{request.url.query}" if request.url.query else "")
    onwards = wanted if request.method == "GET" and wanted != "/" else ""
    answer = go(request, link("/masuk", sebab="habis" if error.expired else "", lanjut=onwards))
    if error.expired:
        answer.delete_cookie(COOKIE)
    return answer


async def _problem(request: Request, error: Exception) -> Response:
    assert isinstance(error, DoorProblem)
    if request.headers.get("hx-request") == "true":
        return page(request, "_problem.html", None, problem=error)
    return page(request, "problem.html", _doors(request), status=error.status, problem=error)


async def _http(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    code = {404: "not-found", 413: "too-large"}.get(error.status_code, "http-error")
    return await _problem(request, DoorProblem(error.status_code, code, str(error.detail)))


async def _shape(request: Request, error: Exception) -> Response:
    return await _problem(request, DoorProblem(422, "request-shape", "the request does not have the right shape"))


async def _unexpected(request: Request, error: Exception) -> Response:
    return await _problem(request, DoorProblem(500, "internal-error", "this is our fault"))


def _doors(request: Request) -> Doors | None:
    """For the head of an error page; a token that cannot be read is nobody's."""
    try:
        return Doors(request.app.state.memory, request.cookies.get(COOKIE, ""))
    except NotLoggedIn:
        return None


def console_app(settings: Settings, *, transport: httpx.AsyncBaseTransport | None = None, clock: Clock | None = None) -> FastAPI:
    """Pages on the doors at ``settings.url``; ``transport`` reaches doors that have no address (one process, tests)."""
    app = FastAPI(title="Ritme console", openapi_url=None, docs_url=None, redoc_url=None, dependencies=[Depends(same_origin)])
    app.state.clock = clock or SystemClock()
    # The doors are inside the house: what the environment says about proxies is for the world outside.
    app.state.memory = Memory(httpx.AsyncClient(base_url=settings.url, transport=transport, trust_env=False))
    for part in (
        login, calendar, year_end, balances,
        holding, steps, month, scrutiny, payment_papers, batches, orders, limits, findings, gaps, cases, recipients, panti_book,
        panti_month, trial, bank, imports, accounts, subscribers, official_figures, ahead, exclusive,
        absorption,
        budget,
    ):  # fmt: skip
        app.include_router(part.router)
    app.mount("/static", StaticFiles(directory=STATIC), name="static")
    app.add_exception_handler(NotLoggedIn, _not_logged_in)
    app.add_exception_handler(DoorProblem, _problem)
    app.add_exception_handler(HTTPException, _http)
    app.add_exception_handler(RequestValidationError, _shape)
    app.add_exception_handler(Exception, _unexpected)
    return app
