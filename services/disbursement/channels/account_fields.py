"""Account numbers and holder names as they stand encrypted in ``account`` (and, copied with the account's id, in ``payment``)."""

from __future__ import annotations

from typing import Final
from uuid import UUID

from shared.crypto import FieldCipher
from shared.kernel.ids import uuid7

_TABLE: Final = "account"
_INDEX: Final = "account_number"
_HOLDER_INDEX: Final = "account_holder"


def seal_account(cipher: FieldCipher, account_id: UUID | str, number: str, holder: str) -> tuple[bytes, bytes]:
    """Number and holder, bound to this account's id."""
    return cipher.encrypt(_TABLE, "number_enc", account_id, number), cipher.encrypt(_TABLE, "holder_enc", account_id, holder)


def open_account(cipher: FieldCipher, account_id: UUID, number_enc: bytes, holder_enc: bytes) -> tuple[str, str]:
    """Raise cryptography's InvalidTag where a value was moved or changed."""
    row = str(account_id)
    return cipher.decrypt(_TABLE, "number_enc", row, number_enc), cipher.decrypt(_TABLE, "holder_enc", row, holder_enc)


def number_index(cipher: FieldCipher, number: str) -> bytes:
    """Equal for equal account numbers; several people may share one (TROUBLES.md O21)."""
    return cipher.blind_index(_INDEX, number)


def holder_index(cipher: FieldCipher, holder: str) -> bytes:
    """Equal for names that differ only in case, spaces and signs: how often a name comes is counted without reading it."""
    plain = "".join(sign if sign.isalnum() else " " for sign in holder.casefold())
    return cipher.blind_index(_HOLDER_INDEX, " ".join(plain.split()))


def account_ref(cipher: FieldCipher, bank_code: str, number: str, holder: str) -> str:
    """32 hex digits that change when bank, number or holder change, and show none of them (CORE.md section 5)."""
    return cipher.blind_index("account_ref", f"{bank_code}|{number}|{holder}").hex()[:32]


COPIED: Final = ("id", "bank_code", "number_enc", "holder_enc", "number_index", "account_ref", "holder_index")


def copied(cipher: FieldCipher, bank_code: str, number: str, holder: str) -> str:
    """A new account's columns ``COPIED`` in COPY's own text: ids, codes and hex only, so nothing needs escaping.

    The row gets an id of its own, to which its ciphertexts are bound; it becomes the account's id if the row is applied.
    """
    account_id = str(uuid7())
    number_enc, holder_enc = seal_account(cipher, account_id, number, holder)
    return (
        f"{account_id}\t{bank_code}\t\\\\x{number_enc.hex()}\t\\\\x{holder_enc.hex()}\t\\\\x{number_index(cipher, number).hex()}"
        f"\t{account_ref(cipher, bank_code, number, holder)}\t\\\\x{holder_index(cipher, holder).hex()}"
    )
