"""Databases and database roles, made in one place for the embedded runtime and for compose.

Every service has a database of its own and four roles that reach nothing else (CORE.md section 8):

- ``<service>_owner`` owns the database and its schema; only migrations use it;
- ``<service>_api`` serves requests, row-level security always holds for it;
- ``<service>_worker`` reacts to events and runs jobs, for all areas (BYPASSRLS);
- ``<service>_verify`` reads everything and changes nothing (BYPASSRLS, SELECT only).

The bus (the embedded log) has a database too, with an owner and a worker.

Whatever the owner creates may be read and appended to by api and worker; UPDATE and DELETE are
granted table by table in the migrations, so that an entry table stays append-only by default.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum

import psycopg
from psycopg import sql

BUS = "bus"

# Any number will do, as long as every bootstrap takes the same one.
_BOOTSTRAP_LOCK = 7_251_001


class RoleKind(StrEnum):
    """What a role may do in its database, apart from owning it."""

    API = "api"
    WORKER = "worker"
    VERIFY = "verify"


@dataclass(frozen=True, slots=True)
class DatabaseRoles:
    """A database, who owns it and who may use it."""

    database: str
    owner: str
    roles: Mapping[str, RoleKind]

    @property
    def names(self) -> tuple[str, ...]:
        """All roles, the owner first."""
        return (self.owner, *self.roles)


def database_roles(service: str) -> DatabaseRoles:
    """Name the database ``ritme_<service>`` and its roles; the bus has fewer than a service."""
    kinds = (RoleKind.WORKER,) if service == BUS else tuple(RoleKind)
    return DatabaseRoles(
        database=f"ritme_{service}",
        owner=f"{service}_owner",
        roles={f"{service}_{kind}": kind for kind in kinds},
    )


def bootstrap(superuser: str, services: Iterable[str], *, password: str | None = None) -> None:
    """Make roles, databases and default privileges; change nothing where they are right already.

    `superuser` is an address, with or without ``+psycopg``. May run any number of times and from
    several processes at once. Without `password` a role is of use only where the server trusts
    the connection, as the embedded one does.
    """
    server = superuser.replace("+psycopg", "", 1)
    with _connect(server, "postgres") as admin:
        # Two processes start together (API and workers): concurrent GRANTs on one object fail
        # with "tuple concurrently updated", so the second waits for the first.
        admin.execute("SELECT pg_advisory_lock(%s)", (_BOOTSTRAP_LOCK,))
        for shared_by_all in ("postgres", "template1"):
            admin.execute(_fence(shared_by_all))
        for spec in map(database_roles, services):
            for statement in _role_statements(spec, password):
                admin.execute(statement)
            if not _database_exists(admin, spec.database):
                admin.execute(_create_database(spec))
            for statement in _database_statements(spec):
                admin.execute(statement)
            with _connect(server, spec.database) as inside:
                for statement in _privilege_statements(spec):
                    inside.execute(statement)


def _connect(server: str, database: str) -> psycopg.Connection[tuple[object, ...]]:
    return psycopg.connect(server, dbname=database, autocommit=True, connect_timeout=10)


def _database_exists(admin: psycopg.Connection[tuple[object, ...]], database: str) -> bool:
    found = admin.execute("SELECT 1 FROM pg_database WHERE datname = %s", (database,))
    return found.fetchone() is not None


def _create_database(spec: DatabaseRoles) -> sql.Composed:
    # CREATE DATABASE knows no IF NOT EXISTS and no transaction; the advisory lock guards it.
    # C.UTF-8 orders by bytes on every machine: a list's hash must not depend on its locale.
    return sql.SQL(
        "CREATE DATABASE {} OWNER {} TEMPLATE template0 ENCODING 'UTF8' LOCALE_PROVIDER builtin BUILTIN_LOCALE 'C.UTF-8' LOCALE 'C'"
    ).format(sql.Identifier(spec.database), sql.Identifier(spec.owner))


def _role_statements(spec: DatabaseRoles, password: str | None) -> Iterable[sql.Composed]:
    for name in spec.names:
        kind = spec.roles.get(name)
        role = sql.Identifier(name)
        yield sql.SQL(
            "DO $do$ BEGIN IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = {text}) THEN CREATE ROLE {role}; END IF; END $do$"
        ).format(text=sql.Literal(name), role=role)
        sees_all = kind in (RoleKind.WORKER, RoleKind.VERIFY)
        yield sql.SQL("ALTER ROLE {} LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE NOREPLICATION {}").format(
            role, sql.SQL("BYPASSRLS" if sees_all else "NOBYPASSRLS")
        )
        if kind is RoleKind.VERIFY:
            yield sql.SQL("ALTER ROLE {} SET default_transaction_read_only = on").format(role)
        if password is not None:
            yield sql.SQL("ALTER ROLE {} PASSWORD {}").format(role, sql.Literal(password))


def _fence(database: str) -> sql.Composed:
    """Nobody but those who are named may connect, or make temporary tables."""
    return sql.SQL("REVOKE ALL ON DATABASE {} FROM PUBLIC").format(sql.Identifier(database))


def _database_statements(spec: DatabaseRoles) -> Iterable[sql.Composed]:
    database = sql.Identifier(spec.database)
    yield _fence(spec.database)
    yield sql.SQL("ALTER DATABASE {} OWNER TO {}").format(database, sql.Identifier(spec.owner))
    yield sql.SQL("ALTER DATABASE {} SET timezone = 'UTC'").format(database)
    for name, kind in spec.roles.items():
        rights = "CONNECT" if kind is RoleKind.VERIFY else "CONNECT, TEMPORARY"
        yield sql.SQL("GRANT {} ON DATABASE {} TO {}").format(sql.SQL(rights), database, sql.Identifier(name))


def _privilege_statements(spec: DatabaseRoles) -> Iterable[sql.Composed]:
    owner = sql.Identifier(spec.owner)
    by_default = sql.SQL("ALTER DEFAULT PRIVILEGES FOR ROLE {} GRANT {} TO {}")
    for name, kind in spec.roles.items():
        role = sql.Identifier(name)
        yield sql.SQL("GRANT USAGE ON SCHEMA public TO {}").format(role)
        yield by_default.format(owner, sql.SQL("USAGE ON SCHEMAS"), role)
        if kind is RoleKind.VERIFY:
            yield by_default.format(owner, sql.SQL("SELECT ON TABLES"), role)
            continue
        yield by_default.format(owner, sql.SQL("SELECT, INSERT ON TABLES"), role)
        yield by_default.format(owner, sql.SQL("USAGE ON SEQUENCES"), role)
