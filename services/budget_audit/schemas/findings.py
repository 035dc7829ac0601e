"""Samples of a finding and BPK's recommendations about it."""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

from services.budget_audit.domain.bpk import Stage, Status
from services.budget_audit.schemas.common import Short, Words


class Drawing(BaseModel):
    """``size``: how many items; ``seed``: what they are drawn with, the sample's own id where none is given."""

    model_config = ConfigDict(extra="forbid")
    size: int = Field(ge=1, le=1_000)
    seed: Annotated[str, Field(max_length=200)] = ""


class ItemNote(BaseModel):
    model_config = ConfigDict(extra="forbid")
    text: Words


class SupplierQuestion(BaseModel):
    model_config = ConfigDict(extra="forbid")
    supplier: Short
    text: Words


class SampleNote(BaseModel):
    """``file_hash``: SHA-256 of the attached file; empty without one."""

    id: int
    at: datetime
    person: str
    kind: str
    text: str
    supplier: str
    file_name: str
    file_hash: str


class SampleItem(BaseModel):
    position: int
    item: str
    notes: list[SampleNote]


class Sample(BaseModel):
    """``population``: how many items could have been drawn; they are listed by the file of the finding."""

    id: UUID
    mismatch_id: UUID
    numbers_version: int
    seed: str
    method: str
    population: list[str]
    drawn_by: str
    at: datetime
    items: list[SampleItem]


class Samples(BaseModel):
    items: list[Sample]


class Recommendation(BaseModel):
    """What an LHP of BPK recommends; ``received_on`` starts its 60 days."""

    model_config = ConfigDict(extra="forbid")
    lhp_number: Short
    lhp_date: date
    received_on: date
    recommendation: Words
    amount: int = Field(ge=0, le=10**15)


class Reply(BaseModel):
    model_config = ConfigDict(extra="forbid")
    text: Words
    evidence: Annotated[list[Short], Field(min_length=1, max_length=50)]


class Verification(BaseModel):
    """``good``: the answer goes to BPK; otherwise back to the office, with the words why."""

    model_config = ConfigDict(extra="forbid")
    good: bool
    text: Words


class Review(BaseModel):
    """BPK's status and the number of the letter that says it."""

    model_config = ConfigDict(extra="forbid")
    status: Status
    letter: Short
    text: Words


class BpkStep(BaseModel):
    at: datetime
    step: str
    person: str
    text: str
    evidence: list[str]
    status: Status


class BpkRecommendation(BaseModel):
    """``stage``: whose turn it is; ``due_on``: until when (60 days after receipt; 30 days of BPK after it was sent)."""

    id: UUID
    mismatch_id: UUID
    lhp_number: str
    lhp_date: date
    received_on: date
    recommendation: str
    amount: int
    stage: Stage
    status: Status
    due_on: date | None
    overdue: bool
    recorded_by: str
    history: list[BpkStep]


class BpkRecommendations(BaseModel):
    items: list[BpkRecommendation]
