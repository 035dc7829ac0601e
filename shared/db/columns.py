"""Columns as every service declares them: NOT NULL unless said otherwise, BIGINT for rupiah, instants with a zone."""

from __future__ import annotations

from typing import Any

from sqlalchemy import BigInteger, Boolean, CheckConstraint, Column, Date, DateTime, Integer, LargeBinary, Text, Uuid
from sqlalchemy import text as sql
from sqlalchemy.dialects.postgresql import JSONB


def key(name: str, kind: Any = Text) -> Column[Any]:
    """A part of the primary key that the application gives."""
    return Column(name, kind, primary_key=True, autoincrement=False)


def must(name: str, kind: Any, default: str | None = None, *, nullable: bool = False) -> Column[Any]:
    """A value; ``default`` is an SQL expression."""
    return Column(name, kind, nullable=nullable, server_default=None if default is None else sql(default))


def text(name: str, default: str | None = None) -> Column[Any]:
    """Text; ``default`` is the value itself."""
    return must(name, Text, None if default is None else f"'{default}'")


def big(name: str, default: int | None = None) -> Column[Any]:
    """Rupiah, and whatever outgrows two billion."""
    return must(name, BigInteger, None if default is None else str(default))


def count(name: str, default: int | None = None) -> Column[Any]:
    return must(name, Integer, None if default is None else str(default))


def flag(name: str, default: bool | None = None) -> Column[Any]:
    return must(name, Boolean, None if default is None else str(default).lower())


def at(name: str = "at", *, nullable: bool = False) -> Column[Any]:
    return must(name, DateTime(timezone=True), nullable=nullable)


def day(name: str, *, nullable: bool = False) -> Column[Any]:
    return must(name, Date, nullable=nullable)


def uuid(name: str, *, nullable: bool = False) -> Column[Any]:
    return must(name, Uuid, nullable=nullable)


def blob(name: str, *, nullable: bool = False) -> Column[Any]:
    return must(name, LargeBinary, nullable=nullable)


def document(name: str, default: str | None = None, *, nullable: bool = False) -> Column[Any]:
    """JSONB; ``default`` is its text."""
    return must(name, JSONB, None if default is None else f"'{default}'::jsonb", nullable=nullable)


def one_of(column: str, *values: str) -> CheckConstraint:
    """The column holds one of these; the constraint has the column's name."""
    return CheckConstraint(f"{column} IN ({', '.join(repr(value) for value in values)})", name=column)
