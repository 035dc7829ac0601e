"""Four people and one list hash: submit, check, approve; and what takes their signatures away (CORE.md section 5)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Final
from uuid import UUID

import msgspec
from sqlalchemy import Row, text

from services.disbursement.commands.lists import anomalies, batches
from services.disbursement.commands.lists.compose import refresh_lines
from services.disbursement.commands.lists.freeze import FROZEN_LINES
from services.disbursement.commands.lists.mandates import capacity, count_approvers, refuse_limit
from services.disbursement.commands.lists.repayment import fund_from_holding
from services.disbursement.commands.months.follow_enrolments import follow_enrolments
from services.disbursement.commands.months.stopped import STOPPED_LINES, stop
from services.disbursement.commands.months.sweep import miss_unlisted
from services.disbursement.domain.batch import (
    ANNOUNCED,
    CHANGEABLE,
    ROLE,
    BatchAction,
    BatchState,
    EmptyList,
    ListHashChanged,
    Step,
    after,
    refuse_own_list,
    refuse_same_person,
)
from services.disbursement.domain.mandate import Capacity
from services.disbursement.store import lock_programmes
from shared.db.session import WriteSession
from shared.kernel.clock import jakarta_day
from shared.kernel.errors import FourEyes, NotFound
from shared.web.auth import Caller

_ACTION: Final[Mapping[Step, BatchAction]] = {
    Step.CHECK: BatchAction.CHECK,
    Step.APPROVE: BatchAction.APPROVE,
    Step.RELEASE: BatchAction.RELEASE,
}
NAMED_MAX: Final = 50
"""People named where a change voided the signatures; the count says how many there were."""


async def submit(session: WriteSession, caller: Caller, batch_id: UUID, *, at: datetime) -> None:
    """The maker's signature: fixes list hash, count and sum. Raise EmptyList where nobody is on the list."""
    batch = await _alone_with_its_programmes(session, batch_id)
    refuse_same_person(Step.SUBMIT, caller.person, batch.composed_by, await batches.signatures_of(session, batch_id))
    after(batch.state, BatchAction.SUBMIT)
    await _drop_stopped(session, batch, by=caller.person, at=at)
    await refresh_lines(session, batch)
    batch = await batches.load_for_update(session, batch_id)
    if not batch.payments:
        raise EmptyList("nobody is on this list", batch=str(batch_id))
    list_hash = await batches.hash_list(session, batch)
    await session.execute(text("UPDATE batch SET list_hash = :hash WHERE id = :id"), {"hash": list_hash, "id": batch_id})
    await batches.sign(session, batch_id, Step.SUBMIT.value, caller.person, list_hash, at=at)
    await anomalies.look(session, batch, list_hash, at=at)
    await batches.move_batch(session, batch, BatchAction.SUBMIT)


async def ready_to_sign(
    session: WriteSession, caller: Caller, batch_id: UUID, step: Step, list_hash: str, *, on_behalf_of: str = "", at: datetime
) -> tuple[Row[Any], Capacity]:
    """The locked batch, and as whom the caller signs it, once hash, person, role, state and limit allow this; asked in this order.

    Raise ListHashChanged (the hash in the body, the stored one and the list as it stands now must be one), FourEyes,
    NotAllowed, IllegalTransition, LimitExceeded, NoLimitInForce.
    """
    batch = await batches.load_for_update(session, batch_id)
    if not batch.list_hash or list_hash != batch.list_hash:
        raise ListHashChanged("the list is not the one that you have seen", list_hash=batch.list_hash)
    now = await batches.hash_list(session, batch)
    if now != batch.list_hash and batch.state != BatchState.WITHDRAWN:  # whose list is empty by order
        raise ListHashChanged("the list in the tables is not the one that was submitted", list_hash=now)
    signed = await batches.signatures_of(session, batch_id)
    refuse_same_person(step, caller.person, batch.composed_by, signed)
    acting = await capacity(session, caller, ROLE[step], on_behalf_of=on_behalf_of, at=at)
    refuse_same_person(step, caller.person, batch.composed_by, signed, on_behalf_of=acting.on_behalf_of)
    after(batch.state, _ACTION[step])
    await refuse_limit(session, batch, caller, acting, at=at)
    return batch, acting


async def check(session: WriteSession, caller: Caller, batch_id: UUID, list_hash: str, *, on_behalf_of: str = "", at: datetime) -> None:
    """The second name."""
    batch, acting = await ready_to_sign(session, caller, batch_id, Step.CHECK, list_hash, on_behalf_of=on_behalf_of, at=at)
    await batches.sign(session, batch_id, Step.CHECK.value, caller.person, list_hash, at=at, acting=acting)
    await batches.move_batch(session, batch, BatchAction.CHECK)


async def approve(session: WriteSession, caller: Caller, batch_id: UUID, list_hash: str, *, on_behalf_of: str = "", at: datetime) -> None:
    """The third name, and a further one where the table of limits asks for two; ``batch.approved`` asks for the money.

    A list that is paid from the holding account is funded at once by what lies there. Raise HoldingDoesNotCover where that is
    not its sum, AnomaliesOpen while something odd on the list has no word yet.
    """
    batch, acting = await ready_to_sign(session, caller, batch_id, Step.APPROVE, list_hash, on_behalf_of=on_behalf_of, at=at)
    await anomalies.refuse_open(session, batch)
    before = [one.step for one in await batches.signatures_of(session, batch_id) if not one.void]
    missing = await count_approvers(session, batch, before, at=at)
    await batches.sign(session, batch_id, Step.APPROVE.value, caller.person, list_hash, at=at, acting=acting)
    if missing > 0:
        return  # checked still, and one of two approvers has signed
    await batches.move_batch(session, batch, BatchAction.APPROVE)
    await batches.publish_approved(session, batch, at=at)
    await fund_from_holding(session, batch.id, at=at)


async def ask_again(session: WriteSession, batch_id: UUID, *, at: datetime) -> None:
    """The money is there now: the same list, with the same signatures, asks once more."""
    batch = await batches.load_for_update(session, batch_id)
    await batches.move_batch(session, batch, BatchAction.ASK_AGAIN)
    await session.execute(text("UPDATE batch SET refused = NULL WHERE id = :id"), {"id": batch_id})
    await batches.publish_approved(session, batch, at=at)


async def _alone_with_its_programmes(session: WriteSession, batch_id: UUID) -> Row[Any]:
    """The locked batch, when no enrolment event of its programmes is on its way: an end is seen here, or sees the freed month.

    The programmes come first: whoever follows an event holds them while it asks for a batch.
    """
    programmes = await session.scalar(text("SELECT programmes FROM batch WHERE id = :id"), {"id": batch_id})
    await lock_programmes(session, programmes or (), exclusive=True)
    return await batches.load_for_update(session, batch_id)


async def _follow_ends(session: WriteSession, batch_id: UUID, *, by: str, at: datetime) -> None:
    """Whoever ended, or was stopped by a second seal, while on the list had the month left to it (CORE.md section 4).

    Now the month is on no list.
    """
    await follow_enrolments(
        session,
        """SELECT DISTINCT p.person_id, p.programme FROM payment p
             JOIN enrolment_history e ON e.person_id = p.person_id AND e.programme = p.programme AND e.status = 'ended'
            WHERE p.batch_id = :ended_of AND p.outcome = 'withdrawn'""",
        {"ended_of": batch_id}, first_month="", at=at, author=by,
    )  # fmt: skip
    freed = "SELECT DISTINCT person_id, programme FROM payment WHERE batch_id = :freed_of AND outcome = 'withdrawn'"
    await stop(session, freed, {"freed_of": batch_id}, at=at, author=by)


async def _drop_stopped(session: WriteSession, batch: Row[Any], *, by: str, at: datetime) -> None:
    """A draft goes to its signers without those who ended, were stopped by a second seal or frozen since it was composed."""
    # A draft was filled a moment ago and has no statistics: by hash, or a million lines are looked up one by one. They are few.
    await session.execute(text("SET LOCAL enable_nestloop = off"))
    found = await session.scalars(
        text(f"{STOPPED_LINES} UNION {FROZEN_LINES}"), {"id": batch.id, "programmes": list(batch.programmes), "today": jakarta_day(at)}
    )
    stopped = list(found)
    await session.execute(text("SET LOCAL enable_nestloop = on"))
    if stopped:
        await batches.withdraw_lines(session, "SELECT unnest(CAST(:stopped AS uuid[]))", {"stopped": stopped})
        await _follow_ends(session, batch.id, by=by, at=at)
        await miss_unlisted(session, await batches.months_of(session, batch.id), at=at)
        await batches.count_lines(session, batch.id)


async def withdraw(session: WriteSession, caller: Caller, batch_id: UUID, reason: str, *, at: datetime) -> None:
    """Take the whole list back before release; its months are free for another one."""
    batch = await _alone_with_its_programmes(session, batch_id)
    await batches.move_batch(session, batch, BatchAction.WITHDRAW)
    months = await batches.months_of(session, batch_id)
    await batches.withdraw_lines(session, "SELECT id FROM payment WHERE batch_id = :id", {"id": batch_id})
    await _follow_ends(session, batch_id, by=caller.person, at=at)
    await miss_unlisted(session, months, at=at)
    await _void(session, batch_id)
    await _note_change(session, batch_id, [], reason=reason, by=caller.person, at=at)
    if batch.state in ANNOUNCED:
        await batches.publish_withdrawn(session, batch, at=at)


async def void_signatures(
    session: WriteSession, batch_ids: Sequence[UUID], people: Sequence[UUID], at: datetime, *, reason: str = "account_changed", by: str = ""
) -> None:
    """A line or its account changed: these batches are drafts again, and say whose lines they were.

    Call it after the change. Batches in a state without signatures, and those that went to the bank, are left alone.
    The changed lines are replaced here, so the list's bytes are the new ones at once.
    """
    for batch_id in sorted(set(batch_ids)):
        batch = await batches.load_for_update(session, batch_id)
        if batch.state == BatchState.DRAFT:
            await refresh_lines(session, batch)
            continue
        if batch.state not in CHANGEABLE:
            continue
        await _draft_again(session, batch, BatchAction.CHANGE_LINE, at=at)
        await _note_change(session, batch_id, people, reason=reason, by=by, at=at)


async def send_back(session: WriteSession, caller: Caller, batch_id: UUID, list_hash: str, reason: str, *, at: datetime) -> None:
    """Give the list back to its maker with a reason: it is a draft again, no signature counts, and a reservation is free.

    Raise ListHashChanged, FourEyes for whoever made it, IllegalTransition for one that is a draft or went to the bank.
    """
    batch = await batches.load_for_update(session, batch_id)
    if batch.list_hash and list_hash != batch.list_hash:
        raise ListHashChanged("the list is not the one that you have seen", list_hash=batch.list_hash)
    refuse_own_list(caller.person, batch.composed_by, await batches.signatures_of(session, batch_id))
    await _draft_again(session, batch, BatchAction.SEND_BACK, at=at)
    await _note_change(session, batch_id, [], reason=f"sent_back: {reason}", by=caller.person, at=at)


async def _draft_again(session: WriteSession, batch: Row[Any], action: BatchAction, *, at: datetime) -> None:
    await batches.move_batch(session, batch, action)
    if batch.state in ANNOUNCED:
        await batches.publish_withdrawn(session, batch, at=at)
    await session.execute(text("UPDATE batch SET list_hash = '', refused = NULL WHERE id = :id"), {"id": batch.id})
    await _void(session, batch.id)
    await refresh_lines(session, batch)


async def _void(session: WriteSession, batch_id: UUID) -> None:
    await session.execute(text("UPDATE batch SET approvers = 1 WHERE id = :id AND approvers > 1"), {"id": batch_id})
    await session.execute(text("UPDATE batch_signature SET void = true WHERE batch_id = :id AND NOT void"), {"id": batch_id})


async def _note_change(session: WriteSession, batch_id: UUID, people: Sequence[UUID], *, reason: str, by: str, at: datetime) -> None:
    named = sorted(set(people))
    changed = {"at": at.isoformat(), "by": by, "reason": reason, "count": len(named), "people": [str(p) for p in named[:NAMED_MAX]]}
    await session.execute(
        text("UPDATE batch SET changed = CAST(:changed AS jsonb) WHERE id = :id"),
        {"changed": msgspec.json.encode(changed).decode(), "id": batch_id},
    )


async def remove_line(session: WriteSession, caller: Caller, batch_id: UUID, person_id: UUID, reason: str, *, at: datetime) -> bool:
    """Leave a person out of this month's lists: one asks, another confirms; True once the line is off (TROUBLES.md O2).

    Raise FourEyes where the same person confirms, or somebody who checked, approved or would release this batch.
    """
    batch = await _alone_with_its_programmes(session, batch_id)
    if batch.state != BatchState.DRAFT:
        after(batch.state, BatchAction.CHANGE_LINE)
    asked = (
        await session.execute(
            text("SELECT asked_by FROM left_out WHERE batch_id = :batch AND person_id = :person AND confirmed_by = '' LIMIT 1"),
            {"batch": batch_id, "person": person_id},
        )
    ).one_or_none()
    if asked is not None and asked.asked_by == caller.person:
        raise FourEyes("another person must confirm that this line is left out", asked_by=asked.asked_by)
    refuse_same_person(Step.REMOVE, caller.person, batch.composed_by, await batches.signatures_of(session, batch_id))
    params = {"batch": batch_id, "person": person_id, "reason": reason, "by": caller.person, "at": at}
    if asked is None:
        found = await session.execute(
            text("""INSERT INTO left_out (person_id, programme, month, batch_id, reason, asked_by, confirmed_by, at)
                    SELECT person_id, programme, month, :batch, :reason, :by, '', :at
                      FROM payment_month WHERE batch_id = :batch AND person_id = :person AND live
                    ON CONFLICT (person_id, programme, month) DO UPDATE
                       SET batch_id = :batch, reason = :reason, asked_by = :by, confirmed_by = '', at = :at"""),
            params,
        )
        if not found.rowcount:  # type: ignore[attr-defined]
            raise NotFound("this person is not on the list", batch=str(batch_id))
        return False
    await session.execute(
        text("""UPDATE left_out SET confirmed_by = :by, at = :at
                 WHERE batch_id = :batch AND person_id = :person AND confirmed_by = ''"""),
        params,
    )
    taken_off = "SELECT id FROM payment WHERE batch_id = :batch AND person_id = :person AND outcome = 'prepared'"
    months = await batches.months_of(session, batch_id)
    await batches.withdraw_lines(session, taken_off, {"batch": batch_id, "person": person_id})
    await _follow_ends(session, batch_id, by=caller.person, at=at)
    await miss_unlisted(session, months, at=at)
    await batches.count_lines(session, batch_id)
    await void_signatures(session, [batch_id], [person_id], at, reason=f"left_out: {reason}", by=caller.person)
    for person in (asked.asked_by, caller.person):
        await batches.sign(session, batch_id, Step.REMOVE.value, person, "", at=at)
    return True
