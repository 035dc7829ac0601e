"""The house: the only place that knows several services. It gives each the same PostgreSQL, bus, clock and keys.

One process may hold them all (embedded) or one (compose); a service cannot tell.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from importlib import import_module
from typing import Literal

import httpx
import psycopg
from fastapi import FastAPI, Request
from fastapi.responses import JSONResponse

from shared.crypto import FieldCipher
from shared.db import migrate as migrations
from shared.db.embedded_postgres import EmbeddedPostgres
from shared.db.roles import bootstrap
from shared.db.session import Database
from shared.kernel.clock import Clock, SystemClock
from shared.messaging.embedded import EmbeddedLog
from shared.messaging.log import Log
from shared.runtime import Service, ServiceDefinition, service_address
from shared.settings import Settings, development_field_key
from shared.web import demo, problems
from shared.web.app import Edge, service_app
from shared.web.auth import Verifier, make_issuer_keys

SERVICES = ("beneficiary", "disbursement", "budget_audit", "assistive_devices")
CONSOLE = "console"
BUS = "bus"

ASK_S = 3.0
"""Seconds for another process to say that it is well; a health check of the whole waits five."""


def definition(name: str) -> ServiceDefinition:
    """The declaration in ``services/<name>/main.py``."""
    declared = import_module(f"services.{name}.main").service
    assert isinstance(declared, ServiceDefinition)
    return declared


@dataclass
class House:
    """Live services of one process and what they stand on."""

    settings: Settings
    clock: Clock
    bus: Log
    services: Sequence[Service]
    verifier: Verifier
    http: httpx.AsyncClient
    with_console: bool = False

    def app(self) -> FastAPI:
        """Every service at ``/<service>``, the demo issuer's door, health, and the console at ``/``."""
        app = FastAPI(title="Ritme", openapi_url=None, docs_url=None, redoc_url=None)
        app.state.verifier, app.state.clock, app.state.house = self.verifier, self.clock, self
        app.add_middleware(Edge)
        problems.install(app)
        app.add_api_route("/health/ready", ready)
        if self.settings.demo:
            app.include_router(demo.router)
        for service in self.services:
            app.mount(f"/{service.name}", service_app(service, self.verifier))
        if self.with_console:
            app.mount("/", import_module("services.console.main").console_app(self.settings))
        return app


async def ready(request: Request) -> JSONResponse:
    """200 when every service has its database, else 503; one that runs elsewhere is asked at its own door, by the console alone."""
    house: House = request.app.state.house
    here = {service.name: service for service in house.services}
    elsewhere = [name for name in SERVICES if house.with_console and name not in here]
    states = dict(zip(elsewhere, await asyncio.gather(*(_ready_elsewhere(house.http, name) for name in elsewhere)), strict=True))
    for name, service in here.items():
        async with service.database.read():
            states[name] = "ready"
    well = set(states.values()) <= {"ready"}
    answer = {"status": "ready" if well else "not_ready", "bus": house.settings.bus, "services": states}
    return JSONResponse(answer, 200 if well else 503)


async def _ready_elsewhere(http: httpx.AsyncClient, name: str) -> str:
    try:
        answer = await http.get(f"/{name}/health", timeout=ASK_S)
    except httpx.HTTPError:
        return "unreachable"
    return "ready" if answer.is_success else "not_ready"


def migrate(settings: Settings, postgres: EmbeddedPostgres | None, names: Sequence[str] = SERVICES) -> None:
    """Roles, databases, revisions and reference data; any number of times."""
    superuser = postgres.superuser_address() if postgres else settings.database_superuser
    bootstrap(superuser, [*SERVICES, BUS], password=None if postgres else settings.role_password)
    for name in names:
        service = definition(name)
        owner = address(settings, postgres, name, "owner")
        migrations.upgrade(owner, service.migrations, service.metadata)
        if service.seed is not None:
            with psycopg.connect(owner.replace("+psycopg", "")) as connection:
                service.seed(connection)
    place_issuer_keys(settings)


def place_issuer_keys(settings: Settings) -> None:
    """Development makes a pair of its own. Raise RuntimeError in production without the issuer's public key, or with a private one."""
    if settings.mode != "production":
        make_issuer_keys(settings.key_folder)
        return
    public, private = settings.key_folder / "issuer.pub.pem", settings.key_folder / "issuer.pem"
    if private.exists():
        raise RuntimeError(f"{private} signs for everybody; in production the agency's issuer signs alone: remove both keys")
    if not public.exists():
        raise RuntimeError(f"{public} is missing: put the public key (PEM) of the issuer of RITME_ISSUER there")


def address(settings: Settings, postgres: EmbeddedPostgres | None, name: str, role: Literal["owner", "api", "worker", "verify"]) -> str:
    if postgres is not None:
        return postgres.address(f"ritme_{name}", f"{name}_{role}")
    return service_address(settings.database, name, role)


def open_bus(settings: Settings, postgres: EmbeddedPostgres | None) -> Log:
    if settings.bus == "kafka":
        from shared.messaging.kafka import KafkaLog  # aiokafka is not loaded where it is not used

        return KafkaLog(settings.kafka)
    return EmbeddedLog(address(settings, postgres, BUS, "worker"))


@asynccontextmanager
async def open_house(
    settings: Settings,
    role: Literal["api", "worker"],
    names: Sequence[str] = SERVICES,
    *,
    console: bool = False,
    clock: Clock | None = None,
    postgres: EmbeddedPostgres | None = None,
) -> AsyncIterator[House]:
    """Services of one process in one role, closed in order at the end. PostgreSQL must be up and migrated."""
    clock = clock or SystemClock()
    master = bytes.fromhex(settings.field_key or development_field_key(settings.key_folder))
    async with AsyncExitStack() as stack:
        bus = open_bus(settings, postgres)
        stack.push_async_callback(bus.close)
        http = await stack.enter_async_context(httpx.AsyncClient(base_url=settings.url, timeout=120))
        services = []
        for name in names:
            database = Database(address(settings, postgres, name, role), role, pool_size=3, max_overflow=3)
            stack.push_async_callback(database.close)
            services.append(Service(definition(name), settings, database, FieldCipher(master, name), clock, bus, http))
        verifier = Verifier(settings.key_folder, settings.issuer, settings.audience)
        house = House(settings, clock, bus, services, verifier, http, with_console=console)
        if role == "api" and set(names) >= set(SERVICES):
            # All doors are in this process: no need to leave it to reach one.
            inside = httpx.AsyncClient(transport=httpx.ASGITransport(house.app()), base_url=settings.url, timeout=120)
            await stack.enter_async_context(inside)
            for service in services:
                service.http = inside
        yield house
