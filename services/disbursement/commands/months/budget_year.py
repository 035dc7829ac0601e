"""A budget year that is over: what it still owed is missed as ``lapsed_budget_year``, and a later budget may take it up again.

The legal path (a payment of last year's obligation needs next year's budget, by a document) stands with every entry; the
month stays a gap with its owner. Both ways are ordered by two people.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any, Final

from sqlalchemy import Row, text

from services.disbursement.commands.months.follow_enrolments import NO_LIVE_ALLOCATION
from services.disbursement.domain.entitlement import Action
from services.disbursement.domain.stops import Ask, OrderChanged, OrderKind
from services.disbursement.store import lock_programmes, move
from shared.db.session import WriteSession
from shared.kernel.clock import jakarta_day
from shared.kernel.errors import InvalidInput, NotFound

LAPSED: Final = "lapsed_budget_year"
REOPENED: Final = "budget_reopened"

_STILL_OWED: Final = f"""
    FROM entitlement_month h
   WHERE h.month = ANY(CAST(:months AS text[])) AND h.programme = ANY(CAST(:programmes AS text[]))
     AND h.outcome IN ('due', 'missed') AND h.reason <> '{LAPSED}' {NO_LIVE_ALLOCATION}"""

_LAPSED: Final = f"""
    FROM entitlement_month h
   WHERE h.month = ANY(CAST(:months AS text[])) AND h.programme = ANY(CAST(:programmes AS text[]))
     AND h.outcome = 'missed' AND h.reason = '{LAPSED}'"""


async def _scope(session: WriteSession, year: int, programmes: list[str]) -> dict[str, list[str]]:
    rows = (
        await session.execute(
            text("""SELECT month, programme FROM programme_month
                     WHERE left(month, 4) = :year AND state IN ('opened', 'carried_in', 'closed')"""),
            {"year": str(year)},
        )
    ).all()
    here = {row.programme for row in rows}
    if strange := sorted(set(programmes) - here) if programmes else []:
        raise NotFound(f"no month of {year} was opened for these programmes", programmes=strange)
    wanted = sorted(set(programmes) or here)
    return {"months": sorted({row.month for row in rows if row.programme in wanted}), "programmes": wanted}


async def _ask(session: WriteSession, kind: OrderKind, which: str, year: int, programmes: list[str], *, reason: str, document: str) -> Ask:
    scope = await _scope(session, year, programmes)
    count, total = (await session.execute(text(f"SELECT count(*), coalesce(sum(h.amount), 0)::bigint {which}"), scope)).one()
    if not count:
        raise NotFound(f"nobody's month of {year} is concerned", year=year)
    return Ask(kind, {"year": year, **scope}, reason, document, person_months=int(count), rupiah=int(total))


async def ask_lapse(session: WriteSession, year: int, programmes: list[str], *, reason: str, document: str, at: datetime) -> Ask:
    """Raise InvalidInput while the year still runs, NotFound where nobody is owed anything of it."""
    if year >= jakarta_day(at).year:
        raise InvalidInput(f"the budget year {year} is not over", year=year)
    return await _ask(session, OrderKind.LAPSE, _STILL_OWED, year, programmes, reason=reason, document=document)


async def ask_reopen(session: WriteSession, year: int, programmes: list[str], *, reason: str, document: str) -> Ask:
    return await _ask(session, OrderKind.REOPEN_YEAR, _LAPSED, year, programmes, reason=reason, document=document)


async def _move(session: WriteSession, order: Row[Any], action: Action, which: str, reason: str, by: str, at: datetime) -> None:
    scope = {key: order.subject[key] for key in ("months", "programmes")}
    await lock_programmes(session, scope["programmes"], exclusive=True)  # no list is made of them meanwhile
    moved = await move(
        session, action, f"SELECT h.month, h.programme, h.person_id, '{reason}', CAST(:document AS text) {which}",
        {**scope, "document": order.document}, at=at, author=by, cause=f"order/{order.id}",
        extra_guard="AND h.month = ANY(CAST(:months AS text[]))",
    )  # fmt: skip
    if moved != order.person_months:
        raise OrderChanged("other people are concerned than when this was asked; ask again", asked=order.person_months, now=moved)


async def lapse(session: WriteSession, order: Row[Any], by: str, at: datetime) -> None:
    await _move(session, order, Action.LAPSE, _STILL_OWED, LAPSED, by, at)


async def reopen(session: WriteSession, order: Row[Any], by: str, at: datetime) -> None:
    """The next budget pays for it: the months can be on a list again."""
    await _move(session, order, Action.REOPEN_YEAR, _LAPSED, REOPENED, by, at)
