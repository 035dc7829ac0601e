"""What budget_audit says about the money of a batch."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Any

from services.disbursement.commands.lists import funding
from shared.contracts.budget_audit import ReservationMade, ReservationRefused, Sp2dRecorded, TreasuryReturnRecorded
from shared.db.session import WriteSession
from shared.messaging.reactions import Context, Received, reacts_to


@reacts_to(ReservationMade, ReservationRefused)
async def take_reservations(events: Sequence[Received[Any]], session: WriteSession, context: Context) -> None:
    """Approved becomes reserved or refused; SP2D rows that came before are counted now."""
    answers = []
    for event in events:
        data = event.data
        if isinstance(data, ReservationMade):
            lines = [{"line": str(line.line), "programme": line.programme, "amount": line.amount} for line in data.lines]
            answers.append(funding.Reservation(data.batch_id, data.list_hash, lines))
        else:
            refusal = {"line": data.line, "requested": data.requested, "available": data.available}
            answers.append(funding.Reservation(data.batch_id, data.list_hash, [], refusal))
    await funding.take_reservations(session, answers, at=context.clock.now())


@reacts_to(Sp2dRecorded, TreasuryReturnRecorded)
async def take_treasury(events: Sequence[Received[Any]], session: WriteSession, context: Context) -> None:
    """Reserved becomes funded once SP2D covers it; STS makes the holding account smaller."""
    sp2d, receipts = [], []
    for event in events:
        data = event.data
        if isinstance(data, Sp2dRecorded):
            day = date.fromisoformat(data.date)
            sp2d += [
                funding.Sp2dLine(event.key, row, data.reference, line.programme, line.amount, data.sp2d_number, day)
                for row, line in enumerate(data.rows, start=1)
            ]
        elif data.batch_id is not None:
            day = date.fromisoformat(data.date)
            receipts.append(funding.Sts(event.key, data.batch_id, data.programme, data.amount, data.sts_number, day))
    if sp2d:
        await funding.take_sp2d(session, sp2d, at=context.clock.now())
    if receipts:
        await funding.take_sts(session, receipts, at=context.clock.now())


reactions = (take_reservations, take_treasury)
