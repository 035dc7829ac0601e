"""What the doors of the daily books take in. A hour is Jakarta's."""

from __future__ import annotations

from datetime import date, time
from typing import Annotated, Literal
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field, model_validator

from services.beneficiary.schemas.registry import Nik

PantiCode = Annotated[str, Field(pattern=r"^[A-Z0-9]{2,8}$")]
Words = Annotated[str, Field(min_length=3, max_length=300)]
Short = Annotated[str, Field(max_length=120)]


class _Input(BaseModel):
    model_config = ConfigDict(extra="forbid", str_strip_whitespace=True)


class BookControls(_Input):
    """Lines on the signed paper."""

    count: Annotated[int, Field(ge=1)]


class BookOpening(_Input):
    """Whoever lives there on the first day is admitted on that day."""

    from_day: date


class Newcomer(_Input):
    """Somebody who is not on record yet. Without NIK a description is the name ("Tanpa nama, laki-laki, sekitar 60 tahun")."""

    name: Annotated[str, Field(min_length=3, max_length=120)]
    birth_date: date | None = None
    address: Annotated[str, Field(max_length=250)] = ""
    area: Annotated[str, Field(pattern=r"^31(\.[0-9]{2}){0,2}(\.[0-9]{4})?$")] = "31"


class BookLine(_Input):
    """One line. The person: by id, by NIK, or described as ``newcomer`` (with NIK where there is one)."""

    kind: Literal["admission", "transfer", "leave", "flight", "return", "discharge", "death"]
    person_id: UUID | None = None
    nik: Nik | None = None
    newcomer: Newcomer | None = None
    day: date
    hour: time | None = None
    to_panti: PantiCode | None = None
    expected_return: date | None = None
    reason: Words
    paper: Short = ""

    @model_validator(mode="after")
    def _whole(self) -> BookLine:
        if (self.kind == "transfer") != (self.to_panti is not None):
            raise ValueError("a transfer, and nothing else, names the panti to which somebody goes (to_panti)")
        if self.person_id is not None and (self.nik is not None or self.newcomer is not None):
            raise ValueError("either the person's id, or NIK and description")
        if self.person_id is None and self.nik is None and self.newcomer is None:
            raise ValueError("whom is the line about? person_id, nik or newcomer")
        if self.newcomer is not None and self.kind != "admission":
            raise ValueError("only an admission can bring somebody new")
        if self.expected_return is not None and (self.kind != "leave" or self.expected_return < self.day):
            raise ValueError("an expected return belongs to leave, and comes after it")
        return self


class Correction(_Input):
    """Take a line back; ``instead`` is the right one, where there is one (same person: no person fields)."""

    class Instead(_Input):
        """The right line: its kind and person stay."""

        day: date
        hour: time | None = None
        to_panti: PantiCode | None = None
        expected_return: date | None = None
        reason: Words
        paper: Short = ""

    reason: Words
    instead: Instead | None = None


class JoinRequest(_Input):
    """Somebody provisional is this person; ``evidence``: the paper that says so."""

    provisional_id: UUID
    nik: Nik
    evidence: Annotated[str, Field(min_length=3, max_length=200)]


class JoinDecision(_Input):
    accept: bool


class ReopeningOrder(_Input):
    """The paper on which the resumption rests."""

    evidence: Annotated[str, Field(min_length=3, max_length=200)]
