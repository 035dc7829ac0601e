"""Up to which day files have spoken about a year's spending."""

from __future__ import annotations

from collections.abc import Collection
from datetime import date

from sqlalchemy import text

from services.budget_audit.domain.silence import Coverage, Spoken, coverage
from shared.db.session import AnySession

SPENDING = "sp2d"
"""The source that figures of spending rest on."""


async def coverage_of(session: AnySession, years: Collection[int], source: str = SPENDING) -> dict[int, Coverage]:
    """By budget year. A file covers days up to the end of the year of its last day, so each file speaks of one year."""
    found = (
        await session.execute(
            text("""SELECT CAST(extract(year FROM to_day) AS integer) AS year, from_day, to_day FROM source_coverage
                     WHERE source = :source AND extract(year FROM to_day) = ANY(CAST(:years AS integer[]))"""),
            {"source": source, "years": list(years)},
        )
    ).all()
    return {year: coverage(year, [Spoken(row.from_day, row.to_day) for row in found if row.year == year]) for year in years}


async def data_until(session: AnySession, year: int, source: str = SPENDING) -> date | None:
    """The last day that a file covered; what happened later is not known to be nothing."""
    return (await coverage_of(session, [year], source))[year].until
