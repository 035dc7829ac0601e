"""Children who age out: birth dates are read for it, so it is audited; only counts go out."""

from __future__ import annotations

from collections import Counter
from datetime import date, datetime
from itertools import groupby
from typing import Any, Final
from uuid import UUID

from sqlalchemy import text

from services.beneficiary.domain.ages import LAST_BIRTHDAY, State, is_active, last_month
from shared import audit
from shared.crypto import FieldCipher
from shared.db.session import WriteSession
from shared.kernel.month import Month
from shared.web.auth import Caller

_CHUNK: Final = 2_000
"""People read at once, so that memory stays flat."""

_PEOPLE: Final = """
    SELECT DISTINCT person_id FROM enrolment
     WHERE programme = :programme AND from_month <= :last AND to_month >= :first AND person_id > :after
     ORDER BY person_id LIMIT :chunk"""

_STATES: Final = """
    SELECT e.person_id, p.birth_date_enc, e.person_version, e.status, e.from_month, e.to_month
      FROM enrolment e JOIN person p ON p.id = e.person_id
     WHERE e.programme = :programme AND e.person_id = ANY(:people) AND e.from_month <= :last AND e.to_month >= :first
     ORDER BY e.person_id, e.person_version"""


async def count_last_months(
    session: WriteSession, cipher: FieldCipher, caller: Caller, first: Month, last: Month, *, at: datetime
) -> dict[str, Any]:
    """By month and programme, how many active people of the caller's areas have their last month by age.

    ``over_age``: by programme, who is active in ``first`` though their last month is behind them.
    """
    ends: Counter[tuple[str, Month]] = Counter()
    over_age: Counter[str] = Counter()
    looked_at: list[UUID] = []
    for programme in sorted(LAST_BIRTHDAY):
        after = UUID(int=0)
        while True:
            given = {"programme": programme, "first": first, "last": last}
            people = list(await session.scalars(text(_PEOPLE), {**given, "after": after, "chunk": _CHUNK}))
            if not people:
                break
            looked_at += people
            after = people[-1]
            rows = (await session.execute(text(_STATES), {**given, "people": people})).all()
            for person_id, found in groupby(rows, key=lambda row: row.person_id):
                own = list(found)
                states = [State(row.person_version, row.status, row.from_month, row.to_month) for row in own]
                born = date.fromisoformat(cipher.decrypt("person", "birth_date_enc", person_id, own[0].birth_date_enc))
                month = last_month(programme, born)
                if month < first:
                    over_age[programme] += is_active(states, first)
                elif month <= last:
                    ends[programme, month] += is_active(states, month)
    await audit.record(session, caller, "people.ages", "outlook", count=len(looked_at), ids_hash=audit.hash_ids(looked_at), at=at)
    items = [{"programme": programme, "month": month, "people": people} for (programme, month), people in sorted(ends.items()) if people]
    return {"from": first, "to": last, "items": items, "over_age": {name: over_age[name] for name in sorted(LAST_BIRTHDAY)}}
