"""What the doors of beneficiary take in; anything that is not named here is refused."""

from __future__ import annotations

from typing import Annotated, Literal
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

from shared.kernel.month import PATTERN

MonthText = Annotated[str, Field(pattern=PATTERN)]
Nik = Annotated[str, Field(pattern=r"^[0-9]{16}$")]
Code = Annotated[str, Field(pattern=r"^[A-Z][A-Z0-9_]{1,15}$")]
Purpose = Annotated[str, Field(max_length=40)]
PEOPLE_MAX = 5_000
"""Ids or NIKs in one request."""


class _Input(BaseModel):
    model_config = ConfigDict(extra="forbid")


class ProgrammeControl(_Input):
    """Typed from the signed decree: people, rupiah of one month, places."""

    count: Annotated[int, Field(ge=0)]
    sum: Annotated[int, Field(ge=0)]
    quota: Annotated[int, Field(ge=0)]


class DecreeControls(_Input):
    """Number, months and totals of a signed decree; ``sum`` is rupiah of one month."""

    number: Annotated[str, Field(min_length=1, max_length=100)]
    from_month: MonthText
    to_month: MonthText
    count: Annotated[int, Field(ge=1)]
    sum: Annotated[int, Field(ge=1)]
    programmes: Annotated[dict[Code, ProgrammeControl], Field(min_length=1)]


class StatusControls(_Input):
    """How many changes the signed letter names; ``explained_by``: the document on why so many of one kelurahan change at once."""

    count: Annotated[int, Field(ge=1)]
    explained_by: Annotated[str, Field(max_length=200)] = ""


class StatusItem(_Input):
    """One change; ``reason`` is a code of the table of lawful reasons, ``evidence`` a document's number."""

    person_id: UUID
    programme: Code
    action: Literal["suspend", "resume", "end"]
    reason: Annotated[str, Field(max_length=60)] = ""
    from_month: MonthText
    evidence: Annotated[str, Field(min_length=1, max_length=200)]


class StatusChanges(_Input):
    items: Annotated[list[StatusItem], Field(min_length=1, max_length=PEOPLE_MAX)]


class Reason(_Input):
    """Why, in the words of whoever does it."""

    reason: Annotated[str, Field(min_length=3, max_length=300)]


class CutoffRequest(_Input):
    programme: Code
    month: MonthText


class ResolveRequest(_Input):
    niks: Annotated[list[Nik], Field(min_length=1, max_length=PEOPLE_MAX)]
    purpose: Purpose


class RevealRequest(_Input):
    ids: Annotated[list[UUID], Field(min_length=1, max_length=PEOPLE_MAX)]
    purpose: Purpose
    fields: Annotated[list[Literal["nik", "name", "address", "birth_date"]], Field(min_length=1, max_length=4)]


class FindRequest(_Input):
    nik: Nik
    purpose: Purpose
