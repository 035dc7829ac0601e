"""Write-side access to the daily books: the fence of a transaction, lines about a person, stays made anew."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import asdict, dataclass
from datetime import date, datetime, time
from typing import Final
from uuid import UUID

from sqlalchemy import text

from services.beneficiary.domain.book import OPEN_DAY, Entry, Stay
from shared.db.session import AnySession, WriteSession
from shared.kernel.errors import NotFound, Refusal
from shared.messaging.arrays import array_of

EVERY: Final = ("%",)


class BookNotOpen(Refusal):
    """The panti keeps no book here yet."""

    code = "book-not-open"


@dataclass(frozen=True)
class Panti:
    """``book_from`` is None where no book is kept."""

    code: str
    id: UUID
    name: str
    capacity: int
    book_from: date | None


@dataclass(frozen=True)
class BookRule:
    leave_counts: bool
    flight_counts: bool
    late_days: int


async def open_fence(session: AnySession, panti: Collection[str]) -> None:
    """Whose books this transaction sees from here on: codes, or ``EVERY`` where one person's whole history must be looked at.

    Whoever calls has checked that the caller may. Without it the policies show no line at all.
    """
    await session.execute(text("SELECT set_config('app.panti', :panti, true)"), {"panti": ",".join(panti)})


async def panti(session: AnySession, code: str) -> Panti:
    """Raise NotFound for an unknown code."""
    row = (
        await session.execute(
            text("""SELECT p.code, p.id, p.name, p.capacity, b.from_day AS book_from FROM panti p LEFT JOIN panti_book b ON b.panti = p.code
                     WHERE p.code = :code"""),
            {"code": code},
        )
    ).one_or_none()
    if row is None:
        raise NotFound(f"there is no panti '{code}'")
    return Panti(row.code, row.id, row.name, row.capacity, row.book_from)


async def opened_on(session: AnySession, code: str) -> date:
    """The first day of a panti's book. Raise NotFound, BookNotOpen."""
    found = await panti(session, code)
    if found.book_from is None:
        raise BookNotOpen(f"{code} keeps no daily book yet; open it first", panti=code)
    return found.book_from


async def rule_on(session: AnySession, day: date) -> BookRule:
    row = (
        await session.execute(
            text("""SELECT leave_counts, flight_counts, late_days FROM book_rule WHERE from_day <= :day
                     ORDER BY from_day DESC LIMIT 1"""),
            {"day": day},
        )
    ).one()
    return BookRule(row.leave_counts, row.flight_counts, row.late_days)


_PEOPLE: Final = """SELECT p.id AS asked, coalesce(j.person_id, p.id) AS id FROM unnest(CAST(:ids AS uuid[])) AS p(id)
                      LEFT JOIN person_join j ON j.provisional_id = p.id AND j.state = 'done'"""


async def known_as(session: AnySession, people: Collection[UUID]) -> dict[UUID, UUID]:
    """Each id with the person that it is known as now: whoever was provisional may have been joined."""
    rows = await session.execute(text(_PEOPLE), {"ids": array_of(people)})
    return {row.asked: row.id for row in rows}


async def lines(session: AnySession, people: Collection[UUID]) -> dict[UUID, list[Entry]]:
    """The lines that stand (not taken back) about each of these people, under every number that they had. Needs ``EVERY``."""
    rows = await session.execute(
        text("""
            WITH w AS (
                SELECT id AS known_as, id FROM unnest(CAST(:ids AS uuid[])) AS a(id)
                UNION ALL SELECT person_id, provisional_id FROM person_join
                           WHERE state = 'done' AND person_id = ANY(CAST(:ids AS uuid[])))
            SELECT w.known_as, e.id, e.no, e.kind, e.panti, e.to_panti, e.day, e.hour
              FROM w JOIN book_entry e ON e.person_id = w.id
             WHERE e.kind <> 'counter' AND NOT EXISTS (SELECT FROM book_entry c WHERE c.takes_back = e.id)
             ORDER BY w.known_as, e.no"""),
        {"ids": array_of(people)},
    )
    found: dict[UUID, list[Entry]] = {person: [] for person in people}
    for row in rows:
        found[row.known_as].append(Entry(row.id, row.no, row.kind, row.panti, row.day, row.hour, row.to_panti))
    return found


@dataclass(frozen=True)
class Line:
    """One line as it is written."""

    id: UUID
    person_id: UUID
    kind: str
    panti: str
    to_panti: str
    day: date
    hour: time | None
    expected_return: date | None
    reason: str
    paper: str
    takes_back: UUID | None = None


async def write(session: WriteSession, lines: Sequence[Line], *, author: str, at: datetime) -> None:
    """Append lines, in this order."""
    await session.execute(
        text("""INSERT INTO book_entry (id, person_id, kind, panti, to_panti, day, hour, expected_return, reason, paper, takes_back,
                                        author, at)
                VALUES (:id, :person_id, :kind, :panti, :to_panti, :day, :hour, :expected_return, :reason, :paper, :takes_back,
                        :author, :at)"""),
        [{**asdict(line), "author": author, "at": at} for line in lines],
    )


async def replace_stays(session: WriteSession, stays: dict[UUID, Sequence[Stay]]) -> None:
    """The stays of these people, made anew. Needs ``EVERY``."""
    await session.execute(text("DELETE FROM stay WHERE person_id = ANY(CAST(:ids AS uuid[]))"), {"ids": array_of(stays)})
    rows = [
        {"person": person, "from": s.from_day, "to": s.to_day, "panti": s.panti, "state": s.state, "since": s.since}
        for person, all_of_them in stays.items()
        for s in all_of_them
    ]
    if rows:
        await session.execute(
            text("""INSERT INTO stay (person_id, from_day, to_day, panti, state, since)
                    VALUES (:person, :from, :to, :panti, :state, :since)"""),
            rows,
        )


async def stays_of(session: AnySession, people: Collection[UUID]) -> list[tuple[str, date, date]]:
    """Panti, first and last night of each stay. Needs ``EVERY``."""
    rows = await session.execute(
        text("SELECT panti, from_day, to_day FROM stay WHERE person_id = ANY(CAST(:ids AS uuid[]))"), {"ids": array_of(people)}
    )
    return [(row.panti, row.from_day, row.to_day) for row in rows]


async def ask_census(session: WriteSession, days: dict[str, date]) -> None:
    """Have the counted days of these panti looked at again, each from its day on; the worker does it after this commit."""
    if days:
        await session.execute(
            text("""INSERT INTO census_ask (panti, from_day) VALUES (:panti, :day)
                    ON CONFLICT (panti) DO UPDATE SET from_day = least(census_ask.from_day, excluded.from_day)"""),
            [{"panti": code, "day": day} for code, day in sorted(days.items())],
        )


async def living_in_panti(session: AnySession, people: Collection[UUID]) -> dict[UUID, date]:
    """Who of these is on the book of a panti now, with the day of admission. Needs ``EVERY``."""
    rows = await session.execute(
        text("SELECT person_id, since FROM stay WHERE person_id = ANY(CAST(:ids AS uuid[])) AND to_day = :open"),
        {"ids": array_of(people), "open": OPEN_DAY},
    )
    return {row.person_id: row.since for row in rows}


COUNT: Final = """
    SELECT d.day::date AS day, r.leave_counts, r.flight_counts,
           count(*) FILTER (WHERE s.state = 'present' OR s.state = 'on_leave' AND r.leave_counts OR s.state = 'fled' AND r.flight_counts)
               AS residents,
           count(*) FILTER (WHERE s.state = 'on_leave') AS on_leave, count(*) FILTER (WHERE s.state = 'fled') AS fled
      FROM generate_series(CAST(:first AS date), CAST(:last AS date), interval '1 day') AS d(day)
     CROSS JOIN LATERAL (SELECT * FROM book_rule WHERE from_day <= d.day ORDER BY from_day DESC LIMIT 1) r
      LEFT JOIN stay s ON s.panti = :panti AND s.from_day <= d.day AND d.day <= s.to_day AND s.to_day >= :first
     GROUP BY 1, 2, 3 ORDER BY 1"""
"""Nights by the rule of domain/book.py and the dated setting; one row a day."""
