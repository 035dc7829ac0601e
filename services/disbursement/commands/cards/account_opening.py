"""New recipients get an account: one file asks the bank for many at once (burekol), its answer comes back by file."""

from __future__ import annotations

import csv
import io
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import datetime
from typing import Final
from uuid import UUID

from sqlalchemy import text

from services.disbursement.channels.people import PEOPLE_MAX, reveal
from services.disbursement.domain.invitations import NobodyToAsk
from shared.db.session import AnySession, WriteSession
from shared.kernel.clock import JAKARTA
from shared.kernel.ids import uuid7
from shared.runtime import Service
from shared.web.auth import Caller

PURPOSE: Final = "account-opening"
_FIELDS: Final = ("nik", "name", "birth_date", "address")
FILE_COLUMNS: Final = ("rujukan", "nik", "nama", "tanggal_lahir", "alamat", "program")

# Entitled now by the newest state, without an account, and not asked for at present.
_WITHOUT_ACCOUNT: Final = """
    SELECT e.person_id, e.area FROM (
           SELECT DISTINCT ON (person_id) person_id, status, area, to_month FROM enrolment_history
            WHERE programme = :programme ORDER BY person_id, person_version DESC) e
     WHERE e.status = 'active' AND e.to_month >= :month
       AND NOT EXISTS (SELECT FROM account k WHERE k.person_id = e.person_id AND k.programme = :programme)
       AND NOT EXISTS (SELECT FROM account_opening_line l
                        WHERE l.person_id = e.person_id AND l.programme = :programme AND l.outcome = 'asked')"""


@dataclass(frozen=True)
class Opening:
    """One collective opening: its code and how many accounts the bank is asked for."""

    id: UUID
    code: str
    count: int


async def ask_for_accounts(session: WriteSession, programme: str, *, by: str, at: datetime) -> Opening:
    """Everybody entitled who has no account, on one list with a reference each. Raise NobodyToAsk where there is none."""
    await session.execute(text("SELECT pg_advisory_xact_lock(hashtext('account_opening'))"))
    month = at.astimezone(JAKARTA).strftime("%Y-%m")
    number = await session.scalar(text("SELECT count(*) + 1 FROM account_opening WHERE programme = :programme"), {"programme": programme})
    opening_id, code = uuid7(), f"REK-{programme}-{int(number or 1):03d}"
    asked = await session.execute(
        text(f"""INSERT INTO account_opening_line (opening_id, person_id, reference, programme, outcome, area)
                 SELECT :id, person_id, :code || '-' || lpad(n::text, greatest(6, length(n::text)), '0'), :programme, 'asked', area
                   FROM (SELECT *, row_number() OVER (ORDER BY person_id) AS n FROM ({_WITHOUT_ACCOUNT}) AS who) AS numbered"""),
        {"id": opening_id, "code": code, "programme": programme, "month": month},
    )
    count = int(asked.rowcount)  # type: ignore[attr-defined]
    if not count:
        raise NobodyToAsk(f"nobody entitled to {programme} waits for an account", programme=programme)
    await session.execute(
        text(
            "INSERT INTO account_opening (id, code, programme, count, asked_by, asked_at) VALUES (:id, :code, :programme, :count, :by, :at)"
        ),
        {"id": opening_id, "code": code, "programme": programme, "count": count, "by": by, "at": at},
    )
    return Opening(opening_id, code, count)


async def opening_file(service: Service, session: AnySession, caller: Caller, opening_id: UUID) -> AsyncIterator[bytes]:
    """The file for the bank: who they are, as beneficiary reveals it to this caller (audited there). UTF-8, `;`, CRLF.

    Raise PeopleUnavailable where beneficiary does not answer, or not for everybody.
    """
    yield (";".join(FILE_COLUMNS) + "\r\n").encode()
    after = ""
    while rows := (
        await session.execute(
            text("""SELECT reference, person_id, programme FROM account_opening_line
                     WHERE opening_id = :id AND reference > :after ORDER BY reference LIMIT :most"""),
            {"id": opening_id, "after": after, "most": PEOPLE_MAX},
        )
    ).all():
        people = await reveal(service, caller, [row.person_id for row in rows], purpose=PURPOSE, fields=_FIELDS)
        out = io.StringIO(newline="")
        write = csv.writer(out, delimiter=";", lineterminator="\r\n").writerow
        for row in rows:
            one = people[row.person_id]
            write((row.reference, one["nik"], one["name"], one["birth_date"], one["address"], row.programme))
        yield out.getvalue().encode()
        after = rows[-1].reference
