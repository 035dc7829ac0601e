"""SNAP BI's two signatures (ASPI, Standar Teknis dan Keamanan): one for the token, one for each transaction."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from cryptography.hazmat.primitives.hashes import SHA256

from shared.kernel.clock import JAKARTA


def timestamp(at: datetime) -> str:
    """``2025-09-25T13:30:00+07:00``: Jakarta's offset, no fraction."""
    return at.astimezone(JAKARTA).isoformat(timespec="seconds")


def minified(body: Mapping[str, Any]) -> bytes:
    """The body as it is sent and hashed: no blanks, the fields' order and nulls kept, characters as they are."""
    return json.dumps(body, separators=(",", ":"), ensure_ascii=False).encode()


def token_signature(key: RSAPrivateKey, client_id: str, stamp: str) -> str:
    """``base64(RSA-SHA256(clientId|timestamp))``."""
    return base64.b64encode(key.sign(f"{client_id}|{stamp}".encode(), PKCS1v15(), SHA256())).decode()


def transaction_signature(secret: bytes, method: str, path: str, token: str, body: bytes, stamp: str) -> str:
    """``base64(HMAC-SHA512(secret, METHOD:path:token:lower(hex(sha256(body))):timestamp))``."""
    signed = f"{method}:{path}:{token}:{hashlib.sha256(body).hexdigest()}:{stamp}".encode()
    return base64.b64encode(hmac.digest(secret, signed, "sha512")).decode()
