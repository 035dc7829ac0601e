"""A lock that a process holds for as long as its connection lives: one relay per service, on however many machines."""

from __future__ import annotations

from typing import Any

import psycopg
from psycopg import AsyncConnection
from sqlalchemy.engine import make_url


class Lease:
    """A session advisory lock on a connection of its own; its death frees the lock, so nobody has to clean up."""

    def __init__(self, address: str, name: str) -> None:
        self._address = make_url(address).set(drivername="postgresql").render_as_string(hide_password=False)
        self._name = name
        self._connection: AsyncConnection[Any] | None = None

    async def held(self) -> bool:
        """Whether this process has it now; tries to get it where it has not. psycopg never reconnects by itself, so
        a connection that answers still is the session that took the lock. Raises psycopg.OperationalError without a database.
        """
        if self._connection is not None:
            try:
                await self._connection.execute("SELECT 1")
                return True
            except psycopg.Error:
                await self.release()
        connection = await AsyncConnection.connect(self._address, autocommit=True, connect_timeout=10)
        try:
            cursor = await connection.execute("SELECT pg_try_advisory_lock(hashtext(%s))", (self._name,))
            row = await cursor.fetchone()
        except BaseException:
            await connection.close()
            raise
        if row is None or not row[0]:
            await connection.close()
            return False
        self._connection = connection
        return True

    async def release(self) -> None:
        if self._connection is not None:
            connection, self._connection = self._connection, None
            await connection.close()
