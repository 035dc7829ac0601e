"""Mismatches and what people say about them. Money in whole rupiah."""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

from services.budget_audit.schemas.common import Short, Words


class Explanation(BaseModel):
    """Why a part or the whole of the difference is right; ``amount`` in rupiah, at most the difference."""

    model_config = ConfigDict(extra="forbid")
    text: Words
    evidence: Annotated[list[Short], Field(min_length=1, max_length=50)]
    amount: int = Field(gt=0)


class Asking(BaseModel):
    """What the auditor asks of the office concerned."""

    model_config = ConfigDict(extra="forbid")
    text: Words


class Acceptance(BaseModel):
    """How much of the explanation is accepted, in rupiah (0: nothing), and why not the rest."""

    model_config = ConfigDict(extra="forbid")
    text: Words
    amount: int = Field(ge=0)


class Evidence(BaseModel):
    """What shows that the agreed solution is done, such as the number of an STS."""

    model_config = ConfigDict(extra="forbid")
    text: Words
    evidence: Annotated[list[Short], Field(min_length=1, max_length=50)]


class Reopening(BaseModel):
    model_config = ConfigDict(extra="forbid")
    reason: Words


class Note(BaseModel):
    model_config = ConfigDict(extra="forbid")
    text: Words


class Agreement(BaseModel):
    """What solves the open amount, who does it, and by when."""

    model_config = ConfigDict(extra="forbid")
    solution: Words
    owner: Short
    due_on: date


class Closing(BaseModel):
    """What the second auditor has seen, such as the number of an STS."""

    model_config = ConfigDict(extra="forbid")
    evidence: Words


class HistoryStep(BaseModel):
    at: datetime
    step: str
    person: str
    text: str
    amount: int
    evidence: list[str]
    numbers_version: int
    expected: int
    actual: int
    event_id: str


class Mismatch(BaseModel):
    """``difference`` = actual - expected; ``open``: rupiah without explanation, never negative.

    ``escalated_to``: the office above that was told because ``due_on`` passed; empty before that.
    """

    id: UUID
    code: str
    subject: str
    period: str
    expected: int
    actual: int
    difference: int
    explained: int
    open: int
    state: str
    formula: str
    ruled_out: list[str]
    evidence: list[str]
    owner: str
    due_on: date
    overdue: bool
    escalated_to: str
    caused_by_event: str
    detected_at: datetime
    history: list[HistoryStep]


class Mismatches(BaseModel):
    items: list[Mismatch]
