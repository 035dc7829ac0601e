"""Detectors, their thresholds, and audits of a year."""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field


class Detector(BaseModel):
    """A reason code, the office that must answer and the working days it has."""

    code: str
    owner: str
    working_days: int


class SettingChange(BaseModel):
    """``state``: proposed (waits for a second person), confirmed or withdrawn."""

    id: UUID
    name: str
    from_day: date
    value: int
    source: str
    state: str
    proposed_by: str
    proposed_at: datetime
    decided_by: str
    decided_at: datetime | None


class Setting(BaseModel):
    """A threshold as it is in force today; ``hundredths`` are hundredths of a score."""

    name: str
    unit: str
    words: str
    value: int
    source: str
    changes: list[SettingChange]


class Detectors(BaseModel):
    """``waiting``: comparisons that were asked for and not made yet; 0 where every fact that came in has been looked at."""

    waiting: int
    detectors: list[Detector]
    settings: list[Setting]


class SettingProposal(BaseModel):
    """``source``: the decree, circular or minutes that the new value rests on."""

    model_config = ConfigDict(extra="forbid")
    name: Annotated[str, Field(min_length=3, max_length=40)]
    value: Annotated[int, Field(ge=0, le=10**15)]
    from_day: date
    source: Annotated[str, Field(min_length=3, max_length=300)]


class AuditAsked(BaseModel):
    model_config = ConfigDict(extra="forbid")
    year: Annotated[int, Field(ge=2015, le=2100)]


class CodeFindings(BaseModel):
    count: int
    rupiah: int


class YearAudit(BaseModel):
    """``looked_at``: references by kind; ``not_yet_recorded``: those whose numbers events had not found so (compared again at once)."""

    id: UUID
    year: int
    asked_by: str
    asked_at: datetime
    done_at: datetime | None
    looked_at: dict[str, int]
    not_yet_recorded: int | None
    findings: dict[str, CodeFindings]


class YearAudits(BaseModel):
    items: list[YearAudit]


class DryFinding(BaseModel):
    code: str
    subject: str
    period: str
    expected: int
    actual: int
    difference: int
    formula: str
    ruled_out: list[str]


class YearComparison(BaseModel):
    """What the set-based reading of a year finds now, recorded or not; ``differing``: references whose record says otherwise."""

    year: int
    differing: int
    items: list[DryFinding]
