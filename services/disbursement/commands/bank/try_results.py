"""A result file tried out: everything is done as it would be, told, and undone; nothing stays."""

from __future__ import annotations

import asyncio
from datetime import datetime
from pathlib import Path
from typing import Any, Final
from uuid import UUID

from sqlalchemy import text

from services.disbursement.channels.column_file import RESULTS as PUBLISHED
from services.disbursement.channels.inbound_file import InboundFile
from services.disbursement.commands.bank.apply_messages import apply_bank_file, is_xml, shown
from services.disbursement.domain.inbound_template import RESULTS, inbound_from
from shared.crypto import FieldCipher
from shared.db.session import WriteSession
from shared.tabular.columns import Problem
from shared.tabular.reader import open_table
from shared.web.auth import Caller

_SHOWN_MAX: Final = 200


class _Undo(Exception):
    """Told everything; now it is undone."""


async def try_results(
    session: WriteSession, caller: Caller, path: Path, name: str, *, cipher: FieldCipher, at: datetime, template_id: UUID | None
) -> dict[str, Any]:
    """What ``apply_bank_file`` would do, with what is wrong by row and column and what each code would mean.

    ``template_id`` may be one that is only proposed, so that the second person sees what it does with a file of the bank.
    Raise what ``apply_bank_file`` raises: the same file would be refused in the same words.
    """
    told: dict[str, Any] = {}
    try:
        async with session.begin_nested():
            answers = await apply_bank_file(session, caller, path, name, cipher=cipher, at=at, template_id=template_id, trial=True)
            files = [answer.file_id for answer in answers]
            form = "iso20022" if await asyncio.to_thread(is_xml, path) else await _template_of(session, files[0])
            told = {
                **shown(answers), "form": "agreed" if isinstance(form, UUID) else form,
                "template_id": form if isinstance(form, UUID) else None,
                "sha256": await session.scalar(text("SELECT sha256 FROM result_file WHERE id = :id"), {"id": files[0]}),
                "codes": await _codes(session, files), "rows": await _quarantined(session, files),
            }  # fmt: skip
            raise _Undo
    except _Undo:
        pass
    told["problems"] = [] if told["form"] == "iso20022" else await _problems(session, path, told["template_id"])
    return told


async def _template_of(session: WriteSession, file_id: UUID) -> UUID | str:
    found: UUID | None = await session.scalar(text("SELECT template_id FROM result_file_form WHERE file_id = :id"), {"id": file_id})
    return found or "published"


async def _codes(session: WriteSession, files: list[UUID]) -> list[dict[str, Any]]:
    """Each code with its meaning by the signed table; one that is not in it quarantines its rows, and is never a failure."""
    found = await session.execute(
        text("""SELECT r.code, count(*) AS rows, coalesce(c.outcome, 'unknown') AS meaning, coalesce(c.reason, '') AS reason
                  FROM result_row r LEFT JOIN bank_code c ON c.code = r.code WHERE r.file_id = ANY(:files)
                 GROUP BY 1, 3, 4 ORDER BY 2 DESC, 1 LIMIT :most"""),
        {"files": files, "most": _SHOWN_MAX},
    )
    return [dict(row) for row in found.mappings()]


async def _quarantined(session: WriteSession, files: list[UUID]) -> list[dict[str, Any]]:
    found = await session.execute(
        text("""SELECT row, reference, amount, code, settled_on, problem FROM result_row
                 WHERE file_id = ANY(:files) AND state = 'quarantined' ORDER BY row LIMIT :most"""),
        {"files": files, "most": _SHOWN_MAX},
    )
    return [dict(row) for row in found.mappings()]


async def _problems(session: WriteSession, path: Path, template_id: UUID | None) -> list[dict[str, Any]]:
    """Cells that cannot be read, in words; values are masked."""
    body = None
    if template_id is not None:
        body = await session.scalar(text("SELECT body FROM bank_setting WHERE id = :id"), {"id": template_id})

    def look() -> list[Problem]:
        file = open_table(path, PUBLISHED) if body is None else InboundFile(path, inbound_from(RESULTS, body))
        problems: list[Problem] = []
        for rows in file.chunks():
            problems += [problem for row in rows for problem in row.problems]
            if len(problems) >= _SHOWN_MAX:
                break
        return problems[:_SHOWN_MAX]

    found = await asyncio.to_thread(look)
    return [
        {"row": one.row, "column": one.column, "code": one.code, "message": one.message, "value": one.value, "warning": one.warning}
        for one in found
    ]
