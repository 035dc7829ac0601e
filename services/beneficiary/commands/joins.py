"""Somebody without NIK is known after all: one says who it is, another confirms, and the lines count for that person."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from sqlalchemy import text

from services.beneficiary import store
from services.beneficiary.commands import cards, newcomers
from services.beneficiary.commands.book import require, stand_before_cutoffs, writes
from services.beneficiary.commands.newcomers import PersonUnknown
from services.beneficiary.domain.book import walk
from services.beneficiary.store import book
from services.beneficiary.store.book import EVERY, Line
from shared.contracts.beneficiary import PersonAdmittedToPanti, PersonIdentified
from shared.crypto import FieldCipher
from shared.db.session import WriteSession
from shared.kernel.errors import FourEyes, IllegalTransition, InvalidInput, NotFound
from shared.kernel.ids import uuid7
from shared.messaging import outbox
from shared.messaging.outbox import Outgoing
from shared.web.auth import Caller


@dataclass(frozen=True)
class Join:
    id: UUID
    state: str
    person_id: UUID


async def propose(
    session: WriteSession, cipher: FieldCipher, caller: Caller, provisional_id: UUID, nik: str, evidence: str, *, at: datetime
) -> Join:
    """Raise NotFound for somebody who is not provisional, PersonUnknown for a NIK that nobody on record has."""
    provisional = await _provisional(session, caller, provisional_id)
    known = await store.people_by_index(session, [cipher.blind_index("nik", nik)])
    if not known:
        raise PersonUnknown("nobody with this NIK is on record; an admission by NIK makes the person known")
    person = next(iter(known.values()))
    join = Join(uuid7(), "proposed", person)
    made = await session.execute(
        text("""INSERT INTO person_join (id, provisional_id, person_id, state, evidence, asked_by, asked_at)
                VALUES (:id, :provisional, :person, 'proposed', :evidence, :by, :at)
                ON CONFLICT (provisional_id) WHERE state <> 'refused' DO NOTHING RETURNING id"""),
        {"id": join.id, "provisional": provisional, "person": person, "evidence": evidence, "by": caller.person, "at": at},
    )
    if made.one_or_none() is None:
        raise IllegalTransition("proposed", "propose")
    return join


async def _provisional(session: WriteSession, caller: Caller, person_id: UUID) -> UUID:
    found = (
        await session.execute(text("SELECT person_id, panti FROM provisional_person WHERE person_id = :id"), {"id": person_id})
    ).one_or_none()
    if found is None:
        raise NotFound("there is nobody provisional with this id")
    require(writes(caller), found.panti)
    return person_id


async def decide(session: WriteSession, caller: Caller, join_id: UUID, *, accept: bool, today: date, at: datetime) -> Join:
    """A second person accepts or refuses; FourEyes for whoever proposed it, a Refusal where both books cannot be one life."""
    await stand_before_cutoffs(session)
    found = (await session.execute(text("SELECT * FROM person_join WHERE id = :id FOR UPDATE"), {"id": join_id})).one_or_none()
    if found is None:
        raise NotFound("there is no such proposal")
    await _provisional(session, caller, found.provisional_id)
    if found.state != "proposed":
        raise IllegalTransition(found.state, "decide")
    if accept and found.asked_by == caller.person:
        raise FourEyes("whoever said who this is cannot confirm it; a second person must", acted=found.asked_by)
    state = "done" if accept else "refused"
    await session.execute(
        text("UPDATE person_join SET state = :state, decided_by = :by, decided_at = :at WHERE id = :id"),
        {"state": state, "by": caller.person, "at": at, "id": join_id},
    )
    if accept:
        await _become_one(session, found.provisional_id, found.person_id, author=caller.person, today=today, at=at)
    return Join(join_id, state, found.person_id)


async def _become_one(session: WriteSession, provisional: UUID, person: UUID, *, author: str, today: date, at: datetime) -> None:
    """Nights of both under the known person. No count changes by it: the same bodies slept in the same beds."""
    locked = await store.lock_people(session, {provisional, person})
    if len(locked) < 2:
        raise InvalidInput("one of the two is not in your areas")
    await book.open_fence(session, EVERY)
    before = await book.lines(session, {person})  # the join is done by now: lines of both
    stays, standing = walk(before[person])
    was_inside = person in await book.living_in_panti(session, {person})
    await book.replace_stays(session, {provisional: [], person: stays})
    versions = await newcomers.next_versions(session, {provisional: 1})
    events = [Outgoing(provisional, versions[provisional], PersonIdentified(person_id=person))]
    if standing.resident and not was_inside and standing.since is not None:
        admission = max((one for one in before[person] if one.kind == "admission"), key=lambda one: (one.day, one.no))
        versions = await newcomers.next_versions(session, {person: 1})
        told = PersonAdmittedToPanti(day=standing.since.isoformat(), entry_id=admission.id)
        events.append(Outgoing(person, versions[person], told))
    await outbox.append(session, events, at=at)
    last = before[person][-1]
    line = Line(last.id, person, last.kind, last.panti, last.to_panti, last.day, last.hour, None, "", "")
    await cards.follow(session, {person: standing}, {person: line}, author=author, today=today, at=at)
