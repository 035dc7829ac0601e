"""The desk of quarantined rows: a person accepts one with evidence, rejects it, or leaves it with a note.

The quarantined row itself never changes. An accepted one takes effect as a result of its own, with the amount and account
that were sent, by the same statement as every answer of the bank: nothing else moves a person-month.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from hashlib import sha256
from typing import Any, Final
from uuid import UUID

from sqlalchemy import Row, text

from services.disbursement.commands.bank.apply_results import take_effect
from services.disbursement.commands.bank.settled import publish_settled
from services.disbursement.commands.lists import batches
from services.disbursement.domain.batch import BatchAction, after
from services.disbursement.domain.reconciliation import RowState, decide
from shared.db.session import WriteSession
from shared.kernel.clock import jakarta_day
from shared.kernel.errors import FourEyes, IllegalTransition, InvalidInput, NotFound
from shared.kernel.ids import uuid7

BY_HAND: Final = 0
"""Part and parts of a result that a person gave: it is no part of what the bank announced, so it never makes results due."""


class CannotAccept(InvalidInput):
    """Payment, code or day that the evidence names cannot be what happened; ``what`` says which."""

    code = "cannot-accept"


@dataclass(frozen=True)
class Decision:
    """What a person decided of a row. For ``accept``: the payment, the bank's code and the day, by the evidence."""

    decision: str
    evidence: str
    reference: str = ""
    code: str = ""
    settled_on: date | None = None


async def decide_row(session: WriteSession, file_id: UUID, row: int, given: Decision, *, by: str, at: datetime) -> str:
    """``accept`` waits for a second person (``proposed``); ``reject`` is done; ``leave`` keeps the row open. Returns the state.

    Raise NotFound, IllegalTransition where the row is decided already or the payment cannot go there, CannotAccept.
    """
    found = await _quarantined(session, file_id, row)
    if found.decided is not None:
        raise IllegalTransition(found.decided, given.decision)
    state = {"accept": "proposed", "reject": "done", "leave": "left"}[given.decision]
    reference, code, day = given.reference, given.code.upper(), given.settled_on
    if given.decision == "accept":
        reference, code, day = reference or found.reference, code or found.code, day or found.settled_on
        await _payment(session, reference, code, day, at)
    await session.execute(
        text("""INSERT INTO quarantine_decision (file_id, row, decision, reference, code, settled_on, evidence, state, asked_by, asked_at)
                VALUES (:file, :row, :decision, :reference, :code, :day, :evidence, :state, :by, :at)"""),
        {
            "file": file_id, "row": row, "decision": given.decision, "reference": reference, "code": code, "day": day,
            "evidence": given.evidence, "state": state, "by": by, "at": at,
        },
    )  # fmt: skip
    return state


async def confirm(session: WriteSession, file_id: UUID, row: int, *, agreed: bool, by: str, at: datetime) -> str:
    """The second person: agreed, the row takes effect now; not agreed, it is open again. Raise FourEyes or IllegalTransition."""
    await _quarantined(session, file_id, row)
    asked = (
        await session.execute(
            text("SELECT * FROM quarantine_decision WHERE file_id = :file AND row = :row AND state = 'proposed' FOR UPDATE"),
            {"file": file_id, "row": row},
        )
    ).one_or_none()
    if asked is None:
        raise IllegalTransition("not_proposed", "confirm")
    if by == asked.asked_by:
        raise FourEyes("another person must confirm this: you have asked for it", asked_by=asked.asked_by)
    result_id = await _take(session, asked, by=by, at=at) if agreed else None
    state = "done" if agreed else "refused"
    await session.execute(
        text("""UPDATE quarantine_decision SET state = :state, decided_by = :by, decided_at = :at, result_file_id = :result
                 WHERE id = :id"""),
        {"state": state, "by": by, "at": at, "result": result_id, "id": asked.id},
    )
    return state


async def _quarantined(session: WriteSession, file_id: UUID, row: int) -> Row[Any]:
    """The row, its file locked; ``decided``: what stands already. Raise NotFound where it is not in quarantine."""
    await session.execute(text("SELECT pg_advisory_xact_lock(hashtext('quarantine/' || :file))"), {"file": str(file_id)})
    found = (
        await session.execute(
            text("""SELECT r.*, (SELECT q.state FROM quarantine_decision q WHERE q.file_id = r.file_id AND q.row = r.row
                                    AND q.state IN ('proposed', 'done')) AS decided
                      FROM result_row r WHERE r.file_id = :file AND r.row = :row AND r.state = 'quarantined'"""),
            {"file": file_id, "row": row},
        )
    ).one_or_none()
    if found is None:
        raise NotFound("there is no such row in quarantine", file=str(file_id), row=row)
    return found


async def _payment(session: WriteSession, reference: str, code: str, day: date | None, at: datetime) -> tuple[Row[Any], RowState]:
    """The payment, and what this code on this day does to it. Raise CannotAccept or IllegalTransition."""
    payment = (
        await session.execute(text("SELECT * FROM payment WHERE reference = :r AND outcome <> 'withdrawn'"), {"r": reference})
    ).one_or_none()
    if payment is None:
        raise CannotAccept("the evidence must name one of our payments", what="reference")
    meant = await session.scalar(text("SELECT outcome FROM bank_code WHERE code = :code"), {"code": code})
    if meant is None:
        raise CannotAccept("this code does not stand in the signed code table", what="code")
    if day is None or day > jakarta_day(at) + timedelta(days=1):
        raise CannotAccept("the evidence must name a day that has come", what="settled_on")
    if payment.outcome == "prepared":
        raise IllegalTransition(payment.outcome, meant)
    before_credit = payment.settled_on is not None and day < payment.settled_on
    state, _ = decide(payment.outcome, meant, dated_before_credit=before_credit)
    if state not in (RowState.APPLIED, RowState.REJECTED):
        raise IllegalTransition(payment.outcome, meant)
    return payment, state


async def _take(session: WriteSession, asked: Row[Any], *, by: str, at: datetime) -> UUID:
    payment, _ = await _payment(session, asked.reference, asked.code, asked.settled_on, at)
    batch = await batches.load_for_update(session, payment.batch_id)
    after(batch.state, BatchAction.TAKE_RESULTS)
    payment, state = await _payment(session, asked.reference, asked.code, asked.settled_on, at)  # as it is under the batch's lock
    result_id = uuid7()
    await session.execute(
        text("""INSERT INTO result_file (id, sha256, name, batch_id, part, parts, count, sum, received_at, received_by,
                                         applied, rejected, quarantined, unchanged)
                VALUES (:id, :sha256, :name, :batch, :part, :part, 1, :amount, :at, :by, 1, :rejected, 0, 0)"""),
        {
            "id": result_id, "sha256": sha256(f"quarantine_decision/{asked.id}".encode()).hexdigest(), "batch": batch.id,
            "name": f"karantina/{asked.file_id}/{asked.row}", "part": BY_HAND, "amount": payment.amount, "at": at, "by": by,
            "rejected": int(state is RowState.REJECTED),
        },
    )  # fmt: skip
    await session.execute(
        text("""INSERT INTO result_row (file_id, row, reference, number_index, amount, code, settled_on, state)
                SELECT :id, 1, reference, number_index, amount, :code, :day, :state FROM payment WHERE id = :payment"""),
        {"id": result_id, "code": asked.code, "day": asked.settled_on, "state": state.value, "payment": payment.id},
    )
    await take_effect(session, batch, result_id, by, at)
    await publish_settled(session, batch.id, results_due=False, at=at, file_id=result_id, part=BY_HAND, parts=BY_HAND)
    return result_id
