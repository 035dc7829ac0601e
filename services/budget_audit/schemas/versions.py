"""Versions of a year's budget and what differs between two. Money in whole rupiah."""

from __future__ import annotations

from datetime import date, datetime
from uuid import UUID

from pydantic import BaseModel


class Version(BaseModel):
    """A document that changed ceilings. ``document``: dpa, dppa, pergeseran, or empty where nobody typed it.

    ``ceiling``: of all lines once it held; ``uncovered``: rupiah that were reserved or spent above a ceiling at that time.
    """

    version: int
    document: str
    number: str
    dated: date | None
    covers: str
    by_person: str
    at: datetime
    added: int
    dropped: int
    raised: int
    lowered: int
    ceiling: int
    uncovered: int
    import_id: UUID


class Versions(BaseModel):
    """The newest first."""

    year: int
    items: list[Version]


class SpdPeriod(BaseModel):
    """Up to the end of ``month``, from the beginning of the year: ``provided`` by SPD, ``planned`` by the cash plan, ``used``.

    ``beyond``: used and not provided; ``above_plan``: provided and not planned (an SPD must follow the cash plan).
    """

    month: str
    provided: int
    planned: int | None
    used: int
    beyond: int
    above_plan: int
    numbers: list[str]


class SpdLine(BaseModel):
    line_id: UUID
    key: str
    description: str
    periods: list[SpdPeriod]


class YearSpd(BaseModel):
    """Lines that have an SPD; of others nobody has said anything."""

    year: int
    items: list[SpdLine]


class LineDifference(BaseModel):
    """``change``: added, dropped, raised, lowered. ``before`` and ``after``: ceilings, null where the line is not in the budget.

    ``used``: reserved + realised - returned now; ``uncovered``: what of it ``after`` does not cover.
    """

    line_id: UUID
    key: str
    description: str
    change: str
    before: int | None
    after: int | None
    difference: int
    used: int
    uncovered: int


class Difference(BaseModel):
    """Between two versions of a year; ``second`` is null for a file that is checked and not in force. Lines with what differs most first.

    ``added``, ``dropped``, ``raised``, ``lowered``: number of lines. ``difference``: rupiah of all of them together.
    """

    year: int
    first: int
    second: int | None
    added: int
    dropped: int
    raised: int
    lowered: int
    difference: int
    uncovered: int
    items: list[LineDifference]
