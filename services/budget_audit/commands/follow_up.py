"""What people say about a mismatch, from the question to the closing and, where need be, back; deciding steps by somebody else."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Row, text

from services.budget_audit import store
from services.budget_audit.commands.detect import record_step
from services.budget_audit.domain.mismatch import (
    ALLOWED,
    State,
    Step,
    after,
    check_acceptance,
    check_explanation,
    check_other_person,
    open_amount,
)
from shared.contracts.budget_audit import (
    MismatchAccepted,
    MismatchAgreed,
    MismatchAsked,
    MismatchClosed,
    MismatchEscalated,
    MismatchExplained,
    MismatchReopened,
)
from shared.contracts.registry import Event
from shared.db.session import WriteSession
from shared.holidays import holidays
from shared.kernel.errors import IllegalTransition
from shared.kernel.workdays import add_working_days
from shared.messaging import outbox


async def ask(session: WriteSession, mismatch_id: UUID, *, person: str, words: str, at: datetime, today: date) -> None:
    """An auditor asks the office concerned to explain what is open, within the working days of its rule; also once more."""
    found = await store.mismatch_for_update(session, mismatch_id)
    state = after(State(found.state), Step.ASK)
    due_on = await _answer_due(session, found, today)
    left = open_amount(found.difference, found.explained)
    await _set(session, found, state, explained=found.explained, due_on=due_on)
    await _step(session, found, Step.ASK, person=person, words=words, amount=left, at=at)
    await _publish(session, found, MismatchAsked(open=left, owner=found.owner, due_on=due_on.isoformat()), at=at)


async def explain(
    session: WriteSession, mismatch_id: UUID, *, person: str, words: str, evidence: list[str], amount: int, at: datetime
) -> None:
    """The office concerned explains a part or the whole; never more than the difference."""
    found = await store.mismatch_for_update(session, mismatch_id)
    state = after(State(found.state), Step.EXPLAIN)
    check_explanation(found.difference, amount)
    await _set(session, found, state, explained=amount)
    await _step(session, found, Step.EXPLAIN, person=person, words=words, amount=amount, evidence=evidence, at=at)
    await _publish(session, found, MismatchExplained(explained=amount, open=open_amount(found.difference, amount)), at=at)


async def accept(session: WriteSession, mismatch_id: UUID, *, person: str, words: str, amount: int, at: datetime) -> None:
    """An auditor accepts that much of what was explained; the rest is open again. Not who explained."""
    found = await store.mismatch_for_update(session, mismatch_id)
    state = after(State(found.state), Step.ACCEPT)
    check_other_person(person, Step.ACCEPT, await _acted(session, found))
    check_acceptance(found.explained, amount)
    await _set(session, found, state, explained=amount)
    await _step(session, found, Step.ACCEPT, person=person, words=words, amount=amount, at=at)
    await _publish(session, found, MismatchAccepted(accepted=amount, open=open_amount(found.difference, amount)), at=at)


async def agree(session: WriteSession, mismatch_id: UUID, *, person: str, solution: str, owner: str, due_on: date, at: datetime) -> None:
    """An auditor agrees what solves the open amount, who does it, and by when; not who explained."""
    found = await store.mismatch_for_update(session, mismatch_id)
    state = after(State(found.state), Step.AGREE)
    check_other_person(person, Step.AGREE, await _acted(session, found))
    left = open_amount(found.difference, found.explained)
    await _set(session, found, state, explained=found.explained, owner=owner, due_on=due_on)
    await _step(session, found, Step.AGREE, person=person, words=solution, amount=left, at=at)
    await _publish(session, found, MismatchAgreed(open=left, solution=solution, owner=owner, due_on=due_on.isoformat()), at=at)


async def hand_in(session: WriteSession, mismatch_id: UUID, *, person: str, words: str, evidence: list[str], at: datetime) -> None:
    """The owner of the solution hands in evidence that it is done; somebody else verifies it by closing."""
    found = await store.mismatch_for_update(session, mismatch_id)
    after(State(found.state), Step.EVIDENCE)
    await _step(session, found, Step.EVIDENCE, person=person, words=words, evidence=evidence, at=at)


async def close(session: WriteSession, mismatch_id: UUID, *, person: str, evidence: str, at: datetime) -> None:
    """A second auditor saw the evidence (an STS number, a corrected paper); not who explained, accepted, agreed or handed it in."""
    found = await store.mismatch_for_update(session, mismatch_id)
    state = after(State(found.state), Step.CLOSE)
    check_other_person(person, Step.CLOSE, await _acted(session, found))
    await _set(session, found, state, explained=found.explained)
    await _step(session, found, Step.CLOSE, person=person, evidence=[evidence], at=at)
    await _publish(session, found, MismatchClosed(evidence=evidence), at=at)


async def reopen(session: WriteSession, mismatch_id: UUID, *, person: str, reason: str, at: datetime, today: date) -> None:
    """An auditor opens a closed one again: the same figures are a new question, of which nothing is explained."""
    found = await store.mismatch_for_update(session, mismatch_id)
    state = after(State(found.state), Step.REOPEN)
    if not found.difference:  # its figures became equal after it was closed
        raise IllegalTransition(found.state, Step.REOPEN, difference=0)
    due_on = await _answer_due(session, found, today)
    version = found.numbers_version + 1
    await _set(session, found, state, explained=0, due_on=due_on, numbers_version=version)
    await record_step(
        session, found.id, Step.REOPEN, at=at, numbers=(version, found.expected, found.actual), person=person, words=reason
    )  # fmt: skip
    await _publish(session, found, MismatchReopened(open=abs(found.difference), reason=reason, due_on=due_on.isoformat()), at=at)


async def note(session: WriteSession, mismatch_id: UUID, *, person: str, words: str, at: datetime) -> None:
    found = await store.mismatch_for_update(session, mismatch_id)
    after(State(found.state), Step.NOTE)
    await _step(session, found, Step.NOTE, person=person, words=words, at=at)


async def escalate_late(session: WriteSession, *, at: datetime, today: date) -> int:
    """Tell the office above, once for each date that passed without an answer or a solution; how many there were.

    An agreement about old months may name a date that had passed when it was written down: nobody is late by that.
    """
    late = (
        await session.execute(
            text("""SELECT m.*, r.escalates_to FROM mismatch m JOIN mismatch_rule r USING (code)
                     WHERE m.due_on < :today AND m.escalated_to = '' AND m.state = ANY(:states) AND m.difference <> 0
                       AND (m.state <> :agreed OR m.due_on >= (SELECT max((at AT TIME ZONE 'Asia/Jakarta')::date) FROM mismatch_step
                                                                WHERE mismatch_id = m.id AND step = :agree))
                     ORDER BY m.due_on, m.id LIMIT 500 FOR UPDATE OF m SKIP LOCKED"""),
            {
                "today": today, "states": [state for state, step in ALLOWED if step is Step.ESCALATE],
                "agreed": State.AGREED, "agree": Step.AGREE,
            },
        )
    ).all()  # fmt: skip
    for found in late:
        await session.execute(
            text("UPDATE mismatch SET version = version + 1, escalated_to = :office WHERE id = :id"),
            {"id": found.id, "office": found.escalates_to},
        )
        left = open_amount(found.difference, found.explained)
        await _step(session, found, Step.ESCALATE, words=found.escalates_to, amount=left, at=at)
        await _publish(
            session, found, MismatchEscalated(open=left, owner=found.owner, due_on=found.due_on.isoformat(), to=found.escalates_to), at=at
        )
    return len(late)


async def _answer_due(session: WriteSession, found: Row[Any], today: date) -> date:
    days = await session.scalar(text("SELECT working_days FROM mismatch_rule WHERE code = :code"), {"code": found.code})
    return add_working_days(today, days or 0, await holidays(session))


async def _acted(session: WriteSession, found: Row[Any]) -> dict[str, set[Step]]:
    """Who took which step since the figures are as they are now, or since it was opened again."""
    acted: dict[str, set[Step]] = {}
    for row in await session.execute(
        text("SELECT person, step FROM mismatch_step WHERE mismatch_id = :id AND numbers_version = :version AND person <> ''"),
        {"id": found.id, "version": found.numbers_version},
    ):
        acted.setdefault(row.person, set()).add(Step(row.step))
    return acted


async def _set(
    session: WriteSession, found: Row[Any], state: State, *, explained: int, owner: str = "", due_on: date | None = None,
    numbers_version: int | None = None,
) -> None:  # fmt: skip
    """A new date is a new chance: whether it is kept is asked anew."""
    await session.execute(
        text("""UPDATE mismatch SET state = :state, version = version + 1, explained = :explained, owner = :owner, due_on = :due_on,
                       escalated_to = CASE WHEN :new_date THEN '' ELSE escalated_to END, numbers_version = :numbers_version
                 WHERE id = :id"""),
        {
            "id": found.id, "state": state, "explained": explained, "owner": owner or found.owner, "due_on": due_on or found.due_on,
            "new_date": due_on is not None, "numbers_version": numbers_version or found.numbers_version,
        },
    )  # fmt: skip


async def _step(
    session: WriteSession, found: Row[Any], step: Step, *, at: datetime, person: str = "", words: str = "", amount: int = 0,
    evidence: list[str] | None = None,
) -> None:  # fmt: skip
    numbers = (found.numbers_version, found.expected, found.actual)
    await record_step(
        session, found.id, step, at=at, numbers=numbers, person=person, words=words, amount=amount, evidence=evidence
    )  # fmt: skip


async def _publish(session: WriteSession, found: Row[Any], data: Event, *, at: datetime) -> None:
    await outbox.append(session, [outbox.Outgoing(found.id, found.version + 1, data)], at=at)
