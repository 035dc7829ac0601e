"""One transaction per request, and answers that are given once.

``WriteDep`` commits before the response is sent (``scope="function"``): a failing commit is an error, never a 200.
A request with ``Idempotency-Key`` has its answer stored in the same transaction; the same key with the same body gets
that answer again, with another body 409 ``idempotency-key-reused``.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine
from hashlib import sha256
from typing import Annotated, Any

from fastapi import Depends, Request, Response
from fastapi.routing import APIRoute
from sqlalchemy import Column, DateTime, LargeBinary, MetaData, SmallInteger, Table, Text, text
from sqlalchemy.exc import IntegrityError

from shared.db.session import ReadSession, WriteSession
from shared.kernel.errors import InvalidInput, Refusal
from shared.web.auth import CallerDep, current_caller

_KEY_MAX = 200
"""Characters; an index takes no text of any length."""


class IdempotencyKeyReused(Refusal):
    code = "idempotency-key-reused"


class RequestUnderWay(Refusal):
    code = "request-under-way"


def add_web_tables(metadata: MetaData) -> None:
    """``idempotency_key``: the first answer to each (caller, key)."""
    Table(
        "idempotency_key",
        metadata,
        Column("person", Text, primary_key=True),
        Column("key", Text, primary_key=True),
        Column("request_hash", LargeBinary, nullable=False),
        Column("status", SmallInteger, nullable=False),
        Column("body", LargeBinary, nullable=False),
        Column("media_type", Text, nullable=False),
        Column("at", DateTime(timezone=True), nullable=False),
    )


def create_web_tables(execute: Callable[[str], None]) -> None:
    """The DDL of ``add_web_tables``, for a service's first migration."""
    execute(
        """CREATE TABLE idempotency_key (
            person text NOT NULL, key text NOT NULL, request_hash bytea NOT NULL, status smallint NOT NULL,
            body bytea NOT NULL, media_type text NOT NULL, at timestamptz NOT NULL,
            CONSTRAINT pk_idempotency_key PRIMARY KEY (person, key))"""
    )


async def write_tx(request: Request, caller: CallerDep) -> AsyncIterator[WriteSession]:
    async with request.app.state.service.database.write(caller.areas) as session:
        request.state.write_session = session
        yield session


async def read_tx(request: Request, caller: CallerDep) -> AsyncIterator[ReadSession]:
    async with request.app.state.service.database.read(caller.areas) as session:
        yield session


WriteDep = Annotated[WriteSession, Depends(write_tx, scope="function")]
ReadDep = Annotated[ReadSession, Depends(read_tx, scope="function")]


class CommandRoute(APIRoute):
    """``APIRouter(route_class=CommandRoute)``: honours Idempotency-Key on unsafe methods."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        handler = super().get_route_handler()

        async def answer_once(request: Request) -> Response:
            key = request.headers.get("idempotency-key")
            multipart = request.headers.get("content-type", "").startswith("multipart/")
            if not key or request.method in ("GET", "HEAD", "OPTIONS") or multipart:
                return await handler(request)  # files are recognised by their bytes instead
            return await _answer_once(request, key, handler)

        return answer_once


async def _answer_once(request: Request, key: str, handler: Callable[[Request], Awaitable[Response]]) -> Response:
    caller = await current_caller(request)
    if len(key) > _KEY_MAX:
        raise InvalidInput(f"an Idempotency-Key has at most {_KEY_MAX} characters")
    service = request.app.state.service
    asked = sha256(f"{request.method} {request.url.path}?{request.url.query}\n".encode() + await request.body()).hexdigest()
    digest = service.cipher.blind_index("request", asked)  # keyed: a plain hash of a body with an account number could be guessed
    async with service.database.read() as session:
        first = (
            await session.execute(
                text("SELECT request_hash, status, body, media_type FROM idempotency_key WHERE person = :person AND key = :key"),
                {"person": caller.person, "key": key},
            )
        ).one_or_none()
    if first is not None:
        if bytes(first.request_hash) != digest:
            raise IdempotencyKeyReused("this Idempotency-Key was used for another request")
        return Response(bytes(first.body), first.status, media_type=first.media_type, headers={"Idempotent-Replay": "true"})
    response = await handler(request)
    session = getattr(request.state, "write_session", None)
    if session is not None and response.status_code < 400 and hasattr(response, "body"):
        try:
            await session.execute(
                text("INSERT INTO idempotency_key VALUES (:person, :key, :hash, :status, :body, :media, :at)"),
                {
                    "person": caller.person, "key": key, "hash": digest, "status": response.status_code,
                    "body": bytes(response.body), "media": response.media_type or "application/json", "at": service.clock.now(),
                },
            )  # fmt: skip
        except IntegrityError:
            raise RequestUnderWay("the first request with this Idempotency-Key is not done yet; ask again") from None
    return response
