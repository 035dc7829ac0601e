"""What is agreed with the bank: one person proposes, with the paper that it rests on, and another confirms."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from typing import Any
from uuid import UUID

import msgspec
from sqlalchemy import Row, text

from services.disbursement.domain.bank_setting import SettingWrong, read_setting
from shared.db.session import AnySession, WriteSession
from shared.kernel.clock import jakarta_day
from shared.kernel.errors import FourEyes, IllegalTransition, NotFound, Refusal
from shared.kernel.ids import uuid7
from shared.web.auth import Caller


class CodeKnown(Refusal):
    """The code has a meaning already, and results were decided by it: a changed meaning is another code."""

    code = "code-known"


async def propose(
    session: WriteSession, caller: Caller, kind: str, bank: str, valid_from: date, body: Mapping[str, Any], document: str, *, at: datetime
) -> UUID:
    """Nothing changes yet. Raise SettingWrong, TemplateWrong, CodeKnown."""
    reasons = set(await session.scalars(text("SELECT reason FROM gap_owner WHERE reason <> '*'")))
    kept = read_setting(kind, body, reasons)
    _possible_day(kind, valid_from, at)
    if kind == "code":
        await _refuse_known(session, kept["code"])
    setting_id = uuid7()
    await session.execute(
        text("""INSERT INTO bank_setting (id, kind, bank, valid_from, body, document, state, proposed_by, proposed_at)
                VALUES (:id, :kind, :bank, :day, CAST(:body AS jsonb), :document, 'proposed', :by, :at)"""),
        {
            "id": setting_id, "kind": kind, "bank": bank, "day": valid_from, "body": msgspec.json.encode(kept).decode(),
            "document": document, "by": caller.person, "at": at,
        },
    )  # fmt: skip
    return setting_id


async def decide(session: WriteSession, caller: Caller, setting_id: UUID, *, confirm: bool, at: datetime) -> None:
    """The second person. Raise FourEyes for whoever proposed it, IllegalTransition where it is decided already."""
    setting = (await session.execute(text("SELECT * FROM bank_setting WHERE id = :id FOR UPDATE"), {"id": setting_id})).one_or_none()
    if setting is None:
        raise NotFound("there is no such setting", setting=str(setting_id))
    state = "confirmed" if confirm else "declined"
    if setting.state != "proposed":
        raise IllegalTransition(setting.state, "confirm" if confirm else "decline")
    if confirm and setting.proposed_by == caller.person:
        raise FourEyes("another person must confirm this", proposed_by=setting.proposed_by)
    if confirm:
        _possible_day(setting.kind, setting.valid_from, at)
        if setting.kind == "code":
            await _add_code(session, setting, caller)
    await session.execute(
        text("UPDATE bank_setting SET state = :state, decided_by = :by, decided_at = :at WHERE id = :id"),
        {"state": state, "by": caller.person, "at": at, "id": setting_id},
    )


def _possible_day(kind: str, valid_from: date, at: datetime) -> None:
    today = jakarta_day(at)
    if kind == "code" and valid_from > today:
        raise SettingWrong("a code is valid from a day that has come", problems=["'valid_from' lies in the future"])
    if kind != "code" and valid_from < today:
        raise SettingWrong("files that went out had another form", problems=["'valid_from' lies in the past"])


async def _refuse_known(session: WriteSession, code: str) -> None:
    known = (await session.execute(text("SELECT outcome, reason FROM bank_code WHERE code = :code"), {"code": code})).one_or_none()
    if known is not None:
        raise CodeKnown("this code has a meaning already", code_known=code, outcome=known.outcome, reason=known.reason)


async def _add_code(session: WriteSession, setting: Row[Any], caller: Caller) -> None:
    body = setting.body
    await _refuse_known(session, body["code"])
    await session.execute(
        text("""INSERT INTO bank_code (code, outcome, reason, withdrawn, valid_from, signed_by, note)
                VALUES (:code, :outcome, :reason, :withdrawn, :day, :signed_by, :note)"""),
        {**body, "day": setting.valid_from, "signed_by": f"{setting.proposed_by}, {caller.person}"},
    )


async def settings(session: AnySession, kind: str, setting_id: UUID | None = None) -> list[dict[str, Any]]:
    """Of a kind (all where empty), newest first; or the one with this id."""
    found = await session.execute(
        text("""SELECT * FROM bank_setting WHERE :kind IN ('', kind) AND (CAST(:id AS uuid) IS NULL OR id = :id)
                 ORDER BY proposed_at DESC, id DESC LIMIT 200"""),
        {"kind": kind, "id": setting_id},
    )
    return [dict(row) for row in found.mappings()]
