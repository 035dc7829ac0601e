"""How many working days a confirmed change of account waits: a dated rule, asked for by one person and confirmed by another."""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy import text

from services.disbursement.domain.account_change import COOLING_OFF_DAYS
from services.disbursement.store import confirmed_holidays
from shared.db.session import AnySession, WriteSession
from shared.kernel.clock import jakarta_day
from shared.kernel.errors import FourEyes, IllegalTransition, InvalidInput, NotFound
from shared.kernel.workdays import add_working_days
from shared.web.auth import Caller


async def working_days(session: AnySession, day: date) -> int:
    """By the rule of this day; without one, the assumption."""
    found = await session.scalar(
        text("""SELECT working_days FROM account_cooling_off WHERE confirmed_by IS NOT NULL AND valid_from <= :day
                 ORDER BY valid_from DESC LIMIT 1"""),
        {"day": day},
    )
    return COOLING_OFF_DAYS if found is None else int(found)


async def in_force_on(session: AnySession, at: datetime) -> date:
    """From when a change that is confirmed at this instant holds: the beginning of this day in Jakarta."""
    today = jakarta_day(at)
    return add_working_days(today, await working_days(session, today), await confirmed_holidays(session))


async def ask(session: WriteSession, caller: Caller, valid_from: date, days: int, document: str, *, at: datetime) -> None:
    """Propose another number from a day on; what was confirmed before keeps its day. Raise InvalidInput."""
    if valid_from < jakarta_day(at):
        raise InvalidInput("the rule counts from today on at the earliest", valid_from=valid_from.isoformat())
    made = await session.execute(
        text("""INSERT INTO account_cooling_off (valid_from, working_days, document, asked_by, asked_at)
                VALUES (:day, :days, :document, :by, :at) ON CONFLICT DO NOTHING"""),
        {"day": valid_from, "days": days, "document": document, "by": caller.person, "at": at},
    )
    if not made.rowcount:  # type: ignore[attr-defined]
        raise InvalidInput("there is a rule from this day already; name another day", valid_from=valid_from.isoformat())


async def confirm(session: WriteSession, caller: Caller, valid_from: date, *, at: datetime) -> None:
    """The second person. Raise FourEyes for whoever asked."""
    rule = (
        await session.execute(text("SELECT * FROM account_cooling_off WHERE valid_from = :day FOR UPDATE"), {"day": valid_from})
    ).one_or_none()
    if rule is None:
        raise NotFound("there is no such rule", valid_from=valid_from.isoformat())
    if rule.confirmed_by is not None:
        raise IllegalTransition("confirmed", "confirm")
    if rule.asked_by == caller.person:
        raise FourEyes("another person must confirm the rule", asked_by=rule.asked_by)
    await session.execute(
        text("UPDATE account_cooling_off SET confirmed_by = :by, confirmed_at = :at WHERE valid_from = :day"),
        {"day": valid_from, "by": caller.person, "at": at},
    )
