"""Absorption of a year by panti, account or sub-SKPD."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date
from typing import Any, Final

from sqlalchemy import text

from services.budget_audit.domain.absorption import Absorbed, Flow, LineFacts, absorbed, by_group
from services.budget_audit.domain.silence import spoken_until
from services.budget_audit.schemas import absorption as schemas
from services.budget_audit.store import money_facts, settings
from services.budget_audit.store.coverage import coverage_of
from services.budget_audit.store.supply_facts import Scope
from shared.db.session import AnySession
from shared.kernel.errors import InvalidInput
from shared.kernel.month import Month

_GROUPS: Final[Mapping[str, Callable[[Any], str]]] = {
    "panti": lambda row: str(row.panti or row.programme),
    "account": lambda row: str(row.account),
    "sub_skpd": lambda row: str(row.sub_skpd),
}


async def absorption(session: AnySession, year: int | None, month: Month | None, by: schemas.By, today: date) -> schemas.Absorption:
    """Up to ``month``: by default the last one that the source covers whole. Raise InvalidInput for a month of another year."""
    year = year or (int(month[:4]) if month else today.year)
    if month and int(month[:4]) != year:
        raise InvalidInput("the month is not of this year", month=month, year=year)
    first, covered, until = await money_facts.covered(session, year)
    nth = int(month[5:]) - 1 if month else max(0, covered - 1)
    values = await settings.in_force(session, date(year, 12, 31))
    facts = await _facts(session, year, by)
    names = {row.code: row.name for row in await session.execute(text("SELECT code, name FROM panti"))} if by == "panti" else {}
    day = date.fromisoformat(until) if until else None

    def shown(key: str, one: Absorbed) -> schemas.Group:
        months = [
            schemas.AbsorptionMonth(
                month=f"{year}-{n + 1:02d}", planned=one.planned[n], sp2d=one.sp2d[n], returned=one.returned[n], whole=first <= n < covered
            )
            for n in range(12)
        ]
        return schemas.Group(
            key=key, name=names.get(key, ""), ceiling=one.ceiling, available=one.available, month=_flow(one.month),
            to_date=_flow(one.to_date), forecast=one.forecast, forecast_of=one.forecast_of, data_until=day, months=months,
        )  # fmt: skip

    dropped = await session.scalar(
        text("SELECT coalesce(sum(realised - returned), 0)::bigint FROM budget_line WHERE year = :year AND dropped"), {"year": year}
    )
    return schemas.Absorption(
        year=year, month=f"{year}-{nth + 1:02d}", by=by, data_until=day,
        returns_until=spoken_until((await coverage_of(session, [year], "sts"))[year]), dropped=dropped or 0,
        items=[shown(key, one) for key, one in by_group(facts, nth, values).items()], total=shown("", absorbed(facts, nth, values)),
    )  # fmt: skip


def _flow(one: Flow) -> schemas.Flow:
    return schemas.Flow(planned=one.planned, realised=one.realised, deviation=one.deviation, percent=one.percent)


async def _facts(session: AnySession, year: int, by: schemas.By) -> list[LineFacts]:
    back: dict[Any, dict[str, int]] = {}
    for row in await session.execute(
        text("""SELECT line_id, to_char(date, 'YYYY-MM') AS month, sum(amount)::bigint AS amount FROM treasury_return
                 WHERE date BETWEEN :first AND :last GROUP BY 1, 2"""),
        Scope(year).bounds,
    ):
        back.setdefault(row.line_id, {})[row.month] = row.amount
    return [
        LineFacts(
            _GROUPS[by](row), line, money_facts.twelve(year, back.get(row.id, {})),
            row.ceiling - row.reserved - row.realised + row.returned,
        )
        for row, line in await money_facts.line_years(session, year)
    ]  # fmt: skip
