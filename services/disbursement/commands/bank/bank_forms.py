"""The form of bank files: what is agreed for a day, and what a file that went out was written in."""

from __future__ import annotations

from datetime import date
from typing import Any, Final
from uuid import UUID

import msgspec
from sqlalchemy import Row, text

from services.disbursement.channels.forms import COLUMN_FILE, FileForm
from services.disbursement.domain.column_template import FIRST, ColumnTemplate, template_from
from shared.db.session import AnySession, WriteSession

PAYING_BANK: Final = "111"
"""Bank Jakarta (formerly Bank DKI), by its clearing code: it holds the paying account and takes every file."""


async def setting_on(session: AnySession, kind: str, bank: str, day: date) -> Row[Any] | None:
    """What two people agreed on that holds on ``day``; of several from the same day the later decision."""
    return (
        await session.execute(
            text("""SELECT id, body FROM bank_setting WHERE kind = :kind AND bank = :bank AND state = 'confirmed' AND valid_from <= :day
                     ORDER BY valid_from DESC, decided_at DESC, id DESC LIMIT 1"""),
            {"kind": kind, "bank": bank, "day": day},
        )
    ).one_or_none()


async def form_on(session: AnySession, day: date, bank: str = PAYING_BANK) -> FileForm:
    """The form that a file released on ``day`` has; a column file by the first template where nothing was agreed."""
    channel = await setting_on(session, "channel", bank, day)
    details = dict(channel.body) if channel is not None else {"channel": COLUMN_FILE}
    if details["channel"] != COLUMN_FILE:
        return FileForm(details["channel"], details)
    template = await setting_on(session, "template_out", bank, day)
    if template is None:
        return FileForm()
    return FileForm(details["channel"], {}, template_from(template.body), template.id)


async def form_of_file(session: AnySession, file_id: UUID) -> FileForm:
    """The form that a released file was written in, whatever was agreed since."""
    found = (await session.execute(text("SELECT * FROM bank_file_form WHERE file_id = :id"), {"id": file_id})).one_or_none()
    if found is None:
        return FileForm()
    return FileForm(found.channel, found.details, await _template(session, found.template_id), found.template_id)


async def _template(session: AnySession, template_id: UUID | None) -> ColumnTemplate:
    if template_id is None:
        return FIRST
    return template_from(await session.scalar(text("SELECT body FROM bank_setting WHERE id = :id"), {"id": template_id}) or {})


async def keep_form(session: WriteSession, file_id: UUID, form: FileForm, media_type: str) -> None:
    await session.execute(
        text("""INSERT INTO bank_file_form (file_id, channel, details, template_id, media_type)
                VALUES (:file, :channel, CAST(:details AS jsonb), :template, :media)"""),
        {
            "file": file_id, "channel": form.channel, "details": msgspec.json.encode(dict(form.details)).decode(),
            "template": form.template_id, "media": media_type,
        },
    )  # fmt: skip
