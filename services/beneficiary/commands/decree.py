"""Commit a decree's list: people, enrolments and their events from the staged rows, a few statements for all of them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import text

from services.beneficiary import store
from shared.contracts.beneficiary import DecreeIssued, EnrolmentActivated
from shared.crypto import FieldCipher
from shared.db.session import WriteSession
from shared.kernel import failpoints
from shared.kernel.errors import Refusal
from shared.kernel.ids import natural_id
from shared.kernel.month import Month
from shared.messaging import outbox
from shared.messaging.outbox import Outgoing

FIELDS = ("nik", "name", "address", "birth_date")
"""Encrypted columns of a person, without their ``_enc``."""


class AlreadyEnrolled(Refusal):
    """Since the file was checked another decree named the same people for the same programme and months."""

    code = "already-enrolled"


class DecreeDiffers(Refusal):
    """The same decree number was recorded with other months."""

    code = "decree-differs"


@dataclass(frozen=True)
class SignedDecree:
    """What two people took from the signed paper; ``places`` is the quota by programme."""

    number: str
    from_month: Month
    to_month: Month
    places: Mapping[str, int]
    uploaded_by: str
    committed_by: str

    @property
    def id(self) -> UUID:
        return natural_id("decree", self.number)


async def commit_decree(
    session: WriteSession, cipher: FieldCipher, import_id: UUID, decree: SignedDecree, *, at: datetime
) -> dict[str, Any]:
    """Apply the staged rows of one import; returns what came of them. The caller has compared the totals."""
    await session.execute(text("SELECT pg_advisory_xact_lock(hashtextextended('decree', 0))"))  # one list after the other
    await store.join_cutoff_queue(session, decree.places)
    await _adopt_people_made_since(session, cipher, import_id)
    await _require_no_overlap(session, import_id, decree)
    before = await _lock_known_people(session, import_id)
    await _write_people(session, import_id)
    await _write_enrolments(session, import_id, decree, at)
    totals = await _record(session, import_id, decree, at)
    activated = await outbox.append_from(
        session,
        EnrolmentActivated,
        """SELECT person_id, person_version, json_build_object(
                  'programme', programme, 'decree_id', decree_id, 'cohort', cohort, 'area', area, 'amount', amount,
                  'reason', reason, 'from_month', from_month, 'to_month', to_month, 'cutoff_no', cutoff_no)
             FROM enrolment WHERE decree_id = :decree AND programme = ANY(CAST(:programmes AS text[]))
            ORDER BY person_id, person_version""",
        {"decree": decree.id, "programmes": list(decree.places)},
        at=at,
    )
    failpoints.hit("beneficiary.decree.before_commit")
    return {
        "decree_id": str(decree.id), "enrolments": activated, "people_known": before, "programmes": totals,
        "sealed_before": await _sealed_before(session, decree),
    }  # fmt: skip


async def _sealed_before(session: WriteSession, decree: SignedDecree) -> list[dict[str, str]]:
    """Months of this decree that had their seal already: the list counts from the next one, these stay as they were."""
    rows = await session.execute(
        text("""SELECT DISTINCT programme, month FROM cutoff
                 WHERE programme = ANY(CAST(:programmes AS text[])) AND :from <= month AND month <= :to ORDER BY month, programme"""),
        {"programmes": list(decree.places), "from": decree.from_month, "to": decree.to_month},
    )
    return [{"programme": row.programme, "month": row.month} for row in rows]


async def _adopt_people_made_since(session: WriteSession, cipher: FieldCipher, import_id: UUID) -> None:
    """Somebody new when the file was checked may exist by now, by another decree: then the row is about that person.

    Its fields are bound to the id that it would have got, so they are encrypted again for the one that it has.
    """
    while True:
        rows = (
            await session.execute(
                text("""SELECT s.line, s.person_id AS staged, p.id, s.nik_enc, s.name_enc, s.address_enc, s.birth_date_enc
                          FROM decree_staging s JOIN person p ON p.nik_index = s.nik_index AND p.id <> s.person_id
                         WHERE s.import_id = :id ORDER BY s.line LIMIT 2000"""),
                {"id": import_id},
            )
        ).all()
        if not rows:
            return
        values = []
        for row in rows:
            fields = {}
            for name in FIELDS:
                clear = cipher.decrypt("person", f"{name}_enc", row.staged, getattr(row, f"{name}_enc"))
                fields[f"{name}_enc"] = cipher.encrypt("person", f"{name}_enc", row.id, clear)
            values.append({"import": import_id, "line": row.line, "person": row.id, **fields})
        await session.execute(
            text("""UPDATE decree_staging SET person_id = :person, nik_enc = :nik_enc, name_enc = :name_enc,
                           address_enc = :address_enc, birth_date_enc = :birth_date_enc
                     WHERE import_id = :import AND line = :line"""),
            values,
        )


async def _require_no_overlap(session: WriteSession, import_id: UUID, decree: SignedDecree) -> None:
    people = await session.scalar(
        text("""SELECT count(DISTINCT (s.person_id, s.programme))
                  FROM decree_staging s
                  JOIN enrolment e ON e.person_id = s.person_id AND e.programme = s.programme
                  JOIN decree d ON d.id = e.decree_id AND d.from_month <= :to AND :from <= d.to_month
                 WHERE s.import_id = :id"""),
        {"id": import_id, "from": decree.from_month, "to": decree.to_month},
    )
    if people:
        raise AlreadyEnrolled("another decree names some of these people by now; cancel the file and send it again", people=people)


async def _lock_known_people(session: WriteSession, import_id: UUID) -> int:
    return int(
        await session.scalar(
            text("""SELECT count(*) FROM (
                        SELECT p.id FROM person p
                         WHERE p.id IN (SELECT s.person_id FROM decree_staging s WHERE s.import_id = :id)
                         ORDER BY p.id FOR UPDATE) locked"""),
            {"id": import_id},
        )
        or 0
    )


_STAGED_PEOPLE = """
    SELECT DISTINCT ON (person_id) person_id, nik_index, nik_enc, name_enc, address_enc, birth_date_enc, area,
           count(*) OVER (PARTITION BY person_id) AS rows
      FROM decree_staging WHERE import_id = :id ORDER BY person_id, line"""


async def _write_people(session: WriteSession, import_id: UUID) -> None:
    """Known people get the decree's name, address and area; new ones are born. Versions go up by one a programme."""
    await session.execute(
        text(f"""UPDATE person p SET version = p.version + s.rows, name_enc = s.name_enc, address_enc = s.address_enc,
                        birth_date_enc = s.birth_date_enc, area = s.area
                   FROM ({_STAGED_PEOPLE}) s WHERE p.id = s.person_id"""),
        {"id": import_id},
    )
    await session.execute(
        text("""UPDATE enrolment e SET area = p.area FROM person p
                 WHERE e.person_id = p.id AND e.area <> p.area
                   AND p.id IN (SELECT person_id FROM decree_staging WHERE import_id = :id)"""),
        {"id": import_id},
    )
    await session.execute(
        text(f"""INSERT INTO person (id, nik_enc, nik_index, name_enc, address_enc, birth_date_enc, area, version)
                 SELECT s.person_id, s.nik_enc, s.nik_index, s.name_enc, s.address_enc, s.birth_date_enc, s.area, s.rows
                   FROM ({_STAGED_PEOPLE}) s WHERE NOT EXISTS (SELECT 1 FROM person p WHERE p.id = s.person_id)"""),
        {"id": import_id},
    )


async def _write_enrolments(session: WriteSession, import_id: UUID, decree: SignedDecree, at: datetime) -> None:
    """One active state a row; who is named for two programmes gets two versions, in order of the programmes' codes."""
    await session.execute(
        text("""INSERT INTO enrolment (person_id, person_version, programme, status, reason, amount, area, cohort, decree_id,
                                       from_month, to_month, cutoff_no, evidence, author, at)
                SELECT s.person_id,
                       p.version - count(*) OVER (PARTITION BY s.person_id)
                                 + row_number() OVER (PARTITION BY s.person_id ORDER BY s.programme),
                       s.programme, 'active', '', s.amount, s.area, s.cohort, CAST(:decree AS uuid), :from, :to,
                       pr.next_cutoff_no, :number, :author, :at
                  FROM decree_staging s
                  JOIN person p ON p.id = s.person_id
                  JOIN programme pr ON pr.code = s.programme
                 WHERE s.import_id = :id"""),
        {
            "id": import_id, "decree": decree.id, "from": decree.from_month, "to": decree.to_month, "number": decree.number,
            "author": decree.committed_by, "at": at,
        },
    )  # fmt: skip


async def _record(session: WriteSession, import_id: UUID, decree: SignedDecree, at: datetime) -> dict[str, Any]:
    """The decree, its programmes, and one event for each; returns count, sum and quota by programme."""
    await session.execute(
        text("""INSERT INTO decree (id, number, from_month, to_month) VALUES (:id, :number, :from, :to)
                ON CONFLICT (number) DO NOTHING"""),
        {"id": decree.id, "number": decree.number, "from": decree.from_month, "to": decree.to_month},
    )
    stored = (
        await session.execute(text("SELECT from_month, to_month FROM decree WHERE number = :number"), {"number": decree.number})
    ).one()
    if (stored.from_month, stored.to_month) != (decree.from_month, decree.to_month):
        raise DecreeDiffers("this decree was recorded with other months", from_month=stored.from_month, to_month=stored.to_month)
    staged = await session.execute(
        text("""SELECT programme, count(*) AS people, sum(amount) AS sum FROM decree_staging
                 WHERE import_id = :id GROUP BY programme ORDER BY programme"""),
        {"id": import_id},
    )
    totals: dict[str, Any] = {}
    for row in staged.all():
        total: dict[str, int] = {"count": row.people, "sum": int(row.sum), "quota": decree.places[row.programme]}
        await session.execute(
            text("""INSERT INTO decree_programme (decree_id, programme, count, sum, quota, import_id, uploaded_by, committed_by,
                                                  committed_at)
                    VALUES (:decree, :programme, :count, :sum, :quota, :import, :uploaded, :committed, :at)"""),
            {
                **total, "decree": decree.id, "programme": row.programme, "import": import_id, "uploaded": decree.uploaded_by,
                "committed": decree.committed_by, "at": at,
            },
        )  # fmt: skip
        key, version = await store.next_stream_version(session, row.programme)
        event = DecreeIssued(
            decree_id=decree.id, decree_number=decree.number, programme=row.programme, from_month=decree.from_month,
            to_month=decree.to_month, count=total["count"], sum=total["sum"], quota=total["quota"],
        )  # fmt: skip
        await outbox.append(session, [Outgoing(key, version, event)], at=at)
        totals[row.programme] = total
    return totals
