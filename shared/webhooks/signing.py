"""Signatures as Standard Webhooks 1.0 says: HMAC-SHA256 over ``id.timestamp.body``, under a secret that begins with ``whsec_``."""

from __future__ import annotations

import base64
import hmac
import os
from collections.abc import Sequence
from datetime import datetime
from typing import Final

PREFIX: Final = "whsec_"
_SECRET_BYTES: Final = 32


def new_secret() -> str:
    """``whsec_`` and 32 random bytes in base64, as libraries of Standard Webhooks take it."""
    return PREFIX + base64.b64encode(os.urandom(_SECRET_BYTES)).decode()


def headers(secrets: Sequence[str], event_id: str, at: datetime, body: bytes) -> dict[str, str]:
    """The three headers; one signature for each secret, so that a receiver may change to the new one in its own time."""
    stamp = str(int(at.timestamp()))
    signed = f"{event_id}.{stamp}.".encode() + body
    found = [base64.b64encode(hmac.digest(base64.b64decode(one.removeprefix(PREFIX)), signed, "sha256")).decode() for one in secrets]
    return {"webhook-id": event_id, "webhook-timestamp": stamp, "webhook-signature": " ".join(f"v1,{one}" for one in found)}
