"""Import tables, declared once and added to each service's metadata."""

from __future__ import annotations

from collections.abc import Callable

from sqlalchemy import ARRAY, BigInteger, Boolean, Column, DateTime, Index, Integer, LargeBinary, MetaData, Table, Text, Uuid
from sqlalchemy.dialects.postgresql import JSONB

from shared.db.policies import areas_policy


def add_import_tables(metadata: MetaData) -> None:
    Table(
        "import_file",
        metadata,
        Column("id", Uuid, primary_key=True),
        Column("kind", Text, nullable=False),
        Column("state", Text, nullable=False),
        Column("file_name", Text, nullable=False),
        Column("sha256", Text, nullable=False),
        Column("files", Integer, nullable=False),
        Column("uploaded_by", Text, nullable=False),
        Column("uploaded_at", DateTime(timezone=True), nullable=False),
        Column("committed_by", Text),
        Column("committed_at", DateTime(timezone=True)),
        Column("controls", JSONB, nullable=False),
        Column("totals", JSONB, nullable=False),
        Column("not_ready", JSONB, nullable=False),
        Column("result", JSONB),
        Column("rows", BigInteger, nullable=False),
        Column("accepted", BigInteger, nullable=False),
        Column("rejected", BigInteger, nullable=False),
        Column("warnings", BigInteger, nullable=False),
        Column("areas", ARRAY(Text), nullable=False),
        Column("senders", ARRAY(Text), nullable=False),
        Index("uq_import_file_kind_sha256", "kind", "sha256", unique=True, postgresql_where="state <> 'cancelled'"),
    )
    Table(
        "import_problem",
        metadata,
        Column("import_id", Uuid, primary_key=True),
        Column("line", BigInteger, primary_key=True, autoincrement=False),
        Column("n", Integer, primary_key=True, autoincrement=False),
        Column("row", BigInteger, nullable=False),
        Column("column_name", Text, nullable=False),
        Column("code", Text, nullable=False),
        Column("message", Text, nullable=False),
        Column("value", Text, nullable=False),
        Column("warning", Boolean, nullable=False),
    )
    Table(
        "import_rejected",
        metadata,
        Column("import_id", Uuid, primary_key=True),
        Column("line", BigInteger, primary_key=True, autoincrement=False),
        Column("cells", LargeBinary, nullable=False),
    )


def create_import_tables(execute: Callable[[str], None], service: str) -> None:
    """The DDL of ``add_import_tables``, for a service's first migration. Rejected rows are personal data: encrypted whole."""
    execute(
        """CREATE TABLE import_file (
            id uuid NOT NULL, kind text NOT NULL, state text NOT NULL, file_name text NOT NULL, sha256 text NOT NULL,
            files integer NOT NULL, uploaded_by text NOT NULL, uploaded_at timestamptz NOT NULL, committed_by text,
            committed_at timestamptz, controls jsonb NOT NULL, totals jsonb NOT NULL, not_ready jsonb NOT NULL, result jsonb,
            rows bigint NOT NULL, accepted bigint NOT NULL, rejected bigint NOT NULL, warnings bigint NOT NULL,
            CONSTRAINT pk_import_file PRIMARY KEY (id))"""
    )
    execute("CREATE UNIQUE INDEX uq_import_file_kind_sha256 ON import_file (kind, sha256) WHERE state <> 'cancelled'")
    execute(
        """CREATE TABLE import_problem (
            import_id uuid NOT NULL, line bigint NOT NULL, n integer NOT NULL, row bigint NOT NULL, column_name text NOT NULL,
            code text NOT NULL, message text NOT NULL, value text NOT NULL, warning boolean NOT NULL,
            CONSTRAINT pk_import_problem PRIMARY KEY (import_id, line, n))"""
    )
    execute(
        """CREATE TABLE import_rejected (
            import_id uuid NOT NULL, line bigint NOT NULL, cells bytea NOT NULL,
            CONSTRAINT pk_import_rejected PRIMARY KEY (import_id, line))"""
    )
    execute(f"GRANT UPDATE ON import_file TO {service}_api")
    execute(f"GRANT DELETE ON import_problem, import_rejected TO {service}_api")


def fence_imports(execute: Callable[[str], None], service: str) -> None:
    """A file belongs to the areas of whoever sent it, and everybody who sent a part of it is remembered.

    For a migration after the first one. Whoever has a part of the areas sees nothing of a file of the whole, and whoever sent
    rows of a file is not its second person.
    """
    execute("ALTER TABLE import_file ADD COLUMN areas text[] NOT NULL DEFAULT '{31}', ADD COLUMN senders text[] NOT NULL DEFAULT '{}'")
    execute("UPDATE import_file SET senders = ARRAY[uploaded_by]")
    execute("ALTER TABLE import_file ALTER COLUMN areas DROP DEFAULT, ALTER COLUMN senders DROP DEFAULT")
    areas_policy(execute, service, "import_file")
