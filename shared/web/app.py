"""The FastAPI app of one service, and the gateway that mounts several under their own prefixes."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import asdict
from typing import Any
from uuid import UUID

import structlog
from fastapi import APIRouter, FastAPI, Request
from fastapi.responses import StreamingResponse
from pydantic import BaseModel, ConfigDict
from sqlalchemy import text
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from shared.contracts.registry import EVENTS_BY_NAME
from shared.kernel import context
from shared.kernel.errors import InvalidInput
from shared.kernel.ids import uuid7
from shared.messaging import envelope, parked
from shared.messaging.log import Record
from shared.messaging.relay import Republish, republish
from shared.messaging.status import messaging_status
from shared.web import problems
from shared.web.auth import CallerDep, Verifier, allowed
from shared.web.transactions import CommandRoute, ReadDep, WriteDep
from shared.webhooks.subscribers import webhook_status

log = structlog.get_logger()

BODY_MAX = 256 * 1024 * 1024
"""Bytes; a sheet of a million people as CSV is about 120 MB."""


class Edge:
    """Binds the correlation id, bounds the body, sets the security headers."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        headers = dict(scope["headers"])
        given = headers.get(b"x-correlation-id", b"").decode("ascii", "ignore")
        correlation = given if 8 <= len(given) <= 64 and given.replace("-", "").isalnum() else str(uuid7())
        token = context.correlation_id.set(correlation)
        declared = headers.get(b"content-length", b"0")
        received = 0

        async def bounded() -> Message:
            nonlocal received
            message = await receive()
            received += len(message.get("body", b""))
            if received > BODY_MAX:
                raise TooLarge
            return message

        async def with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                message["headers"] = [*message["headers"], *_HEADERS, (b"x-correlation-id", correlation.encode())]
            await send(message)

        try:
            if declared.isdigit() and int(declared) > BODY_MAX:
                await problems.problem(413, "too-large", f"more than {BODY_MAX} bytes")(scope, receive, with_headers)
            else:
                await self._app(scope, bounded, with_headers)
        finally:
            context.correlation_id.reset(token)


_HEADERS = [
    (b"x-content-type-options", b"nosniff"),
    (b"x-frame-options", b"DENY"),
    (b"referrer-policy", b"no-referrer"),
    (b"content-security-policy", b"default-src 'self'; frame-ancestors 'none'; base-uri 'none'; form-action 'self'"),
]


class TooLarge(Exception):
    """The body went past BODY_MAX while it was read."""


platform_routes = APIRouter(route_class=CommandRoute)


@platform_routes.get("/health")
async def health(request: Request) -> dict[str, str]:
    """Does the database answer? No token needed."""
    async with request.app.state.service.database.read() as session:
        await session.scalar(text("SELECT 1"))
    return {"status": "ready"}


@platform_routes.get("/status")
async def status(request: Request, session: ReadDep) -> dict[str, Any]:
    """Pending events and their age, positions and lag, parked keys and their owners; subscribers outside, where it may have any."""
    service = request.app.state.service
    found = await messaging_status(session, service.bus, service.definition.subscriptions)
    return {**found, "webhooks": await webhook_status(session)} if service.definition.webhooks else found


@platform_routes.get("/parked")
async def parked_keys(session: ReadDep, caller: CallerDep) -> dict[str, Any]:
    """Every key whose events stand still, with reason and owner."""
    return {"items": [asdict(line) for line in await parked.list_parked(session)]}


class RepublishRequest(BaseModel):
    """Everything, or the events of one type or key."""

    model_config = ConfigDict(extra="forbid")
    type: str = ""
    key: UUID | None = None


@platform_routes.post("/events:republish", dependencies=[allowed("operator", whole_agency=True)])
async def republish_events(body: RepublishRequest, session: WriteDep) -> dict[str, int]:
    """Put events back into the relay's queue under the ids they had; whoever applied them drops them by version."""
    if body.type and body.type not in EVENTS_BY_NAME:
        raise InvalidInput(f"there is no event type '{body.type}'", types=sorted(EVENTS_BY_NAME))
    types = (EVENTS_BY_NAME[body.type],) if body.type else ()
    return {"republished": await republish(session, Republish(types=types, key=body.key))}


@platform_routes.get("/events.ndjson", dependencies=[allowed("operator", "auditor", whole_agency=True)])
async def events(request: Request, caller: CallerDep) -> StreamingResponse:
    """Everything this service published, one CloudEvent a line, in the order of the outbox."""
    service = request.app.state.service
    return StreamingResponse(_event_lines(service, caller.areas), media_type="application/x-ndjson")


async def _event_lines(service: Any, areas: tuple[str, ...]) -> AsyncIterator[bytes]:
    after, page = 0, 5_000
    while True:
        async with service.database.read(areas) as session:
            rows = (
                await session.execute(
                    text("""SELECT o.seq, o.type, o.key, o.version, c.at, c.correlation_id, c.causation_id, o.data
                              FROM outbox o JOIN outbox_command c ON c.id = o.command_id
                             WHERE o.seq > :after ORDER BY o.seq LIMIT :page"""),
                    {"after": after, "page": page},
                )
            ).all()
        for seq, *rest in rows:
            yield envelope.encode(Record(f"{service.name}-{seq}", *rest)) + b"\n"
        if len(rows) < page:
            return
        after = rows[-1].seq


def service_app(service: Any, verifier: Verifier) -> FastAPI:
    """The app of one live service; mounted at ``/<service>`` by the gateway or alone behind a proxy."""
    app = FastAPI(
        title=f"Ritme {service.name}", version="1", openapi_url="/openapi.json", docs_url=None, redoc_url=None
    )  # fmt: skip
    app.state.service, app.state.verifier, app.state.clock = service, verifier, service.clock
    app.include_router(platform_routes)
    app.include_router(service.definition.router)
    problems.install(app)
    return app


__all__ = ["Edge", "allowed", "service_app"]
