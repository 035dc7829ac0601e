"""Write into a panti's daily book: one rule for a line from a door, a correction, a file and a join.

Lines are decided purely (``domain/book.py``) on everything that stands about the person, whoever's book it is in; then the
lines are appended, the person's nights made anew, the census of those days asked for, and the cards follow.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Final
from uuid import UUID

from sqlalchemy import text

from services.beneficiary import store
from services.beneficiary.commands import cards, newcomers
from services.beneficiary.domain import panti_access
from services.beneficiary.domain.book import Entry, Standing, Stay, check_day, walk
from services.beneficiary.schemas.book import BookLine, Correction
from services.beneficiary.store import book
from services.beneficiary.store.book import EVERY, Line
from shared.contracts.beneficiary import BookLine as BookLineEvent
from shared.contracts.beneficiary import PersonAdmittedToPanti, PersonDied, PersonDischarged
from shared.crypto import FieldCipher
from shared.db.session import WriteSession
from shared.kernel.errors import NotAllowed, NotFound, Refusal
from shared.kernel.ids import uuid7
from shared.messaging import outbox
from shared.messaging.outbox import Outgoing
from shared.web.auth import Caller

_TOLD: Final[dict[str, type[BookLineEvent]]] = {
    "admission": PersonAdmittedToPanti, "discharge": PersonDischarged, "death": PersonDied,
}  # fmt: skip


class NotYourPanti(NotAllowed):
    """The book belongs to another panti, or the caller has no part in any."""

    code = "not-your-panti"


class AlreadyTakenBack(Refusal):
    """The line was taken back before."""

    code = "already-taken-back"


class BookOpen(Refusal):
    """The panti keeps its book already."""

    code = "book-open"


@dataclass(frozen=True)
class Written:
    """What came of a line. ``held``: programmes that went on hold by it; ``reopened``: that wait for somebody to resume them."""

    entry_id: UUID | None
    person_id: UUID
    state: str
    number: str = ""
    held: tuple[str, ...] = ()
    reopened: tuple[str, ...] = ()


def require(panti: Sequence[str], code: str) -> None:
    """Raise NotYourPanti where these patterns (domain/panti_access.py) do not hold the panti."""
    if not panti_access.holds(panti, code):
        raise NotYourPanti("this is the book of a panti that is not yours", panti=code)


def writes(caller: Caller) -> tuple[str, ...]:
    return panti_access.writes(caller.roles, whole_agency=caller.whole_agency)


async def open_book(session: WriteSession, caller: Caller, code: str, from_day: date, *, at: datetime) -> None:
    """From this day on the panti keeps its book, and its days are counted. Raise BookOpen."""
    require(writes(caller), code)
    await book.panti(session, code)
    made = await session.execute(
        text("INSERT INTO panti_book VALUES (:panti, :day, :by, :at) ON CONFLICT DO NOTHING RETURNING panti"),
        {"panti": code, "day": from_day, "by": caller.person, "at": at},
    )
    if made.one_or_none() is None:
        raise BookOpen(f"{code} keeps a book already", panti=code)


async def write_line(
    session: WriteSession, cipher: FieldCipher, caller: Caller, code: str, given: BookLine, *, today: date, at: datetime
) -> Written:
    """One line by one person; raise a Refusal that says what does not follow."""
    require(writes(caller), code)
    rule = await book.rule_on(session, given.day)
    check_day(given.day, today=today, book_from=await book.opened_on(session, code), late_days=rule.late_days)
    if given.to_panti:
        check_day(given.day, today=today, book_from=await book.opened_on(session, given.to_panti), late_days=None)
    await stand_before_cutoffs(session)
    await book.open_fence(session, EVERY)
    person, number = await newcomers.whom(session, cipher, given, panti=code, author=caller.person, at=at)
    line = Line(
        uuid7(), person, given.kind, code, given.to_panti or "", given.day, given.hour, given.expected_return, given.reason, given.paper
    )
    (written,) = await append(session, [line], author=caller.person, today=today, at=at)
    return Written(line.id, person, written.state, number, written.held, written.reopened)


async def take_back(
    session: WriteSession, caller: Caller, entry_id: UUID, given: Correction, *, today: date, at: datetime
) -> Written:  # fmt: skip
    """A counter-line with its reason, and the right line instead of the wrong one where there is one."""
    mine = writes(caller)
    await book.open_fence(session, mine)
    wrong = (
        await session.execute(text("SELECT * FROM book_entry WHERE id = :id AND kind <> 'counter'"), {"id": entry_id})
    ).one_or_none()  # fmt: skip
    if wrong is None:
        raise NotFound("there is no such line in a book of yours")
    require(mine, wrong.panti)
    rule = await book.rule_on(session, wrong.day)
    book_from = await book.opened_on(session, wrong.panti)
    check_day(wrong.day, today=today, book_from=book_from, late_days=rule.late_days)
    lines = [
        Line(
            uuid7(),
            wrong.person_id,
            "counter",
            wrong.panti,
            wrong.to_panti,
            wrong.day,
            wrong.hour,
            None,
            given.reason,
            "",
            takes_back=wrong.id,
        )
    ]
    if (right := given.instead) is not None:
        check_day(right.day, today=today, book_from=book_from, late_days=rule.late_days)
        to_panti = (right.to_panti or wrong.to_panti) if wrong.kind == "transfer" else ""
        lines.append(
            Line(
                uuid7(), wrong.person_id, wrong.kind, wrong.panti, to_panti, right.day, right.hour, right.expected_return, right.reason,
                right.paper,
            )
        )  # fmt: skip
    await stand_before_cutoffs(session)
    await book.open_fence(session, EVERY)
    (written,) = await append(session, lines, author=caller.person, today=today, at=at)
    return Written(lines[-1].id, wrong.person_id, written.state, "", written.held, written.reopened)


async def stand_before_cutoffs(session: WriteSession) -> None:
    """A line may put enrolments on hold: like every such command it stands before a seal or after it, and queues first of all."""
    await store.join_cutoff_queue(session, await store.known_programmes(session))


async def append(session: WriteSession, lines: Sequence[Line], *, author: str, today: date, at: datetime) -> list[Written]:
    """Append lines about any number of people; one Written a person, in the order of their first lines.

    Needs ``EVERY`` and the cut-off queue. All of them or none: raise IllegalTransition or LivesInOtherPanti with the line that
    cannot follow, AlreadyTakenBack, NotFound for people outside the caller's areas.
    """
    known = await book.known_as(session, {line.person_id for line in lines})
    versions = await store.lock_people(session, {*known, *known.values()})
    if unknown := {*known, *known.values()} - versions.keys():
        raise NotFound("some of these people are not in your areas, or nowhere", unknown=len(unknown))
    standing = await book.lines(session, set(known.values()))
    mine: dict[UUID, list[Line]] = defaultdict(list)
    for line in lines:
        mine[known[line.person_id]].append(line)
    walked = {person: _walk(standing[person], new) for person, new in mine.items()}
    await _ask_census(session, mine, {person: stays for person, (stays, _) in walked.items()})
    await book.write(session, lines, author=author, at=at)
    await book.replace_stays(session, {person: stays for person, (stays, _) in walked.items()})
    await _tell(session, mine, standing, at=at)
    now = {person: after for person, (_, after) in walked.items()}
    left = {person: max(new, key=lambda line: line.day) for person, new in mine.items()}
    held, reopened = await cards.follow(session, now, left, author=author, today=today, at=at)
    return [Written(None, person, now[person].state, "", held.get(person, ()), reopened.get(person, ())) for person in mine]


def _walk(before: Sequence[Entry], new: Sequence[Line]) -> tuple[list[Stay], Standing]:
    taken_back = {line.takes_back for line in new if line.takes_back is not None}
    if taken_back - {entry.id for entry in before}:
        raise AlreadyTakenBack("this line was taken back already")
    last = max((entry.no for entry in before), default=0)
    lines = [entry for entry in before if entry.id not in taken_back]
    lines += [
        Entry(line.id, last + n, line.kind, line.panti, line.day, line.hour, line.to_panti)  # type: ignore[arg-type]
        for n, line in enumerate(new, 1)
        if line.takes_back is None
    ]
    return walk(lines)


async def _ask_census(session: WriteSession, mine: Mapping[UUID, Sequence[Line]], stays: Mapping[UUID, Sequence[Stay]]) -> None:
    """Every panti where somebody was or is from the first changed day on is looked at again from that day."""
    first = {person: min(line.day for line in lines) for person, lines in mine.items()}
    days: dict[str, date] = {}

    def touch(panti: str, day: date) -> None:
        days[panti] = min(day, days.get(panti, day))

    earliest = min(first.values())
    for panti, _, to_day in await book.stays_of(session, mine.keys()):
        if to_day >= earliest:
            touch(panti, earliest)
    for person, nights in stays.items():
        for night in nights:
            if night.to_day >= first[person]:
                touch(night.panti, first[person])
    await book.ask_census(session, days)


async def _tell(
    session: WriteSession, mine: Mapping[UUID, Sequence[Line]], standing: Mapping[UUID, Sequence[Entry]], *, at: datetime
) -> None:  # fmt: skip
    """One event for each admission, discharge or death that was written or taken back, under the person's next versions."""
    kinds = {entry.id: entry.kind for entries in standing.values() for entry in entries}
    said: list[tuple[UUID, BookLineEvent]] = []
    for person, lines in mine.items():
        for line in lines:
            about = line.takes_back or line.id
            event = _TOLD.get(kinds[about] if line.takes_back else line.kind)
            if event is not None:
                said.append((person, event(day=line.day.isoformat(), entry_id=about, taken_back=line.takes_back is not None)))
    if not said:
        return
    counted: dict[UUID, int] = defaultdict(int)
    for person, _ in said:
        counted[person] += 1
    versions = await newcomers.next_versions(session, counted)
    outgoing = []
    for person, event_ in said:
        outgoing.append(Outgoing(person, versions[person], event_))
        versions[person] += 1
    await outbox.append(session, outgoing, at=at)
