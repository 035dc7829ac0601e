"""A subscriber's signing secrets as they stand encrypted in its row."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Final

from sqlalchemy import Row

from shared.crypto import FieldCipher

_TABLE: Final = "webhook_subscriber"


def seal_secret(cipher: FieldCipher, column: str, subscriber_id: Any, secret: str) -> bytes:
    """``column``: secret_enc or previous_enc; neither can be read in the other's place."""
    return cipher.encrypt(_TABLE, column, str(subscriber_id), secret)


def open_secrets(cipher: FieldCipher, subscriber: Row[Any], now: datetime) -> list[str]:
    """The secret, and the one before it as long as that still signs beside it; empty where none was issued."""
    found = []
    if subscriber.secret_enc is not None:
        found.append(cipher.decrypt(_TABLE, "secret_enc", str(subscriber.id), subscriber.secret_enc))
    if subscriber.previous_enc is not None and subscriber.previous_until is not None and now < subscriber.previous_until:
        found.append(cipher.decrypt(_TABLE, "previous_enc", str(subscriber.id), subscriber.previous_enc))
    return found
