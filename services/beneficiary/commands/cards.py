"""Cards of people in a panti: on hold while they live there, and a case for a person when they leave (DOMAIN.md, trap 16)."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Row, text

from services.beneficiary import store
from services.beneficiary.commands.status import Order, apply_changes, order_changes
from services.beneficiary.domain.book import OPEN_DAY, Standing
from services.beneficiary.domain.enrolment import PANTI_RESIDENT, Change, hold_month
from services.beneficiary.store.book import Line
from shared.db.session import AnySession, WriteSession
from shared.kernel.errors import IllegalTransition, NotFound
from shared.kernel.ids import uuid7
from shared.kernel.month import Month, month_of
from shared.messaging.arrays import array_of

Programmes = dict[UUID, tuple[str, ...]]


async def follow(
    session: WriteSession, now: Mapping[UUID, Standing], last: Mapping[UUID, Line], *, author: str, today: date, at: datetime
) -> tuple[Programmes, Programmes]:
    """What a change of the book does to cards: programmes put on hold, and programmes that wait to be resumed, by person.

    ``last``: the latest of the new lines about each person; its day is the day of leaving where the person has left.
    """
    inside = {person: standing.since for person, standing in now.items() if standing.resident and standing.since}
    await session.execute(
        text("UPDATE reopening SET state = 'withdrawn', changed_at = :at WHERE state = 'open' AND person_id = ANY(CAST(:ids AS uuid[]))"),
        {"ids": array_of(now), "at": at},
    )
    held = await hold(session, inside, author=author, today=today, at=at)
    left = {person: last[person] for person, standing in now.items() if standing.state == "outside"}
    return held, await _reopen(session, left, at=at)


async def _newest(session: AnySession, people: Mapping[UUID, Any], status: str, reason: str = "") -> list[Row[Any]]:
    """The newest state of each of their enrolments, where it is this one."""
    rows = await session.execute(
        text("""SELECT e.person_id, e.programme, e.from_month, e.to_month, d.from_month AS decree_from
                  FROM (SELECT DISTINCT ON (person_id, programme, decree_id) person_id, programme, decree_id, status, reason, from_month,
                               to_month FROM enrolment
                         WHERE person_id = ANY(CAST(:ids AS uuid[]))
                         ORDER BY person_id, programme, decree_id, person_version DESC) e
                  JOIN decree d ON d.id = e.decree_id
                 WHERE e.status = :status AND :reason IN ('', e.reason) ORDER BY e.person_id, e.programme, d.from_month"""),
        {"ids": array_of(people), "status": status, "reason": reason},
    )
    return list(rows.all())


async def hold(session: WriteSession, inside: Mapping[UUID, date], *, author: str, today: date, at: datetime) -> Programmes:
    """Suspend what is active of people who live in a panti (with the day of admission), from the first month not sealed.

    Safe to repeat: it goes by the states as they are. A month that is later than a change may count waits for the clock.
    """
    active = await _newest(session, inside, "active") if inside else []
    if not active:
        return {}
    horizons = await store.horizons(session, month_of(today))
    changes = []
    for row in active:
        month = hold_month(inside[row.person_id], horizons[row.programme], Month(row.decree_from))
        if month is not None and month <= row.to_month:
            evidence = f"buku harian panti, masuk {inside[row.person_id].isoformat()}"
            changes.append(Change(row.person_id, row.programme, "suspend", PANTI_RESIDENT, month, evidence))
    if changes:
        await apply_changes(session, changes, author=author, today=today, at=at, two_people=False)
    return _by_person((change.person_id, change.programme) for change in changes)


def _by_person(pairs: Any) -> Programmes:
    found: dict[UUID, list[str]] = defaultdict(list)
    for person, programme in pairs:
        if programme not in found[person]:
            found[person].append(programme)
    return {person: tuple(programmes) for person, programmes in found.items()}


async def _reopen(session: WriteSession, left: Mapping[UUID, Line], *, at: datetime) -> Programmes:
    """A case for each programme that is on hold because of the panti; nobody is resumed by a machine."""
    waiting = await _newest(session, left, "suspended", PANTI_RESIDENT) if left else []
    rows = {(row.person_id, row.programme) for row in waiting if month_of(left[row.person_id].day) <= row.to_month}
    for person, programme in sorted(rows):
        line = left[person]
        await session.execute(
            text("""INSERT INTO reopening (id, person_id, programme, discharged_on, entry_id, state, opened_at, changed_at)
                    VALUES (:id, :person, :programme, :day, :entry, 'open', :at, :at)"""),
            {"id": uuid7(), "person": person, "programme": programme, "day": line.day, "entry": line.id, "at": at},
        )
    return _by_person(sorted(rows))


async def hold_residents(session: WriteSession, *, author: str, today: date, at: datetime) -> int:
    """Everybody who lives in a panti and has something active by now: a decree named them, or their month has come."""
    rows = await session.execute(
        text("""SELECT DISTINCT s.person_id, s.since FROM stay s JOIN enrolment e ON e.person_id = s.person_id AND e.status = 'active'
                 WHERE s.to_day = :open
                   AND NOT EXISTS (SELECT FROM enrolment n WHERE n.person_id = e.person_id AND n.programme = e.programme
                                      AND n.decree_id = e.decree_id AND n.person_version > e.person_version)"""),
        {"open": OPEN_DAY},
    )
    return len(await hold(session, {row.person_id: row.since for row in rows}, author=author, today=today, at=at))


async def order_resumption(session: WriteSession, reopening_id: UUID, evidence: str, *, author: str, today: date, at: datetime) -> Order:
    """Order the resumption from the month of discharge on; a second person confirms it as every resumption.

    Raise NotFound for nobody in the caller's areas, IllegalTransition where it was ordered or is no longer on hold.
    """
    found = await _reopening(session, reopening_id)
    # In the order of every such command: the cut-off queue, the person, then what belongs to the person.
    await store.join_cutoff_queue(session, {found.programme})
    await store.lock_people(session, {found.person_id})
    found = await _reopening(session, reopening_id, lock=True)
    if found.state == "withdrawn" or found.order_state in ("proposed", "done"):
        raise IllegalTransition(found.order_state or found.state, "reopen")
    waiting = [
        row for row in await _newest(session, {found.person_id: None}, "suspended", PANTI_RESIDENT) if row.programme == found.programme
    ]
    if not waiting:
        raise IllegalTransition("not on hold", "reopen")
    changes = [
        Change(row.person_id, row.programme, "resume", "", Month(max(month_of(found.discharged_on), row.from_month)), evidence)
        for row in waiting[:1]
    ]
    order = await order_changes(session, changes, author=author, today=today, at=at)
    await session.execute(
        text("UPDATE reopening SET state = 'ordered', order_id = :order, changed_at = :at WHERE id = :id"),
        {"order": order.id, "at": at, "id": reopening_id},
    )
    return order


async def _reopening(session: AnySession, reopening_id: UUID, *, lock: bool = False) -> Row[Any]:
    found = (
        await session.execute(
            text(f"""SELECT r.*, o.state AS order_state FROM reopening r JOIN person p ON p.id = r.person_id
                       LEFT JOIN status_order o ON o.id = r.order_id WHERE r.id = :id {"FOR UPDATE OF r" if lock else ""}"""),
            {"id": reopening_id},
        )
    ).one_or_none()
    if found is None:
        raise NotFound("there is no such case")
    return found
