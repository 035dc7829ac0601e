"""Which failures pass by themselves (try the whole batch again) and which lie in an event (halve until it stands alone)."""

from __future__ import annotations

import psycopg
from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from shared.messaging.log import BusUnavailable

_CLASSES = (
    "08",  # connection
    "40",  # deadlock, serialization
    "53",  # too many connections, disk full
    "57",  # shutdown, crash, cancelled
)
_STATES = ("55P03", "25P03", "25P04")  # lock not available, idle or transaction timeout


def driver_error(error: BaseException) -> psycopg.Error | None:
    """The psycopg error behind what SQLAlchemy raised, if there is one."""
    if isinstance(error, DBAPIError) and isinstance(error.orig, psycopg.Error):
        return error.orig
    return error if isinstance(error, psycopg.Error) else None


def is_transient(error: BaseException) -> bool:
    """Whether the same work may well succeed a moment later: connection lost, deadlock, lock or bus timeout."""
    if isinstance(error, BusUnavailable | PoolTimeout):
        return True
    found = driver_error(error)
    if found is None:
        return isinstance(error, ConnectionError)
    if isinstance(found, psycopg.OperationalError | psycopg.InterfaceError) and found.sqlstate is None:
        return True  # no answer from the server: the connection is gone
    state = found.sqlstate or ""
    return state[:2] in _CLASSES or state in _STATES


def is_conflict(error: BaseException) -> bool:
    """Transient, but by what the transaction did against another one: where it comes back each time, halving helps."""
    found = driver_error(error)
    state = (found.sqlstate or "") if found is not None else ""
    return state[:2] == "40" or state == "55P03"
