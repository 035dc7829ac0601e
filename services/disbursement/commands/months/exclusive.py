"""Where somebody is in two programmes that exclude one another: the pairs, by two people, and the months that give way."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from sqlalchemy import Row, text

from services.disbursement.domain.entitlement import Action
from services.disbursement.domain.exclusive import REASON, MonthIsOpen, Pair, in_force, refuse_circle, strongest_first
from services.disbursement.store import move
from shared.db.session import AnySession, WriteSession
from shared.kernel.errors import FourEyes, IllegalTransition, NotFound, Refusal
from shared.kernel.ids import uuid7
from shared.kernel.month import Month
from shared.web.auth import Caller


class PairKnown(Refusal):
    """This pair has a line for this month, or somebody has proposed one."""

    code = "pair-known"


# A month that was ever on a list stays what it became: only what nobody has sent gives way.
_NEVER_LISTED: Final = """AND NOT EXISTS (SELECT FROM payment_month a JOIN payment p ON p.id = a.payment_id AND p.outcome <> 'withdrawn'
     WHERE a.person_id = h.person_id AND a.programme = h.programme AND a.month = h.month)"""

_GIVES_WAY: Final = """
    SELECT h.month, h.programme, h.person_id, :reason, 'exclusive/' || CAST(:pair AS text)
      FROM entitlement_month h
      JOIN entitlement_month k ON k.month = h.month AND k.programme = :keeps AND k.person_id = h.person_id AND k.outcome <> 'excluded'
     WHERE h.month = :month AND h.programme = :gives_way AND h.outcome IN ('due', 'missed')"""


async def pairs_of(session: AnySession) -> list[Pair]:
    """Every confirmed line; they are few."""
    rows = await session.execute(text("SELECT id, keeps, gives_way, from_month, holds FROM exclusive_programmes WHERE state = 'confirmed'"))
    return [Pair(*row) for row in rows]


async def give_way(session: WriteSession, programmes: Collection[str], months: Sequence[str], *, author: str, at: datetime) -> int:
    """Exclude, with reason ``other_aid``, months of these programmes whose person has the same month in one that goes first.

    Months that are held stay held, and give way when they turn due. By state, and repeatable: the opening calls it, and every
    list, so it does not matter which programme was opened first. The programmes are locked by the caller. Returns how many moved.
    """
    pairs = [pair for pair in await pairs_of(session) if pair.gives_way in programmes]
    moved = 0
    for month in sorted(months) if pairs else ():
        for pair in strongest_first(in_force(pairs, month)):
            params = {"month": month, "keeps": pair.keeps, "gives_way": pair.gives_way, "pair": pair.id, "reason": REASON}
            moved += await move(
                session, Action.GIVE_WAY, _GIVES_WAY, params, at=at, author=author, cause="exclusive", extra_guard=_NEVER_LISTED
            )
    return moved


# --- the pairs, by two people -------------------------------------------------------------------------------------------


async def propose(
    session: WriteSession, caller: Caller, keeps: str, gives_way: str, from_month: Month, *, holds: bool, reason: str, document: str,
    at: datetime,
) -> UUID:  # fmt: skip
    """Raise NotFound for a programme nobody is in, InvalidInput, Circle, MonthIsOpen, or PairKnown."""
    for programme in (keeps, gives_way):
        known = await session.scalar(text("SELECT 1 FROM seal WHERE programme = :p LIMIT 1"), {"p": programme})
        known = known or await session.scalar(text("SELECT 1 FROM enrolment_history WHERE programme = :p LIMIT 1"), {"p": programme})
        if not known:
            raise NotFound(f"nobody is in a programme '{programme}'", programme=programme)
    await session.execute(text("SELECT pg_advisory_xact_lock(hashtext('exclusive_programmes'))"))
    await _refuse(session, keeps, gives_way, from_month, holds=holds)
    pair_id = uuid7()
    inserted = await session.execute(
        text("""INSERT INTO exclusive_programmes (id, keeps, gives_way, from_month, holds, reason, document, asked_by, asked_at, state)
                VALUES (:id, :keeps, :gives_way, :from, :holds, :reason, :document, :by, :at, 'proposed') ON CONFLICT DO NOTHING"""),
        {
            "id": pair_id, "keeps": keeps, "gives_way": gives_way, "from": from_month, "holds": holds, "reason": reason,
            "document": document, "by": caller.person, "at": at,
        },
    )  # fmt: skip
    if not inserted.rowcount:  # type: ignore[attr-defined]
        raise PairKnown("this pair has a line for this month already, or one that waits", keeps=keeps, gives_way=gives_way)
    return pair_id


async def confirm(session: WriteSession, caller: Caller, pair_id: UUID, *, at: datetime) -> None:
    """The second person; what was opened or written meanwhile is looked at again. Raise FourEyes, and all of ``propose``."""
    await session.execute(text("SELECT pg_advisory_xact_lock(hashtext('exclusive_programmes'))"))
    asked = await _proposed(session, pair_id)
    if asked.asked_by == caller.person:
        raise FourEyes("another person must confirm this pair", asked_by=asked.asked_by)
    await _refuse(session, asked.keeps, asked.gives_way, Month(asked.from_month), holds=asked.holds)
    await _decide(session, pair_id, "confirmed", caller.person, at)


async def refuse(session: WriteSession, caller: Caller, pair_id: UUID, *, at: datetime) -> None:
    """It never holds; whoever proposed it may take it back too."""
    await _proposed(session, pair_id)
    await _decide(session, pair_id, "refused", caller.person, at)


async def _refuse(session: WriteSession, keeps: str, gives_way: str, from_month: Month, *, holds: bool) -> None:
    if holds:
        refuse_circle(await pairs_of(session), keeps, gives_way, from_month)
    opened = await session.scalar(
        text("SELECT max(month) FROM programme_month WHERE programme = :p AND state IN ('opened', 'closed')"), {"p": gives_way}
    )
    if opened is not None and from_month <= opened:
        raise MonthIsOpen(f"{gives_way} {opened} is open; a line counts from a later month", programme=gives_way, opened=opened)


async def _proposed(session: WriteSession, pair_id: UUID) -> Row[Any]:
    asked = (await session.execute(text("SELECT * FROM exclusive_programmes WHERE id = :id FOR UPDATE"), {"id": pair_id})).one_or_none()
    if asked is None:
        raise NotFound("there is no such pair", pair=str(pair_id))
    if asked.state != "proposed":
        raise IllegalTransition(asked.state, "decide", pair=str(pair_id))
    return asked


async def _decide(session: WriteSession, pair_id: UUID, state: str, by: str, at: datetime) -> None:
    await session.execute(
        text("UPDATE exclusive_programmes SET state = :state, decided_by = :by, decided_at = :at WHERE id = :id"),
        {"id": pair_id, "state": state, "by": by, "at": at},
    )
