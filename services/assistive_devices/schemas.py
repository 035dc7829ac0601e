"""What the doors take and give."""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated, Literal
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

Code = Annotated[str, Field(min_length=1, max_length=40, pattern=r"^[a-z0-9.\-]+$")]


class Kind(BaseModel):
    """``iso_9999`` is empty where nobody looked it up; ``iso_verified`` tells whether it was checked against the list."""

    code: str
    name: str
    iso_9999: str
    iso_verified: bool


class Kinds(BaseModel):
    items: list[Kind]


class Place(BaseModel):
    code: str
    name: str
    area: str


class Places(BaseModel):
    items: list[Place]


class StockRow(BaseModel):
    """Units. ``on_hand`` is the sum of movements; ``free`` = on hand - reserved; ``incoming``: ordered, not yet here."""

    kind: str
    place: str
    on_hand: int
    reserved: int
    free: int
    incoming: int


class Stock(BaseModel):
    items: list[StockRow]


class Device(BaseModel):
    """``state``: free, reserved or handed_over; the request says for whom."""

    id: UUID
    serial: str
    own_number: bool
    kind: str
    place: str
    state: str
    request_id: UUID | None
    delivery: str
    received_on: date


class Devices(BaseModel):
    items: list[Device]
    next: str | None


class Ask(BaseModel):
    """Without ``area`` the place's own is taken."""

    model_config = ConfigDict(extra="forbid")
    person_id: UUID
    kind: Code
    place: Code
    area: Annotated[str, Field(max_length=13, pattern=r"^$|^31(\.[0-9]{2}(\.[0-9]{2}(\.[0-9]{4})?)?)?$")] = ""
    note: Annotated[str, Field(max_length=1_000)] = ""


class Request(BaseModel):
    """``position``: place on the waiting list of kind and place, 1 is next; null once reserved, handed over or cancelled."""

    id: UUID
    person_id: UUID
    kind: str
    place: str
    area: str
    state: str
    asked_at: datetime
    changed_at: datetime
    reason: str
    position: int | None
    device_id: UUID | None
    serial: str | None
    minutes_number: str | None
    handed_over_on: date | None


class RequestWithNote(Request):
    """``note``: what the counter wrote about the person's need; every reading of it is on the audit trail."""

    note: str


class Requests(BaseModel):
    items: list[Request]
    next: str | None


class Reserved(BaseModel):
    """``ahead``: people who have waited longer for the same kind at the same place."""

    device_id: UUID
    serial: str
    ahead: int


class Handover(BaseModel):
    """``minutes_number``: of the signed BAST."""

    model_config = ConfigDict(extra="forbid")
    minutes_number: Annotated[str, Field(min_length=1, max_length=80)]
    handed_over_on: date


class HandedOver(BaseModel):
    request_id: UUID
    device_id: UUID
    minutes_number: str
    handed_over_on: date


class Cancellation(BaseModel):
    model_config = ConfigDict(extra="forbid")
    reason: Annotated[str, Field(min_length=3, max_length=300)]


class Incoming(BaseModel):
    """What is ordered and coming, in units."""

    model_config = ConfigDict(extra="forbid")
    kind: Code
    place: Code
    units: Annotated[int, Field(gt=0, le=1_000_000)]
    expected_on: date


class Readiness(BaseModel):
    """``days``: how long free stock lasts after those who wait; ``owner`` and ``due_on`` while at risk."""

    kind: str
    place: str
    state: Literal["at_risk", "ok"]
    waiting: int
    stock: int
    incoming: int
    days: int
    owner: str
    due_on: date | None
    overdue: bool
    since: datetime


class ReadinessList(BaseModel):
    items: list[Readiness]
