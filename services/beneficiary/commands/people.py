"""Looking at people: for a purpose that the role has, in the caller's areas, with one audit entry for each operation."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import text

from services.beneficiary import store
from services.beneficiary.domain.purposes import may_look
from shared import audit
from shared.crypto import FieldCipher
from shared.db.session import WriteSession
from shared.kernel.errors import NotAllowed
from shared.messaging.arrays import array_of
from shared.web.auth import Caller


class PurposeNotAllowed(NotAllowed):
    """None of the caller's roles may look at people for this purpose."""

    code = "purpose-not-allowed"


def require_purpose(caller: Caller, purpose: str) -> None:
    if not may_look(caller.roles, purpose):
        raise PurposeNotAllowed("your role may not look at people for this purpose")


async def resolve_people(
    session: WriteSession, cipher: FieldCipher, caller: Caller, niks: Sequence[str], purpose: str, *, at: datetime
) -> list[UUID | None]:
    """Ids in the order of the NIKs; None for one that is nowhere in the caller's areas."""
    require_purpose(caller, purpose)
    indexes = [cipher.blind_index("nik", nik) for nik in niks]
    known = await store.people_by_index(session, indexes)
    found = [known.get(index) for index in indexes]
    ids = {one for one in found if one is not None}
    await audit.record(session, caller, "people.resolve", purpose, count=len(ids), ids_hash=audit.hash_ids(ids), at=at)
    return found


async def reveal_people(
    session: WriteSession, cipher: FieldCipher, caller: Caller, ids: Sequence[UUID], *, purpose: str, fields: Sequence[str], at: datetime
) -> list[dict[str, Any]]:
    """The asked fields of these people, in the order asked; those outside the caller's areas are left out."""
    require_purpose(caller, purpose)
    columns = ", ".join(f"{field}_enc" for field in fields)
    rows = await session.execute(
        text(f"SELECT id, area, {columns} FROM person WHERE id = ANY(CAST(:ids AS uuid[]))"), {"ids": array_of(ids)}
    )
    people = {
        row.id: {"id": row.id, "area": row.area}
        | {field: cipher.decrypt("person", f"{field}_enc", row.id, getattr(row, f"{field}_enc")) for field in fields}
        for row in rows
    }
    operation = f"people.reveal({','.join(sorted(set(fields)))})"
    await audit.record(session, caller, operation, purpose, count=len(people), ids_hash=audit.hash_ids(people), at=at)
    return [people[one] for one in dict.fromkeys(ids) if one in people]


async def find_person(
    session: WriteSession, cipher: FieldCipher, caller: Caller, nik: str, purpose: str, *, at: datetime
) -> dict[str, Any]:
    """One person by NIK with every newest state; ``person_id`` is None where there is none in the caller's areas."""
    require_purpose(caller, purpose)
    known = await store.people_by_index(session, [cipher.blind_index("nik", nik)])
    person_id = next(iter(known.values()), None)
    ids = [person_id] if person_id else []
    await audit.record(session, caller, "people.find", purpose, count=len(ids), ids_hash=audit.hash_ids(ids), at=at)
    rows = await session.execute(
        text("""SELECT DISTINCT ON (programme, decree_id) programme, status, reason, cohort, amount, from_month, to_month,
                       person_version, decree_id
                  FROM enrolment WHERE person_id = :id ORDER BY programme, decree_id, person_version DESC"""),
        {"id": person_id},
    )
    return {"person_id": person_id, "enrolments": [dict(row) for row in rows.mappings()]}
