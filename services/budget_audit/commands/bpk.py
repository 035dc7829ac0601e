"""Write down what BPK recommends about a finding, and each answer, verification and review of it."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Row, text

from services.budget_audit import store
from services.budget_audit.domain.bpk import Stage, Status, Step, after, check_other_person
from shared.db.session import WriteSession
from shared.kernel.errors import InvalidInput, NotFound, Refusal


class RecommendationKnown(Refusal):
    """This LHP's recommendation about this finding is there already."""

    code = "recommendation-known"


@dataclass(frozen=True)
class Recommendation:
    """``amount``: rupiah that BPK wants back, 0 where it is about the way of working."""

    lhp_number: str
    lhp_date: date
    received_on: date
    words: str
    amount: int


async def record(
    session: WriteSession, mismatch_id: UUID, *, recommendation_id: UUID, given: Recommendation, person: str, at: datetime, today: date
) -> None:
    await store.mismatch_for_update(session, mismatch_id)
    if not given.lhp_date <= given.received_on <= today:
        raise InvalidInput(
            "an LHP is dated, then received, and not tomorrow", lhp_date=str(given.lhp_date), received_on=str(given.received_on)
        )
    written = await session.scalar(
        text("""INSERT INTO bpk_recommendation VALUES (:id, :mismatch, :number, :dated, :received, :words, :amount, :stage, :status, NULL,
                    :person, :at) ON CONFLICT (mismatch_id, lhp_number) DO NOTHING RETURNING 1"""),
        {
            "id": recommendation_id, "mismatch": mismatch_id, "number": given.lhp_number, "dated": given.lhp_date,
            "received": given.received_on, "words": given.words, "amount": given.amount, "stage": Stage.OFFICE,
            "status": Status.NOTHING_DONE, "person": person, "at": at,
        },
    )  # fmt: skip
    if written is None:
        raise RecommendationKnown("this LHP is recorded for this finding already", lhp=given.lhp_number)


async def reply(session: WriteSession, recommendation_id: UUID, *, person: str, words: str, evidence: list[str], at: datetime) -> None:
    """The office says what it did, with evidence; the Inspektorat sees it before BPK."""
    found = await _locked(session, recommendation_id)
    await _take(session, found, Step.REPLY, person=person, words=words, evidence=evidence, at=at)


async def verify(session: WriteSession, recommendation_id: UUID, *, person: str, good: bool, words: str, at: datetime, today: date) -> None:
    """The Inspektorat sends the answer to BPK, or back to the office; not who answered. BPK's 30 days begin."""
    found = await _locked(session, recommendation_id)
    step = Step.VERIFY if good else Step.RETURN
    after(Stage(found.stage), step, Status(found.status))
    replied = await session.scalars(
        text("SELECT person FROM bpk_step WHERE recommendation_id = :id AND step = 'reply'"), {"id": recommendation_id}
    )
    check_other_person(person, set(replied))
    await _take(session, found, step, person=person, words=words, at=at, sent_on=today if good else None)


async def review(
    session: WriteSession, recommendation_id: UUID, *, person: str, status: Status, letter: str, words: str, at: datetime
) -> None:
    """BPK's status, by the number of its letter."""
    found = await _locked(session, recommendation_id)
    await _take(session, found, Step.REVIEW, person=person, words=words, evidence=[letter], at=at, status=status)


async def _locked(session: WriteSession, recommendation_id: UUID) -> Row[Any]:
    found = (
        await session.execute(text("SELECT * FROM bpk_recommendation WHERE id = :id FOR UPDATE"), {"id": recommendation_id})
    ).one_or_none()
    if found is None:
        raise NotFound("there is no such recommendation")
    return found


async def _take(
    session: WriteSession, found: Row[Any], step: Step, *, person: str, words: str, at: datetime, evidence: list[str] | None = None,
    status: Status | None = None, sent_on: date | None = None,
) -> None:  # fmt: skip
    new = status or Status(found.status)
    stage = after(Stage(found.stage), step, new)
    await session.execute(
        text("UPDATE bpk_recommendation SET stage = :stage, status = :status, sent_on = :sent_on WHERE id = :id"),
        {"id": found.id, "stage": stage, "status": new, "sent_on": sent_on},
    )
    await session.execute(
        text("""INSERT INTO bpk_step (recommendation_id, at, step, person, text, evidence, status)
                VALUES (:id, :at, :step, :person, :words, :evidence, :status)"""),
        {
            "id": found.id, "at": at, "step": step, "person": person, "words": words, "evidence": json.dumps(evidence or []),
            "status": new,
        },
    )  # fmt: skip
