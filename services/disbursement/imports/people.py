"""From the NIK in a file to the person that beneficiary knows, and that is enrolled here."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from sqlalchemy import text

from services.disbursement.channels.people import resolve
from shared.imports.kinds import Staging
from shared.messaging.arrays import array_of
from shared.tabular.columns import Column, Row, code, digits

NIK: Final = Column("nik", digits(16), help="NIK 16 angka, berformat teks", example="3171012508550001")
PROGRAMME: Final = Column("program", code("[A-Z][A-Z0-9]{1,9}", "Kode program"), help="Kode program, misalnya KLJ", example="KLJ")


@dataclass(frozen=True, slots=True)
class Found:
    """A row whose person is known and enrolled; the id as text, since it goes straight into COPY."""

    row: Row
    person_id: str


async def find_people(staging: Staging, rows: Sequence[Row]) -> list[Found]:
    """The rows whose person is known and enrolled in the row's programme; the others are refused, by row and column."""
    ids = await resolve(staging.service, staging.caller, [row.values["nik"] for row in rows])
    enrolled = await _enrolled(staging, ids, [row.values["program"] for row in rows])
    people = []
    for person_id, is_enrolled, row in zip(ids, enrolled, rows, strict=True):
        if person_id is None:
            row.refuse("nik", "person-unknown", "NIK ini tidak terdaftar sebagai penerima di wilayah Anda.")
        elif not is_enrolled:
            row.refuse("program", "not-enrolled", "Penerima ini tidak tercatat dalam SK program tersebut.", row.values["program"])
        else:
            people.append(Found(row, person_id))
    return people


async def _enrolled(staging: Staging, people: Sequence[str | None], programmes: Sequence[str]) -> list[bool]:
    """For each pair, whether beneficiary ever named this person for the programme (in the caller's areas)."""
    found: list[bool] = await staging.session.scalar(
        text("""
            SELECT coalesce(array_agg(EXISTS (
                       SELECT FROM enrolment_history h WHERE h.person_id = w.person_id AND h.programme = w.programme)
                   ORDER BY w.n), '{}')
              FROM unnest(CAST(:people AS uuid[]), CAST(:programmes AS text[])) WITH ORDINALITY AS w(person_id, programme, n)"""),
        # Neither ids nor codes need quoting.
        {"people": array_of(one or "NULL" for one in people), "programmes": array_of(programmes)},
    )
    return found
