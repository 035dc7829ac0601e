"""How much of its budget a year has absorbed up to a month: plan, realisation, deviation, forecast, and what is left.

Months that the treasury's documents do not cover whole are shown and never judged: silence is not thrift (TROUBLES O12).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from services.budget_audit.domain.detectors.cash_plan import LineYear, forecast
from services.budget_audit.domain.thresholds import Values

TWELVE = range(12)


@dataclass(frozen=True)
class LineFacts:
    """A budget line and who it is counted under. ``returned``: rupiah that STS brought back, by month; ``available``: today."""

    group: str
    line: LineYear
    returned: Sequence[int]
    available: int


@dataclass(frozen=True)
class Flow:
    """Rupiah of a month or to date. ``realised`` = SP2D - STS. ``deviation`` is None where the source does not cover all of it."""

    planned: int
    realised: int
    deviation: int | None

    @property
    def percent(self) -> int | None:
        """The deviation in percent of the plan, rounded towards less; None without a plan."""
        return None if self.deviation is None or not self.planned else self.deviation * 100 // self.planned


@dataclass(frozen=True)
class Absorbed:
    """Of one group of lines. ``forecast``: spending by the year's end, before STS, of those lines that can be foreseen;
    ``forecast_of``: the ceiling of the same lines. ``planned``, ``sp2d``, ``returned``: of the twelve months.
    """

    ceiling: int
    available: int
    month: Flow
    to_date: Flow
    forecast: int | None
    forecast_of: int
    planned: Sequence[int]
    sp2d: Sequence[int]
    returned: Sequence[int]


def absorbed(lines: Sequence[LineFacts], month: int, values: Values) -> Absorbed:
    """The sums of lines of one year, as they stood at the end of month ``month`` (0 is January).

    The forecast is that of the finding ``slow_absorption``, line by line: one formula, so a page never contradicts a finding.
    """
    seen = [replace(one.line, covered=min(one.line.covered, month + 1)) for one in lines]
    planned = [sum(one.planned[n] for one in seen) for n in TWELVE]
    sp2d = [sum(one.spent[n] for one in seen) for n in TWELVE]
    returned = [sum(one.returned[n] for one in lines) for n in TWELVE]
    first, covered = (seen[0].first, seen[0].covered) if seen else (0, 0)
    foreseen = [(line.ceiling, forecast(line, values)) for line in seen]
    known = [(ceiling, amount) for ceiling, amount in foreseen if amount is not None]
    return Absorbed(
        ceiling=sum(line.ceiling for line in seen),
        available=sum(one.available for one in lines),
        month=_flow(planned, sp2d, returned, slice(month, month + 1), whole=first <= month < covered),
        to_date=_flow(planned, sp2d, returned, slice(first, max(first, covered)), whole=covered > first),
        forecast=sum(amount for _, amount in known) if known else None,
        forecast_of=sum(ceiling for ceiling, _ in known),
        planned=planned,
        sp2d=sp2d,
        returned=returned,
    )


def _flow(planned: Sequence[int], sp2d: Sequence[int], returned: Sequence[int], months: slice, *, whole: bool) -> Flow:
    plan, realised = sum(planned[months]), sum(sp2d[months]) - sum(returned[months])
    return Flow(plan, realised, realised - plan if whole else None)


def by_group(lines: Sequence[LineFacts], month: int, values: Values) -> Mapping[str, Absorbed]:
    groups: dict[str, list[LineFacts]] = {}
    for one in lines:
        groups.setdefault(one.group, []).append(one)
    return {group: absorbed(of_it, month, values) for group, of_it in sorted(groups.items())}
