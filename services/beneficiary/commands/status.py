"""Suspend, resume, end: the same rules for a file and for the API, decided purely and written in a few statements."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

import msgspec
from sqlalchemy import text

from services.beneficiary import store
from services.beneficiary.domain.decree import tariff_of
from services.beneficiary.domain.enrolment import (
    Change,
    Enrolment,
    Status,
    StillInPanti,
    UnknownReason,
    decide_change,
    needs_second_person,
    reason_after,
)
from services.beneficiary.store import book
from shared.contracts.beneficiary import EnrolmentEnded, EnrolmentResumed, EnrolmentState, EnrolmentSuspended
from shared.db.session import WriteSession
from shared.kernel.errors import FourEyes, IllegalTransition, InvalidInput, NotFound
from shared.kernel.ids import uuid7
from shared.kernel.month import month_of
from shared.messaging import outbox
from shared.messaging.outbox import Outgoing

_EVENTS: dict[str, type[EnrolmentState]] = {"suspend": EnrolmentSuspended, "resume": EnrolmentResumed, "end": EnrolmentEnded}


@dataclass(frozen=True)
class Order:
    """What became of an order: ``done``, or ``proposed`` until a second person confirms it or somebody cancels it."""

    id: UUID
    state: str


async def order_changes(session: WriteSession, changes: Sequence[Change], *, author: str, today: date, at: datetime) -> Order:
    """Apply the changes, or keep them as a proposal where one resumes or reaches a sealed month. All of them or none."""
    await _check_order(session, changes)
    await _require_outside(session, changes)
    await store.join_cutoff_queue(session, {change.programme for change in changes})
    horizons = await store.horizons(session, month_of(today))
    proposed = any(needs_second_person(change, horizons[change.programme]) for change in changes)
    if proposed:
        await _decide(session, changes, today=today, two_people=True)
    else:
        await apply_changes(session, changes, author=author, today=today, at=at, two_people=False)
    order = Order(uuid7(), "proposed" if proposed else "done")
    items = json.dumps([asdict(change) for change in changes], default=str)
    await session.execute(
        text("INSERT INTO status_order (id, state, items, ordered_by, ordered_at) VALUES (:id, :state, :items, :by, :at)"),
        {"id": order.id, "state": order.state, "items": items, "by": author, "at": at},
    )
    return order


async def confirm_order(session: WriteSession, order_id: UUID, *, author: str, today: date, at: datetime) -> Order:
    """A second person applies a proposed order; FourEyes for whoever ordered it."""
    found = (await session.execute(text("SELECT * FROM status_order WHERE id = :id FOR UPDATE"), {"id": order_id})).one_or_none()
    if found is None:
        raise NotFound("there is no such order")
    if found.state != "proposed":
        raise IllegalTransition(found.state, "confirm")
    if found.ordered_by == author:
        raise FourEyes("whoever ordered a change cannot confirm it; a second person must", acted=found.ordered_by)
    changes = [msgspec.convert(item, Change, strict=False) for item in found.items]
    await apply_changes(session, changes, author=author, today=today, at=at, two_people=True)
    await session.execute(
        text("UPDATE status_order SET state = 'done', confirmed_by = :by, confirmed_at = :at WHERE id = :id"),
        {"id": order_id, "by": author, "at": at},
    )
    return Order(order_id, "done")


async def cancel_order(session: WriteSession, order_id: UUID, reason: str, *, author: str, at: datetime) -> tuple[Order, int]:
    """Take a proposed order back, by whoever ordered it or anybody else who could confirm it; how many changes it had.

    Raise NotFound also where one of its people is not in the caller's areas.
    """
    found = (await session.execute(text("SELECT * FROM status_order WHERE id = :id FOR UPDATE"), {"id": order_id})).one_or_none()
    people = {UUID(item["person_id"]) for item in found.items} if found is not None else set()
    if found is None or len(await store.lock_people(session, people)) < len(people):
        raise NotFound("there is no such order")
    if found.state != "proposed":
        raise IllegalTransition(found.state, "cancel")
    await session.execute(
        text("""UPDATE status_order SET state = 'cancelled', cancelled_by = :by, cancelled_at = :at, cancel_reason = :reason
                 WHERE id = :id"""),
        {"id": order_id, "by": author, "at": at, "reason": reason},
    )
    return Order(order_id, "cancelled"), len(found.items)


async def apply_changes(
    session: WriteSession, changes: Sequence[Change], *, author: str, today: date, at: datetime, two_people: bool,
    import_id: UUID | None = None,
) -> None:  # fmt: skip
    """Write the new states and their events; each person's row is locked and its version goes up by one a change.

    ``import_id``: the file that they came by, by which they can be taken back (``commands/undo.py``).
    """
    await store.join_cutoff_queue(session, {change.programme for change in changes})
    cutoff_no = await store.cutoff_numbers(session)
    people = {change.person_id for change in changes}
    versions = await store.lock_people(session, people)
    if len(versions) < len(people):
        raise NotFound("some of these people are not in your areas, or nowhere", unknown=len(people) - len(versions))
    await _require_outside(session, changes)
    decided = await _decide(session, changes, today=today, two_people=two_people)
    tariffs = await store.tariffs(session)
    rows: list[dict[str, Any]] = []
    events: list[Outgoing] = []
    for change, (current, status) in zip(changes, decided, strict=True):
        versions[change.person_id] += 1
        payload = _EVENTS[change.action](
            programme=change.programme, decree_id=current.decree_id, cohort=current.cohort, area=current.area,
            amount=tariff_of(tariffs, change.programme, change.from_month), reason=reason_after(change),
            from_month=change.from_month, to_month=current.to_month, cutoff_no=cutoff_no[change.programme],
        )  # fmt: skip
        events.append(Outgoing(change.person_id, versions[change.person_id], payload))
        rows.append(
            msgspec.to_builtins(payload)
            | {
                "person_id": str(change.person_id), "person_version": versions[change.person_id], "status": status,
                "evidence": change.evidence, "import_id": str(import_id) if import_id else None,
            }
        )  # fmt: skip
    await write_states(session, rows, author=author, at=at)
    await outbox.append(session, events, at=at)


async def write_states(session: WriteSession, rows: Sequence[dict[str, Any]], *, author: str, at: datetime) -> None:
    """New states and the versions of their people, which are locked. ``import_id`` and ``undoes`` may be absent in a row."""
    data = json.dumps(rows)
    await session.execute(
        text("""INSERT INTO enrolment (person_id, person_version, programme, status, reason, amount, area, cohort, decree_id,
                                       from_month, to_month, cutoff_no, evidence, author, at, import_id, undoes)
                SELECT r.person_id, r.person_version, r.programme, r.status, r.reason, r.amount, p.area, r.cohort, r.decree_id,
                       r.from_month, r.to_month, r.cutoff_no, r.evidence, :author, :at, r.import_id, r.undoes
                  FROM json_to_recordset(CAST(:rows AS json)) AS r(person_id uuid, person_version int, programme text, status text,
                       reason text, amount bigint, cohort text, decree_id uuid, from_month text, to_month text, cutoff_no int,
                       evidence text, import_id uuid, undoes int)
                  JOIN person p ON p.id = r.person_id"""),
        {"rows": data, "author": author, "at": at},
    )
    await session.execute(
        text("""UPDATE person p SET version = r.version
                  FROM (SELECT person_id, max(person_version) AS version
                          FROM json_to_recordset(CAST(:rows AS json)) AS r(person_id uuid, person_version int)
                         GROUP BY person_id) r
                 WHERE p.id = r.person_id"""),
        {"rows": data},
    )


async def _check_order(session: WriteSession, changes: Sequence[Change]) -> None:
    known, reasons = await store.known_programmes(session), await store.reasons(session)
    for change in changes:
        if change.programme not in known:
            raise InvalidInput(f"there is no programme '{change.programme}'", programmes=sorted(known))
        reason_given = change.reason or change.action != "resume"
        if reason_given and reasons.get((change.action, change.reason)) != change.reason:
            codes = sorted({code for (action, _), code in reasons.items() if action == change.action})
            raise UnknownReason(f"this is no lawful reason to {change.action}", reasons=codes)
    if len({(change.person_id, change.programme) for change in changes}) < len(changes):
        raise InvalidInput("one person, one programme, one change in an order")


async def _require_outside(session: WriteSession, changes: Sequence[Change]) -> None:
    """Nobody is resumed who lives in a panti by its book; raise StillInPanti."""
    resumed = {change.person_id for change in changes if change.action == "resume"}
    if not resumed:
        return
    await book.open_fence(session, book.EVERY)
    if inside := await book.living_in_panti(session, resumed):
        raise StillInPanti("by the daily book some of these people live in a panti; it must discharge them first", people=len(inside))


async def _decide(session: WriteSession, changes: Sequence[Change], *, today: date, two_people: bool) -> list[tuple[Enrolment, Status]]:
    horizons = await store.horizons(session, month_of(today))
    currents = await store.current_enrolments(session, changes)
    decided = []
    for change, current in zip(changes, currents, strict=True):
        status = decide_change(current, change, horizons[change.programme], two_people=two_people)
        assert current is not None
        decided.append((current, status))
    return decided
