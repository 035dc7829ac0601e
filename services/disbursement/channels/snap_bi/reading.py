"""The bank's answers read into what they mean; account numbers are compared here and go no further."""

from __future__ import annotations

from datetime import date
from typing import Any

from services.disbursement.channels.account_fields import number_index
from services.disbursement.channels.snap_bi.client import Reply
from services.disbursement.domain.inquiry import (
    STATUS_SERVICE,
    Asked,
    Meaning,
    Said,
    amount_of,
    case_of,
    day_of,
    table_code,
    technical,
)
from shared.crypto import FieldCipher


def nothing_said(reply: Reply, service: str) -> Meaning | None:
    """Of an answer that is none: silence, no JSON, another service's code, a code that is not the HTTP status's. None: read on."""
    if reply.http in (0, 429) or reply.http >= 500:
        return Meaning.TRY_LATER
    if reply.body is None:
        return Meaning.UNREADABLE
    case = case_of(reply.code, service)
    if case is None or case[0] != reply.http:
        return Meaning.UNREADABLE
    return technical(*case)


def transfer_status(reply: Reply, asked: Asked, cipher: FieldCipher, latest: date) -> Said:
    """A definite status is left as ``table_code`` for the signed table; ``meaning`` is CREDITED only until that has spoken."""
    meaning = nothing_said(reply, STATUS_SERVICE)
    if meaning is not None:
        return Said(reply.http, reply.code, meaning=meaning, retry_after_s=reply.retry_after_s)
    said: Any = reply.body or {}
    status = _digits(said.get("latestTransactionStatus"), 2)
    code = table_code(status, _digits(said.get("previousResponseCode"), 7)) if status else ""
    if not status:
        return Said(reply.http, reply.code, meaning=Meaning.UNREADABLE)
    if (
        said.get("originalPartnerReferenceNo") != asked.reference
        or amount_of(said.get("amount")) != asked.amount
        or number_index(cipher, str(said.get("beneficiaryAccountNo", ""))) != asked.number_index
    ):
        return Said(reply.http, reply.code, status, code, Meaning.DIFFERS)
    day = day_of(said.get("transactionDate"), latest)
    return Said(reply.http, reply.code, status, code, Meaning.UNKNOWN_CODE, day)


def _digits(value: Any, length: int) -> str:
    """The value where it is so many digits; else nothing: it is kept, so nothing else may ride on it."""
    return value if isinstance(value, str) and len(value) == length and value.isascii() and value.isdigit() else ""
