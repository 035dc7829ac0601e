"""Sessions that say read or write in their type and carry the caller's areas into row-level security.

A transaction begins when the session is opened, its first statement sets ``app.areas`` for this transaction only,
and it commits when the block ends without an error. Nobody else commits.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterable, Mapping, Sequence
from contextlib import asynccontextmanager
from typing import Any, Final, Literal, NewType

from psycopg import AsyncConnection, sql
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession, create_async_engine

ReadSession = NewType("ReadSession", AsyncSession)
WriteSession = NewType("WriteSession", AsyncSession)
AnySession = ReadSession | WriteSession | AsyncSession

Role = Literal["owner", "api", "worker", "verify"]


class Database:
    """One service's database, reached as one role. Pools are bounded: many services share 100 connections."""

    def __init__(self, address: str, role: Role, *, pool_size: int = 4, max_overflow: int = 4) -> None:
        self.address = address
        self.role = role
        self.engine: AsyncEngine = create_async_engine(
            address,
            hide_parameters=True,  # an error names its statement, never a citizen
            pool_size=pool_size,
            max_overflow=max_overflow,
            pool_timeout=30,
            pool_pre_ping=True,
            connect_args={
                "connect_timeout": 10,
                "options": "-c timezone=UTC -c idle_in_transaction_session_timeout=600000 -c lock_timeout=20000",
                # Statement names outlive a pooled connection's role; plain text statements are plenty here.
                "prepare_threshold": None,
            },
        )

    @asynccontextmanager
    async def write(self, areas: Sequence[str] = ()) -> AsyncIterator[WriteSession]:
        """A transaction that commits at the end of the block; ``areas`` are the caller's (roles under policies see only them)."""
        async with AsyncSession(self.engine, expire_on_commit=False) as session, session.begin():
            await set_areas(session, areas)
            yield WriteSession(session)

    @asynccontextmanager
    async def read(self, areas: Sequence[str] = ()) -> AsyncIterator[ReadSession]:
        """A READ ONLY transaction on one snapshot."""
        async with AsyncSession(self.engine, expire_on_commit=False) as session, session.begin():
            await session.execute(text("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY"))
            await set_areas(session, areas)
            yield ReadSession(session)

    async def close(self) -> None:
        await self.engine.dispose()


async def set_areas(session: AsyncSession, areas: Sequence[str]) -> None:
    """Local to the transaction; no area leaves the setting empty, and the policies then show nothing."""
    await session.execute(
        text("SELECT set_config('app.areas', :patterns, true)"),
        {"patterns": ",".join(f"{area}.%" for area in areas)},
    )


async def raw_connection(session: AnySession) -> AsyncConnection[Any]:
    """The psycopg connection of this session's transaction, for COPY."""
    pooled = await (await session.connection()).get_raw_connection()
    connection = pooled.driver_connection
    assert isinstance(connection, AsyncConnection)
    return connection


async def copy_in(session: WriteSession | AsyncSession, table: str, columns: Sequence[str], rows: Iterable[Sequence[Any]]) -> int:
    """COPY rows into a table of this transaction; returns how many. Refused on tables under policies: load a staging table."""
    connection = await raw_connection(session)
    statement = sql.SQL("COPY {} ({}) FROM STDIN").format(sql.Identifier(table), sql.SQL(", ").join(map(sql.Identifier, columns)))
    count = 0
    async with connection.cursor() as cursor, cursor.copy(statement) as copy:
        for row in rows:
            await copy.write_row(row)
            count += 1
    return count


COPY_ESCAPES: Final = str.maketrans({"\\": "\\\\", "\t": "\\t", "\n": "\\n", "\r": "\\r"})
"""``value.translate(COPY_ESCAPES)``: text of any kind for ``copy_text_in``."""


async def copy_text_in(session: WriteSession | AsyncSession, table: str, columns: Sequence[str], data: Iterable[str]) -> None:
    """COPY text blocks that are already in COPY's own format (tabs, newlines, ``\\N``): the fast way for plain ids and numbers."""
    connection = await raw_connection(session)
    statement = sql.SQL("COPY {} ({}) FROM STDIN").format(sql.Identifier(table), sql.SQL(", ").join(map(sql.Identifier, columns)))
    async with connection.cursor() as cursor, cursor.copy(statement) as copy:
        for block in data:
            await copy.write(block)


_BLOCK = 64 * 1024


async def copy_out(session: AnySession, query: str, params: Mapping[str, Any] | None = None) -> AsyncIterator[bytes]:
    """The rows of a query as COPY text, block by block, in flat memory.

    COPY takes no parameters: named ones (``%(name)s``) are quoted into the statement by psycopg itself.
    """
    connection = await raw_connection(session)
    waiting: list[bytes] = []
    size = 0
    bound = sql.SQL(query).format() if not params else None
    async with connection.cursor() as cursor:
        statement: Any = bound if bound is not None else _bind(connection, query, params or {})
        async with cursor.copy(sql.SQL("COPY ({}) TO STDOUT").format(statement)) as copy:
            # PostgreSQL sends a message a row; whoever hashes or serves them does better with larger blocks.
            async for row in copy:
                waiting.append(bytes(row))
                size += len(row)
                if size >= _BLOCK:
                    yield b"".join(waiting)
                    waiting, size = [], 0
    if waiting:
        yield b"".join(waiting)


_LINES_AT_ONCE: Final = 1_000


async def lines_out(session: AnySession, query: str, params: Mapping[str, Any] | None = None) -> AsyncIterator[bytes]:
    """The only column of a query, text called ``line`` with its end, in the query's order; block by block, in flat memory.

    The database puts a thousand lines into each message: COPY sends every row on its own, and for a million of them waiting for
    messages costs more than reading the rows. For what is hashed: ids, codes and numbers, which need no escape.
    """
    connection = await raw_connection(session)
    blocks = sql.SQL("""SELECT string_agg(line, '' ORDER BY n) FROM (SELECT line, row_number() OVER () AS n FROM ({}) AS q) AS numbered
                         GROUP BY (n - 1) / {} ORDER BY (n - 1) / {}""")
    asked = blocks.format(_bind(connection, query, params or {}), sql.Literal(_LINES_AT_ONCE), sql.Literal(_LINES_AT_ONCE))
    async with connection.cursor() as cursor, cursor.copy(sql.SQL("COPY ({}) TO STDOUT (FORMAT binary)").format(asked)) as copy:
        copy.set_types(["text"])
        async for (block,) in copy.rows():
            yield block.encode()


def _bind(connection: AsyncConnection[Any], query: str, params: Mapping[str, Any]) -> sql.Composable:
    parts: list[sql.Composable] = []
    rest = query
    while "%(" in rest:
        before, after = rest.split("%(", 1)
        name, rest = after.split(")s", 1)
        parts += [sql.SQL(before), sql.Literal(params[name])]
    parts.append(sql.SQL(rest))
    return sql.Composed(parts)
