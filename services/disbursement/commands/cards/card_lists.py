"""Lists by name for those who carry cards out: who is called to a place, and whom the bank visits at home."""

from __future__ import annotations

import csv
import io
from collections.abc import AsyncIterator, Sequence
from typing import Any, Final
from uuid import UUID

from sqlalchemy import Row, text

from services.disbursement.channels.people import PEOPLE_MAX, reveal
from shared.db.session import AnySession
from shared.kernel.errors import NotFound
from shared.runtime import Service
from shared.web.auth import Caller

PURPOSE: Final = "account-opening"
"""A card that is handed over is the last step of opening an account."""
_FIELDS: Final = ("name", "address")
WAVE_COLUMNS: Final = ("nama", "alamat", "wilayah", "program", "panggilan_ke", "tempat", "hari", "jam")
VISIT_COLUMNS: Final = ("nama", "alamat", "wilayah", "program", "alasan", "diminta")


async def wave_list(service: Service, session: AnySession, caller: Caller, wave_id: UUID) -> tuple[str, int, AsyncIterator[bytes]]:
    """Code of the wave, how many it calls in the caller's areas, and their list: UTF-8, `;`, CRLF, by kelurahan.

    Raise NotFound; PeopleUnavailable while the list is read, where beneficiary does not answer for everybody.
    """
    wave = (
        await session.execute(text("SELECT code, place, day, hours FROM invitation_wave WHERE id = :id"), {"id": wave_id})
    ).one_or_none()
    if wave is None:
        raise NotFound("there is no such wave", wave=str(wave_id))
    people = await session.execute(
        text("SELECT person_id, area, programme, no FROM invitation WHERE wave_id = :id ORDER BY area, person_id"), {"id": wave_id}
    )
    rows = [(row, (row.area, row.programme, row.no, wave.place, wave.day.isoformat(), wave.hours)) for row in people]
    return wave.code, len(rows), _named(service, caller, WAVE_COLUMNS, rows)


async def visit_list(service: Service, session: AnySession, caller: Caller) -> tuple[int, AsyncIterator[bytes]]:
    """How many wait for a visit in the caller's areas, and their list for the bank."""
    people = await session.execute(
        text("""SELECT person_id, area, programme, reason, (asked_at AT TIME ZONE 'Asia/Jakarta')::date AS asked_on FROM home_service
                 WHERE state = 'asked' ORDER BY area, person_id""")
    )
    rows = [(row, (row.area, row.programme, row.reason, row.asked_on.isoformat())) for row in people]
    return len(rows), _named(service, caller, VISIT_COLUMNS, rows)


async def _named(
    service: Service, caller: Caller, columns: Sequence[str], rows: Sequence[tuple[Row[Any], tuple[Any, ...]]]
) -> AsyncIterator[bytes]:
    yield (";".join(columns) + "\r\n").encode()
    for start in range(0, len(rows), PEOPLE_MAX):
        part = rows[start : start + PEOPLE_MAX]
        people = await reveal(service, caller, [row.person_id for row, _ in part], purpose=PURPOSE, fields=_FIELDS)
        out = io.StringIO(newline="")
        write = csv.writer(out, delimiter=";", lineterminator="\r\n").writerow
        for row, others in part:
            write((people[row.person_id]["name"], people[row.person_id]["address"], *others))
        yield out.getvalue().encode()
