"""A whole year read at once, beside what is on record."""

from __future__ import annotations

from collections.abc import Mapping

from sqlalchemy import text

from services.budget_audit.domain.detectors.finding import Finding
from services.budget_audit.store.comparisons import COMPARISONS, Comparison, Grain, look
from services.budget_audit.store.supply_facts import Scope
from shared.db.session import AnySession

Numbers = dict[tuple[str, str, str], tuple[int, int]]
"""Expected and actual by code, subject and period, of what differs."""


async def compare(session: AnySession, year: int) -> tuple[dict[str, list[Finding]], Mapping[Grain, set[str]], Mapping[Grain, int]]:
    """Findings by code as the whole year shows them; by grain the references whose stored numbers are others; and how many there were."""
    found: dict[str, list[Finding]] = {}
    differing: dict[Grain, set[str]] = {}
    looked: dict[Grain, int] = {}
    for comparison in COMPARISONS:
        seen = await look(session, comparison.grain, Scope(year))
        stored, references = await _stored(session, comparison, year)
        numbers: Numbers = {}
        for reference, findings in seen.items():
            for one in findings:
                if one.difference:
                    found.setdefault(one.code, []).append(one)
                    numbers[one.code, one.subject, one.period] = (one.expected, one.actual)
                    references[one.code, one.subject, one.period] = reference
        differing[comparison.grain] = {references[key] for key in numbers.keys() | stored.keys() if numbers.get(key) != stored.get(key)}
        looked[comparison.grain] = len(seen)
    return found, differing, looked


async def _stored(session: AnySession, comparison: Comparison, year: int) -> tuple[Numbers, dict[tuple[str, str, str], str]]:
    rows = await session.execute(
        text("""SELECT code, subject, period, expected, actual, reference FROM mismatch
                 WHERE code = ANY(:codes) AND left(period, 4) = :year AND difference <> 0"""),
        {"codes": list(comparison.codes), "year": str(year)},
    )
    numbers: Numbers = {}
    references = {}
    for row in rows:
        numbers[row.code, row.subject, row.period] = (row.expected, row.actual)
        references[row.code, row.subject, row.period] = row.reference
    return numbers, references
