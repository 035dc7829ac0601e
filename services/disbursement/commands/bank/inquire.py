"""Payments without a definite outcome are asked for at the bank; never sent again (DOMAIN.md trap 11).

What the bank says for certain takes effect as a result of its own, by the same statements as every line of a result file; its
evidence is the inquiry. A turn that dies before its commit has changed nothing, and its questions are asked once more: asking
is not sending.
"""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from hashlib import sha256
from typing import Any, Final
from uuid import UUID

import structlog
from sqlalchemy import Row, text

from services.disbursement.channels.snap_bi.client import NoToken, Reply, SnapBank
from services.disbursement.channels.snap_bi.reading import nothing_said, transfer_status
from services.disbursement.commands.bank.apply_results import take_effect
from services.disbursement.commands.bank.hand_over import BANK_GATEWAY
from services.disbursement.commands.bank.settled import publish_settled
from services.disbursement.commands.lists import batches
from services.disbursement.domain.batch import BatchState
from services.disbursement.domain.inquiry import DEFINITE, PAUSES, Asked, Meaning, Said, ask_again_after
from services.disbursement.domain.reconciliation import DECISIONS, CodeOutcome, PaymentOutcome, RowState
from shared import audit
from shared.crypto import FieldCipher
from shared.db.session import WriteSession
from shared.kernel import failpoints
from shared.kernel.clock import jakarta_day
from shared.kernel.errors import IllegalTransition, NotFound
from shared.kernel.ids import uuid7

log = structlog.get_logger()

AUTHOR: Final = "bank_inquiry"
PART: Final = 0
"""Part and parts of a result that came by asking: no part of what the bank announced, so it never makes results due."""
_SILENT_MAX: Final = 5
"""After so many questions in a row without an answer the bank is left alone until the next turn."""
_OPEN: Final = (BatchState.RELEASED, BatchState.RESULTS_IN)

# Whoever was asked for by a person comes first, then whoever was never asked, then the longest waiting.
_DUE: Final = """
    SELECT p.id, p.batch_id, p.reference, p.amount, p.number_index, p.area, coalesce(i.attempt, 0) AS attempt, r.id AS request_id
      FROM batch b JOIN payment p ON p.batch_id = b.id AND p.outcome IN ('in_payment', 'unknown') AND p.bank_code = :bank
      LEFT JOIN LATERAL (SELECT attempt, next_at FROM inquiry WHERE payment_id = p.id ORDER BY attempt DESC LIMIT 1) AS i ON true
      LEFT JOIN LATERAL (SELECT q.id, q.asked_at FROM inquiry_request q WHERE q.payment_id = p.id
                            AND NOT EXISTS (SELECT FROM inquiry d WHERE d.payment_id = p.id AND d.request_id = q.id)
                          ORDER BY q.asked_at LIMIT 1) AS r ON true
     WHERE b.state = ANY(CAST(:open AS text[]))
       AND (r.id IS NOT NULL
            OR (NOT :requested_only AND (p.outcome = 'unknown' OR b.results_due)
                AND (i.attempt IS NULL OR i.next_at <= :at)))
     ORDER BY r.asked_at NULLS LAST, i.next_at NULLS FIRST, p.id LIMIT :limit"""


@dataclass(frozen=True)
class _Answer:
    payment: Row[Any]
    said: Said
    result: UUID | None = None


async def request_inquiry(session: WriteSession, payment_id: UUID, *, by: str, at: datetime) -> dict[str, Any]:
    """Put one payment in front of the others. Raise NotFound, or IllegalTransition where its outcome is definite.

    Asked for twice before the worker came by it is one request.
    """
    payment = (
        await session.execute(
            text("""SELECT p.outcome, p.area, b.state FROM payment p JOIN batch b ON b.id = p.batch_id WHERE p.id = :id FOR UPDATE OF p"""),
            {"id": payment_id},
        )
    ).one_or_none()
    if payment is None:
        raise NotFound("there is no such payment", payment=str(payment_id))
    if payment.outcome not in ("in_payment", "unknown") or payment.state not in _OPEN:
        raise IllegalTransition(payment.outcome, "inquire")
    waiting = await session.scalar(
        text("""SELECT q.id FROM inquiry_request q WHERE q.payment_id = :id
                   AND NOT EXISTS (SELECT FROM inquiry d WHERE d.payment_id = :id AND d.request_id = q.id)"""),
        {"id": payment_id},
    )
    if waiting is None:
        waiting = uuid7()
        await session.execute(
            text("INSERT INTO inquiry_request (id, payment_id, asked_by, asked_at, area) VALUES (:id, :payment, :by, :at, :area)"),
            {"id": waiting, "payment": payment_id, "by": by, "at": at, "area": payment.area},
        )
    return {"request_id": str(waiting), "payment_id": str(payment_id), "state": "asked"}


async def inquire(session: WriteSession, bank: SnapBank, *, bank_code: str, limit: int, cipher: FieldCipher, at: datetime) -> int:
    """One turn: ask for at most ``limit`` payments of this bank; returns how many answers, or silences, were written down."""
    pause = await _pause(session, at)
    if pause == Meaning.TRY_LATER:
        return 0
    rows = await session.execute(
        text(_DUE),
        {"bank": bank_code, "open": [state.value for state in _OPEN], "at": at, "limit": limit, "requested_only": pause is not None},
    )
    due = rows.all()
    if not due:
        return 0
    await audit.record(
        session, BANK_GATEWAY, "payment.inquire", "payment", count=len(due), ids_hash=audit.hash_ids(one.id for one in due), at=at
    )
    answers = [_Answer(payment, said) for payment, said in await _ask(bank, due, cipher, at)]
    answers = await _by_the_table(session, answers)
    answers = await _take_effect(session, answers, at)
    await _record(session, answers, at)
    failpoints.hit("disbursement.inquire.before_commit")
    return len(answers)


async def _pause(session: WriteSession, at: datetime) -> Meaning | None:
    """Whether the bank asked for a rest (``try_later``), or refuses us whatever we ask (``our_mistake``: only by hand)."""
    found = await session.scalar(
        text("""SELECT CASE WHEN bool_or(http = 429) THEN 'try_later' WHEN count(*) > 0 THEN 'our_mistake' END FROM inquiry
                 WHERE at > :since AND next_at > :at AND (http = 429 OR meaning = ANY(CAST(:pauses AS text[])))"""),
        {"since": at - timedelta(days=1), "at": at, "pauses": [meaning.value for meaning in PAUSES]},
    )
    return Meaning(found) if found else None


async def _ask(bank: SnapBank, due: Sequence[Row[Any]], cipher: FieldCipher, at: datetime) -> list[tuple[Row[Any], Said]]:
    """The answers that came; whoever was not asked any more, since the bank wants a rest, has none and stays due."""
    try:
        await bank.token()
    except NoToken as problem:
        reply = problem.reply
        meaning = nothing_said(reply, "73") or Meaning.UNREADABLE
        log.warning("bank.no_token", http=reply.http, code=reply.code, meaning=meaning.value)
        return [(due[0], Said(reply.http, reply.code, meaning=meaning, retry_after_s=reply.retry_after_s))]
    latest = jakarta_day(at) + timedelta(days=1)
    silent = 0

    async def one(payment: Row[Any]) -> tuple[Row[Any], Said] | None:
        nonlocal silent
        try:
            reply = await bank.transfer_status(payment.reference, payment.amount)
        except NoToken as problem:
            reply = Reply(problem.reply.http, None, problem.reply.retry_after_s)
        if reply is None:
            return None
        silent = silent + 1 if reply.http == 0 else 0
        said = transfer_status(reply, Asked(payment.reference, payment.amount, payment.number_index), cipher, latest)
        if reply.http == 429 or said.meaning in PAUSES or silent >= _SILENT_MAX:
            bank.halted = True
        return payment, said

    return [answer for answer in await asyncio.gather(*(one(payment) for payment in due)) if answer is not None]


async def _by_the_table(session: WriteSession, answers: list[_Answer]) -> list[_Answer]:
    """A code means what two people signed; one that does not stand in the table means nothing."""
    wanted = sorted({a.said.table_code for a in answers if a.said.table_code})
    rows = await session.execute(text("SELECT code, outcome FROM bank_code WHERE code = ANY(CAST(:codes AS text[]))"), {"codes": wanted})
    signed: dict[str, str] = {row.code: row.outcome for row in rows}

    def read(said: Said) -> Said:
        outcome = signed.get(said.table_code)
        if said.meaning is not Meaning.UNKNOWN_CODE or outcome is None:
            return said
        if outcome == CodeOutcome.PENDING:
            return replace(said, meaning=Meaning.IN_PROCESS)
        if said.settled_on is None:
            return replace(said, meaning=Meaning.UNREADABLE)  # a payment without its day cannot stand in the holding account's book
        return replace(said, meaning=Meaning.CREDITED if outcome == CodeOutcome.CREDITED else Meaning.REJECTED)

    return [replace(answer, said=read(answer.said)) for answer in answers]


async def _take_effect(session: WriteSession, answers: list[_Answer], at: datetime) -> list[_Answer]:
    """One result for each batch, in the order of their ids; a payment that was answered meanwhile is left as it is."""
    definite: dict[UUID, list[_Answer]] = defaultdict(list)
    for answer in answers:
        if answer.said.meaning in DEFINITE:
            definite[answer.payment.batch_id].append(answer)
    results: dict[UUID, UUID] = {}
    for batch_id in sorted(definite):
        batch = await batches.load_for_update(session, batch_id)
        if batch.state not in _OPEN:
            continue
        ids = [answer.payment.id for answer in definite[batch_id]]
        rows = await session.execute(text("SELECT id, outcome FROM payment WHERE id = ANY(:ids)"), {"ids": ids})
        standing = {row.id: row.outcome for row in rows}
        moving = [(a, state) for a in definite[batch_id] if (state := _state(standing[a.payment.id], a.said.meaning))]
        if not moving:
            continue
        file_id = uuid7()
        await _as_result(session, batch, file_id, moving, at)
        results |= {answer.payment.id: file_id for answer, _ in moving}
    return [replace(answer, result=results.get(answer.payment.id)) for answer in answers]


def _state(outcome: str, meaning: Meaning) -> RowState | None:
    """Only payments that still wait are moved by asking: a late return comes by the bank's own file."""
    if outcome not in (PaymentOutcome.IN_PAYMENT, PaymentOutcome.UNKNOWN):
        return None
    return DECISIONS[PaymentOutcome(outcome), CodeOutcome(meaning.value)]


async def _as_result(session: WriteSession, batch: Row[Any], file_id: UUID, moving: list[tuple[_Answer, RowState]], at: datetime) -> None:
    rejected = sum(state is RowState.REJECTED for _, state in moving)
    await session.execute(
        text("""INSERT INTO result_file (id, sha256, name, batch_id, part, parts, count, sum, received_at, received_by,
                                         applied, rejected, quarantined, unchanged)
                VALUES (:id, :sha256, :name, :batch, :part, :part, :count, :sum, :at, :by, :count, :rejected, 0, 0)"""),
        {
            "id": file_id, "sha256": sha256(f"inquiry/{file_id}".encode()).hexdigest(), "name": f"snap/{file_id}", "batch": batch.id,
            "part": PART, "count": len(moving), "sum": sum(answer.payment.amount for answer, _ in moving), "at": at, "by": AUTHOR,
            "rejected": rejected,
        },
    )  # fmt: skip
    await session.execute(
        text("""INSERT INTO result_row (file_id, row, reference, number_index, amount, code, settled_on, state)
                VALUES (:file, :row, :reference, :index, :amount, :code, :day, :state)"""),
        [
            {
                "file": file_id, "row": row, "reference": a.payment.reference, "index": a.payment.number_index,
                "amount": a.payment.amount, "code": a.said.table_code, "day": a.said.settled_on, "state": state.value,
            }
            for row, (a, state) in enumerate(moving, 1)
        ],
    )  # fmt: skip
    await take_effect(session, batch, file_id, AUTHOR, at)
    await publish_settled(session, batch.id, results_due=False, at=at, file_id=file_id, part=PART, parts=PART)


async def _record(session: WriteSession, answers: list[_Answer], at: datetime) -> None:
    rows = []
    for answer in answers:
        payment, said = answer.payment, answer.said
        attempt = payment.attempt + 1
        following = None if said.meaning in DEFINITE else at + ask_again_after(said.meaning, attempt, said.retry_after_s)
        rows.append(
            {
                "id": uuid7(), "payment": payment.id, "batch": payment.batch_id, "request": payment.request_id, "attempt": attempt,
                "at": at, "http": said.http, "code": said.code, "status": said.status, "table_code": said.table_code,
                "meaning": said.meaning.value, "day": said.settled_on, "result": answer.result, "next": following, "area": payment.area,
            }
        )  # fmt: skip
    await session.execute(
        text("""INSERT INTO inquiry (id, payment_id, batch_id, request_id, attempt, at, http, code, status, table_code, meaning,
                                     settled_on, result_file_id, next_at, area)
                VALUES (:id, :payment, :batch, :request, :attempt, :at, :http, :code, :status, :table_code, :meaning,
                        :day, :result, :next, :area)"""),
        rows,
    )
