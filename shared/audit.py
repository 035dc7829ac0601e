"""A chained audit entry for every operation that reads or writes personal data.

One entry per operation, with purpose, count and a hash of the ids, never the ids' content. Each entry's hash covers the
one before, so a changed, removed or reordered entry is named by ``ritme verify`` (RELIABILITY invariant 24).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import datetime
from hashlib import sha256
from uuid import UUID

from sqlalchemy import BigInteger, Column, DateTime, Integer, MetaData, Table, Text, text

from shared.db.session import WriteSession
from shared.kernel import context
from shared.web.auth import Caller


def add_audit_tables(metadata: MetaData) -> None:
    Table(
        "audit_entry",
        metadata,
        Column("seq", BigInteger, primary_key=True, autoincrement=False),
        Column("at", DateTime(timezone=True), nullable=False),
        Column("person", Text, nullable=False),
        Column("operation", Text, nullable=False),
        Column("purpose", Text, nullable=False),
        Column("count", Integer, nullable=False),
        Column("ids_hash", Text, nullable=False),
        Column("correlation_id", Text, nullable=False),
        Column("hash", Text, nullable=False),
    )


def create_audit_tables(execute: Callable[[str], None]) -> None:
    execute(
        """CREATE TABLE audit_entry (
            seq bigint NOT NULL, at timestamptz NOT NULL, person text NOT NULL, operation text NOT NULL, purpose text NOT NULL,
            count integer NOT NULL, ids_hash text NOT NULL, correlation_id text NOT NULL, hash text NOT NULL,
            CONSTRAINT pk_audit_entry PRIMARY KEY (seq))"""
    )


def hash_ids(ids: Iterable[UUID]) -> str:
    digest = sha256()
    for one in sorted(one.bytes for one in ids):  # the order of the ids themselves
        digest.update(one)
    return digest.hexdigest()


def entry_hash(previous: str, seq: int, at: datetime, person: str, operation: str, purpose: str, count: int, ids_hash: str) -> str:
    line = "\t".join((previous, str(seq), at.isoformat(), person, operation, purpose, str(count), ids_hash))
    return sha256(line.encode()).hexdigest()


async def record(session: WriteSession, caller: Caller, operation: str, purpose: str, *, count: int, ids_hash: str, at: datetime) -> None:
    """Append one entry in this transaction; entries of one database queue behind an advisory lock until it ends."""
    await session.execute(text("SELECT pg_advisory_xact_lock(hashtext('audit_entry'))"))
    last = (await session.execute(text("SELECT seq, hash FROM audit_entry ORDER BY seq DESC LIMIT 1"))).one_or_none()
    seq, previous = (last.seq + 1, last.hash) if last else (1, "")
    await session.execute(
        text("INSERT INTO audit_entry VALUES (:seq, :at, :person, :operation, :purpose, :count, :ids, :correlation, :hash)"),
        {
            "seq": seq, "at": at, "person": caller.person, "operation": operation, "purpose": purpose, "count": count,
            "ids": ids_hash, "correlation": context.correlation_id.get(),
            "hash": entry_hash(previous, seq, at, caller.person, operation, purpose, count, ids_hash),
        },
    )  # fmt: skip
