"""What people say about a mismatch: explain, agree, close; each step by somebody else."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Row, text

from services.budget_audit import store
from services.budget_audit.commands.detect import record_step
from services.budget_audit.domain.mismatch import State, Step, after, check_explanation, check_other_person, open_amount
from shared.contracts.budget_audit import MismatchAgreed, MismatchClosed, MismatchExplained
from shared.contracts.registry import Event
from shared.db.session import WriteSession
from shared.messaging import outbox


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


async def agree(session: WriteSession, mismatch_id: UUID, *, person: str, solution: str, owner: str, due_on: date, at: datetime) -> None:
    """An auditor agrees what solves the open amount, who does it, and by when; not who explained."""
    found = await store.mismatch_for_update(session, mismatch_id)
    state = after(State(found.state), Step.AGREE)
    check_other_person(person, await _acted(session, found))
    left = open_amount(found.difference, found.explained)
    await _set(session, found, state, explained=found.explained, owner=owner, due_on=due_on)
    await _step(session, found, Step.AGREE, person=person, words=solution, amount=left, evidence=[], at=at)
    await _publish(session, found, MismatchAgreed(open=left, solution=solution, owner=owner, due_on=due_on.isoformat()), at=at)


async def close(session: WriteSession, mismatch_id: UUID, *, person: str, evidence: str, at: datetime) -> None:
    """A second auditor saw the evidence (an STS number, a corrected paper); not who explained or agreed."""
    found = await store.mismatch_for_update(session, mismatch_id)
    state = after(State(found.state), Step.CLOSE)
    check_other_person(person, await _acted(session, found))
    await _set(session, found, state, explained=found.explained)
    await _step(session, found, Step.CLOSE, person=person, words="", amount=0, evidence=[evidence], at=at)
    await _publish(session, found, MismatchClosed(evidence=evidence), at=at)


async def _acted(session: WriteSession, found: Row[Any]) -> set[str]:
    people = await session.scalars(
        text("SELECT DISTINCT person FROM mismatch_step WHERE mismatch_id = :id AND numbers_version = :version AND person <> ''"),
        {"id": found.id, "version": found.numbers_version},
    )
    return set(people)


async def _set(
    session: WriteSession, found: Row[Any], state: State, *, explained: int, owner: str = "", due_on: date | None = None
) -> None:
    await session.execute(
        text("""UPDATE mismatch SET state = :state, version = version + 1, explained = :explained, owner = :owner, due_on = :due_on
                 WHERE id = :id"""),
        {"id": found.id, "state": state, "explained": explained, "owner": owner or found.owner, "due_on": due_on or found.due_on},
    )


async def _step(
    session: WriteSession, found: Row[Any], step: Step, *, person: str, words: str, amount: int, evidence: list[str], at: datetime
) -> None:
    numbers = (found.numbers_version, found.expected, found.actual)
    await record_step(
        session, found.id, step, at=at, numbers=numbers, person=person, words=words, amount=amount, evidence=evidence
    )  # fmt: skip


async def _publish(session: WriteSession, found: Row[Any], data: Event, *, at: datetime) -> None:
    await outbox.append(session, [outbox.Outgoing(found.id, found.version + 1, data)], at=at)
