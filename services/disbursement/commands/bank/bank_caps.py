"""Most rupiah that a bank takes in one transfer: a dated setting, asked for by one person and confirmed by another."""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy import text

from shared.db.session import WriteSession
from shared.kernel.clock import jakarta_day
from shared.kernel.errors import FourEyes, IllegalTransition, InvalidInput, NotFound
from shared.web.auth import Caller


async def ask(
    session: WriteSession, caller: Caller, bank_code: str, valid_from: date, max_amount: int, document: str, *, at: datetime
) -> None:
    """Propose a cap from a day on. It counts for lists that are made from that day on, once confirmed.

    Raise InvalidInput for a day that is over (lists were made by the cap of that day) or one that has a confirmed cap.
    """
    if valid_from < jakarta_day(at):
        raise InvalidInput("a cap counts from today on at the earliest", valid_from=valid_from.isoformat())
    made = await session.execute(
        text("""INSERT INTO bank_cap (bank_code, valid_from, max_amount, document, asked_by, asked_at)
                VALUES (:bank, :day, :amount, :document, :by, :at) ON CONFLICT DO NOTHING"""),
        {"bank": bank_code, "day": valid_from, "amount": max_amount, "document": document, "by": caller.person, "at": at},
    )
    if not made.rowcount:  # type: ignore[attr-defined]
        raise InvalidInput("there is a cap of this bank from this day already; name another day", valid_from=valid_from.isoformat())


async def confirm(session: WriteSession, caller: Caller, bank_code: str, valid_from: date, *, at: datetime) -> None:
    """The second person. Raise FourEyes for whoever asked."""
    cap = (
        await session.execute(
            text("SELECT * FROM bank_cap WHERE bank_code = :bank AND valid_from = :day FOR UPDATE"), {"bank": bank_code, "day": valid_from}
        )
    ).one_or_none()
    if cap is None:
        raise NotFound("there is no such cap", bank_code=bank_code, valid_from=valid_from.isoformat())
    if cap.confirmed_by:
        raise IllegalTransition("confirmed", "confirm")
    if cap.asked_by == caller.person:
        raise FourEyes("another person must confirm the cap", asked_by=cap.asked_by)
    await session.execute(
        text("UPDATE bank_cap SET confirmed_by = :by, confirmed_at = :at WHERE bank_code = :bank AND valid_from = :day"),
        {"bank": bank_code, "day": valid_from, "by": caller.person, "at": at},
    )
