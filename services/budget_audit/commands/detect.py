"""Compare and record: one mismatch per (code, subject, period), its numbers versioned, healed by the event that made them equal."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Row, text

from services.budget_audit.domain.detectors.finding import Finding
from services.budget_audit.domain.mismatch import State, Step, after
from services.budget_audit.domain.references import panti_month
from services.budget_audit.store import facts
from services.budget_audit.store.comparisons import BY_GRAIN, Grain, look, scope_of
from shared.contracts.budget_audit import MismatchDetected, MismatchExplained
from shared.db.session import WriteSession
from shared.holidays import holidays
from shared.kernel.ids import natural_id
from shared.kernel.workdays import add_working_days
from shared.messaging import outbox


async def evaluate(session: WriteSession, code: str, reference: str, *, cause: str, at: datetime, today: date) -> None:
    """Run one detector on one reference. ``cause`` is the id of the event that asked; call it under ``lock_references``."""
    found = await facts.findings(session, code, reference)
    if found is not None:
        await _record(session, (code,), reference, found, cause=cause, at=at, today=today)


async def evaluate_scope(session: WriteSession, grain: Grain, reference: str, *, cause: str, at: datetime, today: date) -> None:
    """Run every detector of a grain on one reference, as ``evaluate``."""
    found = await look(session, grain, scope_of(grain, reference))
    await _record(session, BY_GRAIN[grain].codes, reference, found.get(reference, ()), cause=cause, at=at, today=today)


async def _record(
    session: WriteSession, codes: Sequence[str], reference: str, found: Sequence[Finding], *, cause: str, at: datetime, today: date
) -> None:
    known = {
        row.id: row
        for row in await session.execute(
            text("SELECT * FROM mismatch WHERE code = ANY(:codes) AND reference = :reference ORDER BY id FOR UPDATE"),
            {"codes": list(codes), "reference": reference},
        )
    }
    for finding in found:
        mismatch_id = natural_id("mismatch", finding.code, finding.subject, finding.period)
        before = known.pop(mismatch_id, None)
        if before is None and finding.difference:
            await _detect(session, mismatch_id, reference, finding, cause=cause, at=at, today=today)
        elif before is not None and (before.expected, before.actual) != (finding.expected, finding.actual):
            await _renumber(session, before, finding, cause=cause, at=at, today=today)
    for left in known.values():  # e.g. a programme that differed beside an equal total, and no longer does
        if left.difference:
            healed = Finding(left.code, left.subject, left.period, left.actual, left.actual, left.formula, tuple(left.evidence))
            await _renumber(session, left, healed, cause=cause, at=at, today=today)


async def _detect(
    session: WriteSession, mismatch_id: UUID, reference: str, finding: Finding, *, cause: str, at: datetime, today: date
) -> None:
    owner, due_on = await _owner_and_date(session, finding, today)
    await session.execute(
        text("""INSERT INTO mismatch VALUES (:id, :code, :subject, :period, :reference, :state, 1, 1, :expected, :actual, :difference, 0,
                :formula, :ruled_out, :evidence, :owner, :due_on, :cause, :at)"""),
        {
            "id": mismatch_id, "code": finding.code, "subject": finding.subject, "period": finding.period, "reference": reference,
            "state": after(State.NONE, Step.DETECT), **_numbers(finding), "owner": owner, "due_on": due_on, "cause": cause, "at": at,
        },
    )  # fmt: skip
    await record_step(session, mismatch_id, Step.DETECT, at=at, numbers=(1, finding.expected, finding.actual), event_id=cause)
    await outbox.append(session, [outbox.Outgoing(mismatch_id, 1, _event(finding, owner, due_on))], at=at)


async def _renumber(session: WriteSession, before: Row[Any], finding: Finding, *, cause: str, at: datetime, today: date) -> None:
    """Other numbers than before: a new question, or, where nothing differs any more, explained by this event."""
    step = Step.DETECT if finding.difference else Step.HEAL
    numbers_version = before.numbers_version + 1
    state = State(before.state)
    closed_and_equal = step is Step.HEAL and state is State.CLOSED
    target = state if closed_and_equal else after(state, step)
    owner, due_on = (before.owner, before.due_on) if step is Step.HEAL else await _owner_and_date(session, finding, today)
    await session.execute(
        text("""UPDATE mismatch SET state = :state, version = version + :step, numbers_version = :numbers_version, expected = :expected,
                    actual = :actual, difference = :difference, explained = 0, formula = :formula, ruled_out = :ruled_out,
                    evidence = :evidence, owner = :owner, due_on = :due_on,
                    escalated_to = CASE WHEN :heal THEN escalated_to ELSE '' END,
                    caused_by_event = CASE WHEN :heal THEN caused_by_event ELSE :cause END WHERE id = :id"""),
        {
            "id": before.id, "state": target, "step": 0 if closed_and_equal else 1, "numbers_version": numbers_version,
            **_numbers(finding), "owner": owner, "due_on": due_on, "heal": step is Step.HEAL, "cause": cause,
        },
    )  # fmt: skip
    await record_step(
        session, before.id, step, at=at, numbers=(numbers_version, finding.expected, finding.actual), event_id=cause
    )  # fmt: skip
    if closed_and_equal:
        return
    data = _event(finding, owner, due_on) if step is Step.DETECT else MismatchExplained(explained=0, open=0, by_event=cause)
    await outbox.append(session, [outbox.Outgoing(before.id, before.version + 1, data)], at=at)


def _numbers(finding: Finding) -> dict[str, Any]:
    return {
        "expected": finding.expected, "actual": finding.actual, "difference": finding.difference, "formula": finding.formula,
        "ruled_out": json.dumps(finding.ruled_out), "evidence": json.dumps(finding.evidence),
    }  # fmt: skip


def _event(finding: Finding, owner: str, due_on: date) -> MismatchDetected:
    return MismatchDetected(
        code=finding.code, subject=finding.subject, period=finding.period, expected=finding.expected, actual=finding.actual,
        difference=finding.difference, formula=finding.formula, evidence=list(finding.evidence), owner=owner,
        due_on=due_on.isoformat(),
    )  # fmt: skip


async def _owner_and_date(session: WriteSession, finding: Finding, today: date) -> tuple[str, date]:
    rule = (await session.execute(text("SELECT owner, working_days FROM mismatch_rule WHERE code = :code"), {"code": finding.code})).one()
    named = panti_month(f"{finding.subject}/{finding.period}")
    owner = rule.owner.replace("{panti}", named.panti if named else finding.subject)
    return owner, add_working_days(today, rule.working_days, await holidays(session))


async def record_step(
    session: WriteSession, mismatch_id: UUID, step: Step, *, at: datetime, numbers: tuple[int, int, int],
    person: str = "", words: str = "", amount: int = 0, evidence: list[str] | None = None, event_id: str = "",
) -> None:  # fmt: skip
    """Append to the mismatch's history. ``numbers``: version, expected and actual as they stand."""
    await session.execute(
        text("""INSERT INTO mismatch_step (mismatch_id, at, step, person, text, amount, evidence, numbers_version, expected,
                    actual, event_id)
                VALUES (:id, :at, :step, :person, :text, :amount, :evidence, :version, :expected, :actual, :event)"""),
        {
            "id": mismatch_id, "at": at, "step": step, "person": person, "text": words, "amount": amount,
            "evidence": json.dumps(evidence or []), "version": numbers[0], "expected": numbers[1], "actual": numbers[2], "event": event_id,
        },
    )  # fmt: skip
