"""Write-side access: the locks that put a change before or after a cut-off, and loads under lock."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from datetime import date
from uuid import UUID

from psycopg.rows import tuple_row
from sqlalchemy import text

from services.beneficiary.domain.areas import Areas, Kelurahan, Successor
from services.beneficiary.domain.decree import Tariff
from services.beneficiary.domain.enrolment import Change, Enrolment, Horizon
from shared.db.session import AnySession, WriteSession, raw_connection
from shared.kernel.errors import InvalidInput
from shared.kernel.month import Month
from shared.kernel.rupiah import Rupiah
from shared.messaging.arrays import array_of

_LOCK_KEY = "hashtextextended('programme/' || :programme, 0)"


async def join_cutoff_queue(session: WriteSession, programmes: Collection[str]) -> None:
    """Stand before the next cut-off of these programmes until the transaction ends (CORE.md section 3).

    Read ``next_cutoff_no`` in a later statement only: under READ COMMITTED that one sees what the seal before us wrote.
    """
    for programme in sorted(programmes):  # one order for everybody, so that nobody waits in a circle
        await session.execute(text(f"SELECT pg_advisory_xact_lock_shared({_LOCK_KEY})"), {"programme": programme})


async def close_cutoff_queue(session: WriteSession, programme: str) -> None:
    """Wait for every change in flight and keep new ones out until the transaction ends."""
    await session.execute(text(f"SELECT pg_advisory_xact_lock({_LOCK_KEY})"), {"programme": programme})


async def cutoff_numbers(session: WriteSession) -> dict[str, int]:
    """The number of the next cut-off, by programme. Call it after ``join_cutoff_queue``."""
    rows = await session.execute(text("SELECT code, next_cutoff_no FROM programme"))
    return {row.code: row.next_cutoff_no for row in rows}


async def next_stream_version(session: WriteSession, programme: str) -> tuple[UUID, int]:
    """The programme's key and the next gapless version on its topic, under the lock of its row."""
    row = (
        await session.execute(
            text("UPDATE programme SET stream_version = stream_version + 1 WHERE code = :code RETURNING id, stream_version"),
            {"code": programme},
        )
    ).one()
    return row.id, row.stream_version


async def known_programmes(session: AnySession) -> set[str]:
    return set(await session.scalars(text("SELECT code FROM programme")))


async def tariffs(session: AnySession) -> list[Tariff]:
    rows = await session.execute(text("SELECT programme, from_month, to_month, amount FROM tariff ORDER BY programme, from_month"))
    return [
        Tariff(r.programme, Month(r.from_month), Month(r.to_month) if r.to_month else None, Rupiah(r.amount)) for r in rows
    ]  # fmt: skip


async def reasons(session: AnySession) -> dict[tuple[str, str], str]:
    """(action, code or the office's words, in small letters) to the code."""
    found: dict[tuple[str, str], str] = {}
    for row in await session.execute(text("SELECT action, code, words FROM status_reason")):
        found[row.action, row.code] = found[row.action, row.words.casefold()] = row.code
    return found


async def areas(session: AnySession, on: date) -> Areas:
    """Jakarta's kelurahan as they stand on that day."""
    kelurahan = await session.execute(
        text("""SELECT code, name, valid_from <= :day AND (valid_to IS NULL OR :day <= valid_to) AS in_force
                  FROM area WHERE level = 'kelurahan' ORDER BY code"""),
        {"day": on},
    )
    successors = await session.execute(
        text("SELECT predecessor, successor_name, successor FROM area_successor ORDER BY predecessor, successor_name")
    )
    return Areas.of(
        [Kelurahan(row.code, row.name, row.in_force) for row in kelurahan],
        [Successor(row.predecessor, row.successor_name, row.successor or "") for row in successors],
    )


async def horizons(session: AnySession, this_month: Month) -> dict[str, Horizon]:
    """Where each programme stands between its seals."""
    rows = await session.execute(
        text("""SELECT p.code, max(c.month) AS sealed,
                       (SELECT max(d.from_month) FROM decree_programme dp JOIN decree d ON d.id = dp.decree_id
                         WHERE dp.programme = p.code) AS decree_from
                  FROM programme p LEFT JOIN cutoff c ON c.programme = p.code GROUP BY p.code""")
    )
    return {
        row.code: Horizon.of(Month(row.sealed) if row.sealed else None, this_month, Month(row.decree_from) if row.decree_from else None)
        for row in rows
    }


async def lock_people(session: WriteSession, people: Collection[UUID]) -> dict[UUID, int]:
    """The versions of these people, their rows locked in id order; those outside the caller's areas are absent."""
    rows = await session.execute(
        text("SELECT id, version FROM person WHERE id = ANY(CAST(:ids AS uuid[])) ORDER BY id FOR UPDATE"),
        {"ids": array_of(people)},
    )
    return {row.id: row.version for row in rows}


async def current_enrolments(session: AnySession, changes: Sequence[Change]) -> list[Enrolment | None]:
    """For each change the newest state under the decree that is in force in its month; None where there is none."""
    rows = await session.execute(
        text("""
            SELECT DISTINCT ON (w.n) w.n, e.person_id, e.programme, e.status, e.reason, e.area, e.cohort, e.decree_id,
                   e.from_month, e.to_month
              FROM unnest(CAST(:people AS uuid[]), CAST(:programmes AS text[]), CAST(:months AS text[]))
                   WITH ORDINALITY AS w(person_id, programme, month, n)
              JOIN enrolment e ON e.person_id = w.person_id AND e.programme = w.programme
              JOIN decree d ON d.id = e.decree_id AND d.from_month <= w.month AND w.month <= d.to_month
             ORDER BY w.n, e.person_version DESC"""),
        {
            "people": array_of(change.person_id for change in changes),
            "programmes": [change.programme for change in changes],
            "months": [change.from_month for change in changes],
        },
    )
    found: list[Enrolment | None] = [None] * len(changes)
    for row in rows:
        found[row.n - 1] = Enrolment(
            row.person_id, row.programme, row.status, row.reason, row.area, row.cohort, row.decree_id,
            Month(row.from_month), Month(row.to_month),
        )  # fmt: skip
    return found


def index_array(indexes: Iterable[bytes]) -> str:
    """Blind indexes as one array literal: the planner sees how many there are and uses the index."""
    literals = ",".join(f'"\\\\x{index.hex()}"' for index in indexes)
    return f"{{{literals}}}"


async def people_by_index(session: AnySession, indexes: Sequence[bytes]) -> dict[bytes, UUID]:
    """Person ids by blind index of the NIK, of those in the caller's areas."""
    connection = await raw_connection(session)  # 5,000 rows at a time: the driver's own are five times cheaper
    async with connection.cursor(binary=True, row_factory=tuple_row) as cursor:
        await cursor.execute("SELECT nik_index, id FROM person WHERE nik_index = ANY(%s::bytea[])", (index_array(indexes),))
        return dict(await cursor.fetchall())


async def require_programme(session: AnySession, programme: str) -> None:
    """Raise InvalidInput for a code that is not in the table."""
    known = await known_programmes(session)
    if programme not in known:
        raise InvalidInput(f"there is no programme '{programme}'", programmes=sorted(known))
