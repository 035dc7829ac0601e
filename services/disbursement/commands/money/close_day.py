"""Name a difference between ledger and statement, and close a day once every difference has a name."""

from __future__ import annotations

import json
from datetime import date, datetime

from sqlalchemy import text

from services.disbursement.commands.money.statements import OPEN_FROM, lock_days, match_lines
from services.disbursement.domain.statement import DayClosed, DayNotClosable, agrees, shown, unnamed
from services.disbursement.store import as_of_day
from shared.db.session import WriteSession
from shared.kernel.errors import FourEyes, InvalidInput


class NotThisDifference(InvalidInput):
    """There is no difference of this amount under this subject on that day; look at the day again."""

    code = "not-this-difference"


async def name_difference(
    session: WriteSession, day: date, subject: str, amount: int, *, reason: str, owner: str, due_on: date, by: str, at: datetime
) -> None:
    """Somebody answers for this difference, as it stands on that day, until a date.

    A name holds for exactly this amount: when the difference changes, it is without a name again. Raise DayClosed or
    NotThisDifference.
    """
    await lock_days(session)
    await _refuse_closed(session, day)
    found = next((one for one in (await as_of_day(session, day)).differences if one.subject == subject), None)
    if found is None or found.amount != amount:
        raise NotThisDifference(
            "this is not the difference that stands there now", subject=subject, difference=found.amount if found else 0
        )
    await session.execute(
        text(f"""INSERT INTO statement_difference (subject, amount, reason, owner, due_on, counts_from, by, at)
                 VALUES (:subject, :amount, :reason, :owner, :due_on, {OPEN_FROM}, :by, :at)"""),
        {"subject": subject, "amount": amount, "reason": reason, "owner": owner, "due_on": due_on, "by": by, "at": at},
    )


async def close_day(session: WriteSession, day: date, *, by: str, at: datetime) -> None:
    """Close a day, and with it every open day before it. Nothing of it changes any more.

    Raise NoStatement, DayClosed, FourEyes where the closer named a difference or matched a line that the day rests on,
    DayNotClosable with the differences that have no name.
    """
    await lock_days(session, exclusive=True)
    await _refuse_closed(session, day)
    await match_lines(session, by=by, at=at)
    found = await as_of_day(session, day)
    if open_ones := unnamed(found.differences):
        raise DayNotClosable(
            f"{len(open_ones)} differences between ledger and statement have no name", book=found.book, statement=found.statement,
            differences=[shown(one) for one in open_ones[:100]],
        )  # fmt: skip
    if not agrees(found.book, found.statement, found.differences):
        raise DayNotClosable("the balances differ by more than the differences listed", book=found.book, statement=found.statement)
    by_hand = await session.scalar(
        text(f"""SELECT EXISTS (SELECT FROM statement_match WHERE by = :by AND how IN ('by_hand', 'undone')
                                   AND counts_from BETWEEN {OPEN_FROM} AND :day)"""),
        {"by": by, "day": day},
    )
    if by_hand or any(one.by == by for one in found.differences):
        raise FourEyes("another person must close this day: you have named differences or matched lines of it")
    await session.execute(
        text("""INSERT INTO closed_day (day, book, statement, differences, closed_by, closed_at)
                VALUES (:day, :book, :statement, CAST(:differences AS jsonb), :by, :at)"""),
        {
            "day": day, "book": found.book, "statement": found.statement, "by": by, "at": at,
            "differences": json.dumps([shown(one) for one in found.differences]),
        },
    )  # fmt: skip


async def _refuse_closed(session: WriteSession, day: date) -> None:
    until = await session.scalar(text("SELECT max(day) FROM closed_day"))
    if until is not None and day <= until:
        raise DayClosed(f"every day until {until} is closed", closed_until=until.isoformat())
