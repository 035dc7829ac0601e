"""Who a line of a book is about: somebody known by id or NIK, or somebody new, with a NIK or without."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from uuid import UUID

from sqlalchemy import text

from services.beneficiary import store
from services.beneficiary.schemas.book import BookLine, Newcomer
from shared.crypto import FieldCipher
from shared.db.session import WriteSession
from shared.kernel.errors import NotAllowed, Refusal
from shared.kernel.ids import uuid7
from shared.messaging.arrays import array_of

UNKNOWN_ORIGIN = "31"
"""Area of somebody of whom nobody knows where they lived: the whole of Jakarta's, so nobody's part."""


class PersonUnknown(Refusal):
    """Nobody with this NIK is on record; an admission must describe the person."""

    code = "person-unknown"


class PersonOutsideAreas(NotAllowed):
    """Somebody with this NIK is on record, outside the caller's areas."""

    code = "person-outside-areas"


async def whom(session: WriteSession, cipher: FieldCipher, given: BookLine, *, panti: str, author: str, at: datetime) -> tuple[UUID, str]:
    """The person's id, and the number that somebody without NIK got now ('' for everybody else)."""
    if given.person_id is not None:
        return given.person_id, ""
    if given.nik is None:
        assert given.newcomer is not None
        number = await _next_number(session, panti)
        return await make(session, cipher, given.newcomer, nik="", number=number, panti=panti, author=author, at=at), number
    known = await store.people_by_index(session, [cipher.blind_index("nik", given.nik)])
    if known:
        return next(iter(known.values())), ""
    if given.newcomer is None:
        raise PersonUnknown("nobody with this NIK is on record here; describe the person")
    return await make(session, cipher, given.newcomer, nik=given.nik, number="", panti=panti, author=author, at=at), ""


async def _next_number(session: WriteSession, panti: str) -> str:
    """``BM1-00017``: the panti's next number for somebody without NIK."""
    no = await session.scalar(
        text("UPDATE panti SET provisional_no = provisional_no + 1 WHERE code = :code RETURNING provisional_no"), {"code": panti}
    )
    return f"{panti}-{no:05d}"


async def make(
    session: WriteSession, cipher: FieldCipher, newcomer: Newcomer, *, nik: str, number: str, panti: str, author: str, at: datetime
) -> UUID:
    """A new person; without NIK it is found by its number only. Raise PersonOutsideAreas."""
    person = uuid7()
    born = newcomer.birth_date.isoformat() if newcomer.birth_date else ""
    fields = {"nik_enc": nik, "name_enc": newcomer.name, "address_enc": newcomer.address, "birth_date_enc": born}
    made = await session.execute(
        text("""INSERT INTO person (id, nik_enc, nik_index, name_enc, address_enc, birth_date_enc, area, version)
                VALUES (:id, :nik_enc, :index, :name_enc, :address_enc, :birth_date_enc, :area, 0)
                ON CONFLICT (nik_index) DO NOTHING RETURNING id"""),
        {
            "id": person, "index": cipher.blind_index("nik", nik) if nik else cipher.blind_index("provisional", number),
            "area": newcomer.area, **{name: cipher.encrypt("person", name, person, value) for name, value in fields.items()},
        },
    )  # fmt: skip
    if made.one_or_none() is None:
        raise PersonOutsideAreas("somebody with this NIK is on record, outside your areas")
    if number:
        await session.execute(
            text("INSERT INTO provisional_person (person_id, number, panti, author, at) VALUES (:id, :number, :panti, :by, :at)"),
            {"id": person, "number": number, "panti": panti, "by": author, "at": at},
        )
    return person


async def next_versions(session: WriteSession, counted: Mapping[UUID, int]) -> dict[UUID, int]:
    """Take that many versions of each person (locked before); the first that was taken, by person."""
    rows = await session.execute(
        text("""UPDATE person p SET version = p.version + n.events
                  FROM unnest(CAST(:ids AS uuid[]), CAST(:counts AS int[])) AS n(id, events) WHERE p.id = n.id
                RETURNING p.id, p.version - n.events + 1 AS first"""),
        {"ids": array_of(counted), "counts": list(counted.values())},
    )
    return {row.id: row.first for row in rows}
