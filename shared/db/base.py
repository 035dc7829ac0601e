"""How tables are declared: one naming convention, BIGINT integers, timestamptz, text months."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import BigInteger, DateTime, LargeBinary, MetaData, String, Text, Uuid
from sqlalchemy.dialects.postgresql import JSONB

from shared.kernel.month import Month
from shared.kernel.rupiah import Rupiah

NAMING = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_N_name)s",
    "pk": "pk_%(table_name)s",
}

TYPES: dict[Any, Any] = {
    int: BigInteger,  # INTEGER overflows at 2.1 billion rupiah
    Rupiah: BigInteger,
    Month: String(7),
    str: Text,
    bytes: LargeBinary,
    UUID: Uuid,
    datetime: DateTime(timezone=True),
    dict[str, Any]: JSONB,
    list[str]: JSONB,
}


def new_metadata() -> MetaData:
    return MetaData(naming_convention=NAMING)
