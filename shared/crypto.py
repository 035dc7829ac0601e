"""Personal fields: AES-GCM per field, bound to table, column and row; found again by a keyed blind index.

Keys are derived per service and purpose from one master secret (HKDF-SHA256), so that a copy of one service's
database says nothing about another's, and an index never uses the key that encrypts.
"""

from __future__ import annotations

import os
from uuid import UUID

from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.hmac import HMAC
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

_NONCE = 12


def _derive(master: bytes, service: str, purpose: str) -> bytes:
    return HKDF(SHA256(), 32, salt=b"ritme", info=f"{service}/{purpose}".encode()).derive(master)


class FieldCipher:
    """Encrypts single fields of one service and computes their blind indexes."""

    def __init__(self, master: bytes, service: str) -> None:
        if len(master) < 32:
            raise ValueError("the master key must have at least 32 bytes")
        self._aes = AESGCM(_derive(master, service, "field"))
        # Keyed once and copied for each value: the key's two blocks are a third of the work.
        self._index = HMAC(_derive(master, service, "blind-index"), SHA256())

    def encrypt(self, table: str, column: str, row: UUID | str, value: str) -> bytes:
        """nonce || ciphertext; only the same table, column and row can read it back."""
        nonce = os.urandom(_NONCE)
        return nonce + self._aes.encrypt(nonce, value.encode(), f"{table}|{column}|{row}".encode())

    def decrypt(self, table: str, column: str, row: UUID | str, sealed: bytes) -> str:
        """Raise cryptography's InvalidTag where the value was moved or changed."""
        sealed = bytes(sealed)
        return self._aes.decrypt(sealed[:_NONCE], sealed[_NONCE:], f"{table}|{column}|{row}".encode()).decode()

    def blind_index(self, field: str, value: str) -> bytes:
        """32 bytes, equal for equal (field, value); use only for values of high cardinality (NIK, account)."""
        index = self._index.copy()
        index.update(f"{field}|{value}".encode())
        return index.finalize()
