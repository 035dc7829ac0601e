"""How to reach the bank's SNAP BI doors, from ``RITME_SNAP_*``. Keys stand in files or the environment, never in the database."""

from __future__ import annotations

from pathlib import Path

from pydantic import Field, SecretStr
from pydantic_settings import BaseSettings, SettingsConfigDict


class SnapSettings(BaseSettings):
    """Without ``url`` nobody is asked: payments wait for the bank's files, as before."""

    model_config = SettingsConfigDict(env_prefix="RITME_SNAP_", extra="ignore", frozen=True)

    url: str = ""
    """The bank's base address, such as ``https://snap.bank.example``."""
    path: str = ""
    """What stands before ``/v1.0/…`` at this bank, such as ``/snap``; it is part of what is signed."""
    client_id: str = ""
    client_secret: SecretStr = SecretStr("")
    client_secret_file: Path | None = None
    private_key_file: Path | None = None
    """RSA key (PEM) whose public half the bank has."""
    partner_id: str = ""
    channel_id: str = "95221"
    bank_code: str = "111"
    """Whose accounts these doors know."""
    per_second: float = Field(default=50, gt=0, le=1000)
    """Questions a second at most, as agreed with the bank."""
    at_once: int = Field(default=16, ge=1, le=200)
    """Questions under way at the same time at most."""
    a_turn: int = Field(default=500, ge=1, le=5000)
    """Questions in one transaction: so many are asked again after a crash."""
    timeout_s: float = Field(default=10, gt=0, le=60)

    def secret(self) -> bytes:
        """The client secret, from its file where one is named."""
        if self.client_secret_file is not None:
            return self.client_secret_file.read_text().strip().encode()
        return self.client_secret.get_secret_value().encode()
