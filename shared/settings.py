"""Process settings, typed, read once at the edge from ``RITME_*``. Defaults run embedded on one machine."""

from __future__ import annotations

import os
from contextlib import suppress
from ipaddress import ip_network
from pathlib import Path
from typing import Literal, Self

from pydantic import field_validator, model_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from shared.kernel import failpoints


class Settings(BaseSettings):
    """What differs between embedded, compose and cluster; the code is the same."""

    model_config = SettingsConfigDict(env_prefix="RITME_", env_ignore_empty=True, extra="ignore")
    """An empty variable is an absent one: compose files pass on what nobody has set."""

    mode: Literal["development", "production"] = "development"
    data: Path = Path("var/ritme")
    """Embedded PostgreSQL, keys, and the bank hand-over folders."""
    bus: Literal["embedded", "kafka"] = "embedded"
    kafka: str = "127.0.0.1:9092"
    """Kafka's bootstrap address, used where ``bus`` is kafka."""
    database: str = ""
    """Address template with {role} and {database}, such as ``postgresql+psycopg://{role}:secret@postgres/{database}``; empty: embedded."""
    database_superuser: str = ""
    """Address of a superuser, for the migration job alone, where ``database`` is set."""
    role_password: str = ""
    """Password of every service role, where ``database`` is set."""
    durable: bool = True
    """False only in tests and throw-away replays: embedded PostgreSQL then skips fsync."""
    url: str = "http://127.0.0.1:8000"
    """Where the doors are: services find one another and the command line finds them here."""
    host: str = "127.0.0.1"
    port: int = 8000
    demo: bool | None = None
    """The demo issuer's door; by default open in development and shut (and refused) in production."""
    field_key: str = ""
    """Master key of personal fields, hex, at least 32 bytes; embedded makes its own. No default in production."""
    keys: Path | None = None
    """Folder with ``issuer.pem`` (private, demo only) and ``issuer.pub.pem``; default ``<data>/keys``."""
    pulse: Path | None = None
    """A worker touches this file every few seconds, for a health check to look at its age; empty: none."""
    webhook_networks: str = ""
    """Private networks that events may be sent to, such as ``10.20.0.0/16, fd12::/16``; empty: public addresses only."""
    webhook_authority: Path | None = None
    """PEM of the agency's own certificate authority, for receivers inside."""
    issuer: str = "ritme-local"
    audience: str = "ritme"

    @field_validator("webhook_networks")
    @classmethod
    def _networks(cls, value: str) -> str:
        for one in filter(None, map(str.strip, value.split(","))):
            ip_network(one)
        return value

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        if self.demo is None:
            self.demo = self.mode == "development"
        if self.mode == "production":
            if self.demo:
                raise ValueError("RITME_DEMO is refused in production mode")
            if not self.field_key:
                raise ValueError("RITME_FIELD_KEY is required in production mode")
            if failpoints.ordered():
                raise ValueError("FAILPOINT is refused in production mode")
        return self

    @property
    def embedded_database(self) -> bool:
        return not self.database

    @property
    def key_folder(self) -> Path:
        return self.keys or self.data / "keys"


def development_field_key(folder: Path) -> str:
    """The embedded master key: made once, readable by its owner only."""
    file = folder / "field.key"
    if not file.exists():
        folder.mkdir(parents=True, exist_ok=True)
        partial = file.with_suffix(f".{os.getpid()}")
        partial.write_text(os.urandom(32).hex())
        partial.chmod(0o600)
        with suppress(FileExistsError):
            os.link(partial, file)  # the first process wins; the others read its key
        partial.unlink()
    return file.read_text().strip()
