"""Papers of the treasury, advances without proof, and up to which day sources have spoken. Money in whole rupiah."""

from __future__ import annotations

from datetime import date, datetime
from uuid import UUID

from pydantic import BaseModel


class Entry(BaseModel):
    """What one source said: typed with a copy (its SHA-256), or imported. Another amount or day is another ``version``."""

    n: int
    version: int
    source: str
    nature: str
    dated: date
    amount: int
    reference: str
    proves: str
    copy_sha256: str
    copy_name: str
    import_id: UUID | None
    by_person: str
    at: datetime


class Document(BaseModel):
    """A paper as its newest entry says. ``versions`` above 1: sources differ, or a later file brought another amount.

    ``sources``: typed, imported, or both. ``line``: the budget line's key, empty where none is named.
    """

    id: UUID
    kind: str
    number: str
    nature: str
    dated: date
    amount: int
    line_id: UUID | None
    line: str
    reference: str
    proves: str
    versions: int
    sources: list[str]
    entries: list[Entry]


class Documents(BaseModel):
    items: list[Document]


class Advance(BaseModel):
    """An UP or TU: ``open`` = given - proven (SPJ) - returned (STS); ``days`` since its SP2D."""

    number: str
    nature: str
    dated: date
    given: int
    proven: int
    returned: int
    open: int
    days: int
    age: str
    line: str
    reference: str


class AgeSum(BaseModel):
    age: str
    count: int
    open: int


class Advances(BaseModel):
    """``data_until``: the last day that a register of documents covered; an SPJ after it is not known to be missing."""

    on: date
    data_until: date | None
    by_age: list[AgeSum]
    items: list[Advance]


class Hole(BaseModel):
    first: date
    last: date


class SourceCoverage(BaseModel):
    """``until``: the last day that a file of this source covered; ``holes``: days before it that none did."""

    source: str
    until: date | None
    holes: list[Hole]


class YearCoverage(BaseModel):
    year: int
    items: list[SourceCoverage]
