"""SPP, its verification and SPM of a list: numbers and days are written down once, by different people."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Row, text

from services.disbursement.commands.lists import batches
from services.disbursement.domain.batch import Financing
from services.disbursement.domain.payment_order import APPROVED, NoSp2dNeeded, NumberUsed, PaperStep, refuse_day, refuse_step
from shared.db.session import WriteSession
from shared.kernel.clock import jakarta_day
from shared.kernel.errors import FourEyes, IllegalTransition, InvalidInput


async def request(session: WriteSession, batch_id: UUID, number: str, day: date, *, by: str, at: datetime) -> None:
    """The treasurer's SPP-LS. Raise NoSp2dNeeded, NumberUsed, IllegalTransition, InvalidInput."""
    batch, _ = await _ready(session, batch_id, PaperStep.REQUESTED)
    refuse_day(day, today=jakarta_day(at), not_before=None)
    await _refuse_used(session, batch_id, number, PaperStep.REQUESTED)
    await _write(session, batch, PaperStep.REQUESTED, number=number, day=day, by=by, at=at)


async def verify(session: WriteSession, batch_id: UUID, *, agreed: bool, note: str, by: str, at: datetime) -> None:
    """The PPK-SKPD's word about the SPP; returned with a reason, another one may be made.

    Raise FourEyes where it is one's own, InvalidInput for a return without a reason.
    """
    if not agreed and not note:
        raise InvalidInput("say why the SPP goes back")
    step = PaperStep.VERIFIED if agreed else PaperStep.RETURNED
    batch, last = await _ready(session, batch_id, step)
    if last is not None and last.by == by:
        raise FourEyes("another person must verify this: you have made the SPP", asked_by=by)
    await _write(session, batch, step, number=last.number if last else "", day=jakarta_day(at), note=note, by=by, at=at)


async def order(session: WriteSession, batch_id: UUID, number: str, day: date, signer: str, *, by: str, at: datetime) -> None:
    """The SPM-LS as the PA or KPA signed it. Raise NumberUsed, IllegalTransition before the verification, InvalidInput."""
    batch, _ = await _ready(session, batch_id, PaperStep.ORDERED)
    requested = await session.scalar(
        text("SELECT max(day) FROM payment_paper WHERE batch_id = :id AND list_hash = :hash AND step = 'requested'"),
        {"id": batch_id, "hash": batch.list_hash},
    )
    refuse_day(day, today=jakarta_day(at), not_before=requested)
    await _refuse_used(session, batch_id, number, PaperStep.ORDERED)
    await _write(session, batch, PaperStep.ORDERED, number=number, day=day, signer=signer, by=by, at=at)


async def _ready(session: WriteSession, batch_id: UUID, step: PaperStep) -> tuple[Row[Any], Row[Any] | None]:
    """The locked batch and the last paper of its list."""
    batch = await batches.load_for_update(session, batch_id)
    if batch.financing != Financing.SP2D:
        raise NoSp2dNeeded("this list is paid from the holding account", batch=batch.code)
    if batch.state not in APPROVED:
        raise IllegalTransition(batch.state, f"paper {step.value}")
    last = (
        await session.execute(
            text("SELECT * FROM payment_paper WHERE batch_id = :id AND list_hash = :hash ORDER BY id DESC LIMIT 1"),
            {"id": batch_id, "hash": batch.list_hash},
        )
    ).one_or_none()
    refuse_step(last.step if last else PaperStep.NONE, step)
    return batch, last


async def _refuse_used(session: WriteSession, batch_id: UUID, number: str, step: PaperStep) -> None:
    """A number belongs to one list; the list itself may use it again, once it changed or its SPP was returned."""
    await session.execute(text("SELECT pg_advisory_xact_lock(hashtext('payment_paper/' || :number))"), {"number": number})
    other = await session.scalar(
        text("""SELECT b.code FROM payment_paper p JOIN batch b ON b.id = p.batch_id
                 WHERE p.number = :number AND p.step = :step AND (p.batch_id <> :id OR :step = 'ordered') LIMIT 1"""),
        {"number": number, "step": step.value, "id": batch_id},
    )
    if other is not None:
        raise NumberUsed(f"number {number} stands on a paper of {other}", number=number, batch=other)


async def _write(
    session: WriteSession, batch: Row[Any], step: PaperStep, *, number: str, day: date, by: str, at: datetime,
    signer: str = "", note: str = "",
) -> None:  # fmt: skip
    await session.execute(
        text("""INSERT INTO payment_paper (batch_id, list_hash, step, number, day, amount, signer, note, by, at)
                VALUES (:id, :hash, :step, :number, :day, :amount, :signer, :note, :by, :at)"""),
        {
            "id": batch.id, "hash": batch.list_hash, "step": step.value, "number": number, "day": day, "amount": batch.sum,
            "signer": signer, "note": note, "by": by, "at": at,
        },
    )  # fmt: skip
