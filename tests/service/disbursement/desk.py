"""disbursement alone, on the real PostgreSQL and the real log, with its neighbours played by their published contracts.

``desk.beneficiary`` publishes beneficiary's events and serves its doors (lists, ids), so that a test can lose an event,
let one come late, or seal what nobody was told. Stories on all services together are in ``tests/stories``.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import AsyncIterator, Collection, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from hashlib import sha256
from typing import Any
from uuid import UUID, uuid5

import httpx
import msgspec
import psycopg
from fastapi import FastAPI, Request, Response
from fastapi.responses import JSONResponse

from ritme import verify
from services.disbursement.main import service as definition
from shared.contracts.beneficiary import (
    CutoffSealed,
    EnrolmentActivated,
    EnrolmentEnded,
    EnrolmentResumed,
    EnrolmentState,
    EnrolmentSuspended,
)
from shared.contracts.registry import Event
from shared.crypto import FieldCipher
from shared.db import migrate
from shared.db.embedded_postgres import EmbeddedPostgres
from shared.db.roles import bootstrap
from shared.db.session import Database, Role
from shared.kernel.clock import Clock, SystemClock
from shared.kernel.ids import RITME, natural_id
from shared.messaging.embedded import EmbeddedLog
from shared.messaging.log import Record
from shared.runtime import Service, Worker, settle
from shared.settings import Settings
from shared.web.app import service_app
from shared.web.auth import Verifier, make_issuer_keys, sign
from shared.web.demo import PEOPLE
from tests.support.world import Ground

DECREE = uuid5(RITME, "decree/test")
AREA = "31.71.01.1001"
"""Gambir, Jakarta Pusat."""
TARIFF = 300_000


def person(number: int) -> UUID:
    """A person's id, the same in every run; ordered by number."""
    return UUID(int=(0x0192_0000_0000_7000_8000 << 48) | number)


def nik(number: int) -> str:
    """A NIK that passes the parser, and stands for ``person(number)`` in ``Beneficiary.resolve``."""
    return f"317101{1 + number % 28:02d}{1 + number % 12:02d}55{number:04d}"


@dataclass
class Enrolment:
    """What beneficiary holds of one person in one programme, state by state."""

    person_id: UUID
    programme: str
    states: list[tuple[int, type[EnrolmentState], EnrolmentState]] = field(default_factory=list)


_STATUS = {EnrolmentActivated: "active", EnrolmentSuspended: "suspended", EnrolmentResumed: "active", EnrolmentEnded: "ended"}


class Beneficiary:
    """Publishes on the bus what beneficiary would, and serves the doors that disbursement uses."""

    def __init__(self, bus: EmbeddedLog) -> None:
        self._bus = bus
        self._seq = 0
        self._versions: dict[UUID, int] = {}
        self._programme_versions: dict[str, int] = {}
        self._cutoffs: dict[str, int] = {}
        self._seals: dict[tuple[str, str], int] = {}
        self._enrolments: dict[tuple[UUID, str], Enrolment] = {}
        self.lists: dict[str, bytes] = {}
        self.niks: dict[str, UUID] = {}
        self.name = "Siti Contoh"
        self.queue: list[Record] = []
        self.looked: list[tuple[str, str]] = []
        """Every look at people, with its purpose, as the audit chain of beneficiary would have it."""
        self.ages: list[dict[str, Any]] | None = None
        """What ``/beneficiary/outlook/ages`` answers; None: it does not answer."""
        self.budget: list[dict[str, Any]] | None = None
        """Of budget_audit, which stands behind the same address: its lines for the months ahead; None: it does not answer."""

    def change(
        self,
        who: UUID,
        event: type[EnrolmentState],
        *,
        programme: str = "KLJ",
        from_month: str = "2025-09",
        to_month: str = "2025-12",
        reason: str = "",
        area: str = AREA,
        cohort: str = "existing",
        amount: int = TARIFF,
        lose: bool = False,
    ) -> Record:
        """One change of an enrolment, put into the queue; ``lose``: it happened, and nobody is told."""
        version = self._versions[who] = self._versions.get(who, 0) + 1
        data = event(
            programme=programme, decree_id=DECREE, cohort=cohort, area=area, amount=amount, reason=reason,
            from_month=from_month, to_month=to_month, cutoff_no=self._cutoffs.get(programme, 1),
        )  # fmt: skip
        self._enrolments.setdefault((who, programme), Enrolment(who, programme)).states.append((version, event, data))
        record = self._record(who, version, data)
        if not lose:
            self.queue.append(record)
        return record

    def activate(self, who: UUID, **state: Any) -> Record:
        return self.change(who, EnrolmentActivated, **state)

    def suspend(self, who: UUID, **state: Any) -> Record:
        return self.change(who, EnrolmentSuspended, **{"reason": "verification", **state})

    def resume(self, who: UUID, **state: Any) -> Record:
        return self.change(who, EnrolmentResumed, **state)

    def end(self, who: UUID, **state: Any) -> Record:
        return self.change(who, EnrolmentEnded, **{"reason": "died", **state})

    def seal(self, programme: str = "KLJ", month: str = "2025-09", *, quota: int | None = None, amount: int = TARIFF) -> CutoffSealed:
        """Seal the list as it stands, once more where it was sealed; the event goes into the queue behind everything before it."""
        cutoff = self._cutoffs.get(programme, 1)
        lines = []
        for (who, where), enrolment in sorted(self._enrolments.items()):
            covering = [(v, e, d) for v, e, d in enrolment.states if d.from_month <= month <= d.to_month and d.cutoff_no <= cutoff]
            if where != programme or not covering:
                continue
            _, event, data = max(covering, key=lambda one: one[0])
            lines.append(f"{who}\t{_STATUS[event]}\t{data.reason if _STATUS[event] != 'active' else ''}\t{amount}\n")
        listed = "".join(lines).encode()
        cutoff_id = natural_id("cutoff", programme, month, str(cutoff))
        seal_no = self._seals[programme, month] = self._seals.get((programme, month), 0) + 1
        sealed = CutoffSealed(
            cutoff_id=cutoff_id, programme=programme, month=month, seal_no=seal_no, cutoff_no=cutoff, count=len(lines),
            sum=amount * len(lines), hash=sha256(listed).hexdigest(), quota=len(lines) if quota is None else quota,
            list=f"/beneficiary/cutoffs/{cutoff_id}/list.tsv",
        )  # fmt: skip
        self.lists[str(cutoff_id)] = listed
        self._cutoffs[programme] = cutoff + 1
        version = self._programme_versions[programme] = self._programme_versions.get(programme, 0) + 1
        self.queue.append(self._record(natural_id("programme", programme), version, sealed))
        return sealed

    async def publish(self, *records: Record) -> None:
        """Send these records, or everything queued."""
        await self._bus.append(list(records) or self.queue)
        if not records:
            self.queue = []

    def _record(self, key: UUID, version: int, data: Event) -> Record:
        self._seq += 1
        payload = msgspec.json.encode(data).decode()
        at = datetime(2025, 9, 1, tzinfo=UTC)
        return Record(f"beneficiary-{self._seq}", data.number, key, version, at, f"correlation-{self._seq}", "", payload)

    def app(self) -> FastAPI:
        app = FastAPI()

        @app.get("/beneficiary/cutoffs/{cutoff_id}/list.tsv")
        async def listed(cutoff_id: str, request: Request) -> Response:
            assert request.headers["authorization"].startswith("Bearer ")
            return Response(self.lists[cutoff_id])

        @app.post("/beneficiary/people:resolve")
        async def resolve(request: Request) -> dict[str, Any]:
            asked = json.loads(await request.body())
            self.looked.append(("resolve", asked["purpose"]))
            assert len(asked["niks"]) <= 5_000
            found = [self.niks.get(each) for each in asked["niks"]]
            return {"ids": [str(each) if each else None for each in found]}

        @app.post("/beneficiary/people:reveal")
        async def reveal(request: Request) -> dict[str, Any]:
            asked = json.loads(await request.body())
            self.looked.append(("reveal", asked["purpose"]))
            by_id = {str(who): number for number, who in self.niks.items()}
            everything = {"name": self.name, "address": "Jl. Contoh No. 1; RT 001", "birth_date": "1945-05-12"}
            return {
                "people": [
                    {"id": one, "area": AREA} | {f: (everything | {"nik": by_id[one]})[f] for f in asked["fields"]}
                    for one in asked["ids"]
                    if one in by_id
                ]
            }

        @app.get("/beneficiary/status-reasons")
        async def status_reasons() -> dict[str, Any]:
            table = {"suspend": ("under_review", "verification"), "end": ("dead", "died"), "resume": ("cleared",)}
            return {"items": [{"action": action, "code": code} for action, codes in table.items() for code in codes]}

        @app.get("/beneficiary/outlook/ages")
        async def ages(request: Request) -> Response:
            assert request.headers["authorization"].startswith("Bearer ")
            return Response(status_code=503) if self.ages is None else JSONResponse({"items": self.ages})

        @app.get("/budget_audit/outlook")
        async def budget(request: Request) -> Response:
            assert request.headers["authorization"].startswith("Bearer ")
            return Response(status_code=503) if self.budget is None else JSONResponse({"lines": self.budget})

        return app


@dataclass
class Desk:
    """disbursement's doors and its worker; ``await desk.settle()`` drains relay, consumer and jobs."""

    postgres: EmbeddedPostgres
    api: Service
    worker: Worker
    beneficiary: Beneficiary
    bus: EmbeddedLog
    verifier: Verifier
    clock: Clock
    _clients: dict[str, httpx.AsyncClient] = field(default_factory=dict)

    def as_(self, who: str, *, areas: Sequence[str] | None = None) -> httpx.AsyncClient:
        name, roles, own = PEOPLE[who]
        key = f"{who}/{areas}"
        if key not in self._clients:
            v = self.verifier
            token = sign(v.folder, v.issuer, v.audience, SystemClock(), who, name, roles, areas or own)
            self._clients[key] = httpx.AsyncClient(
                transport=httpx.ASGITransport(service_app(self.api, v)), base_url="http://disbursement.test", timeout=120,
                headers={"authorization": f"Bearer {token}"},
            )  # fmt: skip
        return self._clients[key]

    async def settle(self) -> int:
        return await settle([self.worker])

    def broken(self, invariants: Collection[int], *, bus: bool = False) -> list[tuple[str, list[str]]]:
        """What ``ritme verify`` finds wrong in disbursement's own books (and on the bus), by the invariant's name."""
        addresses = {"disbursement": self.postgres.address("ritme_disbursement", "disbursement_verify")}
        if bus:
            addresses["bus"] = self.postgres.address("ritme_bus", "bus_worker")
        return [(line.name, list(line.found)) for line in verify.run(addresses, None, invariants).invariants if not line.ok]

    async def told(self) -> None:
        """Publish what beneficiary queued and let disbursement read it."""
        await self.beneficiary.publish()
        await self.settle()

    def sql(self, statement: str, *params: Any, role: str = "owner") -> list[tuple[Any, ...]]:
        """Look behind the doors."""
        address = self.postgres.address("ritme_disbursement", f"disbursement_{role}").replace("+psycopg", "")
        with psycopg.connect(address) as connection:
            return list(connection.execute(statement, params).fetchall())

    def sql_run(self, statement: str, *params: Any) -> None:
        """Bring about what a test cannot by the doors, such as a worker that is behind."""
        with psycopg.connect(self.postgres.superuser_address("ritme_disbursement").replace("+psycopg", "")) as connection:
            connection.execute(statement, params)

    def outcomes(self, month: str = "2025-09") -> dict[str, int]:
        found = self.sql("SELECT outcome, count(*) FROM entitlement_month WHERE month = %s GROUP BY 1 ORDER BY 1", month)
        return {outcome: int(count) for outcome, count in found}


@asynccontextmanager
async def open_desk(ground: Ground, clock: Clock | None = None) -> AsyncIterator[Desk]:
    postgres, clock = ground.postgres, clock or SystemClock()
    settings = Settings(data=ground.data, durable=False, url="http://disbursement.test")
    make_issuer_keys(settings.key_folder)
    await _prepare(postgres)
    shutil.rmtree(ground.data / "bank", ignore_errors=True)  # another desk's, whose batches had the same codes
    bus = EmbeddedLog(postgres.address("ritme_bus", "bus_worker"))
    beneficiary = Beneficiary(bus)
    cipher = FieldCipher(bytes(32), "disbursement")
    try:
        async with httpx.AsyncClient(transport=httpx.ASGITransport(beneficiary.app()), base_url="http://ritme.test") as http:
            services = []
            roles: tuple[Role, ...] = ("api", "worker")
            for role in roles:
                database = Database(postgres.address("ritme_disbursement", f"disbursement_{role}"), role, pool_size=3)
                services.append(Service(definition, settings, database, cipher, clock, bus, http))
            desk = Desk(
                postgres, services[0], Worker(services[1]), beneficiary, bus,
                Verifier(settings.key_folder, settings.issuer, settings.audience), clock,
            )  # fmt: skip
            yield desk
            for client in desk._clients.values():
                await client.aclose()
            await desk.worker.close()
            for one in services:
                await one.database.close()
            await bus.close()
    finally:
        with _admin(postgres) as admin:
            for name in _DATABASES:
                admin.execute(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")


_DATABASES = ("ritme_disbursement", "ritme_bus")


def _admin(postgres: EmbeddedPostgres) -> psycopg.Connection[Any]:
    return psycopg.connect(postgres.superuser_address().replace("+psycopg", ""), autocommit=True)


async def _prepare(postgres: EmbeddedPostgres) -> None:
    """Fresh databases, copied from templates that the first desk of the run migrates."""
    with _admin(postgres) as admin:
        known = {name for (name,) in admin.execute("SELECT datname FROM pg_database").fetchall()}
        if "desk_ritme_bus" not in known:
            for database in _DATABASES:
                admin.execute(f"DROP DATABASE IF EXISTS {database} WITH (FORCE)")
            bootstrap(postgres.superuser_address(), ["disbursement", "bus"])
            owner = postgres.address("ritme_disbursement", "disbursement_owner")
            migrate.upgrade(owner, definition.migrations, definition.metadata)
            with psycopg.connect(owner.replace("+psycopg", "")) as connection:
                assert definition.seed is not None
                definition.seed(connection)
            bus = EmbeddedLog(postgres.address("ritme_bus", "bus_owner"))
            await bus.migrate()
            await bus.close()
            for database in _DATABASES:
                admin.execute(f"ALTER DATABASE {database} RENAME TO desk_{database}")
        for database in _DATABASES:
            owner_role = f"{database.removeprefix('ritme_')}_owner"
            admin.execute(f"DROP DATABASE IF EXISTS {database} WITH (FORCE)")
            admin.execute(f"CREATE DATABASE {database} TEMPLATE desk_{database} OWNER {owner_role} STRATEGY file_copy")
            admin.execute(f"ALTER DATABASE {database} SET timezone = 'UTC'")
