"""Accounts looked at before they are paid into (SNAP BI, account inquiry): a warning beside the account, never a block."""

from __future__ import annotations

import asyncio
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from sqlalchemy import Row, text

from services.disbursement.channels.account_fields import number_index, open_account
from services.disbursement.channels.snap_bi.client import NoToken, Reply, SnapBank
from services.disbursement.channels.snap_bi.reading import nothing_said
from services.disbursement.commands.bank.hand_over import BANK_GATEWAY
from services.disbursement.domain.holder_name import Likeness, likeness
from services.disbursement.domain.inquiry import ACCOUNT_SERVICE, Meaning, case_of
from shared import audit
from shared.crypto import FieldCipher
from shared.db.session import WriteSession
from shared.kernel.ids import uuid7

_BY_LIKENESS: Final = {Likeness.SAME: "exists", Likeness.SIMILAR: "name_similar", Likeness.DIFFERS: "name_differs"}
_BY_CASE: Final = {(403, "09"): "dormant", (403, "18"): "closed", (404, "11"): "not_found"}

# Whoever has an open person-month of this programme and month and an account. Idempotent: a request still open is not doubled.
_REQUEST: Final = """
    INSERT INTO account_check_request (id, account_id, person_id, programme, asked_by, asked_at, area)
    SELECT :id, a.id, a.person_id, a.programme, :by, :at, a.area
      FROM entitlement_month h JOIN account a ON a.person_id = h.person_id AND a.programme = h.programme
     WHERE h.month = :month AND h.programme = :programme AND h.outcome IN ('due', 'held', 'missed')
       AND NOT EXISTS (SELECT FROM account_check_request q WHERE q.account_id = a.id
                          AND NOT EXISTS (SELECT FROM account_check d WHERE d.request_id = q.id AND d.account_id = q.account_id))"""

_DUE: Final = """
    SELECT q.id AS request_id, q.account_id, q.area, a.number_enc, a.holder_enc
      FROM account_check_request q JOIN account a ON a.id = q.account_id AND a.bank_code = :bank
     WHERE NOT EXISTS (SELECT FROM account_check d WHERE d.request_id = q.id AND d.account_id = q.account_id)
     ORDER BY q.id, q.account_id LIMIT :limit"""


async def request_checks(session: WriteSession, month: str, programme: str, *, by: str, at: datetime) -> dict[str, Any]:
    """Put the accounts of a programme month into the worker's queue; ``asked``: how many are new in it."""
    request_id = uuid7()
    result = await session.execute(
        text(_REQUEST + " RETURNING account_id"), {"id": request_id, "month": month, "programme": programme, "by": by, "at": at}
    )
    return {"request_id": str(request_id), "month": month, "programme": programme, "asked": len(result.all())}


async def check_accounts(session: WriteSession, bank: SnapBank, *, bank_code: str, limit: int, cipher: FieldCipher, at: datetime) -> int:
    """One turn. Silence, a busy bank and our own mistakes leave the account in the queue; everything else is an answer."""
    due = (await session.execute(text(_DUE), {"bank": bank_code, "limit": limit})).all()
    if not due:
        return 0
    try:
        await bank.token()
    except NoToken:
        return 0
    await audit.record(
        session, BANK_GATEWAY, "account.inquire", "payment", count=len(due), ids_hash=audit.hash_ids(one.account_id for one in due), at=at
    )

    async def one(account: Row[Any]) -> dict[str, Any] | None:
        number, holder = open_account(cipher, account.account_id, account.number_enc, account.holder_enc)
        try:
            reply = await bank.account(number, f"{UUID(int=account.request_id.int ^ account.account_id.int).hex}")
        except NoToken:
            bank.halted = True
            return None
        result = _result(reply, number, holder, cipher) if reply is not None else None
        if reply is None or result is None:
            bank.halted = True
            return None
        return {
            "request": account.request_id, "account": account.account_id, "at": at, "http": reply.http, "code": reply.code,
            "result": result, "area": account.area,
        }  # fmt: skip

    rows = [row for row in await asyncio.gather(*(one(account) for account in due)) if row is not None]
    if rows:
        await session.execute(
            text("""INSERT INTO account_check (request_id, account_id, at, http, code, result, area)
                    VALUES (:request, :account, :at, :http, :code, :result, :area)"""),
            rows,
        )
    return len(rows)


def _result(reply: Reply, number: str, holder: str, cipher: FieldCipher) -> str | None:
    """None: the bank did not answer this question, it is asked again later."""
    meaning = nothing_said(reply, ACCOUNT_SERVICE)
    if meaning in (Meaning.TRY_LATER, Meaning.OUR_MISTAKE, Meaning.IN_PROCESS):
        return None
    if meaning is None:
        said: Any = reply.body or {}
        if number_index(cipher, str(said.get("beneficiaryAccountNo", ""))) != number_index(cipher, number):
            return "not_known"
        return _BY_LIKENESS[likeness(holder, str(said.get("beneficiaryAccountName", "")))]
    case = case_of(reply.code, ACCOUNT_SERVICE)
    return _BY_CASE.get(case, "not_known") if case and case[0] == reply.http else "not_known"
